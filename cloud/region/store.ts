import type { Db, Row } from '../store/db.ts';
import { bit } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Region } from './region.ts';

export interface RegionWish {
  readonly name: string;
  readonly note?: string | undefined;
  readonly sites: readonly string[];
  readonly people: readonly string[];
  readonly owners: readonly string[];
}

export const regionStore = (db: Db) => ({
  async find(idOrName: string): Promise<Region | undefined> {
    const row = await db
      .selectFrom('region')
      .selectAll()
      .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && (await regionsOfRows(db, [row]))[0];
  },

  /** The region that a site lies in. */
  async ofSite(site: string): Promise<string | undefined> {
    const row = await db
      .selectFrom('region_site')
      .innerJoin('region', 'region.id', 'region_site.region_id')
      .select('region.name')
      .where('region_site.site', '=', site)
      .executeTakeFirst();
    return row?.name;
  },

  /** Makes the region, or makes it so. Run inside a transaction. */
  async put(
    wish: RegionWish,
    how: { readonly id: string; readonly at: number; readonly by: string },
  ): Promise<Region> {
    const known = await this.find(wish.name);
    const { at, by } = how;
    const id = known?.id ?? how.id;
    const columns = { note: wish.note ?? null, updated_at: at, version: (known?.version ?? 0) + 1 };
    if (known === undefined) {
      const made = { id, name: wish.name, created_by: by, created_at: at };
      await db
        .insertInto('region')
        .values({ ...made, ...columns })
        .execute();
    } else {
      await db.updateTable('region').set(columns).where('id', '=', id).execute();
    }
    await db.deleteFrom('region_site').where('region_id', '=', id).execute();
    await db.deleteFrom('region_person').where('region_id', '=', id).execute();
    const sites = [...new Set(wish.sites)].map((site) => ({ site, region_id: id }));
    if (sites.length > 0) await db.insertInto('region_site').values(sites).execute();
    const people = [...new Set([...wish.people, ...wish.owners])].map((person) => ({
      region_id: id,
      person_id: person,
      is_owner: bit(wish.owners.includes(person)),
    }));
    if (people.length > 0) await db.insertInto('region_person').values(people).execute();
    const body = { name: wish.name };
    await putOutbox(db, { kind: 'region.changed', subject: id, at, body });
    const made = await this.find(id);
    if (made === undefined) throw new TypeError(`the region ${id} is not there`);
    return made;
  },

  async drop(region: Region, at: number): Promise<void> {
    await db.deleteFrom('region_site').where('region_id', '=', region.id).execute();
    await db.deleteFrom('region_person').where('region_id', '=', region.id).execute();
    await db.deleteFrom('region').where('id', '=', region.id).execute();
    const body = { name: region.name };
    await putOutbox(db, { kind: 'region.deleted', subject: region.id, at, body });
  },
});

/** With what lies and works in each. */
export async function regionsOfRows(
  db: Db,
  rows: readonly Row<'region'>[],
): Promise<readonly Region[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const sites = await db
    .selectFrom('region_site')
    .selectAll()
    .where('region_id', 'in', ids)
    .orderBy('site')
    .execute();
  const people = await db
    .selectFrom('region_person')
    .selectAll()
    .where('region_id', 'in', ids)
    .orderBy('person_id')
    .execute();
  return rows.map((row) => {
    const mine = people.filter((one) => one.region_id === row.id);
    return {
      id: row.id,
      name: row.name,
      ...(row.note === null ? {} : { note: row.note }),
      sites: sites.filter((one) => one.region_id === row.id).map(({ site }) => site),
      people: mine.map((one) => one.person_id),
      owners: mine.filter((one) => one.is_owner === 1n).map((one) => one.person_id),
      createdBy: row.created_by,
      createdAt: Number(row.created_at),
      updatedAt: Number(row.updated_at),
      version: Number(row.version),
    };
  });
}

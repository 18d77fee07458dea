/** In which region a device and a person are: for reviews, routes and whoever gives out work. */
import type { Db } from './db.ts';

/** The key of a device's property that names its region whatever its site says. */
const regionKey = 'region';

/** By id of the device; one that lies in no region is not in the map. */
export async function regionsOfDevices(
  db: Db,
  deviceIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let from = 0; from < deviceIds.length; from += 500) {
    const ids = deviceIds.slice(from, from + 500);
    const bySite = await db
      .selectFrom('device')
      .innerJoin('region_site', 'region_site.site', 'device.site')
      .innerJoin('region', 'region.id', 'region_site.region_id')
      .select(['device.id', 'region.name'])
      .where('device.id', 'in', ids)
      .execute();
    for (const { id, name } of bySite) found.set(id, name);
    const said = await db
      .selectFrom('device_property')
      .select(['device_id', 'text'])
      .where('device_id', 'in', ids)
      .where('key', '=', regionKey)
      .execute();
    for (const { device_id: id, text } of said) found.set(id, text);
  }
  return found;
}

/** Names of the regions that a person works in; none: in none of them. */
export async function regionsOfPerson(db: Db, personId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('region_person')
    .innerJoin('region', 'region.id', 'region_person.region_id')
    .select('region.name')
    .where('region_person.person_id', '=', personId)
    .orderBy('region.name')
    .execute();
  return rows.map(({ name }) => name);
}

/** Who decides for the customers of these regions, in the order of their ids. */
export async function ownersOf(db: Db, regions: readonly string[]): Promise<readonly string[]> {
  if (regions.length === 0) return [];
  const rows = await db
    .selectFrom('region_person')
    .innerJoin('region', 'region.id', 'region_person.region_id')
    .select('region_person.person_id')
    .distinct()
    .where('region.name', 'in', [...regions])
    .where('region_person.is_owner', '=', 1n)
    .orderBy('region_person.person_id')
    .execute();
  return rows.map((row) => row.person_id);
}

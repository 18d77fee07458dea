import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Cohort } from './cohort.ts';

export interface NewCohort {
  readonly id: string;
  readonly name: string;
  readonly note?: string | undefined;
  readonly q?: string | undefined;
  readonly frozenAt?: number | undefined;
  /** Ids; those of a list. */
  readonly members: readonly string[];
  readonly createdBy: string;
  readonly at: number;
}

/** What replaces what; absent stays. `who` replaces query and list together. */
export interface CohortPatch {
  readonly name?: string | undefined;
  readonly note?: string | null | undefined;
  readonly who?: Pick<NewCohort, 'q' | 'frozenAt' | 'members'> | undefined;
}

export const cohortStore = (db: Db) => ({
  /** Undefined when the name is taken. */
  async create(cohort: NewCohort): Promise<Cohort | undefined> {
    const { id, name, note, q, frozenAt, members, createdBy, at } = cohort;
    const row = await db
      .insertInto('cohort')
      .values({
        id,
        name,
        note: note ?? null,
        q: q ?? null,
        frozen_at: frozenAt ?? null,
        created_by: createdBy,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await putMembers(db, id, members);
    await putOutbox(db, { kind: 'cohort.created', subject: id, at, body: { name } });
    return fromRow(row);
  },

  /** By id or by name. */
  async get(idOrName: string): Promise<Cohort | undefined> {
    const row = await db
      .selectFrom('cohort')
      .selectAll()
      .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** False when the new name is taken. */
  async change(known: Cohort, patch: CohortPatch, at: number): Promise<boolean> {
    const { name, note, who } = patch;
    if (name !== undefined && name !== known.name && (await this.get(name)) !== undefined) {
      return false;
    }
    await db
      .updateTable('cohort')
      .set({
        ...(name === undefined ? {} : { name }),
        ...(note === undefined ? {} : { note }),
        ...(who === undefined ? {} : { q: who.q ?? null, frozen_at: who.frozenAt ?? null }),
        updated_at: at,
        version: known.version + 1,
      })
      .where('id', '=', known.id)
      .execute();
    if (who !== undefined) {
      await dropMembers(db, known.id);
      await putMembers(db, known.id, who.members);
    }
    const body = { name: name ?? known.name, members: who !== undefined };
    await putOutbox(db, { kind: 'cohort.changed', subject: known.id, at, body });
    return true;
  },

  async remove({ id, name }: Pick<Cohort, 'id' | 'name'>, at: number): Promise<void> {
    await dropMembers(db, id);
    await db.deleteFrom('cohort').where('id', '=', id).execute();
    await putOutbox(db, { kind: 'cohort.deleted', subject: id, at, body: { name } });
  },
});

/** As many as one statement takes parameters for. */
const rowsAtOnce = 500;

async function putMembers(db: Db, cohort_id: string, members: readonly string[]): Promise<void> {
  for (let at = 0; at < members.length; at += rowsAtOnce) {
    const rows = members.slice(at, at + rowsAtOnce);
    await db
      .insertInto('cohort_device')
      .values(rows.map((device_id) => ({ cohort_id, device_id })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function dropMembers(db: Db, cohortId: string): Promise<void> {
  await db.deleteFrom('cohort_device').where('cohort_id', '=', cohortId).execute();
}

export function fromRow(row: Row<'cohort'>): Cohort {
  return {
    id: row.id,
    name: row.name,
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.q === null ? {} : { q: row.q }),
    ...(row.frozen_at === null ? {} : { frozenAt: Number(row.frozen_at) }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

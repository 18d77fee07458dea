/** Labels as those read them who come after: triage, data sets, training, lineage. */
import type { Db, Row } from './db.ts';

export type LabelRow = Row<'label'>;

/** The labels that hold now: what was superseded is history. */
export const liveLabels = (db: Db) =>
  db.selectFrom('label').selectAll().where('superseded_by', 'is', null);

/** The label of each of these units, when it has one. */
export async function labelsOfUnits(
  db: Db,
  unitIds: readonly string[],
): Promise<ReadonlyMap<string, LabelRow>> {
  const found = new Map<string, LabelRow>();
  for (let at = 0; at < unitIds.length; at += 500) {
    const rows = await liveLabels(db)
      .where('unit_id', 'in', unitIds.slice(at, at + 500))
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    for (const row of rows) found.set(row.unit_id ?? '', row);
  }
  return found;
}

/** Tasks of a batch by state: who waits for its labels looks here. */
export async function batchCounts(
  db: Db,
  batch: string,
): Promise<Readonly<Record<string, number>>> {
  const rows = await db
    .selectFrom('task')
    .select('state')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('batch', '=', batch)
    .where('gold_id', 'is', null)
    .groupBy('state')
    .orderBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]));
}

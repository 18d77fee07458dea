/**
 * How far a model's predictions are trusted, class by class. Only what people said of audit units
 * counts: those were drawn by chance, and answered blind.
 */
import { wilson } from '@fieldloop/learning';
import { acceptBound, assistBound } from '../annotation-limits.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { type Band, isModel, modelOf } from './task.ts';

export function bandFor(
  correct: number,
  n: number,
): { readonly lower: number; readonly band: Band } {
  const lower = wilson(correct, n).low;
  return {
    lower,
    band: lower >= acceptBound ? 'accept' : lower >= assistBound ? 'assist' : 'blind',
  };
}

/** Sets the bands anew; how many moved. Only those that moved take a write. */
export async function setBands(
  { read, write }: { readonly read: Db; readonly write: Db },
  at: number,
): Promise<number> {
  const counted = await read
    .selectFrom('annotation')
    .innerJoin('task', 'task.id', 'annotation.task_id')
    .innerJoin('label', 'label.id', 'task.label_id')
    .select(['annotation.annotator_id', 'label.ontology_sha256', 'annotation.class'])
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .select(
      sql<bigint>`sum(case when annotation.class = label.class then 1 else 0 end)`.as('correct'),
    )
    .where('annotation.action', '=', 'predict')
    .where('task.lane', '=', 'audit')
    .where('task.state', '=', 'resolved')
    .where('label.superseded_by', 'is', null)
    .groupBy(['annotation.annotator_id', 'label.ontology_sha256', 'annotation.class'])
    .execute();
  const known = await read.selectFrom('label_band').selectAll().execute();
  let moved = 0;
  for (const row of counted) {
    if (row.class === null || !isModel(row.annotator_id)) continue;
    const key = {
      model_sha256: modelOf(row.annotator_id),
      ontology_sha256: row.ontology_sha256,
      class: row.class,
    };
    const [n, correct] = [Number(row.n), Number(row.correct)];
    const before = known.find(
      (one) =>
        one.model_sha256 === key.model_sha256 &&
        one.ontology_sha256 === key.ontology_sha256 &&
        one.class === key.class,
    );
    if (Number(before?.n) === n && Number(before?.correct) === correct) continue;
    const measured = { n, correct, ...bandFor(correct, n), at };
    await write
      .insertInto('label_band')
      .values({ ...key, ...measured })
      .onConflict((conflict) =>
        conflict.columns(['model_sha256', 'ontology_sha256', 'class']).doUpdateSet(measured),
      )
      .execute();
    moved += 1;
  }
  return moved;
}

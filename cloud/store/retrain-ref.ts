/** Where the items of a version come from, and its test split, for what measures lanes. */
import type { Db } from './db.ts';

/** An item that trains, with the choice that its label came of. */
export interface ChosenItem {
  readonly label: string;
  readonly lane: string;
  readonly scorer: string;
  readonly policyId: string;
  /** The model that was in doubt, by name and by its bytes. */
  readonly model: string;
  readonly modelSha256: string;
}

/** In the order of the labels. Items that nobody chose are not among them. */
export async function chosenItems(db: Db, versionId: string): Promise<readonly ChosenItem[]> {
  const rows = await db
    .selectFrom('dataset_item')
    .innerJoin('label', 'label.id', 'dataset_item.label_id')
    .innerJoin('triage_choice', 'triage_choice.id', 'label.choice_id')
    .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
    .innerJoin('triage_window', 'triage_window.id', 'triage_choice.window_id')
    .select([
      'label.id',
      'triage_choice.lane',
      'triage_choice.scorer',
      'triage_window.policy_id',
      'triage_unit.model_id',
      'triage_unit.model_sha256',
    ])
    .where('dataset_item.version_id', '=', versionId)
    .where('dataset_item.split', '=', 'train')
    .where('label.type', '=', 'classification')
    .where('dataset_item.class', 'is not', null)
    .orderBy('label.id')
    .execute();
  return rows.map((row) => ({
    label: row.id,
    lane: row.lane,
    scorer: row.scorer,
    policyId: row.policy_id,
    model: row.model_id,
    modelSha256: row.model_sha256,
  }));
}

export interface TestItem {
  readonly clipSha256: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly class: string;
  readonly group: string;
}

/** The frozen test split, in its order, up to a limit. */
export async function testItems(
  db: Db,
  versionId: string,
  limit: number,
): Promise<readonly TestItem[]> {
  const rows = await db
    .selectFrom('dataset_item')
    .innerJoin('label', 'label.id', 'dataset_item.label_id')
    .select([
      'dataset_item.clip_sha256',
      'dataset_item.class',
      'dataset_item.group_key',
      'label.start_ns',
      'label.end_ns',
    ])
    .where('dataset_item.version_id', '=', versionId)
    .where('dataset_item.split', '=', 'test')
    .where('label.type', '=', 'classification')
    .where('dataset_item.class', 'is not', null)
    .orderBy('dataset_item.n')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    clipSha256: row.clip_sha256,
    startNs: row.start_ns,
    endNs: row.end_ns,
    class: row.class ?? '',
    group: row.group_key,
  }));
}

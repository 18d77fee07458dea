/** The two honest numbers with their history: what lanes find, and what their labels teach. */
import { canonicalJson, type Ids, type Json } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Lane } from './triage.ts';

export const valueKinds = ['capture', 'retrain'] as const;
export type ValueKind = (typeof valueKinds)[number];

export interface TriageValue {
  readonly id: string;
  readonly kind: ValueKind;
  readonly policyId: string;
  readonly model: string;
  readonly modelSha256: string;
  readonly lane: Lane;
  readonly scorer: string;
  readonly datasetVersion?: string | undefined;
  /** Labels of the lane, and of the audit lane beside it. */
  readonly n: number;
  readonly nAudit: number;
  readonly value?: number | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly withheld?: string | undefined;
  readonly detail: Readonly<Record<string, Json>>;
  /** What it was made of: the same source is one value. */
  readonly source: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

export type NewValue = Omit<TriageValue, 'id'>;

/** Rows among which the newest of each number and lane are. */
const newestOf = 200;

export const valueStore = (db: Db) => ({
  /** Undefined when there is a value of this source already. */
  async put(value: NewValue, ids: Pick<Ids, 'ulid'>): Promise<TriageValue | undefined> {
    const row = await db
      .insertInto('triage_value')
      .values({
        id: ids.ulid('tva'),
        kind: value.kind,
        policy_id: value.policyId,
        model_id: value.model,
        model_sha256: value.modelSha256,
        lane: value.lane,
        scorer: value.scorer,
        dataset_version_id: value.datasetVersion ?? null,
        n: value.n,
        n_audit: value.nAudit,
        value: value.value ?? null,
        low: value.low ?? null,
        high: value.high ?? null,
        withheld: value.withheld ?? null,
        detail: canonicalJson(value.detail),
        source: value.source,
        created_by: value.createdBy,
        created_at: value.createdAt,
      })
      .onConflict((conflict) => conflict.column('source').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { kind, lane, scorer, createdAt: at } = value;
    await putOutbox(db, {
      kind: 'triage.value',
      subject: row.id,
      at,
      body: { kind, lane, scorer },
    });
    return valueOfRow(row);
  },

  /** Of each number and lane the newest, of a model by its name. */
  async newest(model: string): Promise<readonly TriageValue[]> {
    const rows = await db
      .selectFrom('triage_value')
      .selectAll()
      .where('model_id', '=', model)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(newestOf)
      .execute();
    const first = new Map(rows.toReversed().map((row) => [`${row.kind} ${row.lane}`, row]));
    return [...first.values()].map(valueOfRow);
  },

  async ofSource(source: string): Promise<TriageValue | undefined> {
    const row = await db
      .selectFrom('triage_value')
      .selectAll()
      .where('source', '=', source)
      .executeTakeFirst();
    return row && valueOfRow(row);
  },
});

export const valueOfRow = (row: Row<'triage_value'>): TriageValue => ({
  id: row.id,
  kind: row.kind as ValueKind,
  policyId: row.policy_id,
  model: row.model_id,
  modelSha256: row.model_sha256,
  lane: row.lane as Lane,
  scorer: row.scorer,
  ...(row.dataset_version_id === null ? {} : { datasetVersion: row.dataset_version_id }),
  n: Number(row.n),
  nAudit: Number(row.n_audit),
  ...(row.value === null ? {} : { value: row.value }),
  ...(row.low === null ? {} : { low: row.low }),
  ...(row.high === null ? {} : { high: row.high }),
  ...(row.withheld === null ? {} : { withheld: row.withheld }),
  detail: JSON.parse(row.detail) as Record<string, Json>,
  source: row.source,
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
});

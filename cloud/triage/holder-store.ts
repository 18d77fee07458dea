/** Who holds the capture lane of a policy, by the bytes of the model on the robots. */
import type { Db } from '../store/db.ts';
import { firstHolder, type HolderChange, type MeasuredScorer } from './triage.ts';

export interface HolderStep extends Omit<HolderChange, 'by'> {
  readonly modelSha256: string;
  readonly n: number;
  readonly labels: number;
  readonly difference?: number;
  readonly low?: number;
  readonly high?: number;
  readonly at: number;
}

export const holderStore = (db: Db) => ({
  /** A model that nobody has a history of: entropy. */
  async of(policyId: string, modelSha256: string): Promise<string> {
    const row = await db
      .selectFrom('triage_holder')
      .select('scorer')
      .where('policy_id', '=', policyId)
      .where('model_sha256', '=', modelSha256)
      .orderBy('n', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.scorer ?? firstHolder;
  },

  async change(
    policyId: string,
    modelSha256: string,
    { change, at }: { readonly change: HolderChange; readonly at: number },
  ): Promise<void> {
    const last = await db
      .selectFrom('triage_holder')
      .select('n')
      .where('policy_id', '=', policyId)
      .where('model_sha256', '=', modelSha256)
      .orderBy('n', 'desc')
      .limit(1)
      .executeTakeFirst();
    await db
      .insertInto('triage_holder')
      .values({
        policy_id: policyId,
        model_sha256: modelSha256,
        n: Number(last?.n ?? 0n) + 1,
        scorer: change.scorer,
        event: change.event,
        difference: change.by?.difference ?? null,
        low: change.by?.low ?? null,
        high: change.by?.high ?? null,
        labels: change.by?.labels ?? 0,
        why: change.why,
        at,
      })
      .execute();
  },

  /** The newest first. */
  async history(policyId: string, limit: number): Promise<readonly HolderStep[]> {
    const rows = await db
      .selectFrom('triage_holder')
      .selectAll()
      .where('policy_id', '=', policyId)
      .orderBy('at', 'desc')
      .orderBy('model_sha256')
      .orderBy('n', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      modelSha256: row.model_sha256,
      n: Number(row.n),
      scorer: row.scorer,
      event: row.event as HolderStep['event'],
      why: row.why,
      labels: Number(row.labels),
      ...(row.difference === null ? {} : { difference: row.difference }),
      ...(row.low === null ? {} : { low: row.low }),
      ...(row.high === null ? {} : { high: row.high }),
      at: Number(row.at),
    }));
  },

  /** What is measured now replaces what was. */
  async putMeasured(
    policyId: string,
    modelSha256: string,
    { measured, at }: { readonly measured: readonly MeasuredScorer[]; readonly at: number },
  ): Promise<void> {
    await db
      .deleteFrom('triage_measure')
      .where('policy_id', '=', policyId)
      .where('model_sha256', '=', modelSha256)
      .execute();
    if (measured.length === 0) return;
    await db
      .insertInto('triage_measure')
      .values(
        measured.map((one) => ({
          policy_id: policyId,
          model_sha256: modelSha256,
          scorer: one.scorer,
          labels: one.labels,
          auroc: one.auroc ?? null,
          low: one.aurocLow ?? null,
          high: one.aurocHigh ?? null,
          difference: one.difference ?? null,
          difference_low: one.low ?? null,
          difference_high: one.high ?? null,
          measured_at: at,
        })),
      )
      .execute();
  },

  async measured(policyId: string): Promise<readonly (MeasuredScorer & MeasuredAt)[]> {
    const rows = await db
      .selectFrom('triage_measure')
      .selectAll()
      .where('policy_id', '=', policyId)
      .orderBy('model_sha256')
      .orderBy('scorer')
      .execute();
    return rows.map((row) => ({
      modelSha256: row.model_sha256,
      scorer: row.scorer,
      labels: Number(row.labels),
      auroc: row.auroc ?? undefined,
      aurocLow: row.low ?? undefined,
      aurocHigh: row.high ?? undefined,
      difference: row.difference ?? undefined,
      low: row.difference_low ?? undefined,
      high: row.difference_high ?? undefined,
      measuredAt: Number(row.measured_at),
    }));
  },
});

interface MeasuredAt {
  readonly modelSha256: string;
  readonly measuredAt: number;
}

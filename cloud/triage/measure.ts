/**
 * The worker's part that learns from labels: how well each scorer ranks failures on the audit lane,
 * who holds the capture lane therefore, what each lane found, and the failure model.
 */
import { sha256Hex } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import {
  failureModelLabels,
  holderLabels,
  holderLapseMs,
  measureEveryMs,
  measureLabels,
} from '../triage-limits.ts';
import { captureValues } from './estimate.ts';
import { holderStore } from './holder-store.ts';
import { type Labelled, labelledChoices } from './labelled.ts';
import { floatsOf } from './note.ts';
import { openPlanner, type Planner } from './planner.ts';
import { type Policy, policyStore } from './policy-store.ts';
import { failureInput } from './scoring.ts';
import { failureScorer, lanes, type MeasuredScorer, nextHolder } from './triage.ts';
import { unitStore } from './unit-store.ts';
import { valueStore } from './value-store.ts';

export type MeasureDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

/** Opens the part; disposing it leaves nothing running. */
export async function openTriageMeasure(deps: MeasureDeps): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  let isNew = true;
  opened.use(
    openLoop(deps, { name: 'triage measure', everyMs: measureEveryMs }, async () => {
      if (!isNew) {
        await lapse(deps);
        return;
      }
      isNew = false;
      await measureAll(deps);
    }),
  );
  opened.use(
    await openTail(deps, { from: 'now', kinds: ['label.resolved'] }, () => {
      isNew = true;
    }),
  );
  return opened.move();
}

/** Every policy; one that fails leaves the others alone. */
export async function measureAll(deps: MeasureDeps): Promise<void> {
  await using planner = openPlanner();
  for (const policy of await policyStore(deps.read).enabled()) {
    try {
      await measurePolicy(deps, policy, planner);
    } catch (error) {
      deps.log.warn('a triage policy was not measured', { policy: policy.name, cause: error });
    }
  }
}

async function measurePolicy(deps: MeasureDeps, policy: Policy, planner: Planner): Promise<void> {
  const query = { lanes, limit: measureLabels };
  const labels = await labelledChoices(deps.read, policy.id, query);
  for (const [sha256, own] of Map.groupBy(labels, (one) => one.modelSha256)) {
    const audit = own.filter(({ lane }) => lane === 'audit');
    const of = { policy, sha256, labels: own };
    await keepValues(deps, of);
    await trainIfMore(deps, of, planner);
    if (audit.length === 0) continue;
    const measured = await planner.run('measure', await measureInput(deps.read, policy, audit));
    await keepMeasured(deps, of, { measured, labelledAt: newest(audit) });
  }
}

const newest = (labels: readonly Labelled[]): number =>
  labels.reduce((most, { labelledAt }) => Math.max(most, labelledAt), 0);

async function measureInput(db: Db, policy: Policy, audit: readonly Labelled[]) {
  const scores = new Map<string, Record<string, number>>();
  const ids = audit.map(({ unit }) => unit);
  for (let at = 0; at < ids.length; at += 500) {
    const some = await unitStore(db).scores(ids.slice(at, at + 500));
    for (const [id, found] of some) scores.set(id, found);
  }
  const names = new Set([...scores.values()].flatMap((found) => Object.keys(found)));
  const wanted = [...names].filter((name) => policy.definition.scorers.includes(name));
  const groups = [...new Set(audit.map(({ session }) => session))];
  const groupOf = new Map(groups.map((session, i) => [session, i]));
  return {
    failed: Uint8Array.from(audit, ({ failed }) => Number(failed)),
    group: Int32Array.from(audit, ({ session }) => groupOf.get(session) ?? 0),
    scores: Object.fromEntries(
      wanted.map((name) => [
        name,
        Float64Array.from(ids, (id) => scores.get(id)?.[name] ?? Number.NaN),
      ]),
    ),
    seed: `${policy.id}/${audit.length}`,
  };
}

interface Of {
  readonly policy: Policy;
  readonly sha256: string;
  readonly labels: readonly Labelled[];
}

async function keepMeasured(
  deps: MeasureDeps,
  { policy, sha256 }: Of,
  of: { readonly measured: readonly MeasuredScorer[]; readonly labelledAt: number },
): Promise<void> {
  const at = deps.clock.now();
  await deps.write.transaction().execute(async (trx) => {
    const holders = holderStore(trx);
    await holders.putMeasured(policy.id, sha256, { measured: of.measured, at });
    const scorer = await holders.of(policy.id, sha256);
    const state = { scorer, labelledAt: of.labelledAt };
    const change = nextHolder(state, of.measured, rulesOf(policy, at));
    if (change === undefined) return;
    await holders.change(policy.id, sha256, { change, at });
    await tellHolder(trx, { policy, sha256, at, change });
  });
}

const rulesOf = (policy: Policy, now: number) => ({
  now,
  leastLabels: holderLabels,
  lapseMs: holderLapseMs,
  allowed: policy.definition.scorers,
});

async function tellHolder(
  trx: Db,
  of: {
    readonly policy: Policy;
    readonly sha256: string;
    readonly at: number;
    readonly change: { readonly scorer: string; readonly event: string };
  },
): Promise<void> {
  const { scorer, event } = of.change;
  await putOutbox(trx, {
    kind: 'triage.holder',
    subject: of.policy.id,
    at: of.at,
    body: { scorer, model: of.sha256, event },
  });
}

/** Holders that nothing was measured of for long go back to entropy. */
export async function lapse(deps: MeasureDeps): Promise<void> {
  const at = deps.clock.now();
  for (const policy of await policyStore(deps.read).enabled()) {
    const measured = await holderStore(deps.read).measured(policy.id);
    for (const [sha256, own] of Map.groupBy(measured, ({ modelSha256 }) => modelSha256)) {
      const measuredAt = own.reduce((most, one) => Math.max(most, one.measuredAt), 0);
      if (at - measuredAt <= holderLapseMs) continue;
      await deps.write.transaction().execute(async (trx) => {
        const holders = holderStore(trx);
        const scorer = await holders.of(policy.id, sha256);
        const state = { scorer, labelledAt: measuredAt };
        const change = nextHolder(state, own, rulesOf(policy, at));
        if (change === undefined) return;
        await holders.change(policy.id, sha256, { change, at });
        await tellHolder(trx, { policy, sha256, at, change });
      });
    }
  }
}

/** One row a lane, scorer and number of labels: its history is what these rows say. */
async function keepValues(deps: MeasureDeps, { policy, sha256, labels }: Of): Promise<void> {
  const at = deps.clock.now();
  const values = captureValues(labels, policy.definition.labelSeconds);
  await deps.write.transaction().execute(async (trx) => {
    for (const one of values) {
      if (one.lane === 'audit') continue;
      const parts = [policy.id, sha256, one.lane, one.scorer, one.n, one.failed, one.nAudit];
      await valueStore(trx).put(
        {
          kind: 'capture',
          policyId: policy.id,
          model: policy.definition.model,
          modelSha256: sha256,
          lane: one.lane,
          scorer: one.scorer,
          n: one.n,
          nAudit: one.nAudit,
          value: one.lift?.value,
          low: one.lift?.low,
          high: one.lift?.high,
          withheld: one.withheld,
          detail: {
            failed: one.failed,
            failedAudit: one.failedAudit,
            perMegabyte: one.perMegabyte,
            perMinute: one.perMinute,
          },
          source: sha256Hex([...parts, one.failedAudit].join('\u0000')),
          createdBy: 'system',
          createdAt: at,
        },
        deps.ids,
      );
    }
  });
}

/** Labels that a new failure model needs beyond those of the one before. */
const moreLabels = 1.2;

/** Trains on every verified label of this model, and keeps it for windows from then on. */
async function trainIfMore(deps: MeasureDeps, of: Of, planner: Planner): Promise<void> {
  const { policy, sha256, labels } = of;
  if (!policy.definition.scorers.includes(failureScorer)) return;
  const byUnit = [...new Map(labels.map((one) => [one.unit, one])).values()];
  const last = await deps.read
    .selectFrom('triage_failure_model')
    .select('labels')
    .where('policy_id', '=', policy.id)
    .where('model_sha256', '=', sha256)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  const least = Math.max(failureModelLabels, Number(last?.labels ?? 0n) * moreLabels);
  if (byUnit.length < least) return;
  const rows = await inputsOf(deps.read, byUnit);
  if (rows === undefined) return;
  const sessions = rows.labels.map(({ session }) => session);
  const found = await planner.run('train', {
    width: rows.width,
    inputs: rows.inputs,
    failed: Uint8Array.from(rows.labels, ({ failed }) => Number(failed)),
    sessions,
    seed: `${policy.id}/${sha256}`,
  });
  if (found === undefined) return;
  await deps.write.transaction().execute(async (trx) => {
    await trx
      .insertInto('triage_failure_model')
      .values({
        id: deps.ids.ulid('tfm'),
        policy_id: policy.id,
        model_sha256: sha256,
        sha256: sha256Hex(found.text),
        document: found.text,
        labels: byUnit.length,
        sessions: new Set(sessions).size,
        auroc: Number.isNaN(found.auroc) ? null : found.auroc,
        created_at: deps.clock.now(),
      })
      .onConflict((conflict) =>
        conflict.columns(['policy_id', 'model_sha256', 'sha256']).doNothing(),
      )
      .execute();
  });
}

/** The rows whose inputs have the width of the first; undefined when none has anything to tell. */
async function inputsOf(db: Db, labels: readonly Labelled[]) {
  const inputs = new Map<string, Float32Array>();
  for (let at = 0; at < labels.length; at += 500) {
    const ids = labels.slice(at, at + 500).map(({ unit }) => unit);
    const rows = await db
      .selectFrom('triage_unit')
      .select(['id', 'embedding', 'probabilities'])
      .where('id', 'in', ids)
      .execute();
    for (const { id, embedding, probabilities } of rows) {
      const p = probabilities === null ? undefined : (JSON.parse(probabilities) as number[]);
      inputs.set(id, failureInput(embedding === null ? undefined : floatsOf(embedding), p));
    }
  }
  const width = inputs.get(labels[0]?.unit ?? '')?.length ?? 0;
  const kept = labels.filter(({ unit }) => inputs.get(unit)?.length === width);
  if (width <= 1 || kept.length < failureModelLabels) return undefined;
  const all = new Float32Array(kept.length * width);
  kept.forEach(({ unit }, i) => all.set(inputs.get(unit) ?? [], i * width));
  return { width, inputs: all, labels: kept };
}

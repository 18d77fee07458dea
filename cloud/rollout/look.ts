/** Gathers what the next decision of a rollout depends on. Reads only. */
import type { Db } from '../store/db.ts';
import { heldDevices } from '../store/device-hold.ts';
import { isFrozen } from '../store/release-ref.ts';
import type { ReleaseManifest } from '../release/release.ts';
import type { Borne, Inputs, StageInputs } from './decide.ts';
import { durationMs, type RolloutPlan } from './document.ts';
import { inLine, type LaneDevice, nextOffers } from './lane.ts';
import type { Outcome } from './judge.ts';
import { isCompared, otherwise, takesControl } from './plan.ts';
import type { Rollout, Target, TargetState } from './rollout.ts';
import { seenTogether, type ShadowNeeds, type ShadowSeen } from './shadow.ts';
import { rolloutStore } from './store.ts';
import { wayBackOf } from './way-back.ts';

export interface Look {
  readonly rollout: Rollout;
  readonly targets: readonly Target[];
  /** Of the stage and those before it. */
  readonly inStage: readonly Target[];
  readonly offers: readonly Target[];
  readonly inputs: Inputs;
}

export async function lookAt(db: Db, id: string, at: number): Promise<Look> {
  const rollouts = rolloutStore(db);
  const rollout = await rollouts.get(id);
  const targets = await rollouts.targets(id);
  const inStage = targets.filter((target) => isInStage(rollout, target));
  const release = await db
    .selectFrom('release')
    .select(['state', 'manifest'])
    .where('id', '=', rollout.releaseId)
    .executeTakeFirstOrThrow();
  const manifest = JSON.parse(release.manifest) as ReleaseManifest;
  const devices = await laneDevices(db, { rollout, manifest, targets });
  const offers = nextOffers(inStage, devices, rollout.plan.limits, at);
  const isStuck = ({ deviceId }: Target): boolean => devices.get(deviceId)?.canReturn === false;
  const holding = targets.filter(({ role }) => role !== 'none').length;
  const back = targets.filter(({ state }) => state === 'rollback_pending');
  const contactMs = durationMs(rollout.plan.deadlines.contact);
  const lost = back.filter(
    ({ deviceId, changedAt }) =>
      devices.get(deviceId)?.online !== true && at - changedAt >= contactMs,
  );
  const inputs: Inputs = {
    at,
    state: rollout.state,
    phase: rollout.phase,
    version: rollout.version,
    stage: stageInputs(rollout, targets),
    bakeAt: rollout.bakeAt ?? null,
    haltRequested: rollout.haltRequested,
    reason: rollout.reason ?? null,
    isFrozen: await isFrozen(db, rollout.urgency),
    counts: countStates(inStage),
    reachable: inLine(inStage, devices).length,
    withoutWayBack: inStage.filter(isStuck).length,
    offerable: offers.length,
    stops: stopsOf(targets),
    hardStops: rollout.plan.hardStops,
    verdict: await lastVerdict(db, rollout),
    haltAt: 10_000 / rollout.plan.analysis.alphaBp,
    borne: await lastBorne(db, rollout),
    shadow: shadowOf(rollout, targets, manifest),
    answer: rollout.answers.findLast(({ stage }) => stage === rollout.stage)?.option ?? null,
    rollbackOnRegression: rollout.plan.onRegression.rollback === 'this-rollout',
    holding,
    pending: back.length,
    lost: lost.length,
    isWithdrawn: release.state === 'withdrawn',
  };
  return { rollout, targets, inStage, offers, inputs };
}

/** The rows that a stage concerns: those before it stay in. Before it starts, the first's. */
export function isInStage(rollout: Pick<Rollout, 'plan' | 'stage'>, target: Target): boolean {
  const { plan } = rollout;
  const stage = Math.max(0, rollout.stage);
  if (plan.stages[stage]?.name === 'shadow') return target.shadow;
  return target.stage >= 0 && target.stage <= stage && isTreated(plan, stage, target);
}

function isTreated(plan: RolloutPlan, stage: number, { arm }: Target): boolean {
  return arm === 'treatment' || (arm === 'control' && takesControl(plan, stage));
}

function stageInputs({ plan, stage }: Rollout, targets: readonly Target[]): StageInputs | null {
  const found = plan.stages[stage];
  if (found === undefined) return null;
  const bakeMs = durationMs(found.bake ?? '0s');
  return {
    index: stage,
    name: found.name,
    isShadow: found.name === 'shadow',
    isLast: stage === plan.stages.length - 1,
    bakeMs,
    maxBakeMs: Math.max(bakeMs, durationMs(found.maxBake ?? '0s')),
    isJudged: isCompared(plan, stage),
    control: targets.filter(({ arm, state }) => arm === 'control' && state !== 'removed').length,
    needsPerson: found.gate === 'human',
    onInconclusive: plan.onInconclusive[found.name] ?? otherwise(found),
  };
}

export async function laneDevices(
  db: Db,
  of: {
    readonly rollout: Rollout;
    readonly manifest: ReleaseManifest;
    readonly targets: readonly Target[];
  },
): Promise<ReadonlyMap<string, LaneDevice>> {
  const ids = of.targets.map(({ deviceId }) => deviceId);
  const held = await heldDevices(db, ids);
  const stuck = await stuckDevices(db, of);
  const found = new Map<string, LaneDevice>();
  for (let from = 0; from < ids.length; from += 500) {
    const rows = await db
      .selectFrom('device')
      .select(['id', 'online'])
      .where('id', 'in', ids.slice(from, from + 500))
      .execute();
    for (const row of rows) {
      const canReturn = !stuck.has(row.id);
      found.set(row.id, { online: row.online === 1n, held: held.has(row.id), canReturn });
    }
  }
  return found;
}

/**
 * Who waits for its turn without a way back. A shadow changes nothing that runs, and an emergency
 * gets robots off what they have.
 */
async function stuckDevices(
  db: Db,
  of: {
    readonly rollout: Rollout;
    readonly manifest: ReleaseManifest;
    readonly targets: readonly Target[];
  },
): Promise<ReadonlySet<string>> {
  const { rollout, manifest, targets } = of;
  const isShadow = rollout.plan.stages[Math.max(0, rollout.stage)]?.name === 'shadow';
  if (rollout.urgency === 'emergency' || isShadow) return new Set();
  const waiting = targets.filter(
    (one) =>
      one.state === 'eligible' || (rollout.stage < 0 && one.arm !== 'excluded' && one.stage === 0),
  );
  if (waiting.length === 0) return new Set();
  const ids = waiting.map(({ deviceId }) => deviceId);
  const found = await wayBackOf(db, { id: rollout.releaseId, manifest }, ids);
  return found?.missing ?? new Set();
}

function countStates(targets: readonly Target[]): Partial<Record<TargetState, number>> {
  const counts: Partial<Record<TargetState, number>> = {};
  for (const { state } of targets) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** One bad robot of a few is no share of the fleet: the share counts from two on. */
function stopsOf(targets: readonly Target[]): Record<string, number> {
  const treated = targets.filter(({ attempt }) => attempt > 0);
  const count = (is: (target: Target) => boolean): number => treated.filter(is).length;
  const stops = {
    rejected: count(({ state }) => state === 'rejected'),
    failed: count(({ state }) => state === 'failed'),
    rolled_back: count(({ state }) => state === 'rolled_back'),
    rollback_failed: count(({ fault }) => fault?.code === 'rollback_failed'),
    silent_after_activate: count(({ state }) => state === 'silent'),
  };
  const bad = stops.rejected + stops.failed + stops.rolled_back + stops.silent_after_activate;
  const share = bad < 2 ? 0 : Math.round((bad * 10_000) / treated.length);
  return { ...stops, orBp: share };
}

async function lastVerdict(db: Db, { id }: Rollout): Promise<Inputs['verdict']> {
  const row = await db
    .selectFrom('rollout_verdict')
    .select(['n', 'outcome', 'evidence'])
    .where('rollout_id', '=', id)
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { e } = JSON.parse(row.evidence) as { readonly e: number };
  return { n: Number(row.n), outcome: row.outcome as Outcome, e };
}

/** From the decision of two people to let a halted rollout go on. */
async function lastBorne(db: Db, { id }: Rollout): Promise<Borne | null> {
  const row = await db
    .selectFrom('rollout_decision')
    .select('inputs')
    .where('rollout_id', '=', id)
    .where('rule', '=', 'person')
    .where('action', '=', 'resume')
    .where('from_state', '=', 'halted')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  return (JSON.parse(row.inputs) as { readonly borne: Borne }).borne;
}

const defaultNeeds: ShadowNeeds = { frames: 1, disagreementBp: 10_000, latencyRatioBp: 20_000 };

function shadowOf(
  { plan, stage }: Rollout,
  targets: readonly Target[],
  manifest: ReleaseManifest,
): Inputs['shadow'] {
  if (plan.stages[stage]?.name !== 'shadow') return null;
  const told = targets
    .filter(({ role }) => role === 'shadow')
    .map((target) => target.told['shadow'] as unknown as Partial<ShadowSeen> | undefined);
  const asked = manifest.components.flatMap(({ onnx }) => onnx?.shadow ?? []);
  const needs: ShadowNeeds =
    asked.length === 0
      ? defaultNeeds
      : {
          frames: Math.max(...asked.map(({ frames }) => frames)),
          disagreementBp: Math.min(...asked.map(({ disagreementBp }) => disagreementBp)),
          latencyRatioBp: Math.min(...asked.map(({ latencyRatioBp }) => latencyRatioBp)),
        };
  return { seen: seenTogether(told), needs };
}

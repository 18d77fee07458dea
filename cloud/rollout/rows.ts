/** Rows of rollouts and their devices as values. */
import type { Json } from '@fieldloop/core';
import type { Row } from '../store/db.ts';
import type { RolloutPlan } from './document.ts';
import type { Evidence } from './judge.ts';
import {
  type Answer,
  type Rollout,
  rolloutPhases,
  rolloutStates,
  type Target,
  type TargetFault,
  targetStates,
} from './rollout.ts';

export type RolloutRow = Row<'rollout'> & { readonly name: string; readonly semver: string };

export function rolloutFromRow(row: RolloutRow): Rollout {
  return {
    id: row.id,
    releaseId: row.release_id,
    release: `${row.name}@${row.semver}`,
    releaseDigest: row.release_digest,
    plan: JSON.parse(row.plan) as RolloutPlan,
    planDigest: row.plan_digest,
    urgency: row.urgency === 'emergency' ? 'emergency' : 'normal',
    state: known(rolloutStates, row.state),
    stage: Number(row.stage),
    phase: known(rolloutPhases, row.phase),
    stageAt: Number(row.stage_at),
    ...(row.bake_at === null ? {} : { bakeAt: Number(row.bake_at) }),
    haltRequested: row.halt_requested === 1n,
    ...(row.reason === null ? {} : { reason: row.reason }),
    answers: JSON.parse(row.answers) as readonly Answer[],
    evidence: JSON.parse(row.evidence) as Evidence,
    judgedN: Number(row.judged_n),
    judgedAt: Number(row.judged_at),
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    createdBy: row.created_by,
    ...(row.created_person === null ? {} : { createdPerson: row.created_person }),
    ...(row.started_at === null ? {} : { startedAt: Number(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

export function targetFromRow(row: Row<'rollout_target'>): Target {
  return {
    rolloutId: row.rollout_id,
    deviceId: row.device_id,
    device: row.device,
    site: row.site,
    stratum: row.stratum,
    arm: known(['treatment', 'control', 'excluded'] as const, row.arm),
    stage: Number(row.stage),
    shadow: row.shadow === 1n,
    position: Number(row.position),
    ...(row.why === null ? {} : { why: row.why }),
    offsets: JSON.parse(row.offsets) as Readonly<Record<string, number>>,
    state: known(targetStates, row.state),
    role: known(['none', 'shadow', 'active'] as const, row.role),
    attempt: Number(row.attempt),
    changedAt: Number(row.changed_at),
    ...(row.offered_at === null ? {} : { offeredAt: Number(row.offered_at) }),
    ...(row.activated_at === null ? {} : { activatedAt: Number(row.activated_at) }),
    reportAt: Number(row.report_at),
    ...(row.fault === null ? {} : { fault: JSON.parse(row.fault) as TargetFault }),
    told: JSON.parse(row.told) as Readonly<Record<string, Json>>,
    version: Number(row.version),
  };
}

function known<T extends string>(list: readonly T[], text: string): T {
  const found = list.find((one) => one === text);
  if (found === undefined) throw new TypeError(`a row says "${text}"`);
  return found;
}

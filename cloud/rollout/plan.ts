/**
 * Who gets the release when. Devices are frozen into rows at the start: in each stratum they stand
 * in the order of an HMAC under the rollout's id, stages are nested prefixes of that order and the
 * control is its tail, so that nobody can choose and nothing drifts. Pure.
 */
import { createHmac } from 'node:crypto';
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { leastStratum } from '../release-limits.ts';
import { durationMs, type OnInconclusive, type RolloutPlan } from './document.ts';

export interface Candidate {
  readonly deviceId: string;
  readonly device: string;
  readonly site: string;
  /** Values that strata are made of. */
  readonly properties: Readonly<Record<string, string>>;
  /** Why it cannot take part, such as `hold`. */
  readonly why?: string | undefined;
  /** By metric: how many events the baseline saw, and how many it expects. */
  readonly baseline: Readonly<
    Record<string, { readonly events: number; readonly expected: number }>
  >;
}

export type Arm = 'treatment' | 'control' | 'excluded';

/** A device as it is frozen. */
export interface FrozenRow {
  readonly deviceId: string;
  readonly device: string;
  readonly site: string;
  readonly stratum: string;
  readonly arm: Arm;
  /** Index of the stage that brings the release; of a control the last; -1 for who is out. */
  readonly stage: number;
  readonly shadow: boolean;
  readonly position: number;
  readonly why?: string | undefined;
  /** Weight by metric, fixed here for the whole rollout. */
  readonly offsets: Readonly<Record<string, number>>;
}

export function freezeRows(
  rollout: string,
  plan: Pick<RolloutPlan, 'assignment' | 'control' | 'stages'>,
  candidates: readonly Candidate[],
): readonly FrozenRow[] {
  const last = plan.stages.length - 1;
  const out = candidates.filter(({ why }) => why !== undefined);
  const inside = candidates.filter(({ why }) => why === undefined);
  const ring0 = new Set(plan.assignment.ring0);
  const lab = plan.stages.findIndex(({ target }) => target === 'ring0');
  const isLab = ({ device, deviceId }: Candidate): boolean =>
    lab >= 0 && (ring0.has(device) || ring0.has(deviceId));
  const rows: FrozenRow[] = out.map((one) => ({ ...bare(one, ''), arm: 'excluded', stage: -1 }));
  for (const one of inside.filter(isLab)) {
    rows.push({ ...bare(one, 'ring0'), arm: 'treatment', stage: lab, shadow: false });
  }
  const rest = inside.filter((one) => !isLab(one));
  const strata = strataOf(plan.assignment.stratify, rest);
  const control = controlSizes(plan.control, rest.length, strata);
  const quotas = stageQuotas(plan, rest.length, strata);
  const shadows = shares(strata, Math.round((shadowPercent(plan) / 100) * rest.length));
  for (const [stratum, members] of strata) {
    const ordered = inOrder(rollout, members);
    const treated = ordered.length - (control.get(stratum) ?? 0);
    ordered.forEach((one, position) => {
      const isControl = position >= treated;
      const found = quotas.find(({ of }) => position < (of.get(stratum) ?? 0))?.stage ?? last;
      rows.push({
        ...bare(one, stratum),
        position,
        arm: isControl ? 'control' : 'treatment',
        stage: isControl ? last : found,
        shadow: !isControl && position < (shadows.get(stratum) ?? 0),
      });
    });
  }
  return withLeast(plan, rows).toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
}

const bare = (one: Candidate, stratum: string): Omit<FrozenRow, 'arm' | 'stage'> => ({
  deviceId: one.deviceId,
  device: one.device,
  site: one.site,
  stratum,
  shadow: false,
  position: 0,
  ...(one.why === undefined ? {} : { why: one.why }),
  offsets: Object.fromEntries(
    Object.entries(one.baseline).map(([metric, { events, expected }]) => [
      metric,
      (events + 2) / (expected + 2),
    ]),
  ),
});

/** Devices of one site and kind; sites that are too small are one stratum together. */
function strataOf(
  keys: readonly string[],
  members: readonly Candidate[],
): ReadonlyMap<string, readonly Candidate[]> {
  const sites = Map.groupBy(members, ({ site }) => site);
  const named = (one: Candidate): string => {
    if ((sites.get(one.site) ?? []).length < leastStratum) return 'small sites';
    const parts = keys.map((key) => (key === 'site' ? one.site : (one.properties[key] ?? '')));
    return parts.join(' / ');
  };
  const found = Map.groupBy(members, named);
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The tail of each stratum in proportion, at least `min` in all where there are that many. */
function controlSizes(
  control: RolloutPlan['control'],
  size: number,
  strata: ReadonlyMap<string, readonly Candidate[]>,
): ReadonlyMap<string, number> {
  if (control.percent === 0) return new Map();
  const least = Math.min(control.min, size >> 1);
  return shares(strata, Math.max(Math.round((size * control.percent) / 100), least));
}

/** How far each stage reaches into each stratum: never less than the one before. */
function stageQuotas(
  { stages }: Pick<RolloutPlan, 'stages'>,
  size: number,
  strata: ReadonlyMap<string, readonly Candidate[]>,
): readonly { readonly stage: number; readonly of: ReadonlyMap<string, number> }[] {
  let before: ReadonlyMap<string, number> = new Map();
  return stages.flatMap(({ name, percent }, stage) => {
    if (name === 'shadow' || percent === undefined) return [];
    const found = shares(strata, Math.round((percent / 100) * size));
    const of = new Map([...found].map(([key, n]) => [key, Math.max(n, before.get(key) ?? 0)]));
    before = of;
    return [{ stage, of }];
  });
}

/** `wanted` devices over strata in proportion; what is left goes to the largest remainders. */
function shares(
  strata: ReadonlyMap<string, readonly Candidate[]>,
  wanted: number,
): ReadonlyMap<string, number> {
  const size = [...strata.values()].reduce((sum, members) => sum + members.length, 0);
  const parts = [...strata].map(([name, members]) => {
    const exact = size === 0 ? 0 : (Math.min(wanted, size) * members.length) / size;
    return { name, whole: Math.floor(exact + 1e-9), rest: exact - Math.floor(exact + 1e-9) };
  });
  let left = Math.min(wanted, size) - parts.reduce((sum, { whole }) => sum + whole, 0);
  const found = new Map(parts.map(({ name, whole }) => [name, whole]));
  for (const { name, whole } of parts.toSorted((a, b) => b.rest - a.rest)) {
    if (left <= 0) break;
    found.set(name, whole + 1);
    left -= 1;
  }
  return found;
}

function inOrder(rollout: string, members: readonly Candidate[]): readonly Candidate[] {
  const keyed = members.map((one) => ({ one, key: orderKey(rollout, one.deviceId) }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ one }) => one);
}

export const orderKey = (rollout: string, deviceId: string): string =>
  createHmac('sha256', rollout).update(deviceId).digest('hex');

const shadowPercent = ({ stages }: Pick<RolloutPlan, 'stages'>): number =>
  stages.find(({ name }) => name === 'shadow')?.percent ?? 0;

/** A stage with a least size takes the first devices of the stages behind it. */
function withLeast(
  { stages }: Pick<RolloutPlan, 'stages'>,
  rows: readonly FrozenRow[],
): readonly FrozenRow[] {
  let moved = [...rows];
  stages.forEach(({ min, name }, i) => {
    if (min === undefined || name === 'shadow') return;
    const has = moved.filter((row) => row.arm === 'treatment' && row.stage === i).length;
    const behind = moved
      .filter((row) => row.arm === 'treatment' && row.stage > i)
      .toSorted((a, b) => a.stage - b.stage || a.position - b.position)
      .slice(0, Math.max(0, min - has));
    const ids = new Set(behind.map(({ deviceId }) => deviceId));
    moved = moved.map((row) => (ids.has(row.deviceId) ? { ...row, stage: i } : row));
  });
  return moved;
}

/** What approvals are bound to: a change of any of the three voids them. */
export function planDigest(
  plan: RolloutPlan,
  releaseDigest: string,
  rows: readonly FrozenRow[],
): string {
  const told = rows.map(({ deviceId, stratum, arm, stage, shadow, why }) => ({
    deviceId,
    stratum,
    arm,
    stage,
    shadow,
    why,
  }));
  return sha256Hex(canonicalJson({ plan, releaseDigest, rows: told }));
}

export interface Load {
  readonly bytes: number;
  /** The site that is busy the longest. */
  readonly site: string;
  readonly siteHours: number;
}

/** Bytes that go out in all, and how long the busiest site needs at its share of the line. */
export function loadOf(
  plan: Pick<RolloutPlan, 'limits'>,
  rows: readonly FrozenRow[],
  bytesEach: number,
): Load {
  const treated = rows.filter(({ arm }) => arm !== 'excluded');
  const sites = [...Map.groupBy(treated, ({ site }) => site)].map(([site, found]) => ({
    site,
    hours: (found.length * bytesEach * 8) / (plan.limits.siteMbit * 1e6) / 3600,
  }));
  const [longest] = sites.toSorted((a, b) => b.hours - a.hours);
  return {
    bytes: treated.length * bytesEach,
    site: longest?.site ?? '',
    siteHours: longest?.hours ?? 0,
  };
}

/** Numbers of robots that run the release when each stage is whole. */
export function stageSizes(
  { stages }: Pick<RolloutPlan, 'stages'>,
  rows: readonly Pick<FrozenRow, 'arm' | 'stage' | 'shadow'>[],
): readonly number[] {
  return stages.map(({ name }, i) => {
    if (name === 'shadow') return rows.filter(({ shadow }) => shadow).length;
    if (takesControl({ stages }, i)) return rows.filter(({ arm }) => arm !== 'excluded').length;
    return rows.filter((row) => row.arm === 'treatment' && row.stage >= 0 && row.stage <= i).length;
  });
}

/** How long the stages take at least, in milliseconds. */
export const leastMs = ({ stages }: Pick<RolloutPlan, 'stages'>): number =>
  stages.reduce((sum, { bake }) => sum + durationMs(bake ?? '0s'), 0);

/** The last stage brings the release to the control as well, where it says everybody. */
export const takesControl = ({ stages }: Pick<RolloutPlan, 'stages'>, stage: number): boolean =>
  stage === stages.length - 1 && stages[stage]?.percent === 100;

/** Whether a stage compares canaries with a control that still has what it had. */
export function isCompared(plan: Pick<RolloutPlan, 'stages' | 'analysis'>, stage: number): boolean {
  const found = plan.stages[stage];
  if (found?.percent === undefined || found.name === 'shadow') return false;
  return plan.analysis.metrics.length > 0 && !takesControl(plan, stage);
}

/** What becomes of a stage that shows nothing either way, where the plan does not say. */
export const otherwise = ({ maxBake }: RolloutPlan['stages'][number]): OnInconclusive =>
  maxBake === undefined ? 'promote-if-no-harm' : 'human';

/**
 * Closes intervals of a rollout: when each device of both arms was heard of past an interval's end,
 * or missed its contact, what was counted in it is weighed and a verdict is written. The judge
 * writes; the workflow acts.
 */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { intervalsTogether } from '../release-limits.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { putOutbox } from '../store/outbox.ts';
import { durationMs, metricsOf, type PlanMetric, type RolloutPlan } from './document.ts';
import {
  type BoundedCount,
  boundedValue,
  type EventCount,
  type Interval,
  judge,
  weigh,
} from './judge.ts';
import { isCompared } from './plan.ts';
import type { Rollout, Target } from './rollout.ts';
import { rolloutStore } from './store.ts';

/** How many intervals were closed. */
export async function closeIntervals(write: Db, id: string, at: number): Promise<number> {
  let closed = 0;
  while (closed < intervalsTogether) {
    const isClosed = await write.transaction().execute(async (trx) => await closeOne(trx, id, at));
    if (!isClosed) break;
    closed += 1;
  }
  return closed;
}

/** Labs are seen as well, though they are not what a stage is decided by. */
const isMeasured = (plan: RolloutPlan, stage: number): boolean =>
  isCompared(plan, stage) ||
  (plan.analysis.metrics.length > 0 && plan.stages[stage]?.target === 'ring0');

interface Arms {
  readonly canary: readonly Target[];
  readonly control: readonly Target[];
}

async function closeOne(trx: Db, id: string, at: number): Promise<boolean> {
  const store = rolloutStore(trx);
  const rollout = await store.get(id);
  const { plan, stage, state } = rollout;
  const isOn = state === 'running' || state === 'held' || state === 'paused';
  if (!isOn || !isMeasured(plan, stage)) return false;
  const targets = await store.targets(id);
  const first = Math.min(...targets.map(({ activatedAt }) => activatedAt ?? at + 1));
  const start = rollout.judgedAt === 0 ? first : rollout.judgedAt;
  const span = { from: start, to: start + durationMs(plan.analysis.interval) };
  if (span.to > at) return false;
  const arms = armsAt(targets, span.from);
  const seen = await lastSeen(trx, [...arms.canary, ...arms.control]);
  const late = at - span.to >= durationMs(plan.deadlines.contact);
  const all = [...arms.canary, ...arms.control];
  if (!late && all.some(({ deviceId }) => (seen.get(deviceId) ?? 0) < span.to)) return false;
  const heard = (of: readonly Target[]): number =>
    of.filter(({ deviceId }) => (seen.get(deviceId) ?? 0) >= span.to).length;
  const interval: Interval = {
    counts: await countsOf(trx, rollout, { arms, span, seen }),
    heard: { canary: heard(arms.canary), control: heard(arms.control) },
    assigned: { canary: arms.canary.length, control: arms.control.length },
    planned: plannedShare(plan, targets, rollout),
  };
  await write(trx, rollout, { interval, span, at });
  return true;
}

/** As assigned, and activated before the interval began: who fell out since stays in. */
function armsAt(targets: readonly Target[], from: number): Arms {
  const isIn = ({ state }: Target): boolean => state !== 'removed';
  return {
    canary: targets.filter(
      (one) => one.arm === 'treatment' && isIn(one) && (one.activatedAt ?? from + 1) <= from,
    ),
    control: targets.filter((one) => one.arm === 'control' && isIn(one)),
  };
}

/** What the stages so far would come to, were everybody in. */
function plannedShare(
  { stages }: RolloutPlan,
  targets: readonly Target[],
  { stage }: Rollout,
): number {
  const isLab = (at: number): boolean => stages[at]?.target === 'ring0';
  const canaries = targets.filter(
    ({ arm, stage: at, activatedAt }) =>
      arm === 'treatment' && at >= 0 && at <= stage && (!isLab(at) || activatedAt !== undefined),
  );
  const controls = targets.filter(({ arm }) => arm === 'control').length;
  const both = canaries.length + controls;
  return both === 0 ? 0 : canaries.length / both;
}

async function write(
  trx: Db,
  rollout: Rollout,
  of: {
    readonly interval: Interval;
    readonly span: { readonly from: number; readonly to: number };
    readonly at: number;
  },
): Promise<void> {
  const { interval, span, at } = of;
  const { alphaBp, betaBp } = rollout.plan.analysis;
  const metrics = metricsOf(rollout.plan);
  const evidence = weigh(rollout.evidence, metrics, interval);
  const limits = { alpha: alphaBp / 10_000, beta: betaBp / 10_000 };
  const verdict = judge(evidence, metrics, limits);
  const n = rollout.judgedN + 1;
  const counts = canonicalJson(interval as unknown as Json);
  const told = { outcome: verdict.outcome, e: verdict.e, metrics: verdict.metrics, evidence };
  const text = canonicalJson(told as unknown as Json);
  await trx
    .insertInto('rollout_verdict')
    .values({
      rollout_id: rollout.id,
      n,
      stage: rollout.stage,
      start_at: span.from,
      end_at: span.to,
      outcome: verdict.outcome,
      counts,
      evidence: text,
      sha256: sha256Hex(`${counts}\n${text}`),
      at,
    })
    .execute();
  // The version stays, for nobody decided anything.
  await trx
    .updateTable('rollout')
    .set({ evidence: JSON.stringify(evidence), judged_n: n, judged_at: span.to })
    .where('id', '=', rollout.id)
    .execute();
  const body = { outcome: verdict.outcome, interval: n };
  await putOutbox(trx, { kind: 'rollout.judged', subject: rollout.id, at, body });
}

async function lastSeen(db: Db, targets: readonly Target[]): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (let from = 0; from < targets.length; from += 500) {
    const ids = targets.slice(from, from + 500).map(({ deviceId }) => deviceId);
    const rows = await db
      .selectFrom('device')
      .select(['id', 'last_seen_at'])
      .where('id', 'in', ids)
      .execute();
    for (const row of rows) found.set(row.id, Number(row.last_seen_at ?? 0n));
  }
  return found;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

async function countsOf(
  db: Db,
  { plan, judgedAt }: Rollout,
  of: { readonly arms: Arms; readonly span: Span; readonly seen: ReadonlyMap<string, number> },
): Promise<Record<string, EventCount | BoundedCount>> {
  const { arms, span, seen } = of;
  const hours = (span.to - span.from) / 3_600_000;
  const cap = Math.max(1, Math.round(plan.analysis.capPerDeviceHour * hours));
  const counts: Record<string, EventCount | BoundedCount> = {};
  for (const metric of plan.analysis.metrics) {
    if (metric.source.startsWith('gauge:')) {
      const found = await boundedOf(db, plan, { metric, arms, span, since: judgedAt });
      if (found !== undefined) counts[metric.name] = found;
      continue;
    }
    const perDevice = await deviceCounts(db, metric, { span, seen, arms });
    const capped = (target: Target): number => Math.min(cap, perDevice.get(target.deviceId) ?? 0);
    const sum = (list: readonly Target[], value: (one: Target) => number): number =>
      list.reduce((all, one) => all + value(one), 0);
    const weight = (target: Target): number => target.offsets[metric.name] ?? 1;
    const canary = sum(arms.canary, weight);
    const both = canary + sum(arms.control, weight);
    const x = sum(arms.canary, capped);
    counts[metric.name] = {
      k: x + sum(arms.control, capped),
      x,
      p: both === 0 ? 0 : canary / both,
    };
  }
  return counts;
}

async function deviceCounts(
  db: Db,
  metric: PlanMetric,
  of: { readonly span: Span; readonly seen: ReadonlyMap<string, number>; readonly arms: Arms },
): Promise<ReadonlyMap<string, number>> {
  const { span, seen, arms } = of;
  const [kind = '', name = ''] = metric.source.split(':', 2);
  if (kind === 'event') return await eventCounts(db, { name, ...span });
  if (kind === 'counter') return await counterCounts(db, { name, ...span });
  // `silent`: who was not heard of past the end.
  const missed = [...arms.canary, ...arms.control].filter(
    ({ deviceId }) => (seen.get(deviceId) ?? 0) < span.to,
  );
  return new Map(missed.map(({ deviceId }) => [deviceId, 1]));
}

/** Events of a name that came in a span, by device. */
export async function eventCounts(
  db: Db,
  query: Span & { readonly name: string },
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('event')
    .select(['device_id', (of) => of.fn.countAll<bigint>().as('n')])
    .where('name', '=', query.name)
    .where('received_at', '>=', BigInt(query.from))
    .where('received_at', '<', BigInt(query.to))
    .groupBy('device_id')
    .execute();
  return new Map(rows.map(({ device_id: id, n }) => [id, Number(n)]));
}

/** Growth of a cumulative counter, by device; one that began anew counts what it has. */
async function counterCounts(
  db: Db,
  { name, from, to }: Span & { readonly name: string },
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('telemetry')
    .select(['device_id', 'at', 'value'])
    .where('series', '=', name)
    .where('at', '>=', BigInt(from - counterReachMs))
    .where('at', '<', BigInt(to))
    .orderBy('device_id')
    .orderBy('at')
    .execute();
  const grown = new Map<string, number>();
  let before: (typeof rows)[number] | undefined;
  for (const row of rows) {
    const known = before?.device_id === row.device_id ? before.value : undefined;
    before = row;
    if (row.at < BigInt(from) || known === undefined) continue;
    const more = row.value >= known ? row.value - known : row.value;
    grown.set(row.device_id, (grown.get(row.device_id) ?? 0) + more);
  }
  return grown;
}

/** A counter's last value before an interval is looked for this far back. */
const counterReachMs = 3_600_000;

async function boundedOf(
  db: Db,
  plan: RolloutPlan,
  of: {
    readonly metric: PlanMetric;
    readonly arms: Arms;
    readonly span: Span;
    readonly since: number;
  },
): Promise<BoundedCount | undefined> {
  const { metric, arms, span } = of;
  const series = metric.source.slice('gauge:'.length);
  const now = await meansOf(db, series, span);
  const first = Math.min(...arms.canary.map(({ activatedAt }) => activatedAt ?? span.from));
  const reach = durationMs(plan.analysis.baseline);
  const own = await meansOf(db, series, { from: first - reach, to: first });
  const mean = (list: readonly Target[]): number | undefined => {
    const values = list.flatMap(({ deviceId }) => {
      const [value, baseline] = [now.get(deviceId), own.get(deviceId)];
      if (value === undefined || baseline === undefined) return [];
      return [boundedValue(value, baseline, metric.scaleBp / 10_000)];
    });
    if (values.length === 0) return undefined;
    return values.reduce((sum, one) => sum + one, 0) / values.length;
  };
  const [canary, control] = [mean(arms.canary), mean(arms.control)];
  if (canary === undefined || control === undefined) return undefined;
  return { difference: canary - control };
}

async function meansOf(
  db: Db,
  series: string,
  { from, to }: Span,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('telemetry')
    .select(['device_id', sql<number>`avg(value)`.as('mean')])
    .where('series', '=', series)
    .where('at', '>=', BigInt(from))
    .where('at', '<', BigInt(to))
    .groupBy('device_id')
    .execute();
  return new Map(rows.map(({ device_id: id, mean }) => [id, mean]));
}

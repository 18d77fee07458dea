/**
 * Whether the conditions of policies hold at a moment, and for whom. It only reads, and what
 * several policies ask for is read once a round.
 */
import { Fault } from '@fieldloop/core';
import { maxHappened } from '../alert-limits.ts';
import { type Condition, meets, type MetricCondition } from './condition.ts';
import type { Evaluation, Sample } from './evaluation.ts';
import {
  deviceOfBody,
  type FleetDevice,
  fleetDevices,
  type Moment,
  type Numbers,
  seriesNumbers,
  seriesSeen,
  signalNumbers,
} from './fleet-numbers.ts';
import type { Policy } from './policy.ts';
import { countRowsBy, devicesOf, type RowsAsked } from './rows.ts';
import { fleetSignal } from './signals.ts';

type Asked = Pick<Policy, 'condition' | 'groupBy' | 'devices'>;

export type Evaluate = (policy: Asked) => Promise<Evaluation>;

/** One round of evaluations at one moment. Faults are of one policy alone. */
export function openRound(moment: Moment): Evaluate {
  const kept = new Map<string, Promise<unknown>>();
  const once = async <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const known = kept.get(key) as Promise<T> | undefined;
    const reading = known ?? read();
    kept.set(key, reading);
    return await reading;
  };
  const round: Round = {
    moment,
    devices: async () => await once('devices', async () => await fleetDevices(moment.read)),
    scope: async (q) =>
      await once(`scope ${q}`, async () => await devicesOf(moment.read, q, moment.now)),
    seen: async (series, fromMs) =>
      await once(`seen ${fromMs} ${series}`, async () => await seriesSeen(moment, series, fromMs)),
    counts: async (asked) => {
      const { source, by, fromMs, q } = asked;
      const key = `counts ${source} ${by} ${fromMs} ${q}`;
      return await once(key, async () => await countRowsBy(moment.read, asked));
    },
    numbers: async ({ metric, aggregate, windowS }) => {
      const windowMs = windowS * 1000;
      return await once(`numbers ${metric} ${aggregate} ${windowS}`, async () =>
        fleetSignal(metric) === undefined
          ? await seriesNumbers(moment, metric, { aggregate, windowMs })
          : await signalNumbers(moment, metric, windowMs),
      );
    },
  };
  return async (policy) => await evaluate(round, policy);
}

interface Round {
  readonly moment: Moment;
  devices(): Promise<readonly FleetDevice[]>;
  scope(q: string): Promise<ReadonlySet<string>>;
  /** Ids of the devices that said a series after this time. */
  seen(series: string, fromMs: number): Promise<ReadonlySet<string>>;
  counts(asked: RowsAsked): Promise<ReadonlyMap<string, number>>;
  numbers(of: Pick<MetricCondition, 'metric' | 'aggregate' | 'windowS'>): Promise<Numbers>;
}

async function evaluate(round: Round, policy: Asked): Promise<Evaluation> {
  const all = await round.devices();
  const scope = policy.devices === undefined ? undefined : await round.scope(policy.devices);
  const devices = scope === undefined ? all : all.filter(({ id }) => scope.has(id));
  const { condition } = policy;
  switch (condition.kind) {
    case 'metric':
      return await metric(round, policy, { condition, devices });
    case 'count':
      return await count(round, policy, { condition, devices });
    case 'absence':
      return await absence(round, policy, { condition, devices });
    case 'event':
      return await happened(round, policy, { condition, devices });
  }
}

interface Over<C extends Condition> {
  readonly condition: C;
  readonly devices: readonly FleetDevice[];
}

async function metric(
  round: Round,
  { groupBy }: Asked,
  { condition, devices }: Over<MetricCondition>,
): Promise<Evaluation> {
  const numbers = await round.numbers(condition);
  if (fleetSignal(condition.metric)?.of === 'fleet') {
    const value = numbers.get('');
    if (value === undefined) {
      throw new Fault('unavailable', `${condition.metric} cannot be known here`, {
        remedy: 'Choose another signal; GET /v1/alertSignals lists them.',
      });
    }
    const active = meets(condition.op, value, condition.value) ? [{ group: '', value }] : [];
    return { active, groups: 1 };
  }
  const known = devices.flatMap((device) => {
    const value = numbers.get(device.id);
    return value === undefined ? [] : [{ device, value }];
  });
  if (groupBy === 'device') {
    const active = known
      .filter(({ value }) => meets(condition.op, value, condition.value))
      .map(({ device, value }) => ofDevice(device, value));
    return { active, groups: known.length };
  }
  const groups = Map.groupBy(known, ({ device }) =>
    groupBy === 'site' ? (device.site ?? '') : '',
  );
  const samples = [...groups].map(([group, members]) => ({
    ...ofPlace(groupBy, group),
    value: together(
      condition,
      members.map(({ value }) => value),
    ),
  }));
  const active = samples.filter(({ value }) => meets(condition.op, value, condition.value));
  return { active, groups: samples.length };
}

/** One number of several devices: by the aggregate; with `last`, the one that is worst. */
function together({ aggregate, op }: MetricCondition, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  switch (aggregate) {
    case 'sum':
      return sum;
    case 'avg':
      return sum / values.length;
    case 'min':
      return least;
    case 'max':
      return most;
    case 'last':
      return op === 'lt' || op === 'lte' ? least : most;
  }
}

async function count(
  round: Round,
  { groupBy, devices: narrowed }: Asked,
  { condition, devices }: Over<Extract<Condition, { kind: 'count' }>>,
): Promise<Evaluation> {
  const { now } = round.moment;
  const { source, q, op, value: threshold, withinS } = condition;
  const by = groupBy === 'rule' ? 'rule' : 'device';
  const asked = { source, q, fromMs: now - withinS * 1000, toMs: now, by } as const;
  const counts = await round.counts(asked);
  const grouped = byGroup(counts, { groupBy, devices, isNarrowed: narrowed !== undefined });
  return evaluationOf(grouped, (value) => meets(op, value, threshold));
}

async function absence(
  round: Round,
  { groupBy, devices: narrowed }: Asked,
  { condition, devices }: Over<Extract<Condition, { kind: 'absence' }>>,
): Promise<Evaluation> {
  const { now } = round.moment;
  const fromMs = now - condition.forS * 1000;
  const { source, q, metric: series } = condition;
  // A device that became known a moment ago has not been away for long.
  const old = devices.filter(({ createdAt }) => createdAt <= fromMs);
  const seen: ReadonlyMap<string, number> =
    source === undefined
      ? new Map([...(await round.seen(series ?? '', fromMs))].map((id) => [id, 1]))
      : await round.counts({ source, q, fromMs, toMs: now, by: 'device' });
  const of = { groupBy, devices: old, isNarrowed: narrowed !== undefined };
  const { active, groups } = evaluationOf(byGroup(seen, of), (value) => value === 0);
  return { active: active.map((sample) => ({ ...sample, value: condition.forS })), groups };
}

async function happened(
  round: Round,
  { groupBy, devices: narrowed }: Asked,
  { condition, devices }: Over<Extract<Condition, { kind: 'event' }>>,
): Promise<Evaluation> {
  const { now, read } = round.moment;
  const rows = await read
    .selectFrom('outbox')
    .select('body')
    .where('kind', '=', condition.event)
    .where('at', '>', BigInt(now - condition.withinS * 1000))
    .where('at', '<=', BigInt(now))
    .limit(maxHappened)
    .execute();
  const idOf = new Map(devices.map(({ id, name }) => [name, id]));
  const counts = new Map<string, number>();
  for (const { body } of rows) {
    const name = deviceOfBody(JSON.parse(body));
    const id = name === undefined ? '' : (idOf.get(name) ?? '');
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const of = { groupBy, devices, isNarrowed: narrowed !== undefined };
  const { active, groups } = evaluationOf(byGroup(counts, of), (value) => value > 0);
  const loose = counts.get('') ?? 0;
  // What names no device is still something that happened.
  const isLost = loose > 0 && narrowed === undefined && groupBy !== 'none';
  return { active: isLost ? [...active, { group: '', value: loose }] : active, groups };
}

/** Numbers by device or rule as numbers by group; groups without a number have 0. */
function byGroup(
  counts: ReadonlyMap<string, number>,
  of: {
    readonly groupBy: Policy['groupBy'];
    readonly devices: readonly FleetDevice[];
    readonly isNarrowed: boolean;
  },
): readonly Sample[] {
  const { groupBy, devices, isNarrowed } = of;
  if (groupBy === 'rule') {
    return [...counts].map(([rule, value]) => ({ group: rule, rule, value }));
  }
  if (groupBy === 'device') {
    return devices.map((device) => ofDevice(device, counts.get(device.id) ?? 0));
  }
  const sum = (ids: Iterable<string>): number =>
    [...ids].reduce((total, id) => total + (counts.get(id) ?? 0), 0);
  if (groupBy === 'none') {
    const ids = isNarrowed ? devices.map(({ id }) => id) : counts.keys();
    return [{ group: '', value: sum(ids) }];
  }
  const sites = Map.groupBy(devices, ({ site }) => site ?? '');
  return [...sites].map(([site, members]) => ({
    ...ofPlace('site', site),
    value: sum(members.map(({ id }) => id)),
  }));
}

const evaluationOf = (
  samples: readonly Sample[],
  isActive: (value: number) => boolean,
): Evaluation => ({
  active: samples.filter(({ value }) => isActive(value)),
  groups: samples.length,
});

const ofDevice = (device: FleetDevice, value: number): Sample => ({
  group: device.id,
  device,
  site: device.site,
  value,
});

const ofPlace = (groupBy: Policy['groupBy'], group: string): Pick<Sample, 'group' | 'site'> =>
  groupBy === 'site' && group !== '' ? { group, site: group } : { group };

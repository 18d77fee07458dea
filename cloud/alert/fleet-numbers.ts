/**
 * Numbers of devices and of the fleet at one moment. One of these is made for each round of
 * evaluations: what several policies ask for is read once.
 */
import type { Json } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import type { Aggregate } from './condition.ts';

export interface FleetDevice {
  readonly id: string;
  readonly name: string;
  readonly site: string | undefined;
  readonly online: boolean;
  readonly presenceAt: number;
  readonly lastSeenAt: number;
  readonly createdAt: number;
}

/** By a device's id; the fleet's own number has the id ''. */
export type Numbers = ReadonlyMap<string, number>;

export interface Moment {
  readonly read: Db;
  /** Unix milliseconds. */
  readonly now: number;
  /** Free bytes where the objects are, when that can be known. */
  readonly freeBytes?: (() => Promise<number | undefined>) | undefined;
}

/** Devices that may connect, in the order of names. */
export async function fleetDevices(read: Db): Promise<readonly FleetDevice[]> {
  const rows = await read
    .selectFrom('device')
    .select(['id', 'name', 'site', 'online', 'presence_at', 'last_seen_at', 'created_at'])
    .where('state', 'in', ['enrolled', 'active', 're_enrolling', 'lost'])
    .orderBy('name')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    site: row.site ?? undefined,
    online: row.online === 1n,
    presenceAt: Number(row.presence_at ?? row.created_at),
    lastSeenAt: Number(row.last_seen_at ?? row.created_at),
    createdAt: Number(row.created_at),
  }));
}

/** A fleet signal's numbers; `windowMs` is what a windowed one is counted over. */
export async function signalNumbers(
  moment: Moment,
  name: string,
  windowMs: number,
): Promise<Numbers> {
  const devices = await fleetDevices(moment.read);
  const of = signals[name];
  if (of === undefined) throw new TypeError(`no signal ${name}`);
  return await of(moment, devices, windowMs);
}

type Of = (
  moment: Moment,
  devices: readonly FleetDevice[],
  windowMs: number,
) => Promise<Numbers> | Numbers;

const hourMs = 3_600_000;
const dayMs = 86_400_000;

const eachDevice = (
  devices: readonly FleetDevice[],
  value: (device: FleetDevice) => number,
): Numbers => new Map(devices.map((device) => [device.id, value(device)]));

const fleet = (value: number): Numbers => new Map([['', value]]);

const signals: Readonly<Record<string, Of>> = {
  'device.offline': ({ now }, devices) =>
    eachDevice(devices, ({ online, presenceAt }) => (online ? 0 : (now - presenceAt) / 1000)),
  'device.silent': ({ now }, devices) =>
    eachDevice(devices, ({ lastSeenAt }) => (now - lastSeenAt) / 1000),
  'certificate.days_left': async ({ read, now }, devices) => {
    const rows = await read
      .selectFrom('certificate')
      .select(({ fn }) => ['device', fn.max('not_after').as('last')])
      .where('state', '=', 'active')
      .groupBy('device')
      .execute();
    const byName = new Map(rows.map((row) => [row.device, Number(row.last)]));
    return new Map(
      devices.flatMap(({ id, name }) => {
        const last = byName.get(name);
        return last === undefined ? [] : [[id, (last - now) / dayMs] as const];
      }),
    );
  },
  'clips.rate': async (moment, devices, windowMs) =>
    await arrivalRate(moment, devices, { table: 'clip', windowMs }),
  'events.rate': async (moment, devices, windowMs) =>
    await arrivalRate(moment, devices, { table: 'event', windowMs }),
  'ingest.lost': async ({ read, now }, devices, windowMs) => {
    const rows = await read
      .selectFrom('lane_gap')
      .select(['device', 'seq', 'last_seq'])
      .where('at', '>', BigInt(now - windowMs))
      .where('at', '<=', BigInt(now))
      .execute();
    const lost = new Map<string, number>();
    for (const { device, seq, last_seq } of rows) {
      lost.set(device, (lost.get(device) ?? 0) + Number(last_seq - seq) + 1);
    }
    return eachDevice(devices, ({ name }) => lost.get(name) ?? 0);
  },
  'devices.total': (_, devices) => fleet(devices.length),
  'devices.online': (_, devices) => fleet(devices.filter(({ online }) => online).length),
  'devices.offline': (_, devices) => fleet(devices.filter(({ online }) => !online).length),
  'ingest.refused': async ({ read, now }, _, windowMs) => {
    const rows = await read
      .selectFrom('audit')
      .select(({ fn }) => ['action', fn.countAll<bigint>().as('n')])
      .where('at', '>', BigInt(now - windowMs))
      .where('at', '<=', BigInt(now))
      .groupBy('action')
      .execute();
    const refused = rows.filter(({ action }) => action.endsWith('.refused'));
    return fleet(refused.reduce((sum, row) => sum + Number(row.n), 0));
  },
  'storage.used': async ({ read }) => {
    const row = await read
      .selectFrom('blob')
      .select(({ fn }) => fn.sum('size_bytes').as('bytes'))
      .executeTakeFirst();
    return fleet(Number(row?.bytes ?? 0));
  },
  'storage.free': async ({ freeBytes }) => {
    const bytes = await freeBytes?.();
    return bytes === undefined ? new Map() : fleet(bytes);
  },
  'webhooks.failing': async ({ read }) => {
    const count = async (table: 'webhook' | 'channel'): Promise<number> => {
      const row = await read
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<bigint>().as('n'))
        .where('failing_since', 'is not', null)
        .executeTakeFirstOrThrow();
      return Number(row.n);
    };
    return fleet((await count('webhook')) + (await count('channel')));
  },
  'gates.oldest': async ({ read, now }) => {
    const row = await read
      .selectFrom('gate')
      .select(({ fn }) => fn.min('opened_at').as('since'))
      .where('state', '=', 'open')
      .executeTakeFirst();
    const since = row?.since ?? null;
    return fleet(since === null ? 0 : (now - Number(since)) / 1000);
  },
  'gates.overdue': async ({ read, now }) => {
    const row = await read
      .selectFrom('gate')
      .select(({ fn }) => fn.countAll<bigint>().as('n'))
      .where('state', '=', 'open')
      .where('deadline_at', '<=', BigInt(now))
      .executeTakeFirstOrThrow();
    return fleet(Number(row.n));
  },
  'runs.troubled': async ({ read }) => {
    const row = await read
      .selectFrom('run')
      .select(({ fn }) => fn.countAll<bigint>().as('n'))
      .where('state', 'in', ['parked', 'stuck', 'blocked'])
      .executeTakeFirstOrThrow();
    return fleet(Number(row.n));
  },
  'outbox.rate': async ({ read, now }, _, windowMs) => {
    const row = await read
      .selectFrom('outbox')
      .select(({ fn }) => fn.countAll<bigint>().as('n'))
      .where('at', '>', BigInt(now - windowMs))
      .where('at', '<=', BigInt(now))
      .executeTakeFirstOrThrow();
    return fleet((Number(row.n) * hourMs) / windowMs);
  },
};

async function arrivalRate(
  { read, now }: Moment,
  devices: readonly FleetDevice[],
  of: { readonly table: 'clip' | 'event'; readonly windowMs: number },
): Promise<Numbers> {
  const rows = await read
    .selectFrom(of.table)
    .select(({ fn }) => ['device_id', fn.countAll<bigint>().as('n')])
    .where('received_at', '>', BigInt(now - of.windowMs))
    .where('received_at', '<=', BigInt(now))
    .groupBy('device_id')
    .execute();
  const counted = new Map(rows.map((row) => [row.device_id, Number(row.n)]));
  return eachDevice(devices, ({ id }) => ((counted.get(id) ?? 0) * hourMs) / of.windowMs);
}

/** A series of the devices' telemetry over the window; a device that said nothing has no number. */
export async function seriesNumbers(
  { read, now }: Moment,
  series: string,
  of: { readonly aggregate: Aggregate; readonly windowMs: number },
): Promise<Numbers> {
  const from = BigInt(now - of.windowMs);
  const to = BigInt(now);
  // The newest values name the devices that have the series; each has its own range of an index.
  const points = sql`telemetry_latest as latest
    join telemetry as point on point.device_id = latest.device_id
      and point.series = latest.series and point.at > ${from} and point.at <= ${to}
    where latest.series = ${series}`;
  if (of.aggregate === 'last') {
    const { rows } = await sql<{ id: string; value: number }>`
      select final.device_id as id, final.value as value from telemetry as final
      join (select point.device_id as id, max(point.at) as at from ${points}
        group by point.device_id) as newest
      on newest.id = final.device_id and newest.at = final.at
      where final.series = ${series}`.execute(read);
    return new Map(rows.map(({ id, value }) => [id, value]));
  }
  const { rows } = await sql<{ id: string; value: number }>`
    select point.device_id as id, ${sql.raw(of.aggregate)}(point.value) as value
    from ${points} group by point.device_id`.execute(read);
  return new Map(rows.map(({ id, value }) => [id, value]));
}

/** When each device last said the series, in the reach of `fromMs`. */
export async function seriesSeen(
  { read, now }: Moment,
  series: string,
  fromMs: number,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select distinct point.device_id as id from telemetry_latest as latest
    join telemetry as point on point.device_id = latest.device_id
      and point.series = latest.series and point.at > ${BigInt(fromMs)}
      and point.at <= ${BigInt(now)}
    where latest.series = ${series}`.execute(read);
  return new Set(rows.map(({ id }) => id));
}

/** The device that an outbox row names in its body, by name. */
export function deviceOfBody(body: Json): string | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { device } = body as { readonly device?: Json };
  return typeof device === 'string' ? device : undefined;
}

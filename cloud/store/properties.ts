/** Properties of devices: what holds now, and the intervals in which each value held. */
import type { Json } from '@fieldloop/core';
import {
  type PropertyInterval,
  type PropertyKind,
  type PropertySource,
  type PropertyValue,
  type PropertyWrite,
  propertyKindOf,
  reportedProperties,
  withWrite,
} from '../property/property.ts';
import type { Db, Row } from './db.ts';
import { putOutbox } from './outbox.ts';

/** A property as it holds now. */
export interface CurrentProperty {
  readonly key: string;
  readonly value: PropertyValue;
  readonly source: PropertySource;
  /** Unix milliseconds since when. */
  readonly at: number;
}

/** What holds now, by device and in the order of keys. */
export async function currentProperties(
  db: Db,
  deviceIds: readonly string[],
): Promise<ReadonlyMap<string, readonly CurrentProperty[]>> {
  if (deviceIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('device_property')
    .selectAll()
    .where('device_id', 'in', deviceIds)
    .orderBy('device_id')
    .orderBy('key')
    .execute();
  return Map.groupBy(
    rows.map((row) => ({ deviceId: row.device_id, ...currentOf(row) })),
    ({ deviceId }) => deviceId,
  );
}

/** The newest first. `at`: only those that hold at that moment. */
export async function propertyIntervals(
  db: Db,
  deviceId: string,
  query: {
    readonly key?: string | undefined;
    readonly at?: number | undefined;
    readonly limit: number;
    readonly after?: { readonly from: number; readonly key: string } | undefined;
  },
): Promise<readonly (PropertyInterval & { readonly key: string })[]> {
  const { key, at, limit, after } = query;
  let rows = db
    .selectFrom('property_interval')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('from_at', 'desc')
    .orderBy('key')
    .limit(limit);
  if (key !== undefined) rows = rows.where('key', '=', key);
  if (at !== undefined) {
    rows = rows
      .where('from_at', '<=', BigInt(at))
      .where((of) => of.or([of('to_at', 'is', null), of('to_at', '>', BigInt(at))]));
  }
  if (after !== undefined) {
    const { from } = after;
    rows = rows.where((of) =>
      of.or([
        of('from_at', '<', BigInt(from)),
        of.and([of('from_at', '=', BigInt(from)), of('key', '>', after.key)]),
      ]),
    );
  }
  return (await rows.execute()).map((row) => ({ key: row.key, ...intervalOf(row) }));
}

/** Every property that a device had at a moment, by key. */
export async function propertiesAt(
  db: Db,
  deviceId: string,
  at: number,
): Promise<Readonly<Record<string, PropertyValue>>> {
  const rows = await propertyIntervals(db, deviceId, { at, limit: mostKeys });
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

/** More keys than a device can have: what reports and definitions may name is far below. */
const mostKeys = 10_000;

/**
 * Writes one value from a moment on, in the caller's transaction. False when it changes nothing.
 */
export async function putProperty(
  db: Db,
  deviceId: string,
  key: string,
  write: PropertyWrite,
): Promise<boolean> {
  const before = await around(db, deviceId, { key, at: write.at });
  const after = withWrite(before, write);
  if (after === before) return false;
  const kept = new Set(after);
  const gone = before.filter((one) => !kept.has(one)).map(({ from }) => BigInt(from));
  if (gone.length > 0) {
    await db
      .deleteFrom('property_interval')
      .where('device_id', '=', deviceId)
      .where('key', '=', key)
      .where('from_at', 'in', gone)
      .execute();
  }
  const known = new Set(before);
  const fresh = after.filter((one) => !known.has(one));
  for (const { from, to, value, source } of fresh) {
    await db
      .insertInto('property_interval')
      .values({
        device_id: deviceId,
        key,
        from_at: from,
        to_at: to ?? null,
        ...columnsOf(value),
        source,
      })
      .execute();
  }
  await setCurrent(db, deviceId, { key, last: after.findLast(({ to }) => to === undefined) });
  return true;
}

/**
 * What a robot's report says of its properties, from its arrival on, in the transaction that
 * stores the report. What an operator set stands above it; what this section said before and does
 * not say any more ends. Returns the keys that changed.
 */
export async function putReportedProperties(
  db: Db,
  deviceId: string,
  report: { readonly section: string; readonly document: Json; readonly at: number },
): Promise<readonly string[]> {
  const said = reportedProperties(report.section, report.document);
  if (said === undefined) return [];
  const source = report.section as PropertySource;
  const current = (await currentProperties(db, [deviceId])).get(deviceId) ?? [];
  const operators = new Set(
    current.filter((one) => one.source === 'operator').map(({ key }) => key),
  );
  const ended = current
    .filter((one) => one.source === source && !Object.hasOwn(said, one.key))
    .map(({ key }) => [key, undefined] as const);
  const changed: string[] = [];
  for (const [key, value] of [...Object.entries(said), ...ended]) {
    if (operators.has(key)) continue;
    if (await putProperty(db, deviceId, key, { at: report.at, value, source })) changed.push(key);
  }
  if (changed.length > 0) {
    const { name } = await db
      .selectFrom('device')
      .select('name')
      .where('id', '=', deviceId)
      .executeTakeFirstOrThrow();
    await putOutbox(db, {
      kind: 'device.properties_changed',
      subject: deviceId,
      at: report.at,
      body: { device: name, keys: changed },
    });
  }
  return changed;
}

/** The intervals that a write at `at` can touch: the two before or at it, and the one after. */
async function around(
  db: Db,
  deviceId: string,
  where: { readonly key: string; readonly at: number },
): Promise<readonly PropertyInterval[]> {
  const of = db
    .selectFrom('property_interval')
    .selectAll()
    .where('device_id', '=', deviceId)
    .where('key', '=', where.key);
  const at = BigInt(where.at);
  const before = await of.where('from_at', '<=', at).orderBy('from_at', 'desc').limit(2).execute();
  const after = await of.where('from_at', '>', at).orderBy('from_at').limit(1).execute();
  return [...before.reverse(), ...after].map(intervalOf);
}

async function setCurrent(
  db: Db,
  deviceId: string,
  now: { readonly key: string; readonly last: PropertyInterval | undefined },
): Promise<void> {
  const { key, last } = now;
  if (last === undefined) {
    await db
      .deleteFrom('device_property')
      .where('device_id', '=', deviceId)
      .where('key', '=', key)
      .where((of) =>
        of.not(
          of.exists(
            of
              .selectFrom('property_interval')
              .select('property_interval.key')
              .whereRef('property_interval.device_id', '=', 'device_property.device_id')
              .whereRef('property_interval.key', '=', 'device_property.key')
              .where('property_interval.to_at', 'is', null),
          ),
        ),
      )
      .execute();
    return;
  }
  const { value, source, from } = last;
  const row = { ...columnsOf(value), source, at: from };
  await db
    .insertInto('device_property')
    .values({ device_id: deviceId, key, ...row })
    .onConflict((conflict) => conflict.columns(['device_id', 'key']).doUpdateSet(row))
    .execute();
}

const columnsOf = (value: PropertyValue) => ({
  kind: propertyKindOf(value),
  text: String(value),
  num: typeof value === 'string' ? null : Number(value),
});

function intervalOf(row: Row<'property_interval'>): PropertyInterval {
  return {
    from: Number(row.from_at),
    ...(row.to_at === null ? {} : { to: Number(row.to_at) }),
    value: valueOf(row),
    source: row.source as PropertySource,
  };
}

const currentOf = (row: Row<'device_property'>): CurrentProperty => ({
  key: row.key,
  value: valueOf(row),
  source: row.source as PropertySource,
  at: Number(row.at),
});

function valueOf(row: { readonly kind: string; readonly text: string }): PropertyValue {
  switch (row.kind as PropertyKind) {
    case 'string':
      return row.text;
    case 'number':
      return Number(row.text);
    case 'boolean':
      return row.text === 'true';
    default:
      throw new TypeError(`property kind ${row.kind}`);
  }
}

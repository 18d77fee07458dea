import type { Json } from '@fieldloop/core';
import { bit, type Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import type { PropertyValue } from '../property/property.ts';
import { putOutbox } from '../store/outbox.ts';
import { currentProperties, putProperty, putReportedProperties } from '../store/properties.ts';
import { type Device, type DeviceState, type DeviceVerb, mayConnect, verbDone } from './device.ts';
import { devicesOf } from './rows.ts';

export interface NewDevice {
  readonly id: string;
  readonly name: string;
  readonly site?: string | undefined;
  readonly at: number;
}

/** What an operator changes; null takes a value away, what is absent stays. */
export interface DevicePatch {
  readonly site?: string | null | undefined;
  readonly properties?: Readonly<Record<string, PropertyValue | null>> | undefined;
  /** Hz by topic. */
  readonly expectedRates?: Readonly<Record<string, number | null>> | undefined;
}

/** Devices and what they report as running. `name` is the id inside the certificate. */
export const deviceStore = (db: Db) => ({
  /** False when the name is taken. */
  async create(device: NewDevice): Promise<boolean> {
    const done = await db
      .insertInto('device')
      .values({
        id: device.id,
        name: device.name,
        state: 'enrolled',
        site: device.site ?? null,
        online: 0,
        created_at: device.at,
        updated_at: device.at,
        version: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if ((done.numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
    const { id, name, site, at } = device;
    if (site !== undefined) {
      await putProperty(db, id, 'site', { at, value: site, source: 'operator' });
    }
    await putOutbox(db, { kind: 'device.created', subject: id, at, body: { device: name } });
    return true;
  },

  /** By id or by name. */
  async get(idOrName: string): Promise<Device | undefined> {
    const row = await db
      .selectFrom('device')
      .selectAll()
      .where((where) => where.or([where('id', '=', idOrName), where('name', '=', idOrName)]))
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const [device] = await devicesOf(db, [row]);
    return device;
  },

  /** In the order of names, after `after`. */
  async list(query: {
    readonly after?: string | undefined;
    readonly state?: string | undefined;
    readonly site?: string | undefined;
    readonly online?: boolean | undefined;
    readonly limit: number;
  }): Promise<readonly Device[]> {
    let rows = db.selectFrom('device').selectAll().orderBy('name').limit(query.limit);
    if (query.after !== undefined) rows = rows.where('name', '>', query.after);
    if (query.state !== undefined) rows = rows.where('state', '=', query.state);
    if (query.site !== undefined) rows = rows.where('site', '=', query.site);
    if (query.online !== undefined) rows = rows.where('online', '=', BigInt(bit(query.online)));
    return await devicesOf(db, await rows.execute());
  },

  /** Something arrived from the device; the first time makes an enrolled device active. */
  async seen(name: string, at: number): Promise<void> {
    await db
      .updateTable('device')
      .set({ last_seen_at: at })
      .where('name', '=', name)
      .where((where) =>
        where.or([where('last_seen_at', 'is', null), where('last_seen_at', '<', BigInt(at))]),
      )
      .execute();
    const first = await db
      .updateTable('device')
      .set((set) => ({ state: 'active', updated_at: at, version: set('version', '+', 1n) }))
      .where('name', '=', name)
      .where('state', '=', 'enrolled')
      .returning('id')
      .executeTakeFirst();
    if (first === undefined) return;
    await putOutbox(db, {
      kind: 'device.activated',
      subject: first.id,
      at,
      body: { device: name },
    });
  },

  /** False when a newer connection has already spoken (`conn` lower than known). */
  async setPresence(
    name: string,
    presence: {
      readonly online: boolean;
      readonly at: number;
      readonly conn?: bigint | number | undefined;
      readonly boot?: string | undefined;
    },
  ): Promise<boolean> {
    const row = await db
      .selectFrom('device')
      .select(['id', 'online', 'conn'])
      .where('name', '=', name)
      .executeTakeFirst();
    if (row === undefined) return false;
    const conn = presence.conn === undefined ? undefined : BigInt(presence.conn);
    if (conn !== undefined && row.conn !== null && conn < row.conn) return false;
    const changed = row.online !== BigInt(bit(presence.online)) || conn !== (row.conn ?? undefined);
    await db
      .updateTable('device')
      .set({
        online: bit(presence.online),
        ...(changed ? { presence_at: presence.at } : {}),
        ...(conn === undefined ? {} : { conn }),
        ...(presence.boot === undefined ? {} : { boot: presence.boot }),
      })
      .where('name', '=', name)
      .execute();
    if (row.online !== BigInt(bit(presence.online))) {
      await tellPresence(db, { id: row.id, name }, presence);
    }
    return true;
  },

  /** Nobody is connected to a cloud that has just started. */
  async allOffline(at: number): Promise<void> {
    const rows = await db
      .updateTable('device')
      .set({ online: 0, presence_at: at })
      .where('online', '=', 1n)
      .returning(['id', 'name'])
      .execute();
    for (const row of rows) await tellPresence(db, row, { online: false, at });
  },

  /** Keeps the newest document of a section. `document` is JSON text or a JSON value. */
  async setReported(
    name: string,
    section: string,
    report: { readonly digest: string; readonly document: unknown; readonly at: number },
  ): Promise<void> {
    const device_id = await deviceIdOf(db, name);
    const { digest, at } = report;
    const document =
      typeof report.document === 'string' ? report.document : JSON.stringify(report.document);
    await db
      .insertInto('device_report')
      .values({ device_id, section, digest, document, at })
      .onConflict((conflict) =>
        conflict.columns(['device_id', 'section']).doUpdateSet({ digest, document, at }),
      )
      .execute();
    const changed = await putReportedProperties(db, device_id, {
      section,
      document: JSON.parse(document) as Json,
      at,
    });
    if (changed.includes('site')) await copySite(db, device_id);
  },

  /**
   * What an operator says of a device, from `at` on. A site that is taken away is the robot's own
   * word again with its next report.
   */
  async patch(id: string, patch: DevicePatch, at: number): Promise<void> {
    const { site, properties = {}, expectedRates = {} } = patch;
    const said = site === undefined ? properties : { ...properties, site };
    for (const [key, value] of Object.entries(said)) {
      await putProperty(db, id, key, { at, value: value ?? undefined, source: 'operator' });
    }
    if (site !== undefined) await copySite(db, id);
    for (const [topic, hz] of Object.entries(expectedRates)) await putRate(db, { id, topic, hz });
    const { name } = await db
      .updateTable('device')
      .set((set) => ({ updated_at: at, version: set('version', '+', 1n) }))
      .where('id', '=', id)
      .returning('name')
      .executeTakeFirstOrThrow();
    await putOutbox(db, {
      kind: 'device.changed',
      subject: id,
      at,
      body: { device: name, keys: Object.keys(said), topics: Object.keys(expectedRates) },
    });
  },

  /** Takes the step of a verb; whoever may not connect any more is offline from then on. */
  async setState(
    device: Pick<Device, 'id' | 'name'>,
    step: { readonly state: DeviceState; readonly verb: DeviceVerb; readonly at: number },
  ): Promise<void> {
    const { state, verb, at } = step;
    const ends = !mayConnect(state);
    await db
      .updateTable('device')
      .set((set) => ({
        state,
        updated_at: at,
        version: set('version', '+', 1n),
        ...(ends ? { online: 0, presence_at: at } : {}),
      }))
      .where('id', '=', device.id)
      .execute();
    await putOutbox(db, {
      kind: verbDone[verb],
      subject: device.id,
      at,
      body: { device: device.name, state },
    });
  },

  /** A new board counts its connections from the beginning. */
  async forgetConnections(name: string): Promise<void> {
    await db
      .updateTable('device')
      .set({ conn: null, boot: null })
      .where('name', '=', name)
      .execute();
  },

  /** False when there is no such device or it is revoked already. */
  async revoke(name: string, at: number): Promise<boolean> {
    const row = await db
      .selectFrom('device')
      .select(['id', 'name', 'state'])
      .where('name', '=', name)
      .executeTakeFirst();
    if (row === undefined || row.state === 'revoked') return false;
    await this.setState(row, { state: 'revoked', verb: 'revoke', at });
    return true;
  },
});

async function tellPresence(
  db: Db,
  { id, name }: { readonly id: string; readonly name: string },
  { online, at }: { readonly online: boolean; readonly at: number },
): Promise<void> {
  const kind = online ? 'device.online' : 'device.offline';
  await putOutbox(db, { kind, subject: id, at, body: { device: name } });
}

/** The site is a property like others, and a column because lists are narrowed by it. */
async function copySite(db: Db, id: string): Promise<void> {
  const own = (await currentProperties(db, [id])).get(id) ?? [];
  const site = own.find(({ key }) => key === 'site');
  await db
    .updateTable('device')
    .set({ site: site === undefined ? null : String(site.value) })
    .where('id', '=', id)
    .execute();
}

async function putRate(
  db: Db,
  rate: { readonly id: string; readonly topic: string; readonly hz: number | null },
): Promise<void> {
  const { id, topic, hz } = rate;
  if (hz === null) {
    await db
      .deleteFrom('device_topic_rate')
      .where('device_id', '=', id)
      .where('topic', '=', topic)
      .execute();
    return;
  }
  await db
    .insertInto('device_topic_rate')
    .values({ device_id: id, topic, hz })
    .onConflict((conflict) => conflict.columns(['device_id', 'topic']).doUpdateSet({ hz }))
    .execute();
}

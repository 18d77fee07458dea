import { bit, type Db, type Row } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { type Device, isDeviceState, type ReportedSection } from './device.ts';

export interface NewDevice {
  readonly id: string;
  readonly name: string;
  readonly site?: string | undefined;
  readonly at: number;
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
    return (done.numInsertedOrUpdatedRows ?? 0n) > 0n;
  },

  /** By id or by name. */
  async get(idOrName: string): Promise<Device | undefined> {
    const row = await db
      .selectFrom('device')
      .selectAll()
      .where((where) => where.or([where('id', '=', idOrName), where('name', '=', idOrName)]))
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const [device] = await withReports(db, [row]);
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
    return await withReports(db, await rows.execute());
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
    await db
      .updateTable('device')
      .set((set) => ({ state: 'active', updated_at: at, version: set('version', '+', 1n) }))
      .where('name', '=', name)
      .where('state', '=', 'enrolled')
      .execute();
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
      .select(['online', 'conn'])
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
    return true;
  },

  /** Nobody is connected to a cloud that has just started. */
  async allOffline(at: number): Promise<void> {
    await db
      .updateTable('device')
      .set({ online: 0, presence_at: at })
      .where('online', '=', 1n)
      .execute();
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
    const site = section === 'agent' ? siteIn(document) : undefined;
    if (site === undefined) return;
    // What the operator said when the robot was claimed stands above what the robot says.
    await db
      .updateTable('device')
      .set({ site })
      .where('id', '=', device_id)
      .where('site', 'is', null)
      .execute();
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
    const done = await db
      .updateTable('device')
      .set((set) => ({
        state: 'revoked',
        online: 0,
        presence_at: at,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('name', '=', name)
      .where('state', '<>', 'revoked')
      .executeTakeFirst();
    return done.numUpdatedRows > 0n;
  },
});

/** The site that an agent's configuration names. */
function siteIn(document: string): string | undefined {
  const { site } = JSON.parse(document) as { readonly site?: unknown };
  return typeof site === 'string' && site !== '' ? site : undefined;
}

async function withReports(db: Db, rows: readonly Row<'device'>[]): Promise<readonly Device[]> {
  if (rows.length === 0) return [];
  const reports = await db
    .selectFrom('device_report')
    .selectAll()
    .where(
      'device_id',
      'in',
      rows.map((row) => row.id),
    )
    .execute();
  const running = new Map<string, Record<string, ReportedSection>>();
  for (const report of reports) {
    const sections = running.get(report.device_id) ?? {};
    sections[report.section] = {
      digest: report.digest,
      at: Number(report.at),
      document: JSON.parse(report.document),
    };
    running.set(report.device_id, sections);
  }
  return rows.map((row) => fromRow(row, running.get(row.id) ?? {}));
}

function fromRow(row: Row<'device'>, running: Device['running']): Device {
  if (!isDeviceState(row.state)) throw new TypeError(`device state ${row.state}`);
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    ...(row.site === null ? {} : { site: row.site }),
    presence: {
      online: row.online === 1n,
      ...(row.presence_at === null ? {} : { since: Number(row.presence_at) }),
      ...(row.last_seen_at === null ? {} : { lastSeen: Number(row.last_seen_at) }),
      ...(row.boot === null ? {} : { boot: row.boot }),
    },
    running,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

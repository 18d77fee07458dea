/** Rows of devices with what other tables hold of them. */
import type { Db, Row } from '../store/db.ts';
import { currentProperties } from '../store/properties.ts';
import { type Device, isDeviceState, type ReportedSection } from './device.ts';

/** The devices, each other table asked once. */
export async function devicesOf(
  db: Db,
  rows: readonly Row<'device'>[],
): Promise<readonly Device[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const running = await runningOf(db, ids);
  const properties = await currentProperties(db, ids);
  const rates = await db
    .selectFrom('device_topic_rate')
    .selectAll()
    .where('device_id', 'in', ids)
    .orderBy('topic')
    .execute();
  const certificates = await certificatesOf(
    db,
    rows.map((row) => row.name),
  );
  return rows.map((row) => {
    const certificate = certificates.get(row.name);
    return {
      ...fromRow(row),
      running: running.get(row.id) ?? {},
      properties: properties.get(row.id) ?? [],
      expectedRates: Object.fromEntries(
        rates.filter((rate) => rate.device_id === row.id).map(({ topic, hz }) => [topic, hz]),
      ),
      ...(certificate === undefined ? {} : { certificate }),
    };
  });
}

async function runningOf(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Device['running']>> {
  const reports = await db
    .selectFrom('device_report')
    .selectAll()
    .where('device_id', 'in', ids)
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
  return running;
}

/** The newest active one of each device, by its name. */
async function certificatesOf(
  db: Db,
  names: readonly string[],
): Promise<ReadonlyMap<string, NonNullable<Device['certificate']>>> {
  const rows = await db
    .selectFrom('certificate')
    .select(['device', 'fingerprint', 'not_after'])
    .where('device', 'in', names)
    .where('state', '=', 'active')
    .orderBy('issued_at')
    .execute();
  return new Map(
    rows.map((row) => [
      row.device,
      { fingerprint: row.fingerprint, notAfter: Number(row.not_after) },
    ]),
  );
}

function fromRow(
  row: Row<'device'>,
): Omit<Device, 'running' | 'properties' | 'expectedRates' | 'certificate'> {
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
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

/**
 * Many rows for measurements: the clips and events of a fleet over ninety days, the same for the
 * same seed, written in large pieces past the stores. Nothing is told to the outbox.
 */
import { canonicalJson, type Random, seededRandom, sha256Hex } from '@fieldloop/core';
import type { ClipManifest } from '@fieldloop/proto';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipTerms } from '../clip/clip.ts';
import { idOfUuid } from '../entity-id.ts';
import type { Db } from './db.ts';
import { kindOf } from './kind.ts';
import { sql } from './kysely.ts';
import { clipValues, eventValues } from './query-values.ts';
import type { Tables } from './schema.ts';

export interface BulkSize {
  readonly devices: number;
  readonly clips: number;
  readonly events: number;
}

/** Of the last moment in the data, in Unix milliseconds. */
export const bulkEndMs = Date.UTC(2026, 0, 31);
const spanNs = 90n * 86_400n * 1_000_000_000n;
const endNs = BigInt(bulkEndMs) * 1_000_000n;
const pieceRows = 250;

export const bulkNames = {
  sites: ['hall-1', 'hall-2', 'hall-3', 'yard', 'depot'],
  rules: `near-miss hard-brake lost-localization sensor-dropout low-battery blocked slip overheat
    e-stop detour unknown-object collision`.split(/\s+/u),
  tags: 'rain dock night pallet human forklift glass ramp demo new'.split(' '),
  firmware: ['1.3.9', '1.4.0', '1.4.1', '1.4.2', '1.5.0-rc1', '1.5.0'],
  topics: Array.from({ length: 24 }, (_, n) => `/sensor_${n}/data`),
  scores: Array.from({ length: 10 }, (_, n) => `scorer_${n % 5}.${n < 5 ? 'entropy' : 'max'}`),
  events: Array.from({ length: 30 }, (_, n) => `event.kind.${n}`),
} as const;

/** Fills a migrated database. `told` hears how many rows are in. */
export async function fillBulk(
  db: Db,
  size: BulkSize,
  told: (rows: number) => void = () => undefined,
): Promise<void> {
  const random = seededRandom('cloud data');
  await fillDevices(db, size.devices);
  for (let n = 0; n < size.clips; n += pieceRows) {
    await fillClips(db, random, { from: n, to: Math.min(n + pieceRows, size.clips), size });
    told(n);
  }
  for (let n = 0; n < size.events; n += pieceRows * 4) {
    await fillEvents(db, random, { from: n, to: Math.min(n + pieceRows * 4, size.events), size });
    told(size.clips + n);
  }
  // As autovacuum leaves the tables within minutes; SQLite's planner is used as a cloud has it.
  if (kindOf(db) === 'postgres') await sql`vacuum (analyze)`.execute(db);
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly size: BulkSize;
}

const deviceId = (n: number): string => `dev_${String(n).padStart(26, '0')}`;
export const bulkDevice = (n: number): string => `bulk-${String(n).padStart(4, '0')}`;

async function fillDevices(db: Db, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => ({
    id: deviceId(n + 100),
    name: bulkDevice(n),
    state: 'active',
    site: bulkNames.sites[n % bulkNames.sites.length] ?? null,
    online: n % 3 === 0 ? 0 : 1,
    created_at: 1,
    updated_at: 1,
    version: 1,
  }));
  await insert(db, 'device', rows);
}

/** The first of a list is the most frequent. */
const skewed = <T>(random: Random, of: readonly T[]): T => {
  const found = of[Math.min(of.length - 1, Math.floor(random.next() ** 2 * of.length))];
  if (found === undefined) throw new TypeError('nothing to choose from');
  return found;
};

const uuid = (noun: number, n: number): string =>
  `0190${noun}000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** In the order of time, a little apart from an even pace. */
const timeOf = (random: Random, n: number, count: number): bigint =>
  endNs - spanNs + (spanNs * BigInt(n)) / BigInt(count) + BigInt(Math.floor(random.next() * 1e9));

const states = ['stored', 'stored', 'stored', 'on_device', 'evicted', 'uploading'] as const;

function manifestOf(random: Random, n: number, startNs: bigint): ClipManifest {
  const chance = random.next();
  const severity = chance < 0.05 ? 'critical' : chance < 0.3 ? 'warning' : 'info';
  const first = Math.floor(random.next() * 5);
  const sample = sampleManifest(n, {
    severity,
    rule: skewed(random, bulkNames.rules),
    tags: [...new Set([skewed(random, bulkNames.tags), skewed(random, bulkNames.tags)])],
    scores: Object.fromEntries(bulkNames.scores.map((name) => [name, random.next()])),
    sizeBytes: Math.floor(1e5 * 10 ** (random.next() * 3)),
    startNs,
  });
  return {
    ...sample,
    clipId: uuid(1, n),
    sessionId: uuid(2, Math.floor(n / 20)),
    topics: bulkNames.topics
      .slice(first, first + 20)
      .map((topic) => ({ topic, schema: 'sensor_msgs/msg/Imu', count: 300 })),
    firmware: skewed(random, bulkNames.firmware),
    models: { classifier: sha256Hex(`model ${Math.floor(random.next() * 4)}`) },
  };
}

async function fillClips(db: Db, random: Random, { from, to, size }: Piece): Promise<void> {
  const rows: { clip: object[]; terms: object[]; numbers: object[]; texts: object[] } = {
    clip: [],
    terms: [],
    numbers: [],
    texts: [],
  };
  for (let n = from; n < to; n += 1) {
    const startNs = timeOf(random, n, size.clips);
    const manifest = manifestOf(random, n, startNs);
    const id = idOfUuid('clp', manifest.clipId);
    const at = Number(startNs / 1_000_000n) + 1000;
    const state = states[Math.floor(random.next() * states.length)] ?? 'stored';
    rows.clip.push({
      id,
      device_id: deviceId(100 + Math.floor(random.next() * size.devices)),
      session_id: idOfUuid('ses', manifest.sessionId),
      state,
      start_ns: startNs,
      end_ns: BigInt(manifest.endNs),
      size_bytes: manifest.sizeBytes,
      sha256: manifest.sha256,
      severity: manifest.severity,
      class: manifest.class,
      received_at: at,
      stored_at: state === 'stored' ? at + 1000 : null,
      // There are no bytes to make pictures of.
      previews_at: at,
      created_at: at,
      updated_at: at,
      version: 1,
      manifest: canonicalJson(manifest),
    });
    const values = clipValues({ id, startNs, manifest });
    rows.terms.push(
      ...clipTerms(manifest).map((one) => ({ ...one, start_ns: startNs, clip_id: id })),
    );
    rows.numbers.push(...values.numbers);
    rows.texts.push(...values.texts);
  }
  await db.transaction().execute(async (trx) => {
    await insert(trx, 'clip', rows.clip);
    await insert(trx, 'clip_term', rows.terms);
    await insert(trx, 'clip_value', rows.numbers);
    await insert(trx, 'clip_text', rows.texts);
  });
}

async function fillEvents(db: Db, random: Random, { from, to, size }: Piece): Promise<void> {
  const rows: { event: object[]; numbers: object[]; texts: object[] } = {
    event: [],
    numbers: [],
    texts: [],
  };
  for (let n = from; n < to; n += 1) {
    const atNs = timeOf(random, n, size.events);
    const id = idOfUuid('evt', uuid(3, n));
    const chance = random.next();
    const fired = chance < 0.3 ? `${skewed(random, bulkNames.rules)}@3` : undefined;
    const tags = chance > 0.7 ? [skewed(random, bulkNames.tags)] : [];
    const values = { vx: random.next() * 2, battery: Math.floor(random.next() * 100) };
    rows.event.push({
      id,
      device_id: deviceId(100 + Math.floor(random.next() * size.devices)),
      kind: chance < 0.1 ? 'marker' : 'event',
      name: skewed(random, bulkNames.events),
      severity: chance < 0.02 ? 'critical' : chance < 0.2 ? 'warning' : 'info',
      at_ns: atNs,
      end_ns: atNs,
      synced: 1,
      rule: fired ?? null,
      tags: canonicalJson(tags),
      values_json: canonicalJson(values),
      received_at: Number(atNs / 1_000_000n),
    });
    const copied = eventValues({ id, atNs, values, tags, rule: fired });
    rows.numbers.push(...copied.numbers);
    rows.texts.push(...copied.texts);
  }
  await db.transaction().execute(async (trx) => {
    await insert(trx, 'event', rows.event);
    await insert(trx, 'event_value', rows.numbers);
    await insert(trx, 'event_text', rows.texts);
  });
}

/** Rows of one statement stay below the parameters that both databases take. */
async function insert(db: Db, table: keyof Tables, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).length;
  const most = Math.floor(30_000 / Math.max(1, columns));
  for (let at = 0; at < rows.length; at += most) {
    await db
      .insertInto(table as 'outbox')
      .values(rows.slice(at, at + most) as never)
      .execute();
  }
}

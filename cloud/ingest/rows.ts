/**
 * Rows of a lane into the database. A row is taken once: its number tells whether it was here
 * before, its checksum whether it is the same one. What does not fit is refused and counts as
 * through, so that one bad row never stops the lane.
 */
import { Fault } from '@fieldloop/core';
import { type Lane, type Stored, type WireCode, wireLimits } from '@fieldloop/proto';
import { type PutEvent, putEvents } from '../event/put-many.ts';
import { insertMany } from '../store/insert-many.ts';
import { keptRowKeys } from '../wire-limits.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { holds, type LaneProgress, missingBelow, newLane } from './lane.ts';
import { rangesOf, rangesText, withRange } from './lane.ts';

export interface LaneKey {
  readonly device: string;
  readonly lane: Lane;
  readonly origin: bigint;
}

/** A row on its way in; `from` to `to` are the sequence numbers it stands for. */
export interface IncomingRow {
  readonly from: bigint;
  readonly to: bigint;
  readonly crc: number;
  /** Writes it; a code says why it was refused. Absent when it is refused already. */
  readonly put?: (db: Db) => Promise<WireCode | undefined>;
  /** Where the row is an event or a marker: many of them are written at once. */
  readonly event?: PutEvent;
  readonly refused?: WireCode;
}

export interface RefusedRow {
  readonly seq: bigint;
  readonly code: WireCode;
}

/** Stored messages for the device, in order: one, or more when many rows were refused. */
export async function putRows(
  db: Db,
  key: LaneKey,
  rows: readonly IncomingRow[],
  how: { readonly at: number; readonly alone: boolean },
): Promise<readonly Stored[]> {
  const before = await loadLane(db, key);
  const after = how.alone ? undefined : afterEvents(before, rows);
  if (after !== undefined) {
    await putEvents(db, key.device, eventsOf(rows), how.at);
    await putKeys(db, key, rows);
    await saveLane(db, key, after, how.at);
    return storedMessages(key, after, []);
  }
  let lane = before;
  const refused: RefusedRow[] = [];
  for (const row of rows) {
    const known = holds(lane, row.from);
    const next = known ? lane : withRange(lane, row.from, row.to);
    if (next === undefined) break;
    const code = known
      ? await compare(db, key, row)
      : await take(db, { key, row, alone: how.alone });
    if (code !== undefined) refused.push({ seq: row.from, code });
    lane = next;
  }
  if (lane !== before) await saveLane(db, key, lane, how.at);
  return storedMessages(key, lane, refused);
}

/** Where the lane is behind events that are all new and all sound; undefined for any other rows. */
function afterEvents(lane: LaneProgress, rows: readonly IncomingRow[]): LaneProgress | undefined {
  let next: LaneProgress | undefined = lane;
  for (const { event, from, to } of rows) {
    if (event === undefined || next === undefined || holds(next, from)) return undefined;
    next = withRange(next, from, to);
  }
  return rows.length === 0 ? undefined : next;
}

const eventsOf = (rows: readonly IncomingRow[]): readonly PutEvent[] =>
  rows.map(({ event }) => event).filter((event) => event !== undefined);

async function putKeys(db: Db, key: LaneKey, rows: readonly IncomingRow[]): Promise<void> {
  const { device, lane } = key;
  const origin = signed(key.origin);
  await insertMany(db, {
    table: 'row_key',
    columns: ['device', 'lane', 'origin', 'seq', 'last_seq', 'crc'],
    rows: rows.map(({ from, to, crc }) => [device, lane, origin, from, to, crc]),
  });
}

export function storedMessages(
  key: LaneKey,
  lane: LaneProgress,
  refused: readonly RefusedRow[],
): readonly Stored[] {
  const messages: Stored[] = [];
  const most = wireLimits.maxRefusedPerStored;
  for (let at = 0; at === 0 || at < refused.length; at += most) {
    const { lane: name, origin } = key;
    // No row counts as through before the device hears that it was refused.
    const next = refused[at + most]?.seq;
    const through = next !== undefined && next <= lane.through ? next - 1n : lane.through;
    messages.push({ lane: name, origin, through, refused: refused.slice(at, at + most) });
  }
  return messages;
}

/** The same row again is nothing; another under its number is SEQ_REUSED. */
async function compare(db: Db, key: LaneKey, row: IncomingRow): Promise<WireCode | undefined> {
  const known = await db
    .selectFrom('row_key')
    .select(['crc', 'code'])
    .where('device', '=', key.device)
    .where('lane', '=', key.lane)
    .where('origin', '=', signed(key.origin))
    .where('seq', '=', row.from)
    .executeTakeFirst();
  if (known === undefined) return undefined;
  if (known.crc !== BigInt(row.crc)) return 'SEQ_REUSED';
  return (known.code as WireCode | null) ?? undefined;
}

async function take(
  db: Db,
  one: { readonly key: LaneKey; readonly row: IncomingRow; readonly alone: boolean },
): Promise<WireCode | undefined> {
  const { key, row, alone } = one;
  const code = row.refused ?? (await (alone ? putAlone(db, row) : row.put?.(db)));
  await db
    .insertInto('row_key')
    .values({
      device: key.device,
      lane: key.lane,
      origin: signed(key.origin),
      seq: row.from,
      last_seq: row.to,
      crc: row.crc,
      code: code ?? null,
    })
    .execute();
  return code;
}

/** In a savepoint of its own: what it breaks is undone and the row is refused. */
async function putAlone(db: Db, row: IncomingRow): Promise<WireCode | undefined> {
  await sql`savepoint one_row`.execute(db);
  try {
    const code = await row.put?.(db);
    await sql`release one_row`.execute(db);
    return code;
  } catch (error) {
    await sql`rollback to one_row`.execute(db);
    await sql`release one_row`.execute(db);
    // A database that fails is not the row's fault: the device sends the whole batch again.
    if (error instanceof Fault && databaseFaults.has(error.code)) throw error;
    return 'MALFORMED';
  }
}

const databaseFaults: ReadonlySet<string> = new Set(['unavailable', 'timeout', 'corrupt']);

export async function loadLane(db: Db, key: LaneKey): Promise<LaneProgress> {
  const row = await db
    .selectFrom('lane')
    .select(['through', 'ranges'])
    .where('device', '=', key.device)
    .where('lane', '=', key.lane)
    .where('origin', '=', signed(key.origin))
    .executeTakeFirst();
  return row === undefined ? newLane : { through: row.through, ranges: rangesOf(row.ranges) };
}

async function saveLane(db: Db, key: LaneKey, lane: LaneProgress, at: number): Promise<void> {
  const { device, lane: name } = key;
  const origin = signed(key.origin);
  const changed = { through: lane.through, ranges: rangesText(lane.ranges), touched_at: at };
  await db
    .insertInto('lane')
    .values({ device, lane: name, origin, ...changed })
    .onConflict((conflict) => conflict.columns(['device', 'lane', 'origin']).doUpdateSet(changed))
    .execute();
  const kept = lane.through - keptRowKeys;
  if (kept <= 0n) return;
  await db
    .deleteFrom('row_key')
    .where('device', '=', device)
    .where('lane', '=', name)
    .where('origin', '=', origin)
    .where('seq', '<=', kept)
    .execute();
}

/** Numbers that the device will never send; they count as through. */
export async function putGap(
  db: Db,
  key: LaneKey,
  gap: { readonly from: bigint; readonly to: bigint; readonly reason: string; readonly at: number },
): Promise<void> {
  await db
    .insertInto('lane_gap')
    .values({
      device: key.device,
      lane: key.lane,
      origin: signed(key.origin),
      seq: gap.from,
      last_seq: gap.to,
      reason: gap.reason,
      at: gap.at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/**
 * What the cloud answers a Status with: how far it is, after a gap for what the device lost. Rows
 * that the device still holds and that were refused are named again: the first Stored may not have
 * reached it, and a clip whose manifest seems taken is sent and deleted.
 */
export async function greetLane(
  db: Db,
  key: LaneKey,
  lowest: bigint,
  at: number,
): Promise<readonly Stored[]> {
  const lane = await loadLane(db, key);
  const missing = missingBelow(lane, lowest);
  if (missing === undefined) {
    const refused = await refusedFrom(db, key, lowest);
    const last = refused.at(-1)?.seq ?? lane.through;
    const isCut = refused.length >= keptRowKeys && last < lane.through;
    return storedMessages(key, isCut ? { ...lane, through: last } : lane, refused);
  }
  await putGap(db, key, { ...missing, reason: 'lost', at });
  const next = withRange(lane, missing.from, missing.to) ?? lane;
  await saveLane(db, key, next, at);
  return storedMessages(key, next, []);
}

async function refusedFrom(db: Db, key: LaneKey, lowest: bigint): Promise<RefusedRow[]> {
  const rows = await db
    .selectFrom('row_key')
    .select(['seq', 'code'])
    .where('device', '=', key.device)
    .where('lane', '=', key.lane)
    .where('origin', '=', signed(key.origin))
    .where('seq', '>=', lowest)
    .where('code', 'is not', null)
    .orderBy('seq')
    .limit(Number(keptRowKeys))
    .execute();
  return rows.map(({ seq, code }) => ({ seq, code: code as WireCode }));
}

const signed = (origin: bigint): bigint => BigInt.asIntN(64, origin);

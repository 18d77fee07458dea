/** Reads the units of a window, page by page, into columns that a thread can take. */
import type { Rows } from '@fieldloop/learning';
import type { Db } from '../store/db.ts';
import { heldDevices } from '../store/device-hold.ts';
import { drawReadRows, earlierUnits, noveltyKnown } from '../triage-limits.ts';
import { floatsOf } from './note.ts';
import type { EarlierUnits, PlanUnits } from './plan.ts';
import { type FrozenPolicy, unitsIn } from './window-store.ts';

export interface LoadRange {
  readonly fromN: number;
  readonly toN: number;
  /** Units at most. */
  readonly limit: number;
}

export interface Loaded {
  readonly units: PlanUnits;
  readonly clips: readonly string[];
  /** Units of robots that a case holds out. */
  readonly held: number;
  /** Robots by their number in `units.device`. */
  readonly devices: readonly string[];
}

/** The units of one model, with what `scorer` gave each. */
export async function loadUnits(
  db: Db,
  definition: FrozenPolicy,
  of: { readonly sha256: string; readonly scorer: string; readonly range: LoadRange },
): Promise<Loaded> {
  const { sha256, scorer, range } = of;
  const columns = openColumns(range.limit);
  let held = 0;
  const toN = BigInt(range.toN);
  for (let fromN = BigInt(range.fromN); ; ) {
    const rows = await unitsIn(db, definition, { fromN, toN })
      .leftJoin('triage_score', (join) =>
        join
          .onRef('triage_score.unit_id', '=', 'triage_unit.id')
          .onRef('triage_score.scorer_sha256', '=', 'triage_unit.model_sha256')
          .on('triage_score.scorer', '=', scorer),
      )
      .select([
        'triage_unit.id',
        'triage_unit.n',
        'triage_unit.clip_id',
        'triage_unit.device_id',
        'triage_unit.at_ns',
        'triage_unit.bytes',
        'triage_unit.probabilities',
        'triage_unit.embedding',
        'triage_score.value',
      ])
      .where('triage_unit.model_sha256', '=', sha256)
      .orderBy('triage_unit.n')
      .limit(drawReadRows)
      .execute();
    const devices = [...new Set(rows.map((row) => row.device_id))];
    const out = await heldDevices(db, devices);
    for (const row of rows) {
      if (out.has(row.device_id)) held += 1;
      else if (columns.size() < range.limit) columns.add(row);
    }
    const last = rows.at(-1)?.n;
    if (last === undefined || rows.length < drawReadRows || columns.size() >= range.limit) break;
    fromN = last;
  }
  return { ...columns.done(), held };
}

interface UnitRow {
  readonly id: string;
  readonly clip_id: string;
  readonly device_id: string;
  readonly at_ns: bigint;
  readonly bytes: bigint;
  readonly probabilities: string | null;
  readonly embedding: string | null;
  readonly value: number | null;
}

function openColumns(most: number) {
  const ids: string[] = [];
  const clips: string[] = [];
  const bytes: number[] = [];
  const device: number[] = [];
  const atMs: number[] = [];
  const value: number[] = [];
  const devices = new Map<string, number>();
  const probabilities = openRows(most);
  const embeddings = openRows(most);
  return {
    size: () => ids.length,
    add(row: UnitRow): void {
      ids.push(row.id);
      clips.push(row.clip_id);
      bytes.push(Number(row.bytes));
      const known = devices.get(row.device_id) ?? devices.size;
      devices.set(row.device_id, known);
      device.push(known);
      atMs.push(Number(row.at_ns / 1_000_000n));
      value.push(row.value ?? Number.NaN);
      probabilities.add(
        row.probabilities === null ? undefined : (JSON.parse(row.probabilities) as number[]),
      );
      embeddings.add(row.embedding === null ? undefined : floatsOf(row.embedding));
    },
    done: (): Omit<Loaded, 'held'> => ({
      clips,
      devices: [...devices.keys()],
      units: {
        ids,
        bytes: Float64Array.from(bytes),
        device: Int32Array.from(device),
        atMs: Float64Array.from(atMs),
        value: Float64Array.from(value),
        named: new Uint8Array(ids.length),
        probabilities: probabilities.done(),
        embeddings: embeddings.done(),
      },
    }),
  };
}

/**
 * At most `most` rows of the width of the first one, in room that is made once; a row of another
 * width is all zero, like one without.
 */
function openRows(most: number) {
  let width = 0;
  let count = 0;
  let values = new Float32Array(0);
  return {
    add(row: ArrayLike<number> | undefined): void {
      if (width === 0 && row !== undefined) {
        width = row.length;
        values = new Float32Array(most * width);
      }
      if (row !== undefined && row.length === width) values.set(row, count * width);
      count += 1;
    },
    done: (): Rows | undefined =>
      width === 0 ? undefined : { width, values: values.subarray(0, count * width) },
  };
}

/** Embeddings of the newest units from before a window. */
export async function knownEmbeddings(
  db: Db,
  definition: FrozenPolicy,
  { sha256, before }: { readonly sha256: string; readonly before: number },
): Promise<Rows | undefined> {
  const rows = await unitsIn(db, definition, { fromN: 0n, toN: BigInt(before) })
    .select('triage_unit.embedding')
    .where('triage_unit.model_sha256', '=', sha256)
    .where('triage_unit.embedding', 'is not', null)
    .orderBy('triage_unit.n', 'desc')
    .limit(noveltyKnown)
    .execute();
  const known = openRows(noveltyKnown);
  for (const { embedding } of rows) known.add(floatsOf(embedding ?? ''));
  return known.done();
}

/**
 * What windows before this one chose of these robots' moments, not older than `sinceMs`: the newest
 * ones. Undefined when there is nothing.
 */
export async function chosenBefore(
  db: Db,
  window: { readonly fromN: number; readonly policyId: string },
  of: {
    readonly sha256: string;
    readonly devices: readonly string[];
    readonly sinceMs: number;
  },
): Promise<EarlierUnits | undefined> {
  const since = BigInt(Math.max(0, Math.floor(of.sinceMs))) * 1_000_000n;
  const rows = await db
    .selectFrom('triage_window')
    .innerJoin('triage_choice', 'triage_choice.window_id', 'triage_window.id')
    .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
    .select(['triage_unit.id', 'triage_unit.n', 'triage_unit.device_id'])
    .select(['triage_unit.at_ns', 'triage_unit.embedding'])
    .distinct()
    .where('triage_window.policy_id', '=', window.policyId)
    .where('triage_window.state', '=', 'drawn')
    .where('triage_window.to_n', '<=', BigInt(window.fromN))
    .where('triage_unit.model_sha256', '=', of.sha256)
    .where('triage_unit.embedding', 'is not', null)
    .where('triage_unit.at_ns', '>=', since)
    .orderBy('triage_unit.n', 'desc')
    .limit(earlierUnits)
    .execute();
  const numbers = new Map(of.devices.map((device, i) => [device, i]));
  const own = rows.filter((row) => numbers.has(row.device_id));
  const embeddings = openRows(own.length);
  for (const { embedding } of own) embeddings.add(floatsOf(embedding ?? ''));
  const found = embeddings.done();
  return (
    found && {
      ids: own.map(({ id }) => id),
      device: Int32Array.from(own, (row) => numbers.get(row.device_id) ?? -1),
      atMs: Float64Array.from(own, (row) => Number(row.at_ns / 1_000_000n)),
      embeddings: found,
    }
  );
}

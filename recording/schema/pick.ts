import {
  beginFold,
  type Fold,
  foldCount,
  foldHasResult,
  foldNumber,
  foldValues,
  openFold,
} from './fold.ts';
import type { ValueStep } from './path.ts';
import type { Reading } from './resolve.ts';
import type { Shape } from './shape.ts';
import { type Accessor, type MessageColumns, slotState, type Slots } from './types.ts';

/**
 * Reads fields from messages that a reference decoder made into objects: JSON, and the parts of
 * protobuf that are not read from the wire. `decode` throws when the bytes are corrupt.
 */
export function compilePick(
  readings: readonly Reading[],
  decode: (bytes: Uint8Array) => unknown,
): Accessor {
  const picks = readings.map((reading) => openPick(reading));
  const needsMessage = readings.some((reading) => !reading.isWhole);
  return {
    types: readings.map((reading) => reading.type),
    read(columns: MessageColumns, i, out, at) {
      const start = columns.starts[i] ?? 0;
      const end = columns.ends[i] ?? 0;
      let message: unknown;
      if (needsMessage) {
        try {
          message = decode(columns.data.subarray(start, end));
        } catch {
          out.states.fill(slotState.fault, at, at + picks.length);
          return 1;
        }
      }
      for (const [slot, pick] of picks.entries()) {
        if (pick.reading.measure === 'bytes') putNumber(out, at + slot, end - start);
        else pickValue(pick, pick.reading.isWhole ? true : message, out, at + slot);
      }
      return 0;
    },
  };
}

interface Pick {
  readonly reading: Reading;
  readonly fold: Fold | undefined;
  readonly scratch: Float64Array;
  /** What the path led to; a list's first or last item while it is folded so. */
  found: unknown;
}

function openPick(reading: Reading): Pick {
  const fold =
    reading.reduce === undefined ? undefined : openFold(reading.reduce, reading.itemType);
  return { reading, fold, scratch: new Float64Array(1), found: undefined };
}

function pickValue(pick: Pick, message: unknown, out: Slots, slot: number): void {
  pick.found = undefined;
  if (pick.fold !== undefined) beginFold(pick.fold);
  visit(pick, message, 0);
  const { fold } = pick;
  const isCounted = fold !== undefined && fold.fn !== 'first' && fold.fn !== 'last';
  if (isCounted && foldHasResult(fold)) putNumber(out, slot, foldNumber(fold));
  else if (pick.reading.measure === 'present') {
    putTruth(out, slot, pick.found !== undefined && pick.found !== null);
  } else put(out, slot, pick.found);
}

function visit(pick: Pick, value: unknown, depth: number): void {
  const step = pick.reading.steps[depth];
  if (step === undefined) {
    found(pick, measured(pick.reading, value));
  } else if (step.kind === 'each') {
    if (!isList(value)) return;
    for (let k = 0; k < value.length; k += 1) visit(pick, value[k], depth + 1);
  } else {
    visit(pick, inside(value, step), depth + 1);
  }
}

/** Where steps without `[]` lead; undefined when they lead nowhere. */
export function pickInside(value: unknown, steps: readonly ValueStep[]): unknown {
  let at = value;
  for (const step of steps) {
    if (step.kind === 'each') return undefined;
    at = inside(at, step);
  }
  return at;
}

/** A value, or a time as seconds, into its slot. */
export function putValue(out: Slots, slot: number, shape: Shape, value: unknown): void {
  put(out, slot, shape.kind === 'struct' ? seconds(shape.members.keys(), value) : value);
}

function inside(value: unknown, step: Exclude<ValueStep, { kind: 'each' }>): unknown {
  if (step.kind === 'index') return isList(value) ? value[step.index] : undefined;
  if (typeof value !== 'object' || value === null || isList(value)) return undefined;
  return Object.hasOwn(value, step.name) ? Reflect.get(value, step.name) : undefined;
}

export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function measured(reading: Reading, value: unknown): unknown {
  if (reading.measure === 'count') {
    if (isList(value)) return value.length;
    const isMap = reading.shape.kind === 'map' && typeof value === 'object' && value !== null;
    return isMap ? Object.keys(value).length : undefined;
  }
  if (reading.measure === 'value' && reading.shape.kind === 'struct') {
    return seconds(reading.shape.members.keys(), value);
  }
  return value;
}

function seconds(names: Iterable<string>, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const [whole, nanos] = [...names].map((name) => Number(Reflect.get(value, name)));
  const time = (whole ?? 0) + (nanos ?? 0) / 1e9;
  // Of a mutable struct a member may be missing: half a time is none.
  return Number.isNaN(time) ? undefined : time;
}

function found(pick: Pick, value: unknown): void {
  const { fold } = pick;
  if (fold === undefined) {
    pick.found = value;
    return;
  }
  const number =
    typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
      ? Number(value)
      : undefined;
  if (fold.fn === 'first' || fold.fn === 'last') {
    if (fold.isBounded && !(number !== undefined && number >= fold.low && number <= fold.high)) {
      return;
    }
    if (value !== undefined && (fold.fn === 'last' || pick.found === undefined)) pick.found = value;
  } else if (number !== undefined) {
    pick.scratch[0] = number;
    foldValues(fold, pick.scratch, 1);
  } else if (fold.fn === 'count' && !fold.isBounded && value !== undefined) {
    foldCount(fold, 1);
  }
}

function put(out: Slots, slot: number, value: unknown): void {
  if (typeof value === 'number') putNumber(out, slot, value);
  else if (typeof value === 'boolean') putTruth(out, slot, value);
  else if (typeof value === 'string') {
    out.texts[slot] = value;
    out.states[slot] = slotState.text;
  } else if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) {
    putNumber(out, slot, Number(value));
  } else {
    out.states[slot] = slotState.unknown;
  }
}

function putNumber(out: Slots, slot: number, value: number): void {
  out.numbers[slot] = value;
  out.states[slot] = slotState.number;
}

function putTruth(out: Slots, slot: number, value: boolean): void {
  out.numbers[slot] = value ? 1 : 0;
  out.states[slot] = slotState.truth;
}

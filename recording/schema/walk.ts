import { beginCollect, type Collect, collectNumbers, collectText, openCollect } from './collect.ts';
import {
  beginFold,
  type Fold,
  foldCount,
  foldHasResult,
  foldNumber,
  foldValues,
  openFold,
} from './fold.ts';
import type { Reading } from './resolve.ts';
import { type MessageColumns, type ReadOutcome, slotState, type Slots } from './types.ts';

/**
 * The state of reading one message into slots. One is made per accessor and used again for each
 * message, so that reading allocates nothing. Positions are offsets in `data`.
 */
export interface Walk {
  view: DataView;
  data: Uint8Array;
  /** Where the message, or the part of it that is being read, ends. */
  end: number;
  /** Byte order of the message and where its alignment starts to count (CDR). */
  little: boolean;
  origin: number;
  /** The slot of the first spec. */
  at: number;
  states: Uint8Array;
  numbers: Float64Array;
  /** Where the columns of a list go, and the item at work. */
  listed: Slots;
  item: number;
  /** Values on their way from a list into a fold or a column. */
  readonly scratch: Float64Array;
  readonly slots: readonly SlotPlan[];
  /** Slots of texts and folds, whose value is known only at the end of the message. */
  readonly late: readonly number[];
  /** Bytes of the text of each slot; start is -1 while there is none. */
  readonly textStarts: Int32Array;
  readonly textEnds: Int32Array;
}

/** What a slot takes. */
interface SlotPlan {
  readonly fold: Fold | undefined;
  readonly collect: Collect | undefined;
  readonly isText: boolean;
  /** A 64-bit integer: kept only while a double holds it exactly. */
  readonly isWide: boolean;
  /** The state of a value that is there: number, text or truth. */
  readonly state: 1 | 2 | 3;
  /** What the slot says when the path leads nowhere in this message. */
  readonly absent: 0 | 3;
  readonly absentNumber: 0 | 1;
  readonly isBytes: boolean;
  /** The text of the last message, kept because topics of texts repeat themselves. */
  readonly last: { text: string; readonly bytes: Uint8Array; length: number };
}

/** Values that are gathered from a list at once. */
export const scratchValues = 512;

const noBytes = new Uint8Array(0);
const keptTextBytes = 128;

export function openWalk(readings: readonly Reading[]): Walk {
  const slots = readings.map((reading) => slotPlan(reading));
  return {
    view: new DataView(noBytes.buffer),
    data: noBytes,
    end: 0,
    little: true,
    origin: 0,
    at: 0,
    states: noBytes,
    numbers: new Float64Array(0),
    listed: { states: noBytes, numbers: new Float64Array(0), texts: [] },
    item: 0,
    scratch: new Float64Array(scratchValues),
    slots,
    late: slots.flatMap((plan, k) =>
      plan.collect === undefined && (plan.isText || plan.fold !== undefined) ? [k] : [],
    ),
    textStarts: new Int32Array(readings.length),
    textEnds: new Int32Array(readings.length),
  };
}

function slotPlan(reading: Reading): SlotPlan {
  const isText = reading.type === 'text';
  const isTruth = reading.type === 'truth';
  const isWide = reading.type === 'bigint';
  const state = isText ? slotState.text : isTruth ? slotState.truth : slotState.number;
  return {
    fold: reading.reduce === undefined ? undefined : openFold(reading.reduce, reading.itemType),
    collect:
      reading.collect === undefined
        ? undefined
        : openCollect({ ...reading.collect, state, isWide }),
    isText,
    isWide,
    state,
    absent: reading.measure === 'present' ? slotState.truth : slotState.unknown,
    absentNumber: reading.isWhole ? 1 : 0,
    isBytes: reading.measure === 'bytes',
    last: { text: '', bytes: new Uint8Array(isText ? keptTextBytes : 0), length: -1 },
  };
}

/** Points the walk at message i; every slot starts as what it says when nothing is found. */
export function beginWalk(walk: Walk, columns: MessageColumns, i: number, out: Slots): void {
  const start = columns.starts[i] ?? 0;
  const end = columns.ends[i] ?? 0;
  walk.view = columns.view;
  walk.data = columns.data;
  walk.end = end;
  walk.states = out.states;
  walk.numbers = out.numbers;
  walk.item = 0;
  const at = walk.at;
  const slots = walk.slots;
  for (let slot = 0; slot < slots.length; slot += 1) {
    const plan = slots[slot];
    if (plan === undefined) continue;
    out.states[at + slot] = plan.absent;
    if (plan.fold !== undefined) beginFold(plan.fold);
    if (plan.collect !== undefined) beginCollect(plan.collect, walk.listed);
    if (plan.isText) walk.textStarts[slot] = -1;
    else if (plan.isBytes) {
      out.states[at + slot] = slotState.number;
      out.numbers[at + slot] = end - start;
    } else if (plan.absent === slotState.truth) {
      out.numbers[at + slot] = plan.absentNumber;
    }
  }
}

/**
 * Folds the first `count` numbers of the scratch, puts them into their column from the item at
 * work on, or keeps the one that is there.
 */
export function takeScratch(walk: Walk, slot: number, count: number): void {
  const plan = walk.slots[slot];
  if (plan === undefined || count === 0) return;
  if (plan.fold !== undefined) {
    foldValues(plan.fold, walk.scratch, count);
    return;
  }
  if (plan.collect !== undefined) {
    collectNumbers(plan.collect, walk.item, walk.scratch, count);
    return;
  }
  const value = walk.scratch[0] ?? 0;
  walk.numbers[walk.at + slot] = value;
  walk.states[walk.at + slot] =
    plan.isWide && !Number.isSafeInteger(value) ? slotState.unknown : plan.state;
}

/** Keeps where a text stands; it is decoded only when the whole message was read. */
export function takeText(walk: Walk, slot: number, start: number, end: number): void {
  const plan = walk.slots[slot];
  if (plan?.collect !== undefined) {
    collectText(plan.collect, walk.item, start, end);
    return;
  }
  const fold = plan?.fold;
  if (fold !== undefined) {
    foldCount(fold, 1);
    if (fold.fn === 'count' || (fold.fn === 'first' && (walk.textStarts[slot] ?? -1) >= 0)) return;
  }
  walk.textStarts[slot] = start;
  walk.textEnds[slot] = end;
}

const utf8 = new TextDecoder();

/** Turns folds and texts into slot values; bytes that are not UTF-8 read as U+FFFD. */
export function finishWalk(walk: Walk, out: Slots): void {
  for (const slot of walk.late) {
    const plan = walk.slots[slot];
    if (plan === undefined) continue;
    if (plan.isText) {
      finishText(walk, slot, out);
    } else if (plan.fold !== undefined && foldHasResult(plan.fold)) {
      out.numbers[walk.at + slot] = foldNumber(plan.fold);
      out.states[walk.at + slot] = plan.state;
    }
  }
}

function finishText(walk: Walk, slot: number, out: Slots): void {
  const start = walk.textStarts[slot] ?? -1;
  const last = walk.slots[slot]?.last;
  if (start < 0 || last === undefined) return;
  const end = walk.textEnds[slot] ?? start;
  if (!isSame(walk.data, start, end, last)) {
    const bytes = walk.data.subarray(start, end);
    last.text = utf8.decode(bytes);
    last.length = bytes.length <= keptTextBytes ? bytes.length : -1;
    if (last.length >= 0) last.bytes.set(bytes);
  }
  out.texts[walk.at + slot] = last.text;
  out.states[walk.at + slot] = slotState.text;
}

function isSame(data: Uint8Array, start: number, end: number, last: SlotPlan['last']): boolean {
  if (end - start !== last.length) return false;
  for (let k = 0; k < last.length; k += 1) {
    if (data[start + k] !== last.bytes[k]) return false;
  }
  return true;
}

/** All slots say `fault`: this message's bytes are not what its schema says. */
export function faultWalk(walk: Walk, out: Slots): ReadOutcome {
  for (let slot = 0; slot < walk.slots.length; slot += 1) {
    out.states[walk.at + slot] = slotState.fault;
  }
  return 1;
}

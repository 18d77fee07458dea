/**
 * The short way to read scalars out of ROS messages: a program of small integers and one loop that
 * runs it. It takes what most signals are (numbers, truths, times and counts; little endian); for
 * everything else the steps of `ros-step.ts` stay. Both give the same, and every operation compares
 * with the end of the message before it reads.
 */
import { slotState, type Slots } from './types.ts';
import type { Walk } from './walk.ts';

/** What an operation does; its operands follow it. */
export const op = {
  end: 0,
  /** align, length: bytes whose length is known; loads count from their start. */
  span: 1,
  /** align, length: a span, and behind it a text that nobody wants. */
  text: 2,
  /** mask of the alignment, fixed count or -1: texts that nobody wants. */
  texts: 3,
  /** stride, align: a list of items of one size. */
  evenList: 4,
  /** index, length of the loads that follow: passed over when the list is shorter. */
  item: 5,
  /** fewest bytes of an item: a list of which only the first item is read. */
  firstItem: 6,
  /** slot, value, state: what the schema knows. */
  constant: 7,
  /** slot: the count of the list before. */
  count: 8,
  /** Goes on inside the first item, or ends where there is none. */
  enter: 9,
  /** align, length, slot, offset: a span with one double. */
  spanDouble: 10,
  /** index, slot, offset: one double of an item. */
  itemDouble: 11,
  /** Loads: kind + `load`, slot, offset. */
  load: 16,
} as const;

/** Kinds of scalars, in the order of their loads. */
export const scalarKind = {
  bool: 0,
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  float32: 9,
  float64: 10,
  /** A time as seconds, by the signs of its two words. */
  timeSignedUnsigned: 11,
  timeUnsigned: 12,
  timeSigned: 13,
} as const;
export type ScalarKind = (typeof scalarKind)[keyof typeof scalarKind];

/** Operands of one load. */
export interface FlatLoad {
  readonly kind: ScalarKind;
  readonly slot: number;
  readonly delta: number;
}

/** Collects a program; whatever has no operation here makes it `undefined`. */
export class FlatWriter {
  #code: number[] | undefined = [];
  #isClosed = false;
  #lastSpan = -1;

  /** Something that only steps can read. */
  giveUp(): void {
    this.#code = undefined;
  }

  span(align: number, length: number): void {
    if (align === 1 && length === 0) return;
    this.#lastSpan = this.#code?.length ?? -1;
    this.#add(op.span, align, length);
  }

  load({ kind, slot, delta }: FlatLoad): void {
    this.#add(op.load + kind, slot, delta);
  }

  constant(slot: number, value: number, state: number): void {
    this.#add(op.constant, slot, value, state);
  }

  /** Takes the span before it in, which nearly every text has. */
  text(): void {
    const code = this.#code;
    const isBehindSpan = this.#lastSpan >= 0 && this.#lastSpan + 3 === code?.length;
    if (code !== undefined && isBehindSpan) code[this.#lastSpan] = op.text;
    else this.#add(op.text, 1, 0);
    // A span is taken in once: a text right behind this one has none.
    this.#lastSpan = -1;
  }

  texts(mask: number, count: number | undefined): void {
    this.#add(op.texts, mask, count ?? -1);
  }

  evenList(stride: number, align: number): void {
    if (stride === 0) this.giveUp();
    this.#add(op.evenList, stride, align);
  }

  count(slots: readonly number[]): void {
    for (const slot of slots) this.#add(op.count, slot);
  }

  /** The `loads` that are added next are of this item of the even list before them. */
  item(index: number, loads: number): void {
    this.#add(op.item, index, loads * 3);
  }

  /** What is added from here until `close` lies inside the item; behind it nothing may follow. */
  firstItem(least: number, counts: readonly number[]): void {
    if (least === 0) this.giveUp();
    this.#add(op.firstItem, least);
    this.count(counts);
    this.#add(op.enter);
  }

  close(): void {
    this.#isClosed = true;
  }

  finish(): Int32Array | undefined {
    const code = this.#code;
    if (code === undefined) return undefined;
    const fits = code.every((value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 31 - 1);
    // Operands are read before it is known how many there are.
    return fits ? Int32Array.from([...fused(code), op.end, 0, 0, 0]) : undefined;
  }

  #add(...values: readonly number[]): void {
    if (this.#isClosed) this.giveUp();
    this.#code?.push(...values);
  }
}

const loadDouble = op.load + scalarKind.float64;

/** Puts what nearly always follows each other into one operation. */
function fused(code: readonly number[]): number[] {
  const short: number[] = [];
  for (let c = 0; c < code.length; ) {
    const what = code[c] ?? op.end;
    const length = what >= op.load ? 3 : (lengths[what] ?? 1);
    const isDouble = code[c + length] === loadDouble;
    const load = code.slice(c + length + 1, c + length + 3);
    const isAlone = what === op.span || (what === op.item && code[c + 2] === 3);
    if (isAlone && isDouble) {
      const [a = 0, b = 0] = code.slice(c + 1, c + 3);
      if (what === op.span) short.push(op.spanDouble, a, b, ...load);
      else short.push(op.itemDouble, a, ...load);
      c += length + 3;
    } else {
      short.push(...code.slice(c, c + length));
      c += length;
    }
  }
  return short;
}

/** Operands and the operation itself. */
const lengths: Readonly<Record<number, number>> = {
  [op.span]: 3,
  [op.text]: 3,
  [op.texts]: 3,
  [op.evenList]: 3,
  [op.item]: 3,
  [op.firstItem]: 2,
  [op.constant]: 4,
  [op.count]: 2,
};

/**
 * Runs a program over the message of the walk from `from` on: false when the message ends before
 * it does. Slots start at `walk.at`.
 */
export function runFlat(code: Int32Array, walk: Walk, from: number, out: Slots): boolean {
  const { view, end, origin, at } = walk;
  const { states, numbers } = out;
  let p = from;
  /** Where loads count from, and where the items of the last even list begin. */
  let base = from;
  let items = from;
  let stride = 0;
  let count = 0;
  let c = 0;
  for (;;) {
    const what = code[c] ?? op.end;
    const a = code[c + 1] ?? 0;
    const b = code[c + 2] ?? 0;
    c += 3;
    if (what === op.text) {
      p = (a > 1 ? p + ((origin - p) & (a - 1)) : p) + b;
      if (end - p < 4) return false;
      const length = view.getUint32(p, true);
      if (length > end - p - 4) return false;
      p += 4 + length;
    } else if (what === op.spanDouble || what === op.span) {
      base = a > 1 ? p + ((origin - p) & (a - 1)) : p;
      if (b > end - base) return false;
      p = base + b;
      if (what === op.span) continue;
      loadDoubleAt(walk, out, code[c] ?? 0, base + (code[c + 1] ?? 0));
      c += 2;
    } else if (what === op.evenList) {
      if (end - p < 4) return false;
      count = view.getUint32(p, true);
      p += 4;
      stride = a;
      if (count * stride > end - p) return false;
      if (count > 0 && b > 1) p += (origin - p) & (b - 1);
      items = p;
      p += count * stride;
      if (p > end) return false;
    } else if (what === op.itemDouble) {
      if (a < count) loadDoubleAt(walk, out, b, items + a * stride + (code[c] ?? 0));
      c += 1;
    } else if (what === op.texts) {
      p = passTexts(walk, p, a, b);
      if (p < 0) return false;
    } else if (what === op.firstItem) {
      if (end - p < 4) return false;
      count = view.getUint32(p, true);
      p += 4;
      if (count * a > end - p) return false;
      c -= 1;
    } else if (what === op.enter) {
      if (count === 0) return true;
      c -= 2;
    } else if (what >= op.load) {
      const value = scalarAt(view, what - op.load, base + b);
      numbers[at + a] = value;
      states[at + a] = stateOf(what - op.load, value);
    } else if (what === op.item) {
      base = items + a * stride;
      if (a >= count) c += b;
    } else if (what === op.end) {
      return true;
    } else c += putKnown(what, walk, out, { code, c, count });
  }
}

function loadDoubleAt(walk: Walk, out: Slots, slot: number, p: number): void {
  out.numbers[walk.at + slot] = walk.view.getFloat64(p, true);
  out.states[walk.at + slot] = slotState.number;
}

/** A number that needs no bytes; how far the next operation is from where it was expected. */
function putKnown(
  what: number,
  walk: Walk,
  { states, numbers }: Slots,
  at: { readonly code: Int32Array; readonly c: number; readonly count: number },
): number {
  const { code, c, count } = at;
  const slot = walk.at + (code[c - 2] ?? 0);
  const isCount = what === op.count;
  numbers[slot] = isCount ? count : (code[c - 1] ?? 0);
  states[slot] = isCount ? slotState.number : (code[c] ?? 0);
  return isCount ? -1 : 1;
}

/** The position behind texts, or a negative one. */
function passTexts(walk: Walk, from: number, mask: number, fixed: number): number {
  const { view, end, origin } = walk;
  if (fixed < 0 && end - from < 4) return -1;
  const count = fixed < 0 ? view.getUint32(from, true) : fixed;
  let p = fixed < 0 ? from + 4 : from;
  if (count * 4 > end - p) return -1;
  for (let k = 0; k < count; k += 1) {
    p += (origin - p) & mask;
    if (end - p < 4) return -1;
    const length = view.getUint32(p, true);
    if (length > end - p - 4) return -1;
    p += 4 + length;
  }
  return p;
}

const two32 = 4_294_967_296;

function scalarAt(view: DataView, kind: number, p: number): number {
  switch (kind) {
    case scalarKind.float64:
      return view.getFloat64(p, true);
    case scalarKind.float32:
      return view.getFloat32(p, true);
    case scalarKind.bool:
      return view.getUint8(p) === 0 ? 0 : 1;
    case scalarKind.int8:
      return view.getInt8(p);
    case scalarKind.uint8:
      return view.getUint8(p);
    case scalarKind.int16:
      return view.getInt16(p, true);
    case scalarKind.uint16:
      return view.getUint16(p, true);
    case scalarKind.int32:
      return view.getInt32(p, true);
    case scalarKind.uint32:
      return view.getUint32(p, true);
    case scalarKind.int64:
      return view.getInt32(p + 4, true) * two32 + view.getUint32(p, true);
    case scalarKind.uint64:
      return view.getUint32(p + 4, true) * two32 + view.getUint32(p, true);
    case scalarKind.timeSignedUnsigned:
      return view.getInt32(p, true) + view.getUint32(p + 4, true) / 1e9;
    case scalarKind.timeUnsigned:
      return view.getUint32(p, true) + view.getUint32(p + 4, true) / 1e9;
    default:
      return view.getInt32(p, true) + view.getInt32(p + 4, true) / 1e9;
  }
}

/** 64-bit integers that a double does not hold exactly stay unknown. */
function stateOf(kind: number, value: number): number {
  if (kind === scalarKind.bool) return slotState.truth;
  const isWide = kind === scalarKind.int64 || kind === scalarKind.uint64;
  return isWide && !Number.isSafeInteger(value) ? slotState.unknown : slotState.number;
}

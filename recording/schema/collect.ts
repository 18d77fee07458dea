/**
 * Values of a list's items on their way into columns: field `field` of item k goes to place
 * `k * width + field`. Items beyond the most that a list may have are passed by.
 */
import { slotState, type Slots } from './types.ts';

export interface Collect {
  readonly field: number;
  readonly width: number;
  readonly most: number;
  /** The state of a value that is there. */
  readonly state: 1 | 2 | 3;
  /** A 64-bit integer: kept only while a double holds it exactly. */
  readonly isWide: boolean;
  /** Set for each message. */
  out: Slots;
  /** Bytes of the text of each item; start is -1 while there is none. */
  readonly textStarts: Int32Array;
  readonly textEnds: Int32Array;
  /** Texts that came lately, by a hash of their bytes: labels repeat themselves. */
  readonly known: (KnownText | undefined)[];
}

interface KnownText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const knownTexts = 64;
const knownTextBytes = 64;

export function openCollect(
  parts: Pick<Collect, 'field' | 'width' | 'most' | 'state' | 'isWide'>,
): Collect {
  const places = parts.state === slotState.text ? parts.most : 0;
  return {
    ...parts,
    out: { states: new Uint8Array(0), numbers: new Float64Array(0), texts: [] },
    textStarts: new Int32Array(places),
    textEnds: new Int32Array(places),
    known: Array.from({ length: places === 0 ? 0 : knownTexts }, () => undefined),
  };
}

export function beginCollect(collect: Collect, out: Slots): void {
  collect.out = out;
  if (collect.field === 0) out.states.fill(slotState.unknown);
  collect.textStarts.fill(-1);
}

/** The first `count` numbers of `values`, for the items from `item` on. */
export function collectNumbers(
  collect: Collect,
  item: number,
  values: Float64Array,
  count: number,
): void {
  const { field, width, most, state, isWide } = collect;
  const { states, numbers } = collect.out;
  const end = Math.min(count, most - item);
  for (let k = 0; k < end; k += 1) {
    const value = values[k] ?? 0;
    const place = (item + k) * width + field;
    numbers[place] = value;
    states[place] = isWide && !Number.isSafeInteger(value) ? slotState.unknown : state;
  }
}

export function collectText(collect: Collect, item: number, start: number, end: number): void {
  if (item >= collect.most) return;
  collect.textStarts[item] = start;
  collect.textEnds[item] = end;
}

const utf8 = new TextDecoder();

/** Decodes what was kept of the texts of the first `count` items. */
export function finishCollect(collect: Collect, data: Uint8Array, count: number): void {
  if (collect.state !== slotState.text) return;
  const { field, width, out } = collect;
  for (let item = 0; item < count; item += 1) {
    const start = collect.textStarts[item] ?? -1;
    if (start < 0) continue;
    const place = item * width + field;
    out.texts[place] = textOf(collect, data, start, collect.textEnds[item] ?? start);
    out.states[place] = slotState.text;
  }
}

function textOf({ known }: Collect, data: Uint8Array, start: number, end: number): string {
  const bytes = data.subarray(start, end);
  if (bytes.length > knownTextBytes) return utf8.decode(bytes);
  let hash = bytes.length;
  for (const byte of bytes) hash = (hash * 31 + byte) | 0;
  const place = (hash >>> 0) % knownTexts;
  const found = known[place];
  if (found !== undefined && isSame(found.bytes, bytes)) return found.text;
  const text = utf8.decode(bytes);
  known[place] = { bytes: new Uint8Array(bytes), text };
  return text;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, k) => byte === b[k]);
}

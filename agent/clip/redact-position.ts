/**
 * Coarse positions: latitude and longitude rounded to some decimals, in place. Where a number
 * stands in a message is found with the accessor itself: the shortest part of the message that it
 * still reads ends with the number. What was written is read again; anything unexpected throws.
 */
import {
  type Channel,
  compileAccessor,
  type MessageColumns,
  type Slots,
  slotState,
} from '@fieldloop/recording';

export interface CoarseWish {
  readonly decimals: number;
  readonly fields: readonly [string, string];
}

export function coarsePosition(data: Uint8Array, channel: Channel, wish: CoarseWish): Uint8Array {
  if (channel.messageEncoding === 'json') return coarseJson(data, wish);
  const bytes = Uint8Array.from(data);
  for (const path of wish.fields) coarseField(bytes, channel, { path, decimals: wish.decimals });
  return bytes;
}

const rounded = (value: number, decimals: number): number =>
  // Without a negative zero.
  Math.round(value * 10 ** decimals) / 10 ** decimals + 0;

interface Field {
  readonly path: string;
  readonly decimals: number;
}

function coarseField(bytes: Uint8Array, channel: Channel, { path, decimals }: Field): void {
  const read = openReading(bytes, channel, path);
  const value = read(bytes.length);
  if (value === undefined) throw new Error(`"${path}" is no number of this message`);
  // No position is told by a number that is none.
  if (!Number.isFinite(value)) return;
  const wanted = rounded(value, decimals);
  if (Object.is(wanted, value)) return;
  const isWhole = (length: number): boolean => read(length) === value;
  const end =
    channel.messageEncoding === 'protobuf'
      ? firstWhole(bytes.length, isWhole)
      : leastWhole(bytes.length, isWhole);
  const place = placeBefore(bytes, end, value);
  if (place === undefined) throw new Error(`"${path}" is not stored as a floating-point number`);
  place(wanted);
  const told = read(bytes.length);
  const isThere = told === wanted || told === Math.fround(wanted);
  if (!isThere) throw new Error(`"${path}" could not be changed in place`);
}

/** Fields stand in their order: once the field is whole it stays so. */
function leastWhole(length: number, isWhole: (length: number) => boolean): number {
  let [short, long] = [0, length];
  while (long - short > 1) {
    const middle = (short + long) >> 1;
    if (isWhole(middle)) long = middle;
    else short = middle;
  }
  return long;
}

/** A part that ends inside a later field of a protobuf cannot be read at all. */
function firstWhole(length: number, isWhole: (length: number) => boolean): number {
  if (length > mostScanned) throw new Error('the message is too long to look for its position');
  for (let end = 1; end < length; end += 1) if (isWhole(end)) return end;
  return length;
}

/** A position is a small message; each of its bytes costs one reading of what is before it. */
const mostScanned = 4_096;

/** Reads the field of the first `length` bytes; undefined when it is not whole. */
function openReading(
  data: Uint8Array,
  channel: Channel,
  path: string,
): (length: number) => number | undefined {
  const accessor = compileAccessor(channel, [{ path }]);
  const slots: Slots = {
    states: new Uint8Array(1),
    numbers: new Float64Array(1),
    texts: [undefined],
  };
  const columns: MessageColumns = {
    data,
    view: new DataView(data.buffer, data.byteOffset, data.byteLength),
    starts: new Uint32Array(1),
    ends: new Uint32Array(1),
  };
  return (length) => {
    columns.ends[0] = length;
    const outcome = accessor.read(columns, 0, slots, 0);
    return outcome === 0 && slots.states[0] === slotState.number ? slots.numbers[0] : undefined;
  };
}

/** Writes the number that ends at `end`, in the width and order of bytes that it has there. */
function placeBefore(
  bytes: Uint8Array,
  end: number,
  value: number,
): ((wanted: number) => void) | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const little of [true, false]) {
    if (end >= 8 && view.getFloat64(end - 8, little) === value) {
      return (wanted) => view.setFloat64(end - 8, wanted, little);
    }
  }
  for (const little of [true, false]) {
    if (end >= 4 && view.getFloat32(end - 4, little) === value) {
      return (wanted) => view.setFloat32(end - 4, wanted, little);
    }
  }
  return undefined;
}

/** As ES2026 has it, which the language's own library does not declare yet. */
interface ExactJson {
  parse(
    text: string,
    revive: (key: string, value: unknown, from: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
}

const exactJson = JSON as unknown as ExactJson;

/** A number that no double holds, such as a time in ns, stays as it is written. */
function revived(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined) return value;
  const isHeld =
    Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
  return isHeld ? value : exactJson.rawJSON(source);
}

function coarseJson(data: Uint8Array, { decimals, fields }: CoarseWish): Uint8Array {
  const document = exactJson.parse(Buffer.from(data).toString('utf8'), revived);
  for (const path of fields) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let here: unknown = document;
    for (const step of steps) here = memberOf(here, step, path);
    const value = memberOf(here, last, path);
    if (value === null) continue;
    if (typeof value !== 'number') throw new Error(`"${path}" is no number of this message`);
    (here as Record<string, unknown>)[last] = rounded(value, decimals);
  }
  return Buffer.from(JSON.stringify(document));
}

function memberOf(value: unknown, name: string, path: string): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, name)) {
    return (value as Record<string, unknown>)[name];
  }
  throw new Error(`"${path}" is not in this message`);
}

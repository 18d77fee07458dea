import { type Gather, scalars } from './ros-scalar.ts';
import type { Walk } from './walk.ts';

/** Wire types of the protobuf encoding. */
export const wireType = { varint: 0, eight: 1, sized: 2, groupStart: 3, groupEnd: 4, four: 5 };

/** A walk with a position and the two words of the varint that was read last. */
export interface ProtoWalk extends Walk {
  p: number;
  low: number;
  high: number;
}

/** Messages and groups within each other, as the reference decoder limits them. */
const deepest = 100;

/** Bytes that a varint took, its value in `low` and `high`; 0 when it does not end before `end`. */
function readVarint(walk: ProtoWalk, end: number): number {
  const { data } = walk;
  let low = 0;
  let high = 0;
  for (let k = 0; k < 10; k += 1) {
    const p = walk.p + k;
    if (p >= end) return 0;
    const byte = data[p] ?? 0;
    const bits = byte & 0x7f;
    if (k < 4) low |= bits << (7 * k);
    else if (k === 4) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (7 * k - 32);
    if (byte < 0x80) {
      walk.p = p + 1;
      walk.low = low >>> 0;
      walk.high = high >>> 0;
      return k + 1;
    }
  }
  return 0;
}

/** A key: field number times 8 plus wire type; -1 when it is none. */
export function readKey(walk: ProtoWalk, end: number): number {
  const { data, p } = walk;
  if (p < end) {
    const byte = data[p] ?? 0;
    if (byte < 0x80) {
      walk.p = p + 1;
      return byte;
    }
  }
  const bytes = readVarint(walk, end);
  return bytes === 0 || bytes > 5 || walk.high !== 0 ? -1 : walk.low;
}

/** Where the sized value that begins here ends; -1 when that is behind `end`. */
export function readSizedEnd(walk: ProtoWalk, end: number): number {
  const bytes = readVarint(walk, end);
  if (bytes === 0 || bytes > 5 || walk.high !== 0 || walk.low > 0x7fff_ffff) return -1;
  return walk.low > end - walk.p ? -1 : walk.p + walk.low;
}

/** Passes over a value nobody wants. False when it goes on behind `end` or is none. */
export function skipValue(walk: ProtoWalk, key: number, end: number, depth: number): boolean {
  if (depth > deepest || key >>> 3 === 0) return false;
  switch (key & 7) {
    case wireType.varint:
      return skipVarint(walk, end);
    case wireType.eight:
      walk.p += 8;
      return walk.p <= end;
    case wireType.four:
      walk.p += 4;
      return walk.p <= end;
    case wireType.sized: {
      const to = readSizedEnd(walk, end);
      if (to < 0) return false;
      walk.p = to;
      return true;
    }
    case wireType.groupStart:
      return skipGroup(walk, key >>> 3, end, depth);
    default:
      return false;
  }
}

function skipVarint(walk: ProtoWalk, end: number): boolean {
  while (walk.p < end) {
    const byte = walk.data[walk.p] ?? 0;
    walk.p += 1;
    if (byte < 0x80) return true;
  }
  return false;
}

function skipGroup(walk: ProtoWalk, id: number, end: number, depth: number): boolean {
  for (;;) {
    const key = readKey(walk, end);
    if (key < 0) return false;
    if ((key & 7) === wireType.groupEnd) return key >>> 3 === id;
    if (!skipValue(walk, key, end, depth + 1)) return false;
  }
}

/** How one scalar of the wire becomes a number. */
export interface WireScalar {
  readonly wire: number;
  /** Bytes of a value; 0 for varints. */
  readonly bytes: 0 | 4 | 8;
  /** Reads at `walk.p`, which it moves. False when the value goes on behind `end`. */
  readonly read: (walk: ProtoWalk, end: number) => boolean;
  /** Many at once, where they have a fixed size. */
  readonly gather: Gather | undefined;
}

const two32 = 4_294_967_296;

function varint(value: (low: number, high: number) => number): WireScalar {
  return {
    wire: wireType.varint,
    bytes: 0,
    read: (walk, end) => {
      if (readVarint(walk, end) === 0) return false;
      walk.scratch[0] = value(walk.low, walk.high);
      return true;
    },
    gather: undefined,
  };
}

/** Little endian like CDR, whose scalar it is. */
function fixed(name: string): WireScalar {
  const scalar = scalars.get(name);
  const bytes = scalar?.size === 4 ? 4 : 8;
  return {
    wire: bytes === 4 ? wireType.four : wireType.eight,
    bytes,
    read: (walk, end) => {
      if (bytes > end - walk.p) return false;
      scalar?.gather(walk, walk.p, 0, 1);
      walk.p += bytes;
      return true;
    },
    gather: scalar?.gather,
  };
}

/** Zigzag: the sign is the lowest bit. Near 2^63 the double is close, not exact. */
function zigzag64(low: number, high: number): number {
  const half = (high >>> 1) * two32 + (((low >>> 1) | (high << 31)) >>> 0);
  return (low & 1) === 0 ? half : -half - 1;
}

/** Scalars by their protobuf type; the value lands in `walk.scratch[0]`. */
export const wireScalars: ReadonlyMap<string, WireScalar> = new Map([
  ['int32', varint((low) => low | 0)],
  ['uint32', varint((low) => low)],
  ['sint32', varint((low) => (low >>> 1) ^ -(low & 1))],
  ['bool', varint((low, high) => ((low | high) === 0 ? 0 : 1))],
  ['int64', varint((low, high) => (high | 0) * two32 + low)],
  ['uint64', varint((low, high) => high * two32 + low)],
  ['sint64', varint(zigzag64)],
  ['fixed32', fixed('uint32')],
  ['sfixed32', fixed('int32')],
  ['float', fixed('float32')],
  ['fixed64', fixed('uint64')],
  ['sfixed64', fixed('int64')],
  ['double', fixed('float64')],
]);

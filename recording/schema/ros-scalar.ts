import { type ScalarKind, scalarKind } from './ros-flat.ts';
import { slotState } from './types.ts';
import type { Walk } from './walk.ts';

/** Reads one scalar at a known place into a slot; the bytes are known to be inside the message. */
export type Load = (walk: Walk, p: number) => void;

/** Reads `count` scalars, `stride` bytes apart, into the walk's scratch. */
export type Gather = (walk: Walk, p: number, stride: number, count: number) => void;

export interface Scalar {
  readonly kind: ScalarKind;
  readonly size: number;
  /** Alignment in CDR; a time is two words of four bytes. ROS 1 aligns nothing. */
  readonly align: number;
  readonly load: (slot: number, delta: number) => Load;
  readonly gather: Gather;
}

const number = slotState.number;

/** 64 bits as a double: exact below 2^53, close above. No bigint is made. */
function uint64At(view: DataView, p: number, little: boolean): number {
  const low = view.getUint32(little ? p : p + 4, little);
  return view.getUint32(little ? p + 4 : p, little) * 4_294_967_296 + low;
}

function int64At(view: DataView, p: number, little: boolean): number {
  const low = view.getUint32(little ? p : p + 4, little);
  return view.getInt32(little ? p + 4 : p, little) * 4_294_967_296 + low;
}

/** A double holds it exactly, or the slot stays unknown. */
function keepExact(walk: Walk, slot: number, value: number): void {
  walk.numbers[walk.at + slot] = value;
  walk.states[walk.at + slot] = Number.isSafeInteger(value) ? number : slotState.unknown;
}

const bool: Scalar = {
  kind: scalarKind.bool,
  size: 1,
  align: 1,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getUint8(p + delta) === 0 ? 0 : 1;
    w.states[w.at + slot] = slotState.truth;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch } = w;
    for (let k = 0; k < count; k += 1) {
      scratch[k] = view.getUint8(p + k * stride) === 0 ? 0 : 1;
    }
  },
};

const int8: Scalar = {
  kind: scalarKind.int8,
  size: 1,
  align: 1,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getInt8(p + delta);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getInt8(p + k * stride);
  },
};

const uint8: Scalar = {
  kind: scalarKind.uint8,
  size: 1,
  align: 1,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getUint8(p + delta);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getUint8(p + k * stride);
  },
};

const int16: Scalar = {
  kind: scalarKind.int16,
  size: 2,
  align: 2,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getInt16(p + delta, w.little);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getInt16(p + k * stride, little);
  },
};

const uint16: Scalar = {
  kind: scalarKind.uint16,
  size: 2,
  align: 2,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getUint16(p + delta, w.little);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getUint16(p + k * stride, little);
  },
};

const int32: Scalar = {
  kind: scalarKind.int32,
  size: 4,
  align: 4,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getInt32(p + delta, w.little);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getInt32(p + k * stride, little);
  },
};

const uint32: Scalar = {
  kind: scalarKind.uint32,
  size: 4,
  align: 4,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getUint32(p + delta, w.little);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getUint32(p + k * stride, little);
  },
};

const int64: Scalar = {
  kind: scalarKind.int64,
  size: 8,
  align: 8,
  load: (slot, delta) => (w, p) => keepExact(w, slot, int64At(w.view, p + delta, w.little)),
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = int64At(view, p + k * stride, little);
  },
};

const uint64: Scalar = {
  kind: scalarKind.uint64,
  size: 8,
  align: 8,
  load: (slot, delta) => (w, p) => keepExact(w, slot, uint64At(w.view, p + delta, w.little)),
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = uint64At(view, p + k * stride, little);
  },
};

const float32: Scalar = {
  kind: scalarKind.float32,
  size: 4,
  align: 4,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getFloat32(p + delta, w.little);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getFloat32(p + k * stride, little);
  },
};

const float64: Scalar = {
  kind: scalarKind.float64,
  size: 8,
  align: 8,
  load: (slot, delta) => (w, p) => {
    w.numbers[w.at + slot] = w.view.getFloat64(p + delta, w.little);
    w.states[w.at + slot] = number;
  },
  gather: (w, p, stride, count) => {
    const { view, scratch, little } = w;
    for (let k = 0; k < count; k += 1) scratch[k] = view.getFloat64(p + k * stride, little);
  },
};

export const scalars: ReadonlyMap<string, Scalar> = new Map([
  ['bool', bool],
  ['int8', int8],
  ['uint8', uint8],
  ['int16', int16],
  ['uint16', uint16],
  ['int32', int32],
  ['uint32', uint32],
  ['int64', int64],
  ['uint64', uint64],
  ['float32', float32],
  ['float64', float64],
]);

/** A time as seconds. `signs` tells the types of its words: ROS 1 time is unsigned. */
export function timeScalar(first: string, second: string): Scalar {
  const secondsSigned = first === 'int32';
  const nanosSigned = second === 'int32';
  const at = (w: Walk, p: number): number => {
    const seconds = secondsSigned ? w.view.getInt32(p, w.little) : w.view.getUint32(p, w.little);
    const nanos = nanosSigned
      ? w.view.getInt32(p + 4, w.little)
      : w.view.getUint32(p + 4, w.little);
    return seconds + nanos / 1e9;
  };
  const kind = !secondsSigned
    ? scalarKind.timeUnsigned
    : nanosSigned
      ? scalarKind.timeSigned
      : scalarKind.timeSignedUnsigned;
  return {
    kind,
    size: 8,
    align: 4,
    load: (slot, delta) => (w, p) => {
      w.numbers[w.at + slot] = at(w, p + delta);
      w.states[w.at + slot] = number;
    },
    gather: (w, p, stride, count) => {
      for (let k = 0; k < count; k += 1) w.scratch[k] = at(w, p + k * stride);
    },
  };
}

import * as limits from '../limits.ts';
import { type Scalar, scalars, timeScalar } from './ros-scalar.ts';
import type { LeafShape, Shape, StructShape } from './shape.ts';

/** How values stand in the bytes: ROS 1 packs them, CDR aligns them to at most 8 or 4 bytes. */
export interface RosEncoding {
  readonly name: 'ros1' | 'cdr';
  readonly widestAlign: 1 | 4 | 8;
}

/** Values of one size that follow each other without gaps; `align` 0 when they have no bytes. */
export interface Even {
  readonly stride: number;
  readonly align: number;
}

/** What the shapes of one schema take in bytes, each worked out once. */
export interface Sizes {
  /** Undefined when values differ in size or leave gaps for alignment. */
  even(shape: Shape): Even | undefined;
  /** Fewest bytes that a value takes, so that a count can be checked before its items are. */
  least(shape: Shape): number;
}

export function openSizes(encoding: RosEncoding): Sizes {
  const evens = new Map<Shape, Even | undefined>();
  const leasts = new Map<Shape, number>();
  const sizes: Sizes = {
    even(shape) {
      if (!evens.has(shape)) evens.set(shape, evenOf(shape, encoding, sizes));
      return evens.get(shape);
    },
    least(shape) {
      const known = leasts.get(shape);
      if (known !== undefined) return known;
      const bytes = Math.min(leastOf(shape, encoding, sizes), limits.recordBytes + 1);
      leasts.set(shape, bytes);
      return bytes;
    },
  };
  return sizes;
}

function evenOf(shape: Shape, encoding: RosEncoding, sizes: Sizes): Even | undefined {
  if (shape.kind === 'leaf') {
    const scalar = scalars.get(shape.wire);
    return scalar && { stride: scalar.size, align: Math.min(scalar.align, encoding.widestAlign) };
  }
  if (shape.kind === 'list') {
    const item = shape.length === undefined ? undefined : sizes.even(shape.item);
    const length = shape.length ?? 0;
    return item && { stride: item.stride * length, align: length === 0 ? 0 : item.align };
  }
  if (shape.kind !== 'struct') return undefined;
  if (shape.members.size === 0) return { stride: encoding.name === 'cdr' ? 1 : 0, align: 1 };
  let stride = 0;
  let align = 0;
  for (const member of shape.members.values()) {
    const even = sizes.even(member);
    if (even === undefined) return undefined;
    if (even.align !== 0 && align !== 0 && even.align !== align) return undefined;
    align = Math.max(align, even.align);
    stride += even.stride;
  }
  return { stride, align };
}

function leastOf(shape: Shape, encoding: RosEncoding, sizes: Sizes): number {
  if (shape.kind === 'leaf') return scalars.get(shape.wire)?.size ?? 4;
  if (shape.kind === 'list') {
    return shape.length === undefined ? 4 : shape.length * sizes.least(shape.item);
  }
  if (shape.kind !== 'struct') return 0;
  if (shape.members.size === 0) return encoding.name === 'cdr' ? 1 : 0;
  let bytes = 0;
  for (const member of shape.members.values()) bytes += sizes.least(member);
  return bytes;
}

/** The scalar of a number, a truth or a time; undefined for texts and everything composed. */
export function scalarOf(shape: Shape): Scalar | undefined {
  if (shape.kind === 'leaf') return scalars.get(shape.wire);
  return shape.kind === 'struct' && shape.isTime ? timeOf(shape) : undefined;
}

function timeOf(shape: StructShape): Scalar {
  const [first, second] = [...shape.members.values()].filter(
    (member): member is LeafShape => member.kind === 'leaf',
  );
  return timeScalar(first?.wire ?? 'int32', second?.wire ?? 'uint32');
}

/**
 * Whether messages without bytes stand so thick that few bytes decode to very many objects: in
 * ROS 1 those without fields, in both those whose only fields are lists of length 0. The count of
 * a list then says little about its bytes.
 */
export function isMostlyEmpty(root: Shape, sizes: Sizes): boolean {
  const counts = new Map<Shape, number>();
  const emptiesOf = (shape: Shape): number => {
    const known = counts.get(shape);
    if (known !== undefined) return known;
    let count = 0;
    if (shape.kind === 'struct') {
      count = sizes.least(shape) === 0 ? 1 : 0;
      for (const member of shape.members.values()) count += emptiesOf(member);
    } else if (shape.kind === 'list') {
      const perItem = emptiesOf(shape.item);
      const isThick = perItem > limits.emptiesPerByte * Math.max(1, sizes.least(shape.item));
      count = isThick ? Infinity : perItem * (shape.length ?? 0);
    }
    counts.set(shape, count);
    return count;
  };
  return emptiesOf(root) > limits.emptiesPerMessage;
}

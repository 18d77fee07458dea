import type { Load, Scalar } from './ros-scalar.ts';
import { scalarOf, type Sizes } from './ros-size.ts';
import { type Column, gatherColumn } from './ros-step.ts';
import type { Shape } from './shape.ts';
import { takeScratch } from './walk.ts';
import type { Want } from './want.ts';

/** Which slots fold a list; the others take single values. */
export type IsFolded = (slot: number) => boolean;

export interface Loading {
  readonly sizes: Sizes;
  readonly isFolded: IsFolded;
}

/** A scalar at a known place: into its slot, or into the fold that its slot has. */
export function scalarLoad(scalar: Scalar, slot: number, delta: number, loading: Loading): Load {
  if (!loading.isFolded(slot)) return scalar.load(slot, delta);
  return (walk, p) => {
    scalar.gather(walk, p + delta, 0, 1);
    takeScratch(walk, slot, 1);
  };
}

/** A number that the schema knows, such as the length of a fixed list. */
export function constantLoad(slot: number, value: number): Load {
  return (walk) => {
    walk.scratch[0] = value;
    takeScratch(walk, slot, 1);
  };
}

/** Every item gives single scalars: no list within the list, no count per item. */
export function isFlat(each: Want | undefined): boolean {
  if (each === undefined) return true;
  if (each.each !== undefined || each.counts.length > 0) return false;
  return [...each.members.values(), ...each.items.values()].every((want) => isFlat(want));
}

/** The wanted scalars of every item of an even list, `delta` bytes behind where it starts. */
export function columnsOf(
  item: Shape,
  want: Want | undefined,
  delta: number,
  loading: Loading,
): Column[] {
  const stride = loading.sizes.even(item)?.stride ?? 0;
  return want === undefined
    ? []
    : itemColumns(item, want, loading).map((column) => ({
        ...column,
        delta: delta + column.delta,
        stride,
      }));
}

function itemColumns(shape: Shape, want: Want, loading: Loading): Omit<Column, 'stride'>[] {
  const scalar = scalarOf(shape);
  const own =
    scalar === undefined
      ? []
      : want.values.map((slot) => ({ gather: scalar.gather, delta: 0, slot }));
  const inside = partsOf(shape, want, loading).flatMap((part) =>
    itemColumns(part.shape, part.want, loading).map((column) => ({
      ...column,
      delta: part.delta + column.delta,
    })),
  );
  return [...own, ...inside];
}

/** The wanted scalars of one even value, `delta` bytes behind where its loads start. */
export function loadsOf(shape: Shape, want: Want, delta: number, loading: Loading): Load[] {
  const loads = want.present.map((slot) => constantLoad(slot, 1));
  const scalar = scalarOf(shape);
  if (scalar !== undefined) {
    loads.push(...want.values.map((slot) => scalarLoad(scalar, slot, delta, loading)));
  }
  if (shape.kind === 'list') {
    const count = shape.length ?? 0;
    loads.push(...want.counts.map((slot) => constantLoad(slot, count)));
    for (const column of columnsOf(shape.item, want.each, delta, loading)) {
      loads.push((walk, p) => gatherColumn(walk, p, column, count));
    }
  }
  for (const part of partsOf(shape, want, loading)) {
    loads.push(...loadsOf(part.shape, part.want, delta + part.delta, loading));
  }
  return loads;
}

interface Part {
  readonly shape: Shape;
  readonly want: Want;
  readonly delta: number;
}

/** The wanted parts of an even value, with their places in it. */
function partsOf(shape: Shape, want: Want, loading: Loading): Part[] {
  const parts: Part[] = [];
  if (shape.kind === 'list') {
    const stride = loading.sizes.even(shape.item)?.stride ?? 0;
    for (const [index, item] of want.items) {
      parts.push({ shape: shape.item, want: item, delta: index * stride });
    }
  } else if (shape.kind === 'struct') {
    let delta = 0;
    for (const [name, member] of shape.members) {
      const inside = want.members.get(name);
      if (inside !== undefined) parts.push({ shape: member, want: inside, delta });
      delta += loading.sizes.even(member)?.stride ?? 0;
    }
  }
  return parts;
}

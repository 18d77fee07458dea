import type { FlatWriter } from './ros-flat.ts';
import type { Load, Scalar } from './ros-scalar.ts';
import { scalarOf, type Sizes } from './ros-size.ts';
import { type Column, gatherColumn } from './ros-step.ts';
import type { Shape } from './shape.ts';
import { slotState } from './types.ts';
import { takeScratch } from './walk.ts';
import type { Want } from './want.ts';

/** Which slots fold a list; the others take single values. */
export type IsFolded = (slot: number) => boolean;

export interface Loading {
  readonly sizes: Sizes;
  readonly isFolded: IsFolded;
}

/** What is read at a known place, `delta` bytes behind where loads start. */
export type PlannedLoad =
  | {
      readonly what: 'scalar';
      readonly scalar: Scalar;
      readonly slot: number;
      readonly delta: number;
    }
  /** A number that the schema knows, such as the length of a fixed list. */
  | { readonly what: 'count' | 'present'; readonly slot: number; readonly value: number }
  | { readonly what: 'column'; readonly column: Column; readonly count: number };

/** As a step does it: into its slot, or into the fold that its slot has. */
export function loadOf(planned: PlannedLoad, isFolded: IsFolded): Load {
  if (planned.what === 'column') {
    const { column, count } = planned;
    return (walk, p) => gatherColumn(walk, p, column, count);
  }
  const { slot } = planned;
  if (planned.what !== 'scalar') {
    const { value } = planned;
    return (walk) => {
      walk.scratch[0] = value;
      takeScratch(walk, slot, 1);
    };
  }
  const { scalar, delta } = planned;
  if (!isFolded(slot)) return scalar.load(slot, delta);
  return (walk, p) => {
    scalar.gather(walk, p + delta, 0, 1);
    takeScratch(walk, slot, 1);
  };
}

/** As the short program does it. */
export function addFlatLoads(flat: FlatWriter, loads: readonly PlannedLoad[]): void {
  for (const planned of loads) {
    if (planned.what === 'column') flat.giveUp();
    else if (planned.what === 'scalar') {
      const { scalar, slot, delta } = planned;
      flat.load({ kind: scalar.kind, slot, delta });
    } else {
      const state = planned.what === 'present' ? slotState.truth : slotState.number;
      flat.constant(planned.slot, planned.value, state);
    }
  }
}

/** Wherever every item of a list is wanted, within single items of another too, they are flat. */
export function hasFlatItems(want: Want | undefined): boolean {
  if (want === undefined) return true;
  const inside = [...want.members.values(), ...want.items.values()];
  return isFlat(want.each) && inside.every((part) => hasFlatItems(part));
}

/** Every item gives single scalars: no list within the list, no count per item. */
function isFlat(each: Want | undefined): boolean {
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
export function loadsOf(shape: Shape, want: Want, delta: number, loading: Loading): PlannedLoad[] {
  const loads: PlannedLoad[] = want.present.map((slot) => ({ what: 'present', slot, value: 1 }));
  const scalar = scalarOf(shape);
  if (scalar !== undefined) {
    for (const slot of want.values) loads.push({ what: 'scalar', scalar, slot, delta });
  }
  if (shape.kind === 'list') {
    const count = shape.length ?? 0;
    for (const slot of want.counts) loads.push({ what: 'count', slot, value: count });
    for (const column of columnsOf(shape.item, want.each, delta, loading)) {
      loads.push({ what: 'column', column, count });
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

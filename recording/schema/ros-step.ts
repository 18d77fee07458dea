import * as limits from '../limits.ts';
import type { Gather, Load } from './ros-scalar.ts';
import { scratchValues, takeScratch, takeText, type Walk } from './walk.ts';

/**
 * A step of reading a ROS 1 or CDR message: takes the position it starts at and gives the one
 * after it, or `damagedAt(position)`, which is negative, when the message ends too early. Every
 * step compares with `walk.end` before it reads; nothing else does.
 */
export type Step = (walk: Walk, p: number) => number;

export function damagedAt(p: number): number {
  return -1 - p;
}

/** What a step gives to end the reading at once: a list has more items than may be read. */
export const overflow = Number.NEGATIVE_INFINITY;

export function runSteps(steps: readonly Step[], walk: Walk, from: number): number {
  let p = from;
  for (const step of steps) {
    p = step(walk, p);
    if (p < 0) return p;
  }
  return p;
}

/** Bytes of known length, first aligned to `align` (a power of two). */
export interface Span {
  readonly align: number;
  readonly length: number;
}

/** The position behind a span, or `damagedAt`. */
function pass(walk: Walk, p: number, span: Span): number {
  const from = span.align > 1 ? p + ((walk.origin - p) & (span.align - 1)) : p;
  return span.length > walk.end - from ? damagedAt(p) : from + span.length;
}

/** A span with scalars in it, at places that were known when it was compiled. */
export function loadStep(span: Span, loads: readonly Load[]): Step {
  const { align, length } = span;
  return (walk, p) => {
    const from = align > 1 ? p + ((walk.origin - p) & (align - 1)) : p;
    if (length > walk.end - from) return damagedAt(p);
    for (const load of loads) load(walk, from);
    return from + length;
  };
}

/** A text after a span. CDR counts the NUL at its end, ROS 1 has none. */
export function textStep(lead: Span, nul: 0 | 1, slots: readonly number[]): Step {
  return (walk, p) => {
    const from = pass(walk, p, lead);
    if (from < 0) return from;
    if (walk.end - from < 4) return damagedAt(from);
    const length = walk.view.getUint32(from, walk.little);
    const start = from + 4;
    if (length > walk.end - start) return damagedAt(from);
    const last = length === 0 ? start : start + length - nul;
    for (const slot of slots) takeText(walk, slot, start, last);
    return start + length;
  };
}

/** How many items a list has: written before them, or fixed by the schema. */
export interface ListHead {
  readonly lead: Span;
  readonly length: number | undefined;
  /** Slots that take the count. */
  readonly counts: readonly number[];
  /** Most items of a list whose items go into columns; undefined for other lists. */
  readonly most: number | undefined;
}

const isOver = (head: ListHead, count: number): boolean =>
  head.most !== undefined && count > head.most;

/** Fewest bytes of an item, so that a count is believed only when the items can be there. */
function countItems(walk: Walk, p: number, head: ListHead, itemBytes: number): number {
  if (head.length === undefined && walk.end - p < 4) return -1;
  const count = head.length ?? walk.view.getUint32(p, walk.little);
  const room = walk.end - p - (head.length === undefined ? 4 : 0);
  if (itemBytes === 0 ? count > limits.emptyItems : count * itemBytes > room) return -1;
  for (const slot of head.counts) {
    walk.scratch[0] = count;
    takeScratch(walk, slot, 1);
  }
  return count;
}

/** Texts that nobody wants. */
export function skipTextsStep(head: ListHead, mask: number): Step {
  return (walk, p) => {
    let at = pass(walk, p, head.lead);
    if (at < 0) return at;
    const count = countItems(walk, at, head, 4);
    if (count < 0) return damagedAt(at);
    if (head.length === undefined) at += 4;
    for (let k = 0; k < count; k += 1) {
      at += (walk.origin - at) & mask;
      if (walk.end - at < 4) return damagedAt(at);
      const length = walk.view.getUint32(at, walk.little);
      if (length > walk.end - at - 4) return damagedAt(at);
      at += 4 + length;
    }
    return at;
  };
}

/** Scalars at the same place of every item, folded into a slot. */
export interface Column {
  readonly gather: Gather;
  readonly delta: number;
  /** Bytes from one item to the next. */
  readonly stride: number;
  readonly slot: number;
}

/** What is read of a list whose items all have the same size and no gaps between them. */
export interface EvenItems {
  readonly stride: number;
  readonly align: number;
  readonly columns: readonly Column[];
  /** Single items: scalars in item `index`, relative to the item. */
  readonly singles: readonly { readonly index: number; readonly loads: readonly Load[] }[];
}

export function evenListStep(head: ListHead, items: EvenItems): Step {
  const { stride, align, columns, singles } = items;
  return (walk, p) => {
    let at = pass(walk, p, head.lead);
    if (at < 0) return at;
    const count = countItems(walk, at, head, stride);
    if (count < 0) return damagedAt(at);
    if (isOver(head, count)) return overflow;
    if (head.length === undefined) at += 4;
    if (count === 0) return at;
    if (align > 1) at += (walk.origin - at) & (align - 1);
    if (count * stride > walk.end - at) return damagedAt(at);
    for (const column of columns) gatherColumn(walk, at, column, count);
    for (const single of singles) {
      if (single.index >= count) continue;
      for (const load of single.loads) load(walk, at + single.index * stride);
    }
    return at + count * stride;
  };
}

/** One column of items that are known to be inside the message, from the item at work on. */
export function gatherColumn(walk: Walk, p: number, column: Column, count: number): void {
  const { stride, delta } = column;
  const { item } = walk;
  for (let done = 0; done < count; done += scratchValues) {
    const part = Math.min(scratchValues, count - done);
    column.gather(walk, p + delta + done * stride, stride, part);
    walk.item = item + done;
    takeScratch(walk, column.slot, part);
  }
  walk.item = item;
}

/** What is read of a list whose items must be walked one by one. */
export interface UnevenItems {
  readonly leastBytes: number;
  readonly every: readonly Step[];
  /** Steps of single items, in place of `every`. */
  readonly singles: ReadonlyMap<number, readonly Step[]>;
  /** Items from here on need not be walked: nothing behind them is wanted. */
  readonly until: number;
}

export function unevenListStep(head: ListHead, items: UnevenItems): Step {
  const { leastBytes, every, singles } = items;
  return (walk, p) => {
    let at = pass(walk, p, head.lead);
    if (at < 0) return at;
    const count = countItems(walk, at, head, leastBytes);
    if (count < 0) return damagedAt(at);
    if (isOver(head, count)) return overflow;
    if (head.length === undefined) at += 4;
    const until = Math.min(count, items.until);
    const isListed = head.most !== undefined;
    for (let k = 0; k < until; k += 1) {
      if (isListed) walk.item = k;
      const steps = singles.size === 0 ? every : (singles.get(k) ?? every);
      at = runSteps(steps, walk, at);
      if (at < 0) return at;
    }
    return at;
  };
}

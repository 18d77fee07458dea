/**
 * Lists to single values, when their message comes: each fold of a list signal runs over the
 * columns that were read of its items and leaves one truth or number in a slot. Three values as
 * everywhere: an item that is not known makes the answer unknown unless the others decide it.
 */
import {
  type ListSlots,
  type ListSpec,
  listState,
  openListSlots,
  type Slots,
  slotState,
} from '@fieldloop/recording/slots';
import { type Checked, type FoldTerm, termsOf } from './checked.ts';
import { type Moment, type NumberOf, openMoment, type Truth, type TruthOf } from './compare.ts';
import { compileNumber, compileTruth, type Sources } from './compile.ts';
import { compileMargin } from './margin.ts';

export interface ListRun {
  readonly spec: ListSpec;
  /** Where an accessor leaves the items. */
  readonly items: ListSlots;
  /** The answers of the folds, in their order, from place `at` on. */
  answer(state: number, out: Slots, at: number): void;
}

interface Walk {
  readonly items: ListSlots;
  readonly cursor: { at: number };
  readonly width: number;
  readonly moment: Moment;
}

type Fold = (out: Slots, slot: number) => void;

export function openListRun(
  list: { readonly path: string; readonly maxItems: number },
  terms: readonly FoldTerm[],
): ListRun {
  const fields = [...new Set(terms.flatMap(fieldsOf))].toSorted();
  const spec = { path: list.path, fields, maxItems: list.maxItems };
  const items = openListSlots(spec);
  const cursor = { at: 0 };
  const none = (): never => {
    throw new TypeError('a fold reads items alone');
  };
  const sources: Sources = {
    moment: openMoment(),
    slots: items.values,
    slotOf: none,
    memoryOf: none,
    marginOf: none,
    itemOf: ({ field }) => ({ offset: fields.indexOf(field), cursor }),
  };
  const walk: Walk = { items, cursor, width: fields.length, moment: sources.moment };
  const folds = terms.map((term) => openFold(term, walk, sources));
  return {
    spec,
    items,
    answer(state, out, at) {
      if (state === listState.read) {
        for (let k = 0; k < folds.length; k += 1) folds[k]?.(out, at + k);
        return;
      }
      const missing = state === listState.fault ? slotState.fault : slotState.unknown;
      out.states.fill(missing, at, at + folds.length);
    },
  };
}

/** The fields of items that a fold reads. */
export function fieldsOf({ filters, body }: FoldTerm): string[] {
  const parts = body === undefined ? filters : [...filters, body];
  return parts.flatMap(termsOf).flatMap((term) => (term.kind === 'item' ? [term.field] : []));
}

function openFold(term: FoldTerm, walk: Walk, sources: Sources): Fold {
  const { fn, filters, body } = term;
  const keeps = filters.map((filter) => compileTruth(filter, sources));
  if (body === undefined) return sizeFold(keeps, walk);
  switch (fn) {
    case 'exists':
      return truthFold(compileTruth(body, sources), 1, walk);
    case 'all':
      return truthFold(compileTruth(body, sources), 0, walk);
    case 'exists_one':
      return oneFold(keeps, compileTruth(body, sources), walk);
    case 'highest':
    case 'lowest':
      return marginFold(fn === 'highest', body, walk, sources);
    case 'size':
      return sizeFold(keeps, walk);
    case 'least':
    case 'greatest':
    case 'sum':
      return numberFold(fn, keeps, compileNumber(body, sources), walk);
  }
}

function putTruth(out: Slots, slot: number, truth: Truth): void {
  out.states[slot] = truth === 2 ? slotState.unknown : slotState.truth;
  out.numbers[slot] = truth;
}

function putNumber(out: Slots, slot: number, value: number): void {
  out.states[slot] = slotState.number;
  out.numbers[slot] = value;
}

/** Whether all filters keep the item at the cursor. */
function keptBy(keeps: readonly TruthOf[]): Truth {
  let kept: Truth = 1;
  for (const keep of keeps) {
    const truth = keep();
    if (truth === 0) return 0;
    if (truth === 2) kept = 2;
  }
  return kept;
}

/** `exists` is decided by one true item (1), `all` by one false (0). */
function truthFold(body: TruthOf, decides: 0 | 1, { items, cursor, width }: Walk): Fold {
  return (out, slot) => {
    let result: Truth = decides === 1 ? 0 : 1;
    for (let k = 0; k < items.count; k += 1) {
      cursor.at = k * width;
      const truth = body();
      if (truth === decides) return putTruth(out, slot, decides);
      if (truth === 2) result = 2;
    }
    return putTruth(out, slot, result);
  };
}

/** Two true items decide that it is not one, whatever the others are. */
function oneFold(keeps: readonly TruthOf[], body: TruthOf, walk: Walk): Fold {
  const { items, cursor, width } = walk;
  return (out, slot) => {
    let holding = 0;
    let isKnown = true;
    for (let k = 0; k < items.count; k += 1) {
      cursor.at = k * width;
      const kept = keptBy(keeps);
      if (kept === 0) continue;
      const truth = body();
      if (kept === 1 && truth === 1) holding += 1;
      else if (truth !== 0) isKnown = false;
    }
    return putTruth(out, slot, holding > 1 ? 0 : isKnown ? (holding === 1 ? 1 : 0) : 2);
  };
}

function sizeFold(keeps: readonly TruthOf[], { items, cursor, width }: Walk): Fold {
  if (keeps.length === 0) return (out, slot) => putNumber(out, slot, items.count);
  return (out, slot) => {
    let kept = 0;
    for (let k = 0; k < items.count; k += 1) {
      cursor.at = k * width;
      const truth = keptBy(keeps);
      if (truth === 2) {
        out.states[slot] = slotState.unknown;
        return;
      }
      kept += truth;
    }
    putNumber(out, slot, kept);
  };
}

/** Nothing has no least and no greatest; its sum is 0. */
function numberFold(
  fn: 'least' | 'greatest' | 'sum',
  keeps: readonly TruthOf[],
  body: NumberOf,
  { items, cursor, width, moment }: Walk,
): Fold {
  const start =
    fn === 'sum' ? 0 : fn === 'least' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return (out, slot) => {
    let result = start;
    let count = 0;
    out.states[slot] = slotState.unknown;
    for (let k = 0; k < items.count; k += 1) {
      cursor.at = k * width;
      const kept = keptBy(keeps);
      if (kept === 2) return;
      if (kept === 0) continue;
      moment.miss = false;
      const value = body();
      if (moment.miss) return;
      count += 1;
      if (fn === 'sum') result += value;
      else result = fn === 'least' ? Math.min(result, value) : Math.max(result, value);
    }
    if (count > 0 || fn === 'sum') putNumber(out, slot, result);
  };
}

/** Of `exists` the largest margin of an item, of `all` the smallest. */
function marginFold(isHighest: boolean, body: Checked, walk: Walk, sources: Sources): Fold {
  const { items, cursor, width } = walk;
  const margin = compileMargin(body, sources);
  const truthOf = truthFold(compileTruth(body, sources), isHighest ? 1 : 0, walk);
  return (out, slot) => {
    truthOf(out, slot);
    if (out.states[slot] === slotState.unknown) return;
    let result = isHighest ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    for (let k = 0; k < items.count; k += 1) {
      cursor.at = k * width;
      const value = margin();
      if (isHighest ? value > result : value < result) result = value;
    }
    putNumber(out, slot, result);
  };
}

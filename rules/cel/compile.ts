/**
 * Checked terms to closures over slots. Three values: a condition is 0 (false), 1 (true) or 2
 * (unknown); a number that is unknown raises `moment.miss`, a text that is unknown is undefined.
 */
import { type Slots, slotState } from '@fieldloop/recording/slots';
import { applyNumber, arithmetic, matching, nowOf, sizeOf, textTest } from './apply.ts';
import {
  type Checked,
  type ChoiceTerm,
  type CompareTerm,
  type FunctionTerm,
  type ItemTerm,
  type MemberTerm,
  type MemoryTerm,
  slotNameOf,
} from './checked.ts';
import {
  compareNumbers,
  compareSlot,
  keepingMiss,
  type Moment,
  type NumberOf,
  type TextOf,
  textComparisons,
  type Truth,
  type TruthOf,
} from './compare.ts';
import { openPattern } from './pattern.ts';
import {
  choicePlace,
  distanceBetween,
  geohashOf,
  insideFence,
  memoryPlace,
  numbersPlace,
  type Place,
  slotPlace,
} from './place.ts';

/** What a function with memory holds; truths are numbers 0 and 1, durations ns. */
export interface Memory {
  /** Whether there is a value at `nowNs`; brings the value up to that time. */
  known(nowNs: number): boolean;
  readonly number: number;
  readonly text: string | undefined;
  /** Of a position: the longitude, the latitude being `number`. */
  readonly second?: number | undefined;
}

export interface Sources {
  readonly moment: Moment;
  readonly slots: Slots;
  slotOf(signal: string): number;
  memoryOf(term: MemoryTerm): Memory;
  /** Inside a fold: where the values of a field stand, `cursor.at` being the first of the item. */
  itemOf?(term: ItemTerm): { readonly offset: number; readonly cursor: { readonly at: number } };
  /** How far a condition is from its thresholds; NaN while it is unknown (margin.ts). */
  marginOf(condition: Checked): NumberOf;
}

export function compileTruth(term: Checked, from: Sources): TruthOf {
  switch (term.kind) {
    case 'constant': {
      const value: Truth = term.value === true ? 1 : 0;
      return () => value;
    }
    case 'item': {
      const { states, numbers } = from.slots;
      const { offset, cursor } = placeOf(term, from);
      return () => {
        const slot = cursor.at + offset;
        return states[slot] === slotState.truth ? (numbers[slot] === 0 ? 0 : 1) : 2;
      };
    }
    case 'signal':
    case 'fold': {
      const { states, numbers } = from.slots;
      const slot = slotOf(term, from);
      return () => (states[slot] === slotState.truth ? (numbers[slot] === 0 ? 0 : 1) : 2);
    }
    case 'not': {
      const arg = compileTruth(term.arg, from);
      return () => {
        const value = arg();
        return value === 2 ? 2 : value === 1 ? 0 : 1;
      };
    }
    case 'and':
      return compileJoin(term.args, 0, from);
    case 'or':
      return compileJoin(term.args, 1, from);
    case 'compare':
      return compileCompare(term, from);
    case 'choice':
      return compileTruthChoice(term, from);
    case 'member':
      return compileMember(term, from);
    case 'match':
      return matching(compileText(term.arg, from), openPattern(term.pattern));
    case 'memory': {
      const memory = from.memoryOf(term);
      const moment = from.moment;
      return () => (memory.known(moment.nowNs) ? (memory.number === 0 ? 0 : 1) : 2);
    }
    case 'function':
      return compileTest(term, from);
    case 'arithmetic':
    case 'negate':
    case 'margin':
      throw new TypeError(`${term.text} is no condition`);
  }
}

const slotOf = (term: Checked, from: Sources): number => from.slotOf(slotNameOf(term) ?? '');

function placeOf(term: ItemTerm, from: Sources) {
  const place = from.itemOf?.(term);
  if (place === undefined) throw new TypeError(`${term.text} is the item of no list`);
  return place;
}

/** `and` is decided by one false (0), `or` by one true (1); unknown otherwise outweighs. */
function compileJoin(args: readonly Checked[], decides: 0 | 1, from: Sources): TruthOf {
  const compiled = args.map((arg) => compileTruth(arg, from));
  const neutral: Truth = decides === 0 ? 1 : 0;
  const [first, second] = compiled;
  if (compiled.length === 2 && first !== undefined && second !== undefined) {
    return () => {
      const a = first();
      if (a === decides) return decides;
      const b = second();
      if (b === decides) return decides;
      return a === 2 || b === 2 ? 2 : neutral;
    };
  }
  return () => {
    let result: Truth = neutral;
    for (const arg of compiled) {
      const value = arg();
      if (value === decides) return decides;
      if (value === 2) result = 2;
    }
    return result;
  };
}

function compileCompare(term: CompareTerm, from: Sources): TruthOf {
  switch (term.left.type) {
    case 'bool': {
      const left = compileTruth(term.left, from);
      const right = compileTruth(term.right, from);
      const whenEqual: Truth = term.op === '==' ? 1 : 0;
      const whenNot: Truth = term.op === '==' ? 0 : 1;
      return () => {
        const a = left();
        const b = right();
        if (a === 2 || b === 2) return 2;
        return a === b ? whenEqual : whenNot;
      };
    }
    case 'string': {
      const left = compileText(term.left, from);
      const right = compileText(term.right, from);
      const holds = textComparisons[term.op];
      return () => {
        const a = left();
        const b = right();
        if (a === undefined || b === undefined) return 2;
        return holds(a, b) ? 1 : 0;
      };
    }
    case 'double':
    case 'duration':
      return compileNumberCompare(term, from);
    case 'geo':
    case 'list':
      throw new TypeError(`${term.text} compares no values`);
  }
}

function compileNumberCompare(term: CompareTerm, from: Sources): TruthOf {
  const { left, right, op } = term;
  if ((left.kind === 'signal' || left.kind === 'fold') && right.kind === 'constant') {
    const slot = slotOf(left, from);
    return compareSlot(op, { slots: from.slots, slot, constant: Number(right.value) });
  }
  return compareNumbers(op, {
    moment: from.moment,
    left: compileNumber(left, from),
    right: compileNumber(right, from),
  });
}

function compileTruthChoice(term: ChoiceTerm, from: Sources): TruthOf {
  const when = compileTruth(term.when, from);
  const chosen = compileTruth(term.chosen, from);
  const otherwise = compileTruth(term.otherwise, from);
  return () => {
    const truth = when();
    return truth === 2 ? 2 : truth === 1 ? chosen() : otherwise();
  };
}

function compileMember(term: MemberTerm, from: Sources): TruthOf {
  const { moment } = from;
  if (term.arg.type === 'string') {
    const arg = compileText(term.arg, from);
    return () => {
      const value = arg();
      return value === undefined ? 2 : term.items.includes(value) ? 1 : 0;
    };
  }
  if (term.arg.type === 'bool') {
    const arg = compileTruth(term.arg, from);
    return () => {
      const value = arg();
      return value === 2 ? 2 : term.items.includes(value === 1) ? 1 : 0;
    };
  }
  const arg = compileNumber(term.arg, from);
  return () => {
    moment.miss = false;
    const value = arg();
    // `includes` finds NaN, which equals nothing here.
    if (moment.miss) return 2;
    return !Number.isNaN(value) && term.items.includes(value) ? 1 : 0;
  };
}

function compileTest(term: FunctionTerm, from: Sources): TruthOf {
  const [first, second] = term.args;
  if (first === undefined || second === undefined) throw new TypeError(`${term.text} is short`);
  if (term.fence !== undefined) return insideFence(compilePlace(first, from), term.fence);
  return textTest(term.fn, compileText(first, from), compileText(second, from));
}

/** Doubles and durations (ns). */
export function compileNumber(term: Checked, from: Sources): NumberOf {
  const { moment } = from;
  switch (term.kind) {
    case 'constant': {
      const value = Number(term.value);
      return () => value;
    }
    case 'item': {
      const { states, numbers } = from.slots;
      const { offset, cursor } = placeOf(term, from);
      return () => {
        const slot = cursor.at + offset;
        if (states[slot] !== slotState.number) moment.miss = true;
        return numbers[slot] ?? Number.NaN;
      };
    }
    case 'signal':
    case 'fold': {
      const { states, numbers } = from.slots;
      const slot = slotOf(term, from);
      return () => {
        if (states[slot] !== slotState.number) moment.miss = true;
        return numbers[slot] ?? Number.NaN;
      };
    }
    case 'negate': {
      const arg = compileNumber(term.arg, from);
      return () => -arg();
    }
    case 'arithmetic': {
      const left = compileNumber(term.left, from);
      const right = compileNumber(term.right, from);
      return arithmetic(term.op, left, right);
    }
    case 'choice':
      return compileNumberChoice(term, from);
    case 'memory': {
      const memory = from.memoryOf(term);
      return () => {
        if (memory.known(moment.nowNs)) return memory.number;
        moment.miss = true;
        return Number.NaN;
      };
    }
    case 'margin':
      return compileMarginValue(term.of, from);
    case 'function':
      return compileFunction(term, from);
    default:
      throw new TypeError(`${term.text} is no number`);
  }
}

/** The condition runs comparisons of its own, which reset `miss`: it is kept around them. */
function compileMarginValue(condition: Checked, from: Sources): NumberOf {
  const { moment } = from;
  const margin = from.marginOf(condition);
  return () => {
    const missed = moment.miss;
    const value = margin();
    moment.miss = missed || Number.isNaN(value);
    return value;
  };
}

function compileNumberChoice(term: ChoiceTerm, from: Sources): NumberOf {
  const { moment } = from;
  const when = keepingMiss(compileTruth(term.when, from), from.moment);
  const chosen = compileNumber(term.chosen, from);
  const otherwise = compileNumber(term.otherwise, from);
  return () => {
    const truth = when();
    if (truth === 2) moment.miss = true;
    return truth === 1 ? chosen() : otherwise();
  };
}

function compileFunction(term: FunctionTerm, from: Sources): NumberOf {
  const [first, second] = term.args;
  if (term.fn === 'size' && first !== undefined) {
    return sizeOf(compileText(first, from), from.moment);
  }
  if (term.fn === 'now') return nowOf(from.moment);
  if (term.fn === 'dist' && first !== undefined && second !== undefined) {
    return distanceBetween(compilePlace(first, from), compilePlace(second, from), from.moment);
  }
  const none = (): number => Number.NaN;
  const x = first === undefined ? none : compileNumber(first, from);
  const y = second === undefined ? none : compileNumber(second, from);
  return applyNumber(term.fn, x, y);
}

export function compileText(term: Checked, from: Sources): TextOf {
  switch (term.kind) {
    case 'constant': {
      const value = String(term.value);
      return () => value;
    }
    case 'item': {
      const { states, texts } = from.slots;
      const { offset, cursor } = placeOf(term, from);
      return () => {
        const slot = cursor.at + offset;
        return states[slot] === slotState.text ? texts[slot] : undefined;
      };
    }
    case 'signal': {
      const { states, texts } = from.slots;
      const slot = from.slotOf(term.name);
      return () => (states[slot] === slotState.text ? texts[slot] : undefined);
    }
    case 'choice': {
      const when = keepingMiss(compileTruth(term.when, from), from.moment);
      const chosen = compileText(term.chosen, from);
      const otherwise = compileText(term.otherwise, from);
      return () => {
        const truth = when();
        return truth === 2 ? undefined : truth === 1 ? chosen() : otherwise();
      };
    }
    case 'memory': {
      const memory = from.memoryOf(term);
      return () => (memory.known(from.moment.nowNs) ? memory.text : undefined);
    }
    case 'function': {
      const [place, length] = term.args;
      if (place === undefined || length?.kind !== 'constant') throw new TypeError(term.text);
      return geohashOf(compilePlace(place, from), Number(length.value));
    }
    default:
      throw new TypeError(`${term.text} is no text`);
  }
}

export function compilePlace(term: Checked, from: Sources): Place {
  switch (term.kind) {
    case 'signal':
      return slotPlace(from.slots, from.slotOf(term.name));
    case 'choice': {
      const when = keepingMiss(compileTruth(term.when, from), from.moment);
      return choicePlace(when, compilePlace(term.chosen, from), compilePlace(term.otherwise, from));
    }
    case 'memory':
      return memoryPlace(from.memoryOf(term), from.moment);
    case 'function': {
      const [lat, lon] = term.args;
      if (lat === undefined || lon === undefined) throw new TypeError(`${term.text} is short`);
      return numbersPlace(compileNumber(lat, from), compileNumber(lon, from), from.moment);
    }
    default:
      throw new TypeError(`${term.text} is no position`);
  }
}

/**
 * How far a condition is from its thresholds: the quantitative semantics of signal temporal logic
 * (Donze & Maler 2010, "Robust satisfaction of temporal logic over real-valued signals").
 * Above 0 the condition is true, below 0 false, at 0 on the border; NaN while it is unknown. A
 * comparison gives the distance in its own unit (durations: seconds), `inside` metres to the
 * border, `&&` the smallest and `||`
 * the largest of its parts, `held` and `once` the smallest and largest over their window. What
 * has no distance (texts, truths, moments) is infinitely far.
 */
import type { Checked, CompareTerm, Comparison, MemberTerm, MemoryTerm } from './checked.ts';
import type { NumberOf } from './compare.ts';
import { compileNumber, compilePlace, compileTruth, type Sources } from './compile.ts';
import { fenceMargin } from './place.ts';

const far = Number.POSITIVE_INFINITY;
const nsPerSecond = 1e9;

export function compileMargin(term: Checked, from: Sources): NumberOf {
  switch (term.kind) {
    case 'not': {
      const inner = compileMargin(term.arg, from);
      return () => 0 - inner();
    }
    case 'and':
    case 'or':
      return compileJoin(term, from);
    case 'compare': {
      const { type } = term.left;
      return type === 'double' || type === 'duration'
        ? compileDistance(term, from)
        : compileFar(term, from);
    }
    case 'choice': {
      const when = compileTruth(term.when, from);
      const chosen = compileMargin(term.chosen, from);
      const otherwise = compileMargin(term.otherwise, from);
      return () => {
        const truth = when();
        return truth === 2 ? Number.NaN : truth === 1 ? chosen() : otherwise();
      };
    }
    case 'member':
      return term.arg.type === 'double' ? compileNearest(term, from) : compileFar(term, from);
    case 'fold':
      return term.margin === undefined ? compileFar(term, from) : compileFold(term.margin, from);
    case 'memory':
      return (term.fn === 'held' || term.fn === 'once') && term.arg !== undefined
        ? compileWindow(term, term.arg, from)
        : compileFar(term, from);
    case 'function': {
      const [place] = term.args;
      return term.fence === undefined || place === undefined
        ? compileFar(term, from)
        : fenceMargin(compilePlace(place, from), term.fence);
    }
    default:
      return compileFar(term, from);
  }
}

/** Whether any part of a condition has a distance to its threshold: otherwise it is never close. */
export function hasMargin(term: Checked): boolean {
  switch (term.kind) {
    case 'not':
      return hasMargin(term.arg);
    case 'and':
    case 'or':
      return term.args.some(hasMargin);
    case 'compare':
      return term.left.type === 'double' || term.left.type === 'duration';
    case 'choice':
      return hasMargin(term.chosen) || hasMargin(term.otherwise);
    case 'member':
      return term.arg.type === 'double';
    case 'fold':
      return (
        term.margin !== undefined && term.margin.body !== undefined && hasMargin(term.margin.body)
      );
    case 'memory':
      return (
        (term.fn === 'held' || term.fn === 'once') && term.arg !== undefined && hasMargin(term.arg)
      );
    case 'function':
      return term.fence !== undefined;
    default:
      return false;
  }
}

/** Macros are measured when their message comes; the value stands beside the answer. */
function compileFold(term: Checked, from: Sources): NumberOf {
  const { moment } = from;
  const margin = compileNumber(term, from);
  return () => {
    const missed = moment.miss;
    moment.miss = false;
    const value = margin();
    const isUnknown = moment.miss;
    moment.miss = missed;
    return isUnknown ? Number.NaN : value;
  };
}

/** True and false without a distance between them. */
function compileFar(term: Checked, from: Sources): NumberOf {
  const truth = compileTruth(term, from);
  return () => {
    const value = truth();
    return value === 2 ? Number.NaN : value === 1 ? far : -far;
  };
}

/** Where a part is unknown, the others may still decide: then their margin is that of all. */
function compileJoin(term: Extract<Checked, { kind: 'and' | 'or' }>, from: Sources): NumberOf {
  const parts = term.args.map((arg) => compileMargin(arg, from));
  const truth = compileTruth(term, from);
  const isAnd = term.kind === 'and';
  return () => {
    let margin = isAnd ? far : -far;
    let isWhole = true;
    for (const part of parts) {
      const value = part();
      if (Number.isNaN(value)) isWhole = false;
      else if (isAnd ? value < margin : value > margin) margin = value;
    }
    return isWhole || truth() !== 2 ? margin : Number.NaN;
  };
}

function compileDistance(term: CompareTerm, from: Sources): NumberOf {
  const { moment } = from;
  const left = compileNumber(term.left, from);
  const right = compileNumber(term.right, from);
  const distance = distances[term.op];
  const scale = term.left.type === 'duration' ? nsPerSecond : 1;
  return () => {
    const missed = moment.miss;
    moment.miss = false;
    const a = left();
    const b = right();
    const isUnknown = moment.miss;
    moment.miss = missed;
    return isUnknown ? Number.NaN : distance(a, b) / scale;
  };
}

/** NaN compares false with all but `!=`, however far anything is. */
const distances: Readonly<Record<Comparison, (a: number, b: number) => number>> = {
  '==': (a, b) => 0 - between(a, b),
  '!=': between,
  '<': (a, b) => signed(b, a),
  '<=': (a, b) => signed(b, a),
  '>': signed,
  '>=': signed,
};

function signed(a: number, b: number): number {
  // Equal infinities are no distance apart.
  if (a === b) return 0;
  const gap = a - b;
  return Number.isNaN(gap) ? -far : gap;
}

function between(a: number, b: number): number {
  if (a === b) return 0;
  const gap = Math.abs(a - b);
  return Number.isNaN(gap) ? far : gap;
}

/** `x in [1.0, 2.0]`: the nearest of the constants. */
function compileNearest(term: MemberTerm, from: Sources): NumberOf {
  const { moment } = from;
  const arg = compileNumber(term.arg, from);
  const items = term.items.map(Number);
  return () => {
    const missed = moment.miss;
    moment.miss = false;
    const value = arg();
    const isUnknown = moment.miss;
    moment.miss = missed;
    if (isUnknown) return Number.NaN;
    let nearest = far;
    for (const item of items) nearest = Math.min(nearest, between(value, item));
    return 0 - nearest;
  };
}

/** The `held` and `once` of a condition over whose windows its margin is measured. */
export function measuredWindows(term: Checked): MemoryTerm[] {
  switch (term.kind) {
    case 'not':
      return measuredWindows(term.arg);
    case 'and':
    case 'or':
      return term.args.flatMap(measuredWindows);
    case 'choice':
      return [term.chosen, term.otherwise].flatMap(measuredWindows);
    case 'memory':
      return (term.fn === 'held' || term.fn === 'once') && term.arg !== undefined
        ? [...measuredWindows(term.arg), term]
        : [];
    default:
      return [];
  }
}

/**
 * Extremes of the inner margin over the window. Where the function itself says otherwise (a hold
 * that began with the recording) the margin stops at the border.
 */
function compileWindow(term: MemoryTerm, inner: Checked, from: Sources): NumberOf {
  const { moment } = from;
  const truth = compileTruth(term, from);
  const { windowNs, at } = term;
  const fn = term.fn === 'held' ? 'lowest' : 'highest';
  const arg: Checked = { kind: 'margin', type: 'double', of: inner, text: inner.text, at };
  const text = `${fn}(margin of ${inner.text}, ${windowNs ?? 0}ns)`;
  const memory = from.memoryOf({ kind: 'memory', type: 'double', fn, arg, windowNs, text, at });
  return () => {
    const value = truth();
    if (value === 2) return Number.NaN;
    const margin = memory.known(moment.nowNs) ? memory.number : 0;
    return value === 1 ? Math.max(margin, 0) : Math.min(margin, 0);
  };
}

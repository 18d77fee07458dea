/**
 * An expression after the type check. Every part knows its type, its unit when that is known,
 * and its canonical text, by which equal calls share one state.
 */

import type { Fence } from '../geo/fence.ts';

/**
 * Numbers are doubles; a duration is a number of nanoseconds with a type of its own; geo is a
 * position, latitude and longitude in degrees; a list is looked at by macros and folds only.
 */
export type ValueType = 'double' | 'string' | 'bool' | 'duration' | 'geo' | 'list';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | '/';
export type PureFunction =
  | 'abs'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'hypot'
  | 'least'
  | 'greatest'
  | 'ttc'
  | 'size'
  | 'startsWith'
  | 'endsWith'
  | 'contains'
  | 'geo'
  | 'dist'
  | 'inside'
  | 'geohash'
  | 'now';

/** Functions that remember: their state is folded with each message, read or not. */
export type MemoryFunction =
  | 'prev'
  | 'changed'
  | 'rise'
  | 'fall'
  | 'held'
  | 'once'
  | 'count'
  | 'rate'
  | 'age'
  | 'gap'
  | 'min'
  | 'max'
  | 'avg'
  | 'p'
  | 'drop'
  | 'zscore';

/** What remembers without a name in the language: extremes of margins, as `held` needs them. */
export type RememberedFunction = MemoryFunction | 'lowest' | 'highest';

interface Known {
  readonly type: ValueType;
  readonly unit?: string | undefined;
  readonly text: string;
  /** Offset into the expression. */
  readonly at: number;
}

interface ConstantTerm extends Known {
  readonly kind: 'constant';
  readonly value: number | string | boolean;
}
interface SignalTerm extends Known {
  readonly kind: 'signal';
  readonly name: string;
}
export interface CompareTerm extends Known {
  readonly kind: 'compare';
  readonly op: Comparison;
  readonly left: Checked;
  readonly right: Checked;
}
interface ArithmeticTerm extends Known {
  readonly kind: 'arithmetic';
  readonly op: Arithmetic;
  readonly left: Checked;
  readonly right: Checked;
}
interface NegateTerm extends Known {
  readonly kind: 'negate' | 'not';
  readonly arg: Checked;
}
interface JoinTerm extends Known {
  readonly kind: 'and' | 'or';
  readonly args: readonly Checked[];
}
export interface ChoiceTerm extends Known {
  readonly kind: 'choice';
  readonly when: Checked;
  readonly chosen: Checked;
  readonly otherwise: Checked;
}
export interface MemberTerm extends Known {
  readonly kind: 'member';
  readonly arg: Checked;
  readonly items: readonly (number | string | boolean)[];
}
interface MatchTerm extends Known {
  readonly kind: 'match';
  readonly arg: Checked;
  readonly pattern: string;
}
export interface FunctionTerm extends Known {
  readonly kind: 'function';
  readonly fn: PureFunction;
  readonly args: readonly Checked[];
  /** Of `inside`: the geofence that its second argument names. */
  readonly fence?: Fence | undefined;
}
export interface MemoryTerm extends Known {
  readonly kind: 'memory';
  readonly fn: RememberedFunction;
  /** What is remembered; absent for functions of a topic. */
  readonly arg?: Checked | undefined;
  readonly topic?: string | undefined;
  readonly windowNs?: number | undefined;
  /** Of `p`, 0 to 1. */
  readonly quantile?: number | undefined;
}

/** A field of the item that a macro looks at; the item itself where it is ''. */
export interface ItemTerm extends Known {
  readonly kind: 'item';
  readonly field: string;
}

export type FoldFunction =
  | 'exists'
  | 'all'
  | 'exists_one'
  | 'size'
  | 'least'
  | 'greatest'
  | 'sum'
  /** The margins of `exists` and `all`. */
  | 'highest'
  | 'lowest';

/**
 * A list as one value, made when its message comes: an expression reads it as it reads a signal,
 * under the term's text. What is inside speaks of items alone and is no part of the term.
 */
export interface FoldTerm extends Known {
  readonly kind: 'fold';
  readonly type: 'double' | 'bool';
  readonly fn: FoldFunction;
  /** The list. */
  readonly signal: string;
  /** Which items count; those of `exists` and `all` are in the body. */
  readonly filters: readonly Checked[];
  /** What is asked of an item, or its number; absent for `size`. */
  readonly body: Checked | undefined;
  /** Its margin as a fold of its own, where a priority asks for it. */
  margin?: FoldTerm;
}

/** `margin()`: how far a condition is from its thresholds. */
interface MarginTerm extends Known {
  readonly kind: 'margin';
  readonly of: Checked;
}

export type Checked =
  | ConstantTerm
  | SignalTerm
  | CompareTerm
  | ArithmeticTerm
  | NegateTerm
  | JoinTerm
  | ChoiceTerm
  | MemberTerm
  | MatchTerm
  | FunctionTerm
  | MemoryTerm
  | ItemTerm
  | FoldTerm
  | MarginTerm;

/** The direct parts of a term. */
export function partsOf(term: Checked): readonly Checked[] {
  switch (term.kind) {
    case 'constant':
    case 'signal':
    case 'item':
    case 'fold':
      return [];
    case 'compare':
    case 'arithmetic':
      return [term.left, term.right];
    case 'negate':
    case 'not':
    case 'member':
    case 'match':
      return [term.arg];
    case 'and':
    case 'or':
    case 'function':
      return term.args;
    case 'choice':
      return [term.when, term.chosen, term.otherwise];
    case 'memory':
      return term.arg === undefined ? [] : [term.arg];
    case 'margin':
      return [term.of];
  }
}

/** The term and all inside it, inner ones first. */
export function termsOf(term: Checked): Checked[] {
  return [...partsOf(term).flatMap(termsOf), term];
}

/** Names of the signals that a term reads. */
export function signalsOf(term: Checked): Set<string> {
  const names = new Set<string>();
  for (const inner of termsOf(term)) {
    if (inner.kind === 'signal') names.add(inner.name);
    else if (inner.kind === 'fold') names.add(inner.signal);
  }
  return names;
}

/** Under which name a signal's value or a folded list is read; undefined for other terms. */
export function slotNameOf(term: Checked): string | undefined {
  return term.kind === 'signal' ? term.name : term.kind === 'fold' ? term.text : undefined;
}

/** Topics that a term names itself, as in `age("/scan")`. */
export function topicsOf(term: Checked): Set<string> {
  return new Set(
    termsOf(term).flatMap((inner) =>
      inner.kind === 'memory' && inner.topic !== undefined ? [inner.topic] : [],
    ),
  );
}

const timed: ReadonlySet<RememberedFunction> = new Set(['held', 'once', 'count', 'rate', 'age']);

/** Whether the value can change by the passing of time alone. */
export function isTimed(term: Checked): boolean {
  return termsOf(term).some(isTimedCall);
}

/** Whether it is the term itself that time changes, and not only a part of it. */
export function isTimedCall(term: Checked): boolean {
  return term.kind === 'memory'
    ? timed.has(term.fn)
    : term.kind === 'function' && term.fn === 'now';
}

const momentary: ReadonlySet<RememberedFunction> = new Set(['changed', 'rise', 'fall']);

/** Whether the value can be true at one moment only. */
export function isMomentary(term: Checked): boolean {
  return termsOf(term).some((inner) => inner.kind === 'memory' && momentary.has(inner.fn));
}

/** Whether a condition is true at single moments only: one that remembers them may hold. */
export function isMomentAlone(term: Checked): boolean {
  switch (term.kind) {
    case 'memory':
      return momentary.has(term.fn);
    case 'and':
      return term.args.some(isMomentAlone);
    case 'or':
      return term.args.every(isMomentAlone);
    case 'choice':
      return isMomentAlone(term.chosen) && isMomentAlone(term.otherwise);
    default:
      return false;
  }
}

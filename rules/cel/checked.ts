/**
 * An expression after the type check. Every part knows its type, its unit when that is known,
 * and its canonical text, by which equal calls share one state.
 */

/** Numbers are doubles; a duration is a number of nanoseconds with a type of its own. */
export type ValueType = 'double' | 'string' | 'bool' | 'duration';

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
  | 'contains';

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
  | MarginTerm;

/** The direct parts of a term. */
export function partsOf(term: Checked): readonly Checked[] {
  switch (term.kind) {
    case 'constant':
    case 'signal':
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
  return new Set(termsOf(term).flatMap((inner) => (inner.kind === 'signal' ? [inner.name] : [])));
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
  return termsOf(term).some((inner) => inner.kind === 'memory' && timed.has(inner.fn));
}

const momentary: ReadonlySet<RememberedFunction> = new Set(['changed', 'rise', 'fall']);

/** Whether the value can be true at one moment only. */
export function isMomentary(term: Checked): boolean {
  return termsOf(term).some((inner) => inner.kind === 'memory' && momentary.has(inner.fn));
}

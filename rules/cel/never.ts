/**
 * Conditions that can never hold, as far as ranges show it: a value that is asked for outside
 * what its signal or function can give, or two demands on one value that exclude each other.
 */
import type {
  Checked,
  CompareTerm,
  Comparison,
  PureFunction,
  RememberedFunction,
} from './checked.ts';

interface Range {
  readonly low: number;
  readonly high: number;
  readonly lowOpen: boolean;
  readonly highOpen: boolean;
}

/** What a signal can be, from its `reduce.valid`; undefined when anything. */
export type RangeOf = (signal: string) => readonly [number, number] | undefined;

export interface Never {
  readonly at: number;
  readonly message: string;
}

const everything: Range = {
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  lowOpen: false,
  highOpen: false,
};

/** Why the condition is never true, or undefined when it may be. */
export function neverTrue(term: Checked, rangeOf: RangeOf): Never | undefined {
  switch (term.kind) {
    case 'constant':
      return term.value === false ? { at: term.at, message: 'it is always false' } : undefined;
    case 'or': {
      const reasons = term.args.map((arg) => neverTrue(arg, rangeOf));
      return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
    }
    case 'and':
      return neverTogether(term.args, rangeOf);
    case 'compare':
      return neverTogether([term], rangeOf);
    default:
      return undefined;
  }
}

/** Whether the first condition can hold only where the second does, as far as ranges show it. */
export function implies(first: Checked, second: Checked, rangeOf: RangeOf): boolean {
  if (first.kind === 'or') return first.args.every((arg) => implies(arg, second, rangeOf));
  const given = first.kind === 'and' ? first.args : [first];
  if (given.some((arg) => arg.text === second.text)) return true;
  if (second.kind === 'and') return second.args.every((arg) => implies(first, arg, rangeOf));
  if (second.kind === 'or') {
    if (second.args.some((arg) => implies(first, arg, rangeOf))) return true;
    const opposites = second.args.map(oppositeOf);
    const all = opposites.filter((arg) => arg !== undefined);
    return all.length === opposites.length && excludes(given, all, rangeOf);
  }
  const opposite = oppositeOf(second);
  return opposite !== undefined && excludes(given, [opposite], rangeOf);
}

/** Each side may hold by itself, and both never do. */
function excludes(given: readonly Checked[], more: readonly Checked[], rangeOf: RangeOf): boolean {
  return (
    neverTogether(given, rangeOf) === undefined &&
    neverTogether([...given, ...more], rangeOf) !== undefined
  );
}

const opposites: Readonly<Record<Comparison, Comparison>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/** What holds where a comparison of known values does not. */
function oppositeOf(term: Checked): CompareTerm | undefined {
  if (term.kind === 'not') return term.arg.kind === 'compare' ? term.arg : undefined;
  return term.kind === 'compare' ? { ...term, op: opposites[term.op] } : undefined;
}

function neverTogether(args: readonly Checked[], rangeOf: RangeOf): Never | undefined {
  const ranges = new Map<string, { range: Range; by: string }>();
  const texts = new Map<string, { value: string; isEqual: boolean; by: string }>();
  for (const arg of args) {
    const never = arg.kind === 'compare' ? undefined : neverTrue(arg, rangeOf);
    if (never !== undefined) return never;
    const demand = arg.kind === 'compare' ? demandOf(arg) : undefined;
    if (demand === undefined) continue;
    const { subject, op, value } = demand;
    if (typeof value === 'string') {
      const other = texts.get(subject.text);
      const isEqual = op === '==';
      const differs = other?.isEqual === true && (other.value === value) !== isEqual;
      const isDenied = isEqual && other?.isEqual === false && other.value === value;
      if (other !== undefined && (isEqual || op === '!=') && (differs || isDenied)) {
        return excluding(arg, other.by);
      }
      const tells = isEqual || (op === '!=' && other === undefined);
      if (tells) texts.set(subject.text, { value, isEqual, by: arg.text });
      continue;
    }
    const before = ranges.get(subject.text);
    const range = meet(before?.range ?? possible(subject, rangeOf), rangeFor(op, value));
    if (isEmpty(range)) {
      return before === undefined ? outside(arg, subject, rangeOf) : excluding(arg, before.by);
    }
    ranges.set(subject.text, { range, by: arg.text });
  }
  return undefined;
}

function excluding(arg: Checked, other: string): Never {
  return { at: arg.at, message: `${other} and ${arg.text} exclude each other` };
}

function outside(arg: Checked, subject: Checked, rangeOf: RangeOf): Never {
  if (subject.kind === 'constant') return { at: arg.at, message: `${arg.text} is always false` };
  const { low, high } = possible(subject, rangeOf);
  return { at: arg.at, message: `${subject.text} is always between ${low} and ${high}` };
}

interface Demand {
  readonly subject: Checked;
  readonly op: Comparison;
  readonly value: number | string;
}

const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** A comparison with a constant on one side, read with the constant at the right. */
function demandOf(term: CompareTerm): Demand | undefined {
  const { left, right, op } = term;
  const right0 = constantOf(right);
  if (right0 !== undefined) return { subject: left, op, value: right0 };
  const left0 = constantOf(left);
  return left0 === undefined ? undefined : { subject: right, op: mirrored[op], value: left0 };
}

function constantOf(term: Checked): number | string | undefined {
  if (term.kind === 'negate') {
    const inner = constantOf(term.arg);
    return typeof inner === 'number' ? -inner : undefined;
  }
  if (term.kind !== 'constant' || typeof term.value === 'boolean') return undefined;
  return term.value;
}

function rangeFor(op: Comparison, value: number): Range {
  switch (op) {
    case '==':
      return { low: value, high: value, lowOpen: false, highOpen: false };
    case '<':
      return { ...everything, high: value, highOpen: true };
    case '<=':
      return { ...everything, high: value };
    case '>':
      return { ...everything, low: value, lowOpen: true };
    case '>=':
      return { ...everything, low: value };
    case '!=':
      return everything;
  }
}

const neverNegative: ReadonlySet<PureFunction | RememberedFunction> = new Set([
  'abs',
  'sqrt',
  'hypot',
  'size',
  'count',
  'rate',
  'age',
  'gap',
  'dist',
  'now',
]);

/** What a term can be; NaN apart, which no demand accepts. */
function possible(term: Checked, rangeOf: RangeOf): Range {
  switch (term.kind) {
    case 'constant': {
      const value = Number(term.value);
      return { low: value, high: value, lowOpen: false, highOpen: false };
    }
    case 'signal': {
      const [low, high] = rangeOf(term.name) ?? [everything.low, everything.high];
      return { low, high, lowOpen: false, highOpen: false };
    }
    case 'memory': {
      const keeps = ['prev', 'min', 'max', 'avg', 'p'].includes(term.fn);
      if (keeps && term.arg !== undefined) return possible(term.arg, rangeOf);
      return neverNegative.has(term.fn) ? { ...everything, low: 0 } : everything;
    }
    case 'fold':
      return term.fn === 'size' ? { ...everything, low: 0 } : everything;
    case 'function':
      return neverNegative.has(term.fn) ? { ...everything, low: 0 } : everything;
    default:
      return everything;
  }
}

function meet(a: Range, b: Range): Range {
  const low = Math.max(a.low, b.low);
  const high = Math.min(a.high, b.high);
  const lowOpen = (a.low === low && a.lowOpen) || (b.low === low && b.lowOpen);
  const highOpen = (a.high === high && a.highOpen) || (b.high === high && b.highOpen);
  return { low, high, lowOpen, highOpen };
}

function isEmpty(range: Range): boolean {
  if (range.low > range.high) return true;
  return range.low === range.high && (range.lowOpen || range.highOpen);
}

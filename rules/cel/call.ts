/** The type check of function calls, from the tables in functions.ts. */
import { didYouMean, Fault, parseDurationNs } from '@fieldloop/core';
import type { Fence } from '../geo/fence.ts';
import { geohashMost } from '../geo/geohash.ts';
import * as limits from '../limits.ts';
import { topicFault } from '../topic-pattern.ts';
import { askMargins, checkFold } from './check-list.ts';
import {
  type Checked,
  type MemoryFunction,
  type PureFunction,
  termsOf,
  type ValueType,
} from './checked.ts';
import { type CheckContext, startOf, unitsAgree } from './context.ts';
import { type Expr, type MacroName, macroNames } from './expr.ts';
import {
  type Argument,
  foreignFunctions,
  memoryFunctions,
  pureFunctions,
  type Signature,
} from './functions.ts';
import { patternFault } from './pattern.ts';
import { callText } from './text.ts';

type Call = Extract<Expr, { kind: 'call' }>;

const isPure = (fn: string): fn is PureFunction => Object.hasOwn(pureFunctions, fn);
const isMacro = (fn: string): fn is MacroName => Object.hasOwn(macroExamples, fn);
const isMemory = (fn: string): fn is MemoryFunction => Object.hasOwn(memoryFunctions, fn);

const macroExamples: Readonly<Record<MacroName, string>> = {
  exists: 'dets.exists(d, d.score > 0.5)',
  all: 'dets.all(d, d.score > 0.5)',
  exists_one: 'dets.exists_one(d, d.score > 0.5)',
  filter: 'size(dets.filter(d, d.score > 0.5)) > 2',
  map: 'least(dets.map(d, d.dist)) < 2.0',
};

export function checkCall(expr: Call, context: CheckContext): Checked | undefined {
  const { fn, at } = expr;
  const fold = checkFold(expr, context);
  if (fold !== undefined) return fold.term;
  if (context.variables.length > 0 && (isMemory(fn) || fn === 'now')) {
    const message = `${fn}() is not for items of a list`;
    const remedy = 'Use it around the whole: items have no past and no time of their own.';
    return context.report(at, 'not-supported', message, remedy);
  }
  if (fn === 'duration') return checkDuration(expr, context);
  if (fn === 'matches') return checkMatches(expr, context);
  if (fn === 'margin') return checkMargin(expr, context);
  if (isPure(fn)) return checkPure(fn, expr, context);
  if (isMemory(fn)) return checkMemory(fn, expr, context);
  if (Object.hasOwn(foreignFunctions, fn)) {
    const message = `there is no function ${fn}()`;
    return context.report(at, 'unknown-function', message, foreignFunctions[fn] ?? '');
  }
  if (fn === 'sum') {
    const remedy = 'Write sum(dets.map(d, d.x)) for a list; avg(x, "2s") is over time.';
    return context.report(at, 'type', 'sum() folds a signal of type list', remedy);
  }
  if (isMacro(fn)) {
    const remedy = `Write for example ${macroExamples[fn]}.`;
    return context.report(at, 'type', `${fn}() stands behind a list`, remedy);
  }
  const names = [
    ...Object.keys(pureFunctions),
    ...Object.keys(memoryFunctions),
    'duration',
    'matches',
    'margin',
    'sum',
    ...macroNames,
  ];
  const message = `there is no function ${fn}().${didYouMean(fn, names)}`;
  const remedy = `Functions are ${names.toSorted().join(', ')}.`;
  return context.report(at, 'unknown-function', message, remedy);
}

function checkDuration(expr: Call, context: CheckContext): Checked | undefined {
  const [arg, ...more] = expr.args;
  if (arg?.kind !== 'text' || more.length > 0) {
    const remedy = 'Write for example duration("1.5s").';
    return context.report(expr.at, 'type', 'duration() takes one text in quotes', remedy);
  }
  const ns = durationOf(arg.value, arg.at, context);
  if (ns === undefined) return undefined;
  const text = callText('duration', [JSON.stringify(arg.value)]);
  return { kind: 'constant', type: 'duration', value: Number(ns), text, at: expr.at };
}

function durationOf(text: string, at: number, context: CheckContext): bigint | undefined {
  try {
    const ns = parseDurationNs(text);
    if (ns <= limits.durationMostNs) return ns;
    return context.report(at, 'duration', `"${text}" is too long`, 'The longest duration is 366d.');
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return context.report(at, 'duration', error.message, error.remedy ?? '');
  }
}

function checkMargin(expr: Call, context: CheckContext): Checked | undefined {
  const { condition, report } = context;
  if (expr.args.length > 0) {
    const remedy = 'Write margin(): it measures the condition of its rule.';
    return report(expr.at, 'type', 'margin() takes no argument', remedy);
  }
  if (condition === undefined) {
    const message = 'margin() measures the condition of a rule, and there is none here';
    const remedy = 'Use it in the priority of a rule that has a condition.';
    return report(expr.at, 'type', message, remedy);
  }
  askMargins(condition, context.scope);
  return { kind: 'margin', type: 'double', of: condition, text: 'margin()', at: expr.at };
}

function checkMatches(expr: Call, context: CheckContext): Checked | undefined {
  const [subject, pattern, ...more] = expr.args;
  if (subject === undefined || pattern?.kind !== 'text' || more.length > 0) {
    const message = 'matches() takes a text and a pattern in quotes';
    const remedy = 'Write for example mode.matches("^AUTO").';
    return context.report(pattern?.at ?? expr.at, 'pattern', message, remedy);
  }
  const arg = context.expect(subject, 'string');
  const fault = patternFault(pattern.value);
  if (fault !== undefined) {
    const remedy = 'Patterns are RE2: no look-around and no back references.';
    return context.report(pattern.at, 'pattern', fault, remedy);
  }
  if (arg === undefined) return undefined;
  const text = callText('matches', [arg.text, JSON.stringify(pattern.value)]);
  return { kind: 'match', type: 'bool', arg, pattern: pattern.value, text, at: expr.at };
}

function checkPure(fn: PureFunction, expr: Call, context: CheckContext): Checked | undefined {
  const signature = pureFunctions[fn];
  if (!arityFits(fn, signature, expr, context)) return undefined;
  const args = signature.args.map((kind, i) => {
    const arg = expr.args[i];
    return arg && pureArgument(fn, kind, arg, context);
  });
  const all = args.filter((arg) => arg !== undefined);
  if (all.length < args.length) return undefined;
  if (fn === 'ttc' && !ttcUnits(all, context)) return undefined;
  const [first, second] = all;
  if (signature.unit === 'same' && first !== undefined && second !== undefined) {
    if (!unitsAgree(first, second, expr.at, context)) return undefined;
  }
  const unit = signature.unit === 'same' ? (first?.unit ?? second?.unit) : signature.unit;
  const type = signature.gives === 'same' ? 'double' : signature.gives;
  const text = callText(
    fn,
    all.map((arg) => arg.text),
  );
  const fence = fn === 'inside' ? fenceOf(second, context) : undefined;
  return { kind: 'function', type, unit, fn, args: all, fence, text, at: expr.at };
}

function fenceOf(name: Checked | undefined, context: CheckContext): Fence | undefined {
  const known = name?.kind === 'constant' && context.scope.fences.get(String(name.value));
  return known === 'broken' || known === false ? undefined : known;
}

function pureArgument(
  fn: string,
  kind: Argument,
  arg: Expr,
  context: CheckContext,
): Checked | undefined {
  if (kind === 'fence') return fenceName(fn, arg, context);
  if (kind !== 'length') return context.expect(arg, kind as ValueType);
  const value = arg.kind === 'number' ? arg.value : Number.NaN;
  if (Number.isInteger(value) && value >= 1 && value <= geohashMost) return context.term(arg);
  const message = `${fn}() needs a whole number from 1 to ${geohashMost}`;
  return context.report(startOf(arg), 'bad-value', message, 'Write for example 7.');
}

function fenceName(fn: string, arg: Expr, context: CheckContext): Checked | undefined {
  const { fences } = context.scope;
  if (arg.kind !== 'text') {
    const remedy = `Write for example ${fn}(pos, "dock").`;
    return context.report(startOf(arg), 'type', `${fn}() takes a geofence in quotes`, remedy);
  }
  const known = fences.get(arg.value);
  if (known === 'broken') return undefined;
  if (known !== undefined) return context.term(arg);
  const message = `unknown geofence "${arg.value.slice(0, 60)}".${didYouMean(arg.value, fences.keys())}`;
  const remedy = 'Geofences are declared under "geofences:".';
  return context.report(arg.at, 'geofence', message, remedy);
}

function ttcUnits(args: readonly Checked[], context: CheckContext): boolean {
  const wanted = ['m', 'm/s'];
  const wrong = args.findIndex((arg, i) => arg.unit !== undefined && arg.unit !== wanted[i]);
  const arg = args[wrong];
  if (arg === undefined) return true;
  context.report(
    arg.at,
    'unit',
    `ttc() takes a distance in m and a speed in m/s, but ${arg.text} is in ${arg.unit ?? ''}`,
    'Swap the arguments, or convert by multiplying.',
  );
  return false;
}

interface MemoryParts {
  arg: Checked | undefined;
  topic: string | undefined;
  windowNs: number | undefined;
  quantile: number | undefined;
  readonly texts: string[];
}

function checkMemory(fn: MemoryFunction, expr: Call, context: CheckContext): Checked | undefined {
  const signature = memoryFunctions[fn];
  if (!arityFits(fn, signature, expr, context)) return undefined;
  const parts: MemoryParts = {
    arg: undefined,
    topic: undefined,
    windowNs: undefined,
    quantile: undefined,
    texts: [],
  };
  let whole = true;
  for (const [i, kind] of signature.args.entries()) {
    const arg = expr.args[i];
    if (arg === undefined || !takeArgument({ fn, kind, arg, parts }, context)) whole = false;
  }
  if (!whole) return undefined;
  const { texts, ...rest } = parts;
  const type = signature.gives === 'same' ? (parts.arg?.type ?? 'double') : signature.gives;
  const unit = signature.unit === 'same' ? parts.arg?.unit : signature.unit;
  return { kind: 'memory', type, unit, fn, ...rest, text: callText(fn, texts), at: expr.at };
}

function takeArgument(
  given: { fn: string; kind: Argument; arg: Expr; parts: MemoryParts },
  context: CheckContext,
): boolean {
  const { fn, kind, arg, parts } = given;
  switch (kind) {
    case 'topic':
      return takeTopic(fn, arg, parts, context);
    case 'window':
      return takeWindow(fn, arg, parts, context);
    case 'share': {
      const value = arg.kind === 'number' ? arg.value : Number.NaN;
      if (!(value >= 0 && value <= 1)) {
        const remedy = 'Write for example 0.95.';
        context.report(startOf(arg), 'bad-value', `${fn}() needs a number from 0 to 1`, remedy);
        return false;
      }
      parts.quantile = value;
      parts.texts.push(String(value));
      return true;
    }
    case 'fence':
    case 'length':
      return false;
    case 'any':
    case 'geo':
    case 'double':
    case 'string':
    case 'bool': {
      const term = kind === 'any' ? context.term(arg) : context.expect(arg, kind);
      if (term?.type === 'list') {
        const remedy = `Fold it first, for example ${fn}(size(${term.text})).`;
        context.report(startOf(arg), 'type', `${term.text} is a list`, remedy);
        return false;
      }
      if (term !== undefined && termsOf(term).some(({ kind: inner }) => inner === 'margin')) {
        const remedy = 'Use margin() beside it: it is the margin at the moment of the trigger.';
        context.report(startOf(arg), 'not-supported', `${fn}() does not remember margins`, remedy);
        return false;
      }
      parts.arg = term;
      if (term !== undefined) parts.texts.push(term.text);
      return term !== undefined;
    }
  }
}

function takeTopic(fn: string, arg: Expr, parts: MemoryParts, context: CheckContext): boolean {
  if (arg.kind === 'text' && arg.value !== '') {
    const fault = topicFault(arg.value);
    if (fault !== undefined) {
      context.report(startOf(arg), 'bad-value', fault.message, fault.remedy);
      return false;
    }
    parts.topic = arg.value;
    parts.texts.push(JSON.stringify(arg.value));
    return true;
  }
  if (arg.kind === 'name') {
    const term = context.term(arg);
    const known = context.scope.signal(arg.name);
    if (term === undefined || known === undefined || known === 'broken') return false;
    parts.topic = known.topic;
    parts.texts.push(arg.name);
    return true;
  }
  const message = `${fn}() takes a topic in quotes or a signal`;
  context.report(startOf(arg), 'type', message, `Write for example ${fn}("/odom"${windowOf(fn)}).`);
  return false;
}

const windowOf = (fn: string): string => (fn === 'rate' ? ', "2s"' : '');

function takeWindow(fn: string, arg: Expr, parts: MemoryParts, context: CheckContext): boolean {
  const isCall = arg.kind === 'call' && arg.fn === 'duration' && arg.args.length === 1;
  const inner = isCall ? arg.args[0] : arg;
  if (inner?.kind !== 'text') {
    const message = `the last argument of ${fn}() is a duration in quotes`;
    const remedy =
      fn === 'min' || fn === 'max'
        ? `Write for example ${fn}(x, "2s"); least(a, b) and greatest(a, b) compare two values.`
        : 'Write for example "2s".';
    context.report(startOf(arg), 'type', message, remedy);
    return false;
  }
  const ns = durationOf(inner.value, inner.at, context);
  if (ns === undefined) return false;
  if (ns < limits.windowLeastNs || ns > limits.windowMostNs) {
    const message = `"${inner.value}" is no window`;
    context.report(inner.at, 'limit', message, 'A window is between 1ms and 24h.');
    return false;
  }
  parts.windowNs = Number(ns);
  parts.texts.push(JSON.stringify(inner.value));
  return true;
}

function arityFits(fn: string, signature: Signature, expr: Call, context: CheckContext): boolean {
  const wanted = signature.args.length;
  if (expr.args.length === wanted) return true;
  const example = callText(fn, signature.args.map(exampleOf));
  context.report(
    expr.at,
    'type',
    `${fn}() takes ${wanted} ${wanted === 1 ? 'argument' : 'arguments'}, not ${expr.args.length}`,
    `Write for example ${example}.`,
  );
  return false;
}

function exampleOf(kind: Argument): string {
  const examples: Readonly<Record<Argument, string>> = {
    double: 'x',
    string: 'mode',
    bool: 'x > 1.0',
    any: 'x',
    topic: '"/odom"',
    window: '"2s"',
    share: '0.95',
    geo: 'pos',
    fence: '"dock"',
    length: '7',
  };
  return examples[kind];
}

/**
 * The type check of what is said of lists: macros and folds. Each becomes one term that the list's
 * own message gives a value, so that no list is kept and none is passed on.
 */
import { type Checked, type FoldFunction, type FoldTerm, termsOf } from './checked.ts';
import { type CheckContext, itemOf, type Scope, startOf } from './context.ts';
import type { Expr, MacroExpr } from './expr.ts';
import { callText, joinText, prefixText } from './text.ts';

type Call = Extract<Expr, { kind: 'call' }>;

/** Items of a list: which of them count, and the number that stands for one. */
interface Items {
  readonly signal: string;
  readonly filters: readonly Checked[];
  /** Of `map`. */
  readonly value: Checked | undefined;
  readonly text: string;
}

/** Functions of one argument that fold a list. */
const folds: ReadonlySet<string> = new Set(['size', 'least', 'greatest', 'sum']);

export function checkMacro(expr: MacroExpr, context: CheckContext): Checked | undefined {
  const { fn, at } = expr;
  const { scope } = context;
  if (fn === 'filter' || fn === 'map') {
    if (itemsOf(expr, context) === undefined) return undefined;
    const message = `${fn}() gives a list`;
    const remedy = 'Fold it with size, least, greatest or sum, or ask exists, all or exists_one.';
    return context.report(startOf(expr), 'type', message, remedy);
  }
  const items = itemsOf(expr.list, context);
  if (items === undefined) return undefined;
  if (items.value !== undefined) {
    const remedy = 'Write the value into the condition, in the place of its name.';
    return context.report(at, 'not-supported', `${fn}() follows map()`, remedy);
  }
  const body = bodyOf(expr, 0, items, context)?.('bool');
  if (body === undefined) return undefined;
  const text = callText(`${items.text}.${fn}`, [expr.variable, body.text]);
  const { signal, filters } = items;
  const one = { kind: 'fold', type: 'bool', signal, text, at } as const;
  switch (fn) {
    case 'exists':
      return known({ ...one, fn, filters: [], body: both('and', [...filters, body]) }, scope);
    case 'all':
      return known({ ...one, fn, filters: [], body: either(filters, body) }, scope);
    case 'exists_one':
      return known({ ...one, fn, filters, body }, scope);
  }
}

/** `size(dets)`, `least(dets.map(d, d.dist))`; undefined when the call is about no list. */
export function checkFold(
  expr: Call,
  context: CheckContext,
): { readonly term: Checked | undefined } | undefined {
  const [arg, ...more] = expr.args;
  if (arg === undefined || more.length > 0 || !folds.has(expr.fn)) return undefined;
  const isList =
    arg.kind === 'macro'
      ? arg.fn === 'filter' || arg.fn === 'map'
      : arg.kind === 'name' && isListName(arg.name, context);
  if (!isList) return undefined;
  const fn = expr.fn as FoldFunction;
  const items = itemsOf(arg, context);
  if (items === undefined) return { term: undefined };
  const { signal, filters, value, at } = { ...items, at: expr.at };
  const text = callText(fn, [items.text]);
  const item: Checked = { kind: 'item', type: 'double', field: '', text: 'item', at };
  const body = fn === 'size' ? undefined : (value ?? item);
  return {
    term: known(
      { kind: 'fold', type: 'double', fn, signal, filters, body, text, at },
      context.scope,
    ),
  };
}

function isListName(name: string, context: CheckContext): boolean {
  if (itemOf(name, context) !== undefined) return false;
  const signal = context.scope.signal(name);
  return signal !== undefined && signal !== 'broken' && signal.type === 'list';
}

/** One slot for equal folds, whichever rules ask. */
function known(term: FoldTerm, scope: Scope): FoldTerm {
  const signal = scope.signal(term.signal);
  const all = signal === 'broken' ? undefined : signal?.folds;
  const before = all?.get(term.text);
  if (before !== undefined) return { ...before, at: term.at };
  all?.set(term.text, term);
  return term;
}

function itemsOf(expr: Expr, context: CheckContext): Items | undefined {
  const { report } = context;
  if (expr.kind === 'macro' && (expr.fn === 'filter' || expr.fn === 'map')) {
    return chainOf(expr, context);
  }
  if (context.variables.length > 0) {
    const message = 'a list inside an item is not looked into';
    const remedy = 'Name one of its items, for example d.results[0].score.';
    return report(startOf(expr), 'not-supported', message, remedy);
  }
  if (expr.kind !== 'name') {
    const remedy =
      'Declare a signal of type list, and write for example dets.exists(d, d.x > 1.0).';
    return report(startOf(expr), 'type', 'macros look at a signal of type list', remedy);
  }
  const signal = context.scope.signal(expr.name);
  if (signal === 'broken') return undefined;
  if (signal?.type === 'list') {
    return { signal: expr.name, filters: [], value: undefined, text: expr.name };
  }
  const term = context.term(expr);
  if (term === undefined) return undefined;
  const remedy = 'Declare it with type: list and the path of the list, without [].';
  return report(expr.at, 'type', `${expr.name} is a ${term.type}, not a list`, remedy);
}

/** `filter` and `map` behind one another. */
function chainOf(expr: MacroExpr, context: CheckContext): Items | undefined {
  const items = itemsOf(expr.list, context);
  if (items === undefined) return undefined;
  if (items.value !== undefined) {
    const remedy = 'Filter before map(), and map once.';
    return context.report(expr.at, 'not-supported', `${expr.fn}() follows map()`, remedy);
  }
  const isMap = expr.fn === 'map';
  const hasTest = !isMap || expr.bodies.length === 2;
  const test = hasTest ? bodyOf(expr, 0, items, context)?.('bool') : undefined;
  const value = isMap
    ? bodyOf(expr, expr.bodies.length - 1, items, context)?.('double')
    : undefined;
  if ((hasTest && test === undefined) || (isMap && value === undefined)) return undefined;
  const texts = [test, value].flatMap((term) => (term === undefined ? [] : [term.text]));
  return {
    signal: items.signal,
    filters: test === undefined ? items.filters : [...items.filters, test],
    value,
    text: callText(`${items.text}.${expr.fn}`, [expr.variable, ...texts]),
  };
}

/** Checks one body of a macro as the type that is asked for. */
function bodyOf(
  expr: MacroExpr,
  place: number,
  items: Items,
  context: CheckContext,
): ((type: 'bool' | 'double') => Checked | undefined) | undefined {
  const body = expr.bodies[place];
  if (body === undefined) return undefined;
  const inner = context.inside({ name: expr.variable, signal: items.signal });
  return (type) => inner.expect(body, type);
}

function both(kind: 'and' | 'or', args: readonly Checked[]): Checked {
  const [first] = args;
  if (args.length === 1 && first !== undefined) return first;
  const text = joinText(kind === 'and' ? '&&' : '||', args);
  return { kind, type: 'bool', args, text, at: first?.at ?? 0 };
}

/** Of all items that count something holds: each is left out, or it holds. */
function either(filters: readonly Checked[], body: Checked): Checked {
  const out = filters.map((arg): Checked => {
    return { kind: 'not', type: 'bool', arg, text: prefixText('!', arg), at: arg.at };
  });
  return both('or', [...out, body]);
}

/**
 * Folds beside the `exists` and `all` of a condition for their margins, where a priority or a
 * sample asks for these; other macros are true or false without one.
 */
export function askMargins(condition: Checked, scope: Scope): void {
  for (const term of termsOf(condition)) {
    if (term.kind !== 'fold' || (term.fn !== 'exists' && term.fn !== 'all')) continue;
    const { body, signal, at } = term;
    const fn = term.fn === 'exists' ? 'highest' : 'lowest';
    const text = `margin of ${term.text}`;
    term.margin = known(
      { kind: 'fold', type: 'double', fn, signal, filters: [], body, text, at },
      scope,
    );
  }
}

/** What the parts of the type check share: the names in scope, the report, and each other. */
import type { Fence } from '../geo/fence.ts';
import type { ProblemCode } from '../problem.ts';
import type { Checked, FoldTerm, ValueType } from './checked.ts';
import type { Expr } from './expr.ts';

export interface KnownSignal {
  readonly type: ValueType;
  readonly unit?: string | undefined;
  readonly topic: string;
  /** An older value is unknown, ns; absent: never too old. */
  readonly maxAgeNs?: number;
  /** Of a model: how often it scores, where no score is missed. */
  readonly everyNs?: bigint;
  /** Of a list: what expressions ask of it, by their text. The type check adds to it. */
  readonly folds?: Map<string, FoldTerm> | undefined;
}

/** The name of the items of a list inside a macro. */
export interface ItemVariable {
  readonly name: string;
  /** The signal that is the list. */
  readonly signal: string;
}

/** What an expression may name. `broken`: declared, with a problem that is reported elsewhere. */
export interface Scope {
  signal(name: string): KnownSignal | 'broken' | undefined;
  readonly names: readonly string[];
  readonly models: readonly string[];
  readonly fences: ReadonlyMap<string, Fence | 'broken'>;
}

type Report = (at: number, code: ProblemCode, message: string, remedy: string) => undefined;

export interface CheckContext {
  readonly scope: Scope;
  readonly report: Report;
  /** What `margin()` measures; undefined where there is nothing to measure. */
  readonly condition: Checked | undefined;
  /** Names of items, the innermost last. */
  readonly variables: readonly ItemVariable[];
  /** The same inside a macro. */
  inside(variable: ItemVariable): CheckContext;
  /** Checks a part of any type. */
  term(expr: Expr): Checked | undefined;
  /** Checks a part that must have this type. */
  expect(expr: Expr, type: ValueType): Checked | undefined;
}

/** The leftmost place of an expression, for messages about all of it. */
export function startOf(expr: Expr): number {
  if (expr.kind === 'macro') return startOf(expr.list);
  if (expr.kind !== 'call') return expr.at;
  return Math.min(expr.at, ...expr.args.map(startOf));
}

const nouns: Readonly<Partial<Record<ValueType, string>>> = { geo: 'a position' };

export const anOf = (type: ValueType): string => nouns[type] ?? `a ${type}`;

/** Values with declared units meet only their own; what has no unit meets everything. */
export function unitsAgree(
  left: Checked,
  right: Checked,
  at: number,
  context: CheckContext,
): boolean {
  if (left.unit === undefined || right.unit === undefined || left.unit === right.unit) return true;
  context.report(
    at,
    'unit',
    `${left.text} is in ${left.unit}, ${right.text} in ${right.unit}`,
    'Convert one side by multiplying it, or correct the unit of the signal.',
  );
  return false;
}

/** The variable that a name begins with, and the field behind it; '' is the item itself. */
export function itemOf(
  name: string,
  context: CheckContext,
): { readonly variable: ItemVariable; readonly field: string } | undefined {
  const end = name.search(/[.[]/);
  const first = end < 0 ? name : name.slice(0, end);
  const variable = context.variables.findLast((one) => one.name === first);
  if (variable === undefined) return undefined;
  const rest = end < 0 ? '' : name.slice(end);
  return { variable, field: rest.startsWith('.') ? rest.slice(1) : rest };
}

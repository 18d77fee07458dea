/** What the parts of the type check share: the names in scope, the report, and each other. */
import type { ProblemCode } from '../problem.ts';
import type { Checked, ValueType } from './checked.ts';
import type { Expr } from './expr.ts';

export interface KnownSignal {
  readonly type: ValueType;
  readonly unit?: string | undefined;
  readonly topic: string;
}

/** What an expression may name. `broken`: declared, with a problem that is reported elsewhere. */
export interface Scope {
  signal(name: string): KnownSignal | 'broken' | undefined;
  readonly names: readonly string[];
  readonly models: readonly string[];
}

type Report = (at: number, code: ProblemCode, message: string, remedy: string) => undefined;

export interface CheckContext {
  readonly scope: Scope;
  readonly report: Report;
  /** What `margin()` measures; undefined where there is nothing to measure. */
  readonly condition: Checked | undefined;
  /** Checks a part of any type. */
  term(expr: Expr): Checked | undefined;
  /** Checks a part that must have this type. */
  expect(expr: Expr, type: ValueType): Checked | undefined;
}

/** The leftmost place of an expression, for messages about all of it. */
export function startOf(expr: Expr): number {
  if (expr.kind !== 'call') return expr.at;
  return Math.min(expr.at, ...expr.args.map(startOf));
}

export const anOf = (type: ValueType): string => `a ${type}`;

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

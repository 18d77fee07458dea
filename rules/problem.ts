/** What is wrong with a rule set, where, and what to do: one line a problem. */
export interface RuleProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** `error`: the rule set does not run. `warning`: it runs, and may not do what is meant. */
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

export type ProblemCode =
  | 'yaml'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing-key'
  | 'wrong-type'
  | 'bad-value'
  | 'duration'
  | 'unit'
  | 'limit'
  | 'not-supported'
  | 'duplicate-id'
  | 'trigger'
  | 'capture'
  | 'expression'
  | 'unknown-signal'
  | 'unknown-function'
  | 'type'
  | 'pattern'
  | 'geofence'
  | 'never-true'
  | 'hold'
  | 'unused'
  | 'unknown-topic'
  | 'unknown-field'
  | 'memory'
  | 'cost'
  | 'budget'
  | 'rate'
  | 'conflict';

/** `file:line:col  code  what  remedy` */
export function problemLine(problem: RuleProblem): string {
  const { file, line, column, code, message, remedy } = problem;
  const kind = problem.severity === 'warning' ? `warning ${code}` : code;
  return `${file}:${line}:${column}  ${kind}  ${message}  ${remedy}`;
}

/** A problem before its place in the file is known: `at` is an offset into an expression. */
export interface ExpressionProblem {
  readonly at: number;
  readonly severity?: 'warning';
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

/** In the order of the file; what stands at the same place keeps its order. */
export function inOrder(problems: readonly RuleProblem[]): RuleProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Collects problems of one document and gives them their places. */
import { Fault, parseDurationNs } from '@fieldloop/core';
import * as limits from './limits.ts';
import type { ExpressionProblem, ProblemCode, RuleProblem } from './problem.ts';
import type { Path, Place, SourceProblem, YamlSource } from './yaml-source.ts';

export interface Report {
  /** At a key, at its value, at a character of an expression, and as found by another part. */
  key(path: Path, code: ProblemCode, message: string, remedy: string): void;
  value(path: Path, code: ProblemCode, message: string, remedy: string): void;
  warn(path: Path, code: ProblemCode, message: string, remedy: string): void;
  expression(path: Path, problem: ExpressionProblem): void;
  found(problem: SourceProblem): void;
  readonly problems: readonly RuleProblem[];
}

export function openReport(file: string, source: YamlSource): Report {
  const problems: RuleProblem[] = [];
  const add = (place: Place, severity: RuleProblem['severity'], rest: Words): void => {
    problems.push({ file, line: place.line, column: place.column, severity, ...rest });
  };
  return {
    key: (path, code, message, remedy) =>
      add(source.keyPlace(path), 'error', { code, message, remedy }),
    value: (path, code, message, remedy) =>
      add(source.valuePlace(path), 'error', { code, message, remedy }),
    warn: (path, code, message, remedy) =>
      add(source.valuePlace(path), 'warning', { code, message, remedy }),
    expression(path, { at, severity, code, message, remedy }) {
      add(source.textPlace(path, at), severity ?? 'error', { code, message, remedy });
    },
    found: ({ line, column, code, message, remedy }) =>
      add({ line, column }, 'error', { code, message, remedy }),
    problems,
  };
}

interface Words {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

/** The nanoseconds of a duration within bounds; 0 after a problem was reported. */
export function durationNs(
  text: string,
  path: Path,
  report: Report,
  bounds: { readonly least?: bigint; readonly most?: bigint } = {},
): bigint {
  const least = bounds.least ?? 0n;
  const most = bounds.most ?? limits.durationMostNs;
  try {
    const ns = parseDurationNs(text);
    if (ns >= least && ns <= most) return ns;
    const message = `${String(path.at(-1))} is ${text}`;
    const remedy =
      ns < least ? `Write at least ${secondsText(least)}.` : `Write at most ${secondsText(most)}.`;
    report.value(path, 'limit', message, remedy);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report.value(path, 'duration', error.message, error.remedy ?? '');
  }
  return 0n;
}

function secondsText(ns: bigint): string {
  return ns % 1_000_000_000n === 0n ? `${ns / 1_000_000_000n}s` : `${Number(ns) / 1e6}ms`;
}

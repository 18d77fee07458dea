/** What is wrong with a query, and where: for people, editors and programs alike. */
import { Fault } from '@fieldloop/core';
import { answeredAs } from '../problem.ts';
import type { Span } from './syntax.ts';

export interface Wrong extends Span {
  /** What is wrong, as a sentence without its end. */
  readonly message: string;
  readonly remedy: string;
}

/** Thrown by the pure parts; the doors turn it into a Fault that names the parameter. */
export class QueryError extends Error {
  readonly text: string;
  readonly wrongs: readonly [Wrong, ...Wrong[]];

  constructor(text: string, wrongs: readonly [Wrong, ...Wrong[]]) {
    super(wrongs[0].message);
    this.name = 'QueryError';
    this.text = text;
    this.wrongs = wrongs;
  }
}

/** Line and column of an offset, both from 1; a column is a UTF-16 unit. */
export function lineAndColumn(text: string, at: number): { line: number; col: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, col: (before.at(-1) ?? '').length + 1 };
}

/** Runs `work`; a wrong query becomes the fault `invalid` at `pointer`, such as `/query/q`. */
export function asInvalid<T>(pointer: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const { text, wrongs } = error;
    const [first] = wrongs;
    const { line, col } = lineAndColumn(text, first.at);
    const more = wrongs.length === 1 ? '' : ` (and ${wrongs.length - 1} more)`;
    const fault = new Fault('invalid', `q ${line}:${col}: ${first.message}${more}`, {
      place: pointer,
      remedy: first.remedy,
    });
    throw answeredAs(fault, {
      errors: wrongs.map((wrong) => ({
        pointer,
        message: wrong.message,
        ...lineAndColumn(text, wrong.at),
        offset: wrong.at,
        length: wrong.length,
      })),
    });
  }
}

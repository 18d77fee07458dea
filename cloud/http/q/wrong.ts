/** A wrong query as the API tells of it: a fault that names the parameter and every place. */
import { Fault, QueryError } from '@fieldloop/core';
import { answeredAs } from '../problem.ts';

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

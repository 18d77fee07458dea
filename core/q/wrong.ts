/** What is wrong with a query, and where: for people, editors and programs alike. */
import type { Span } from './syntax.ts';

export interface Wrong extends Span {
  /** What is wrong, as a sentence without its end. */
  readonly message: string;
  readonly remedy: string;
}

/** Thrown by the pure parts; the doors turn it into a Fault or a problem with its place. */
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

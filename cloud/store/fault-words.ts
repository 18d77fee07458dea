/** A Fault on its way between threads: an error's class and causes do not survive the crossing. */
import { asFault, Fault } from '@fieldloop/core';

export interface FaultWords {
  readonly code: Fault['code'];
  readonly message: string;
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** Of the bug inside an `internal` one. */
  readonly stack: string | undefined;
}

/** Any error: what is no Fault is a bug and becomes `internal`. */
export function wordsOf(error: unknown): FaultWords {
  const { code, message, place, remedy, details, cause } = asFault(error);
  const stack = code === 'internal' && cause instanceof Error ? cause.stack : undefined;
  return { code, message, place, remedy, details, stack };
}

export function faultFrom({ code, message, place, remedy, details, stack }: FaultWords): Fault {
  return new Fault(code, message, { place, remedy, details, cause: stack });
}

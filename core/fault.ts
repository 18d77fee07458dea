/**
 * An expected failure: a code for programs, and a message, a place and a remedy for people.
 * Everything that is not a Fault and not a value is a bug.
 */
export type FaultCode =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'corrupt'
  | 'limited'
  | 'unavailable'
  | 'timeout'
  | 'cancelled'
  | 'internal';

/** What each code means at the doors: HTTP status, exit code of a command, worth a retry. */
export const faultTable: Readonly<
  Record<FaultCode, { readonly http: number; readonly exit: number; readonly retry: boolean }>
> = {
  invalid: { http: 400, exit: 2, retry: false },
  unauthenticated: { http: 401, exit: 3, retry: false },
  forbidden: { http: 403, exit: 3, retry: false },
  not_found: { http: 404, exit: 4, retry: false },
  conflict: { http: 409, exit: 5, retry: false },
  corrupt: { http: 422, exit: 6, retry: false },
  limited: { http: 429, exit: 7, retry: true },
  unavailable: { http: 503, exit: 8, retry: true },
  timeout: { http: 504, exit: 9, retry: true },
  cancelled: { http: 499, exit: 130, retry: false },
  internal: { http: 500, exit: 1, retry: false },
};

export interface FaultParts {
  /** Where: `file:line:column`, `file@byte 123`, or a JSON pointer. */
  readonly place?: string | undefined;
  /** What the reader can do about it, as a full sentence. */
  readonly remedy?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

export class Fault extends Error {
  readonly code: FaultCode;
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: FaultCode, message: string, parts: FaultParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'Fault';
    this.code = code;
    this.place = parts.place;
    this.remedy = parts.remedy;
    this.details = parts.details;
    this.retryAfterMs = parts.retryAfterMs;
  }
}

/** The fault inside an error, or `internal` around a bug, so that a door always has one to show. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new Fault('cancelled', 'stopped on request', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Fault('internal', message, {
    cause: error,
    remedy: 'This is a bug in Fieldloop. Please report it with the log of this process.',
  });
}

/** One line for a person: `place: message. remedy`. */
export function faultLine(fault: Fault): string {
  const place = fault.place === undefined ? '' : `${fault.place}: `;
  const end = /[.!?]$/.test(fault.message) ? '' : '.';
  const remedy = fault.remedy === undefined ? '' : ` ${fault.remedy}`;
  return `${place}${fault.message}${end}${remedy}`;
}

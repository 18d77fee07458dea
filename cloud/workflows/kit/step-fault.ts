/** What a failed effect means: whether it is worth another attempt, and what people read of it. */
import { asFault, Fault, faultTable } from '@fieldloop/core';
import type { StepFault } from './flow.ts';

/** Attempts at an effect that fails in a way nobody foresaw. */
const unknownAttempts = 3;
export const defaultAttempts = 5;

/** A Fault says by its code; everything else is worth two more attempts. */
export function isSpent(error: unknown, attempt: number, attempts: number): boolean {
  if (attempt >= attempts) return true;
  if (!(error instanceof Fault)) return attempt >= unknownAttempts;
  return !faultTable[error.code].retry && error.code !== 'cancelled';
}

export function stepFault(error: unknown, attempts: number): StepFault {
  const fault = asFault(error);
  return {
    code: fault.code,
    message: fault.message,
    ...(fault.remedy !== undefined && { remedy: fault.remedy }),
    attempts,
  };
}

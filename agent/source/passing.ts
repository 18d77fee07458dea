/** Faults of a recording that go by themselves: nothing is lost before the disk gives its bytes. */
import { asFault, type Clock, type Fault, type Log } from '@fieldloop/core';
import { rereadAfterMs } from '../limits.ts';

/** The disk may give its bytes later; what a file holds, or is too much of, stays as it is. */
export const isPassing = ({ code }: Fault): boolean => code === 'unavailable' || code === 'timeout';

export interface Disk {
  /** What `work` gives once the disk lets it; undefined after `tries`, or when the agent stops. */
  ask<T>(path: string, work: () => Promise<T>, tries?: number): Promise<T | undefined>;
  /** Until it is asked again. */
  rest(path: string, error: Fault): Promise<void>;
}

export function openDisk(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Disk {
  const rest = async (path: string, error: Fault): Promise<void> => {
    log.warn('a recording cannot be read now; it is tried again', { path, error });
    // An aborted sleep ends the asking.
    await clock.sleep(rereadAfterMs, signal).catch(() => undefined);
  };
  return {
    rest,
    async ask(path, work, tries = Number.POSITIVE_INFINITY) {
      for (let tried = 1; !signal.aborted; tried += 1) {
        try {
          return await work();
        } catch (error) {
          const fault = asFault(error);
          if (!isPassing(fault)) throw error;
          if (tried >= tries) return undefined;
          await rest(path, fault);
        }
      }
      return undefined;
    },
  };
}

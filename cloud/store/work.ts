/** What the worker's parts are made of: periodic or long work beside the API. */
import type { Clock, Ids, Log, Random, RandomBytes } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import type { Db } from './db.ts';

/** One worker at a time runs the parts: its process holds the lease `worker`. */
export interface WorkerDeps {
  readonly read: Db;
  readonly write: Db;
  readonly bytes: BlobStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
  /** Name of this process. */
  readonly node: string;
}

/**
 * Runs `step` every `everyMs`, the first time at once. A step that fails is logged and comes again:
 * what it did not do is still to be done.
 */
export function openLoop(
  deps: { readonly clock: Clock; readonly log: Log },
  loop: { readonly name: string; readonly everyMs: number },
  step: (signal: AbortSignal) => Promise<void>,
): AsyncDisposable & { /** The next step begins now. */ hurry(): void } {
  const stop = new AbortController();
  let nap = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await step(stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) deps.log.warn('a step failed', { loop: loop.name, cause: error });
      }
      if (stop.signal.aborted) return;
      const waits = AbortSignal.any([stop.signal, nap.signal]);
      await deps.clock.sleep(loop.everyMs, waits).catch(() => undefined);
      if (nap.signal.aborted) nap = new AbortController();
    }
  };
  const ran = run();
  return {
    hurry: () => nap.abort(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ran;
    },
  };
}

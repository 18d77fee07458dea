/** A hint that something in a folder changed; whoever waits looks again in any case. */
import { type FSWatcher, watch } from 'node:fs';
import type { Clock, Log } from '@fieldloop/core';

export interface Changes {
  /** Resolves at a change of the folder, after `ms`, or when `signal` aborts. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

export function openChanges(
  path: string,
  deps: { readonly clock: Clock; readonly log: Log; readonly deep?: boolean },
): Changes {
  let changed = false;
  let wake = (): void => {};
  let watcher: FSWatcher | undefined;
  const begin = (): void => {
    if (watcher !== undefined) return;
    try {
      watcher = watch(path, { recursive: deps.deep === true }, () => {
        changed = true;
        wake();
      });
      watcher.on('error', (error) => {
        deps.log.warn('the folder is not watched; it is looked at again and again', {
          path,
          error,
        });
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      // The folder is not there yet, or there are no watches left: the rescan finds what is new.
    }
  };
  begin();
  return {
    async next(ms, signal) {
      begin();
      if (!changed) {
        const waking = new AbortController();
        wake = () => waking.abort();
        // An aborted sleep is the point of it.
        await deps.clock.sleep(ms, AbortSignal.any([signal, waking.signal])).catch(() => undefined);
      }
      changed = false;
    },
    close: () => watcher?.close(),
  };
}

/**
 * A hint that a file came, went or was renamed in a folder; whoever waits looks again in any case.
 * What a recorder writes into a file is no change here: it writes without end.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log } from '@fieldloop/core';
import { identityOf } from '@fieldloop/recording/file';
import { betweenScansMs, maxWatchedFolders } from '../limits.ts';
import { identityAt } from './growing.ts';

export interface Changes {
  /**
   * Resolves at a change of the folder, after `ms`, or when `signal` aborts; not sooner than a
   * moment after the last time.
   */
  next(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface ChangesDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Folders below it, too. */
  readonly deep?: boolean;
  /** Left out with all below. */
  readonly except?: string | undefined;
}

export function openChanges(path: string, deps: ChangesDeps): Changes {
  const { clock, log, deep = false, except } = deps;
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  let changed = false;
  let wake = (): void => {};
  let lastMs = clock.monotonicMs() - betweenScansMs;
  const noteChange = (): void => {
    changed = true;
    wake();
  };
  const leave = (folder: string): void => {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  };
  /** False when there is nothing to watch, or no watch left: the rescan finds what is new. */
  const begin = (folder: string): boolean => {
    try {
      const identity = identityOf(statSync(folder));
      const watcher = watch(folder, (event) => {
        if (event === 'rename') noteChange();
      });
      watcher.on('error', (error) => {
        log.warn('a folder is not watched; it is looked at again and again', { folder, error });
        leave(folder);
      });
      watchers.set(folder, { watcher, identity });
      return true;
    } catch {
      return false;
    }
  };
  const follow = async (): Promise<void> => {
    const folders = new Set([path, ...(deep ? await foldersBelow(path, except) : [])]);
    for (const folder of watchers.keys()) if (!folders.has(folder)) leave(folder);
    for (const folder of folders) {
      const known = watchers.get(folder)?.identity;
      // A disk that is mounted there, say, is another folder of that name.
      if (known !== undefined && known !== (await identityAt(folder))) leave(folder);
      if (watchers.has(folder) || watchers.size >= maxWatchedFolders) continue;
      // What came into it before the watch began was perhaps not seen.
      if (begin(folder)) changed = true;
    }
  };
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    // An aborted sleep is the point of it.
    await clock.sleep(ms, signal).catch(() => undefined);
  };
  begin(path);
  return {
    async next(ms, signal) {
      await follow();
      if (!changed) {
        const waking = new AbortController();
        wake = () => waking.abort();
        await sleep(ms, AbortSignal.any([signal, waking.signal]));
      }
      const soonMs = lastMs + betweenScansMs - clock.monotonicMs();
      if (soonMs > 0) await sleep(soonMs, signal);
      lastMs = clock.monotonicMs();
      changed = false;
    },
    close() {
      for (const folder of watchers.keys()) leave(folder);
    },
  };
}

/** A folder that cannot be read has none. */
async function foldersBelow(path: string, except: string | undefined): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((folder) => except === undefined || !`${folder}/`.startsWith(`${except}/`));
}

/**
 * Finished recordings of a folder, each content once, in the order of their names. The recorder's
 * files are only read: what is done or broken stands in the buffer's database, by fingerprint.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, matchesGlob, relative } from 'node:path';
import { asFault, type Clock, type Json, type Log } from '@fieldloop/core';
import { openFile } from '@fieldloop/recording/file';
import { abandonedAfterMs, maxFolderFiles, rescanEveryMs, settledAfterMs } from '../limits.ts';
import { readFinished } from './file.ts';
import { fingerprint } from './fingerprint.ts';
import { isFinished } from './finished.ts';
import { unpaced } from './pace.ts';
import type { Source, SourceItem } from './source.ts';

/** What was read, outside of this process; both answer after earlier results are durable. */
interface Positions {
  get(key: string): Promise<Json | undefined>;
  save(key: string, document: Json): Promise<void>;
}

export interface FolderOptions {
  readonly name: string;
  readonly device: string;
  readonly path: string;
  readonly glob: string;
}

export interface FolderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly positions: Positions;
}

interface Candidate {
  readonly path: string;
  /** Size and time of change: while both stay, the file is not looked at again. */
  readonly version: string;
  readonly changedMs: number;
}

export function folderSource(options: FolderOptions, deps: FolderDeps): Source {
  return {
    name: options.name,
    finite: false,
    items: (signal) => folderItems(options, deps, signal),
  };
}

const noneNew = 'no new recording';
const waitingFor = (count: number): string =>
  `${count} recordings are still being written; one without its end is read as it is after ${abandonedAfterMs / 60_000} min without a change`;

async function* folderItems(
  options: FolderOptions,
  deps: FolderDeps,
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  const dealt = new Map<string, string>();
  const changes = openChanges(options.path, deps);
  try {
    while (!signal.aborted) {
      let waits = 0;
      const { found, problem } = await scan(options);
      for (const candidate of found) {
        if (dealt.get(candidate.path) === candidate.version) continue;
        if (!(await isFinished(candidate, deps.clock))) {
          waits += 1;
          continue;
        }
        yield* readOnce(candidate.path, options, deps, signal);
        if (signal.aborted) return;
        dealt.set(candidate.path, candidate.version);
      }
      yield { kind: 'waiting', reason: problem ?? (waits > 0 ? waitingFor(waits) : noneNew) };
      await changes.next(waits > 0 ? settledAfterMs : rescanEveryMs, signal);
    }
  } finally {
    changes.close();
  }
}

/** Reads the file unless its content was read before; a broken one is noted and not tried again. */
async function* readOnce(
  path: string,
  options: FolderOptions,
  deps: FolderDeps,
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  const key = await positionKey(path, options, deps.log);
  if (key === undefined || (await deps.positions.get(key)) !== undefined) return;
  let broken: string | undefined;
  for await (const item of readFinished({ ...options, path, pace: unpaced }, signal)) {
    if (item.kind === 'end') broken = item.fault?.message;
    yield item;
  }
  if (signal.aborted) return;
  const state = broken === undefined ? 'read' : 'quarantined';
  await deps.positions.save(key, { state, recording: path, ...(broken && { reason: broken }) });
}

async function positionKey(
  path: string,
  options: FolderOptions,
  log: Log,
): Promise<string | undefined> {
  try {
    await using file = await openFile(path);
    return `${options.name}/${await fingerprint(file)}`;
  } catch (error) {
    const fault = asFault(error);
    log.warn('a recording cannot be opened', { path, error: fault });
    return undefined;
  }
}

async function scan(options: FolderOptions): Promise<{ found: Candidate[]; problem?: string }> {
  const recursive = options.glob.includes('/');
  let names: string[];
  try {
    const entries = await readdir(options.path, { recursive, withFileTypes: true });
    names = entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => relative(options.path, join(entry.parentPath, entry.name)))
      .filter((name) => matchesGlob(name, options.glob))
      .sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { found: [], problem: `the folder ${options.path} cannot be read (${code})` };
  }
  const found: Candidate[] = [];
  for (const name of names.slice(0, maxFolderFiles)) {
    const path = join(options.path, name);
    // A file that went away between the two calls is simply not there.
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile() !== true) continue;
    const version = `${status.size}:${status.mtimeMs}`;
    found.push({ path, version, changedMs: status.mtimeMs });
  }
  if (names.length <= maxFolderFiles) return { found };
  const problem = `the folder ${options.path} has more than ${maxFolderFiles} recordings; the first are read`;
  return { found, problem };
}

interface Changes {
  /** Resolves at a change of the folder, after `ms`, or when `signal` aborts. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

function openChanges(path: string, deps: Pick<FolderDeps, 'clock' | 'log'>): Changes {
  let changed = false;
  let wake = (): void => {};
  let watcher: FSWatcher | undefined;
  const begin = (): void => {
    if (watcher !== undefined) return;
    try {
      watcher = watch(path, () => {
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

/**
 * Starts that did not come to anything: after three in five minutes the agent starts with uplink
 * and update alone, so that what breaks it can be taken back from afar.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log } from '@fieldloop/core';
import { asDiskFault } from './buffer/disk.ts';
import { replaceFile } from './durable-file.ts';
import { failedStartsWithinMs, maxFailedStarts } from './limits.ts';
import { makeFolder } from './make-folder.ts';

export interface Starts {
  /** Too many starts failed lately: run with as little as can be. */
  readonly isSafe: boolean;
  /** Starts that failed lately. */
  readonly failed: number;
  /** This start came to something, or ended because it was asked to: the count begins anew. */
  proven(): Promise<void>;
}

/** Counts this start; a disk that refuses counts nothing. */
export async function countStart(
  folder: string,
  deps: { readonly clock: Pick<Clock, 'now'>; readonly log: Log },
): Promise<Starts> {
  const path = join(folder, 'starts.json');
  const now = deps.clock.now();
  // A clock that jumped makes starts old or future ones: neither counts.
  const recent = (await read(path)).filter((at) => Math.abs(now - at) < failedStartsWithinMs);
  const write = async (starts: readonly number[]): Promise<void> => {
    try {
      await makeFolder(folder, 0o750);
      await replaceFile(path, JSON.stringify({ starts }));
    } catch (error) {
      deps.log.warn('starts of the agent cannot be counted', { error: asDiskFault(path, error) });
    }
  };
  await write([...recent, now].slice(-maxFailedStarts));
  return {
    isSafe: recent.length >= maxFailedStarts,
    failed: recent.length,
    proven: () => write([]),
  };
}

async function read(path: string): Promise<readonly number[]> {
  try {
    const { starts } = JSON.parse(await readFile(path, 'utf8')) as { starts?: unknown };
    return Array.isArray(starts) ? starts.filter((at) => typeof at === 'number') : [];
  } catch {
    // None yet, or not readable: nothing failed that anybody knows of.
    return [];
  }
}

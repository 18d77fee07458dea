/** From the paths of a command line to sessions: which files are splits of one recording. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Fault } from '@fieldloop/core';
import { bySplit, continues, type SplitName, splitName } from '@fieldloop/recording';
import { listedNames } from '@fieldloop/recording/folder';
import type { SessionPlan } from './protocol.ts';

const endings = /\.(mcap|bag|db3)$/;
/** Recordings of one backtest; a fleet's archive belongs into the cloud. */
const mostRecordings = 10_000;

interface Found {
  readonly path: string;
  /** The same for one file, however it is named. */
  readonly inode: string;
  readonly bytes: number;
  /** As `metadata.yaml` beside it numbers it; absent: as its name does. */
  readonly split?: SplitName | undefined;
}

/** Folders give the recordings in them. Each file counts once, whatever names it. */
export async function findSessions(
  paths: readonly string[],
  device: string | undefined,
): Promise<SessionPlan[]> {
  const found = new Map<string, Found>();
  for (const path of paths) {
    for (const one of await recordingsAt(path)) {
      if (isBetterNamed(one, found.get(one.inode))) found.set(one.inode, one);
    }
  }
  if (found.size === 0) {
    throw new Fault('not_found', 'there is no recording', {
      place: paths.join(', '),
      remedy: 'Name files, or folders with .mcap, .bag or .db3 files.',
    });
  }
  if (found.size > mostRecordings) {
    throw new Fault('limited', `${found.size} recordings are more than ${mostRecordings}`, {
      remedy: 'Name fewer at a time.',
    });
  }
  return sessionsOf([...found.values()]).map((session): SessionPlan => {
    const files = session.map(({ path, bytes }) => ({ path, bytes }));
    const name = files[0]?.path ?? '';
    return { name, device: device ?? name, files };
  });
}

/** Of two names of a file the first counts, unless the other alone says which split it is. */
function isBetterNamed(one: Found, before: Found | undefined): boolean {
  const isSplit = ({ path, split }: Found): boolean =>
    (split ?? splitName(resolve(path))).index !== undefined;
  return before === undefined || (isSplit(one) && !isSplit(before));
}

async function recordingsAt(path: string): Promise<Found[]> {
  const own = await fileAt(path);
  if (!own.isFolder) return [own];
  const { names, closed } = await namesIn(path);
  const inside = names.sort().map(async (name) => ({ name, ...(await fileIn(path, name)) }));
  const files = await Promise.all(inside);
  const listed = await listedNames(
    path,
    files.map(({ name }) => name),
  );
  const recordings = files.map(({ name, ...file }): Found => {
    const split = listed.get(name);
    return { ...file, split: split && { ...split, series: resolve(path, split.series) } };
  });
  // That it may not be read is told when it is read, as of a file.
  return [...recordings, ...closed.map((name) => unknownFile(join(path, name)))];
}

interface Names {
  /** Of recordings in the folder and below it. */
  readonly names: string[];
  /** Folders below it that may not be read. */
  readonly closed: string[];
}

/** Links are followed, and no folder twice. */
async function namesIn(folder: string): Promise<Names> {
  const found: Names = { names: [], closed: [] };
  const seen = new Set<string>();
  const walk = async (below: string): Promise<void> => {
    const path = join(folder, below);
    const own = await statusOf(path);
    if (own === undefined || seen.has(own.inode)) return;
    seen.add(own.inode);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const name = join(below, entry.name);
      if (await isFolderAt(folder, name, entry)) {
        await walk(name).catch(() => void found.closed.push(name));
      } else if (endings.test(name)) found.names.push(name);
    }
  };
  try {
    await walk('');
  } catch (cause) {
    throw new Fault('forbidden', 'a folder may not be read', {
      place: folder,
      remedy: 'Give this user the right to it (chmod, chown).',
      cause,
    });
  }
  return found;
}

const isFolderAt = async (folder: string, name: string, entry: Dirent): Promise<boolean> =>
  entry.isDirectory() ||
  (entry.isSymbolicLink() && (await statusOf(join(folder, name)))?.isFolder === true);

type FoundHere = Found & { readonly isFolder: boolean };

/** A name that leads nowhere is told when it is read: the others of its folder count. */
async function fileIn(folder: string, name: string): Promise<FoundHere> {
  const path = join(folder, name);
  return (await statusOf(path)) ?? unknownFile(path);
}

const unknownFile = (path: string): FoundHere => ({
  path,
  inode: path,
  bytes: 0,
  isFolder: false,
});

async function fileAt(path: string): Promise<FoundHere> {
  const status = await statusOf(path);
  if (status === undefined) {
    throw new Fault('not_found', 'there is no such file', {
      place: path,
      remedy: 'Check the path; relative paths start where the command was called.',
    });
  }
  return status;
}

async function statusOf(path: string): Promise<FoundHere | undefined> {
  const status = await stat(path, { bigint: true }).catch(() => undefined);
  if (status === undefined) return undefined;
  const { dev, ino, size } = status;
  const isFolder = status.isDirectory();
  return { path, inode: `${dev}:${ino}`, bytes: Number(size), isFolder };
}

/**
 * Splits as recorders name them, `run_0.mcap`, `run_1.mcap`, by number; every other file is a
 * session of its own. Whether splits follow each other in time is seen when they are read.
 */
export function sessionsOf<
  F extends { readonly path: string; readonly split?: SplitName | undefined },
>(files: readonly F[]): F[][] {
  const nameOf = ({ path, split }: F): SplitName => split ?? splitName(resolve(path));
  const groups = Map.groupBy(files, (file) => nameOf(file).series);
  return [...groups.values()].flatMap((group) => {
    const sessions: F[][] = [];
    let before: F | undefined;
    for (const next of group.toSorted((a, b) => bySplit(nameOf(a), nameOf(b)))) {
      const goesOn = before !== undefined && continues(nameOf(before), nameOf(next));
      if (goesOn) sessions.at(-1)?.push(next);
      else sessions.push([next]);
      before = next;
    }
    return sessions;
  });
}

/** The recordings of a folder, in the order in which they were recorded as far as names tell. */
import { readdir, stat } from 'node:fs/promises';
import { join, matchesGlob, relative } from 'node:path';
import { bySplit, type SplitName, splitName } from '@fieldloop/recording';
import { identityOf } from '@fieldloop/recording/file';
import { listedNames } from '@fieldloop/recording/folder';
import { maxFolderFiles } from '../limits.ts';

export interface Candidate {
  readonly path: string;
  readonly split: SplitName;
  /** Size and time of change: while both stay, the file is not looked at again. */
  readonly version: string;
  readonly sizeBytes: number;
  readonly changedMs: number;
  /** As `OpenFile` tells it. */
  readonly identity: string;
}

export interface Scan {
  readonly found: readonly Candidate[];
  /** Why the folder gives nothing, or not all. */
  readonly problem?: string;
  /** The folder is there and may not be read. */
  readonly isForbidden?: boolean;
  /** There are more than are looked at. */
  readonly isPartial?: boolean;
  /** Recordings that were packed whole, as rosbag2 does it with `--compression-mode file`. */
  readonly packed?: readonly string[];
}

interface Place {
  readonly path: string;
  readonly glob: string;
  /** Left out with all below. */
  readonly except?: string | undefined;
  readonly mostFiles?: number | undefined;
}

const packedEnd = /\.zstd$/;

export async function scan(folder: Place): Promise<Scan> {
  let names: string[];
  try {
    names = await namesIn(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const problem = `the folder ${folder.path} cannot be read (${code})`;
    return { found: [], problem, isForbidden: code === 'EACCES' || code === 'EPERM' };
  }
  const { mostFiles = maxFolderFiles } = folder;
  const kept = names.filter((name) => matchesGlob(name.replace(/\.active$/, ''), folder.glob));
  const packed = names
    .filter((name) => packedEnd.test(name) && matchesGlob(name.replace(packedEnd, ''), folder.glob))
    .sort();
  const found: Candidate[] = [];
  const listed = await listedNames(folder.path, kept);
  // Names that tell the time have the newest last.
  for (const name of kept.sort().slice(-mostFiles)) {
    const path = join(folder.path, name);
    // A file that went away between the two calls is simply not there.
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile() !== true) continue;
    const { size: sizeBytes, mtimeMs: changedMs } = status;
    const version = `${sizeBytes}:${changedMs}`;
    const split = listed.get(name) ?? splitName(name);
    found.push({ path, split, version, sizeBytes, changedMs, identity: identityOf(status) });
  }
  found.sort((a, b) => bySplit(a.split, b.split));
  if (kept.length <= mostFiles) return { found, packed };
  const problem = `the folder ${folder.path} has ${kept.length} recordings; the last ${mostFiles} by name are looked at`;
  return { found, packed, problem, isPartial: true };
}

async function namesIn({ path, glob, except }: Place): Promise<string[]> {
  const entries = await readdir(path, { recursive: glob.includes('/'), withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .filter(({ parentPath }) => except === undefined || !`${parentPath}/`.startsWith(`${except}/`))
    .map((entry) => relative(path, join(entry.parentPath, entry.name)));
}

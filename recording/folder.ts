/**
 * A recording as people name it: a file, a folder of rosbag2, or the files of one recording. A
 * door of this room for processes that have a disk.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault } from '@fieldloop/core';
import { openFile } from './file.ts';
import { metadataYamlBytes, splits as mostSplits } from './limits.ts';
import { bySplit, continues, listedSplits, type SplitName, splitName } from './split-name.ts';
import type { Split, SplitRecording } from './splits.ts';

const recordings = /\.(mcap|bag|db3)$/;
const listing = 'metadata.yaml';

/**
 * Finds the files of one recording and their order; nothing stays open. Several paths are its
 * splits. Fault `invalid` when they are of more than one recording.
 */
export async function openRecording(paths: string | readonly string[]): Promise<SplitRecording> {
  const [path = '', ...more] = typeof paths === 'string' ? [paths] : paths;
  const isFolder = more.length === 0 && (await statusOf(path)).isDirectory();
  return isFolder ? await folderAt(path) : await recordingOf(path, { paths: [path, ...more] });
}

/** What the folder's `metadata.yaml` says; nothing without one. */
interface Stated {
  readonly files: readonly string[];
  readonly messages: number | undefined;
}

async function folderAt(folder: string): Promise<SplitRecording> {
  const names = await readdir(folder);
  const stated = await statedIn(folder);
  // A recorder lists names of its own folder; older ones put the folder before them.
  const listed = stated.files.map((file) => basename(file));
  const there = names.filter((name) => recordings.test(name) || listed.includes(name));
  if (there.length === 0) {
    throw new Fault('not_found', 'the folder holds no recording', {
      place: folder,
      remedy: 'Name a file, or a folder with .mcap, .bag or .db3 files.',
    });
  }
  const missing = listed.filter((name) => !there.includes(name)).map((name) => join(folder, name));
  const paths = there.map((name) => join(folder, name));
  const found = await recordingOf(folder, { paths, named: await listedNames(folder, there) });
  return { ...found, missing, statedMessages: stated.messages };
}

async function recordingOf(
  name: string,
  { paths, named }: { readonly paths: readonly string[]; readonly named?: SplitNames },
): Promise<SplitRecording> {
  if (paths.length > mostSplits) {
    throw new Fault('limited', `${paths.length} files are more than ${mostSplits}`, {
      place: name,
      remedy: 'Give fewer at a time.',
    });
  }
  const ordered = paths
    .map((path) => ({ path, split: named?.get(basename(path)) ?? splitName(resolve(path)) }))
    .sort((a, b) => bySplit(a.split, b.split));
  for (const [i, next] of ordered.entries()) {
    const before = ordered[i - 1];
    if (before === undefined || continues(before.split, next.split)) continue;
    const [one, other] = [before.path, next.path].map((path) => basename(path));
    throw new Fault('invalid', `holds more than one recording: ${one} and ${other}`, {
      place: name,
      remedy: 'Name one file, or the splits of one recording (run_0.mcap run_1.mcap).',
    });
  }
  const splits = await Promise.all(ordered.map(async ({ path }) => await splitAt(path)));
  const size = splits.reduce((sum, split) => sum + split.size, 0);
  return { name, size, splits, missing: [] };
}

export type SplitNames = ReadonlyMap<string, SplitName>;

/**
 * Files below a folder whose names do not number them, by the `metadata.yaml` that lies beside
 * each; `names` are relative to the folder.
 */
export async function listedNames(folder: string, names: readonly string[]): Promise<SplitNames> {
  const listed = new Map<string, SplitName>();
  const bare = names.filter((name) => splitName(name).index === undefined);
  for (const dir of new Set(bare.map((name) => dirname(name)))) {
    const { files } = await statedIn(join(folder, dir));
    for (const [index, file] of files.entries()) {
      const name = join(dir, file);
      if (splitName(name).index !== undefined) continue;
      listed.set(name, { series: join(dir, listing), index, begun: '' });
    }
  }
  return listed;
}

async function splitAt(path: string): Promise<Split> {
  const { size } = await statusOf(path);
  return { name: path, size, open: async () => await openFile(path) };
}

async function statusOf(path: string) {
  try {
    return await stat(path);
  } catch {
    // Opening it tells why in the words of files.
    await using _ = await openFile(path);
    return await stat(path);
  }
}

async function statedIn(folder: string): Promise<Stated> {
  const path = join(folder, listing);
  const text = await stat(path)
    .then(async ({ size }) => (size > metadataYamlBytes ? '' : await readFile(path, 'utf8')))
    .catch(() => '');
  // Counts of topics are indented more than that of the whole.
  const count = /^ {1,2}message_count: *(\d{1,15})\s*$/m.exec(text)?.[1];
  return { files: listedSplits(text), messages: count === undefined ? undefined : Number(count) };
}

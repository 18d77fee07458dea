/**
 * Goal: a folder whose files come and go for months forgets those that went, and reads none twice.
 * Method: a folder whose files are renamed and removed, and what is said of its positions.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderSource } from './folder.ts';
import type { SourceItem } from './source.ts';
import { writeRecording } from './testing.ts';

let folder = '';
const known = new Map<string, Json>();
const kept: string[][] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-folder-'));
  known.clear();
  kept.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

const write = (name: string, i: number): Promise<void> =>
  writeRecording(at(name), [{ topic: '/odom', atNs: BigInt(i) * 1_000_000_000n, value: { i } }]);

/** One look at the folder by an agent that starts; gives the recordings that were read. */
async function look(
  isEnough = (item: SourceItem): boolean => item.kind === 'waiting',
  more: { mostFiles?: number } = {},
): Promise<string[]> {
  const stopping = new AbortController();
  const positions = {
    get: async (key: string) => await Promise.resolve(known.get(key)),
    save: async (key: string, document: Json) =>
      await Promise.resolve(void known.set(key, document)),
    keep: async (_: string, paths: readonly string[]) =>
      await Promise.resolve(void kept.push([...paths])),
  };
  const source = folderSource(
    { name: 'bags', device: 'amr', path: folder, glob: '*.mcap', follow: false, ...more },
    { clock: { ...systemClock, now: () => 7 }, log: silentLog, positions },
  );
  const read: string[] = [];
  for await (const item of source.items(stopping.signal)) {
    if (item.kind === 'begin') read.push(item.session.recording);
    if (isEnough(item)) stopping.abort();
  }
  return read;
}

test('a start says which recordings are there, after it knows under which names', async () => {
  for (const [i, name] of ['a.mcap', 'b.mcap', 'c.mcap'].entries()) await write(name, i + 1);
  expect(await look()).toEqual([at('a.mcap'), at('b.mcap'), at('c.mcap')]);
  expect(kept).toEqual([[at('a.mcap'), at('b.mcap'), at('c.mcap')]]);
  expect([...known.values()]).toContainEqual({
    state: 'read',
    recording: at('a.mcap'),
    readMs: 7,
  });
  renameSync(at('a.mcap'), at('d.mcap'));
  rmSync(at('b.mcap'));
  expect(await look()).toEqual([]);
  expect(kept.at(-1)).toEqual([at('c.mcap'), at('d.mcap')]);
  expect([...known.values()].map((one) => (one as { recording: string }).recording)).toEqual([
    at('d.mcap'),
    at('b.mcap'),
    at('c.mcap'),
  ]);
});

test('of more files than are looked at the last by name are read, and it is told', async () => {
  for (const [i, name] of ['a.mcap', 'b.mcap', 'c.mcap'].entries()) await write(name, i + 1);
  const told: SourceItem[] = [];
  const looks = () => told.filter(({ kind }) => kind === 'waiting').length;
  const enough = (item: SourceItem): boolean => {
    told.push(item);
    // Another look.
    if (item.kind === 'waiting') writeFileSync(at(`note-${looks()}`), '');
    return looks() === 2;
  };
  expect(await look(enough, { mostFiles: 2 })).toEqual([at('b.mcap'), at('c.mcap')]);
  const reason = `the folder ${folder} has 3 recordings; the last 2 by name are looked at`;
  expect(told).toContainEqual({ kind: 'waiting', reason });
  const text = `${reason}. Move away what was read, or narrow "glob".`;
  expect(told.filter(({ kind }) => kind === 'notice')).toEqual([
    { kind: 'notice', name: 'recordings_left_out', text },
  ]);
  // What is not looked at is not forgotten.
  expect(kept).toEqual([]);
});

test('recordings that were packed whole are told of once, with the remedy', async () => {
  for (const name of ['a.mcap.zstd', 'b.mcap.zstd', 'c.txt.zstd']) writeFileSync(at(name), '');
  const told: SourceItem[] = [];
  const looks = () => told.filter(({ kind }) => kind === 'waiting').length;
  await look((item) => {
    told.push(item);
    if (item.kind === 'waiting') writeFileSync(at(`note-${looks()}`), '');
    return looks() === 2;
  });
  expect(told.filter(({ kind }) => kind === 'notice')).toEqual([
    {
      kind: 'notice',
      name: 'recordings_packed',
      text: expect.stringMatching(/^a\.mcap\.zstd and 1 more are packed .* `zstd -d`/),
    },
  ]);
});

test('an empty folder, as that of a disk that is not there, forgets nothing', async () => {
  await look();
  expect(kept).toEqual([]);
});

/**
 * Goal: a recorder that is killed in the middle of a write costs what was not whole, and nothing
 * else: what is whole is delivered, the break is told of, and its next recording is read.
 * Method: a recorder process of its own, killed with SIGKILL after a seeded number of its chunks.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { openMcapParser } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { folderSource } from './folder.ts';
import type { SourceItem } from './source.ts';

const program = join(import.meta.dirname, 'tail-writer.cases.ts');

/** Numbers of the messages in what a parser gives of these bytes. */
function numbersIn(items: readonly { readonly kind: string }[]): number[] {
  return (items as readonly SourceItem[]).flatMap((item) => {
    if (item.kind !== 'block') return [];
    const { block } = item;
    return Array.from({ length: block.count }, (_, i) => {
      const text = Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString();
      return (JSON.parse(text) as { i: number }).i;
    });
  });
}

test.each([1, 2])('a recorder killed at seed %i, then one that begins anew', async (seed) => {
  const folder = mkdtempSync(join(tmpdir(), 'fl-killed-'));
  const random = seededRandom(seed);
  const known = new Map<string, Json>();
  const positions = {
    get: async (key: string) => await Promise.resolve(known.get(key)),
    save: async (key: string, document: Json) =>
      await Promise.resolve(void known.set(key, document)),
    keep: async () => await Promise.resolve(),
  };
  let ms = 0;
  let isOver = false;
  // Waiting for dead recorders is quick; the wall clock of files is ahead, too, so that a rest is
  // one. A living one that a busy machine holds up has not rested for long.
  const clock = {
    now: () => systemClock.now() + ms,
    monotonicMs: () => systemClock.monotonicMs() + ms,
    async sleep(asked: number, signal?: AbortSignal) {
      if (isOver && asked < 1_000) ms += asked * 20;
      await systemClock.sleep(1, signal);
    },
  };
  const options = { name: 'main', device: 'amr', path: folder, glob: '*.mcap', follow: true };
  const source = folderSource(options, { clock, log: silentLog, positions });
  const stopping = new AbortController();
  const items: SourceItem[] = [];
  const first = join(folder, 'a.mcap');
  const recorder = spawn(process.execPath, [program, first, '3000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = once(recorder, 'exit');
  let left = 1 + random.integer(8);
  recorder.stdout.on('data', () => {
    left -= 1;
    if (left === 0) recorder.kill('SIGKILL');
  });
  const next = async (): Promise<void> => {
    await over;
    const second = spawn(process.execPath, [program, join(folder, 'b.mcap'), '300', '90000']);
    await once(second, 'exit');
    isOver = true;
  };
  const ended = next();
  for await (const item of source.items(stopping.signal)) {
    items.push(item);
    if (item.kind !== 'waiting') continue;
    const whole = items.filter((one) => one.kind === 'end' && one.fault === undefined);
    if (numbersIn(items).at(-1) === 90_299 && whole.length > 0) stopping.abort();
  }
  await ended;
  const parser = openMcapParser(first);
  const there = numbersIn(parser.push(new Uint8Array(readFileSync(first))));
  expect(numbersIn(items).filter((i) => i < 90_000)).toEqual(there);
  const ends = items.flatMap((item) => (item.kind === 'end' ? [item.fault?.code ?? 'whole'] : []));
  // A recorder that was quicker than its killer ended its file.
  expect(ends).toEqual([parser.isDone ? 'whole' : 'corrupt', 'whole']);
  rmSync(folder, { recursive: true });
});

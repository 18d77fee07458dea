/**
 * Goal: a sketch shows every spike of a signal within the bytes that go up with a manifest, and
 * takes no more memory for more messages.
 * Method: windows made by hand, their sketches unpacked again; the heap while one is drawn.
 */
import { gunzipSync } from 'node:zlib';
import { seededRandom, silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { previewBytes } from '../clip-limits.ts';
import { collectGarbage } from '../collect.ts';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import type { WindowBlock } from '../window/entry.ts';
import { openLoading } from '../window/loading.ts';
import { blockOf } from '../window/testing.ts';
import { openWindow } from '../window/window.ts';
import { sketchOf } from './sketch.ts';

const ms = 1_000_000n;

interface Drawn {
  readonly stepMs: number;
  readonly signals: readonly { readonly name: string; readonly values: (number | null)[] }[];
}

const signalsOf = (names: readonly string[]) =>
  names.map((name) => ({ name, topic: '/a', path: name, reduce: undefined, unit: undefined }));

async function draw(valueAt: (i: number) => unknown, count: number, names = ['v']) {
  const window = openWindow({ ns: 1_000_000n * ms, memoryBytes: 1e9 }, { log: silentLog });
  window.addChannel(jsonChannel(1, '/a'));
  const messages = Array.from({ length: count }, (_, i) => ({
    channelId: 1,
    atNs: BigInt(i) * 10n * ms,
    data: jsonBytes(valueAt(i)),
  }));
  window.addBlock(blockOf(messages));
  const { channels, held } = window;
  const signals = signalsOf(names);
  const wish = { startNs: 0n, endNs: BigInt(count) * 10n * ms, signals, scores: [] };
  using loading = openLoading();
  const bytes = await sketchOf(wish, { channels, held, loading, records: [] });
  const text = bytes === undefined ? undefined : gunzipSync(bytes).toString();
  return { bytes, drawn: text === undefined ? undefined : (JSON.parse(text) as Drawn) };
}

test('one spike among ten thousand values is drawn, at its time', async () => {
  const { drawn } = await draw((i) => ({ v: i === 7_777 ? -50 : 1 }), 10_000);
  const [line] = drawn?.signals ?? [];
  expect(line?.values.length).toBe(256);
  const at = line?.values.indexOf(-50) ?? -1;
  expect(Math.abs(at * (drawn?.stepMs ?? 0) - 77_770)).toBeLessThan(400);
  expect(new Set(line?.values)).toEqual(new Set([1, -50]));
});

test('sixteen noisy signals fit as well, with fewer points', async () => {
  const random = seededRandom(4);
  const names = Array.from({ length: 16 }, (_, k) => `s${k}`);
  const { bytes, drawn } = await draw(
    () => Object.fromEntries(names.map((name) => [name, random.next()])),
    2_000,
    names,
  );
  expect(bytes?.length).toBeLessThanOrEqual(previewBytes);
  expect(drawn?.signals).toHaveLength(16);
  expect(drawn?.signals[0]?.values.length).toBeLessThan(256);
});

test('what is no number is a gap, and a signal that never is one has no line', async () => {
  const value = (i: number): unknown => (i < 50 ? { v: i } : i < 100 ? { v: 'x' } : {});
  const { drawn } = await draw(value, 200, ['v', 'nothing']);
  expect(drawn?.signals.map(({ name }) => name)).toEqual(['v']);
  expect(drawn?.signals[0]?.values.at(-1)).toBeNull();
  expect((await draw(() => ({}), 10)).bytes).toBeUndefined();
});

test('few readings are drawn as they are', async () => {
  const { drawn } = await draw((i) => ({ v: (i * 7) % 100 }), 100);
  const values = drawn?.signals[0]?.values.filter((value) => value !== null);
  expect(values).toEqual(Array.from({ length: 100 }, (_, i) => (i * 7) % 100));
});

test('sixteen signals at 1 kHz take no more memory for ten seconds than for the first', async () => {
  const names = Array.from({ length: 16 }, (_, k) => `s${k}`);
  const data = jsonBytes(Object.fromEntries(names.map((name, k) => [name, k / 3])));
  const messages = Array.from({ length: 1_000 }, (_, i) => ({
    channelId: 1,
    atNs: BigInt(i) * ms,
    data,
  }));
  const block = blockOf(messages);
  let loaded = 0;
  const heaps: number[] = [];
  const { firstNs, lastNs } = block;
  const second: WindowBlock = {
    count: block.count,
    firstNs,
    lastNs,
    channels: [1],
    sums: new Map([[1, block.data.length]]),
    file: undefined,
    block: undefined,
    async load() {
      loaded += 1;
      if (loaded === 2 || loaded === 10) {
        collectGarbage();
        heaps.push(process.memoryUsage().heapUsed);
      }
      return await Promise.resolve(block);
    },
  };
  const wish = { startNs: 0n, endNs: 1_000n * ms, signals: signalsOf(names), scores: [] };
  const held = Array.from({ length: 10 }, () => second);
  const channels = new Map([[1, jsonChannel(1, '/a')]]);
  using loading = openLoading();
  await sketchOf(wish, { channels, held, loading, records: [] });
  const [early, late = Number.NaN] = heaps;
  expect(late - (early ?? 0)).toBeLessThan(1e6);
});

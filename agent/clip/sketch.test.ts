/**
 * Goal: a sketch shows every spike of a signal within the bytes that go up with a manifest.
 * Method: windows made by hand, their sketches unpacked again.
 */
import { gunzipSync } from 'node:zlib';
import { seededRandom, silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { previewBytes } from '../clip-limits.ts';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { openLoading } from '../window/loading.ts';
import { blockOf } from '../window/testing.ts';
import { openWindow } from '../window/window.ts';
import { sketchOf } from './sketch.ts';

const ms = 1_000_000n;

interface Drawn {
  readonly stepMs: number;
  readonly signals: readonly { readonly name: string; readonly values: (number | null)[] }[];
}

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
  const signals = names.map((name) => ({
    name,
    topic: '/a',
    path: name,
    reduce: undefined,
    unit: undefined,
  }));
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

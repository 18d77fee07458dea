/**
 * Goal: the window never holds more than its bytes and its seconds, and knows what it lost.
 * Method: blocks made by hand; memory is counted as the buffers that they keep alive.
 */
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { maxLatchedBytes } from '../limits.ts';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { blockOf } from './testing.ts';
import { openWindow, type Window } from './window.ts';

const second = 1_000_000_000n;

const block = (atS: number, bytes: number) =>
  blockOf([{ channelId: 1, atNs: BigInt(atS) * second, data: new Uint8Array(bytes) }]);

/** As the lane does it: never more than the limit once a block is taken in. */
async function add(window: Window, atS: number, bytes: number): Promise<void> {
  window.addBlock(block(atS, bytes));
  while (window.isFull) await window.dropOldest();
  await window.forget(undefined);
}

test('seconds: what is older than the span is let go, what a clip needs is not', async () => {
  const window = openWindow({ ns: 10n * second, memoryBytes: 1e9 }, { log: silentLog });
  for (let s = 0; s <= 30; s += 1) await add(window, s, 10);
  expect(window.held).toHaveLength(11);
  expect(window.held[0]?.firstNs).toBe(20n * second);
  window.addBlock(block(31, 10));
  await window.forget(20n * second);
  expect(window.held[0]?.firstNs).toBe(20n * second);
  await window.forget(undefined);
  expect(window.held[0]?.firstNs).toBe(21n * second);
});

test('bytes: never above the limit and one block, whatever comes in', async () => {
  const memoryBytes = 1_000_000;
  const window = openWindow({ ns: 1_000_000n * second, memoryBytes }, { log: silentLog });
  for (let s = 0; s < 2_000; s += 1) {
    const size = (s * 7_919) % 90_000;
    window.addBlock(block(s, size));
    expect(window.bytes).toBeLessThanOrEqual(memoryBytes + 91_000);
    while (window.isFull) await window.dropOldest();
    expect(window.bytes).toBeLessThanOrEqual(memoryBytes);
  }
  expect(window.held.length).toBeGreaterThan(5);
});

test('a block larger than the limit is held alone, because it is being read', async () => {
  const window = openWindow({ ns: 60n * second, memoryBytes: 1_000 }, { log: silentLog });
  await add(window, 1, 10);
  await add(window, 2, 50_000);
  expect(window.held).toHaveLength(1);
  expect(window.heldFromNs).toBe(second + 1n);
});

test('views of one buffer are counted once, until the last of them goes', async () => {
  const window = openWindow({ ns: 10n * second, memoryBytes: 1e9 }, { log: silentLog });
  const whole = block(1, 100_000);
  const later = { ...whole, firstNs: 100n * second, lastNs: 100n * second };
  window.addBlock(whole);
  const alone = window.bytes;
  window.addBlock(later);
  expect(window.bytes).toBe(alone);
  await window.forget(undefined);
  expect(window.held).toHaveLength(1);
  expect(window.bytes).toBe(alone);
  await window.dropOldest();
  expect(window.bytes).toBe(0);
});

test('it knows from when on everything is there', async () => {
  const window = openWindow({ ns: 10n * second, memoryBytes: 1e9 }, { log: silentLog });
  expect(window.heldFromNs).toBeUndefined();
  await add(window, 5, 10);
  expect(window.heldFromNs).toBe(5n * second);
  await add(window, 40, 10);
  expect(window.heldFromNs).toBe(5n * second + 1n);
});

test('the last message of a latched topic outlives its block, as a copy', async () => {
  const window = openWindow({ ns: 10n * second, memoryBytes: 1e9 }, { log: silentLog });
  window.addChannel(jsonChannel(1, '/tf_static', true));
  window.addChannel(jsonChannel(2, '/odom'));
  const at = (s: bigint, channelId: number, value: string) => ({
    channelId,
    atNs: s * second,
    data: jsonBytes(value),
  });
  window.addBlock(blockOf([at(1n, 1, 'old'), at(2n, 2, 'x'), at(3n, 1, 'map')]));
  window.addBlock(blockOf([at(60n, 2, 'y')]));
  expect([...window.latched()]).toEqual([]);
  await window.forget(undefined);
  const kept = [...window.latched()];
  expect(kept).toHaveLength(1);
  expect(kept[0]).toMatchObject({ channelId: 1, logTimeNs: 3n * second });
  expect(Buffer.from(kept[0]?.data ?? []).toString()).toBe('"map"');
});

test('a map that is too large to keep is named as lost, until a smaller one comes', async () => {
  const window = openWindow({ ns: 10n * second, memoryBytes: 1e9 }, { log: silentLog });
  window.addChannel(jsonChannel(1, '/map', true));
  const map = (s: bigint, bytes: number) =>
    blockOf([{ channelId: 1, atNs: s * second, data: new Uint8Array(bytes) }]);
  window.addBlock(map(1n, maxLatchedBytes + 1));
  window.addBlock(map(60n, 8));
  await window.forget(undefined);
  expect([...window.latched()]).toEqual([]);
  expect([...window.lostLatched]).toEqual(['/map']);
  window.addBlock(map(120n, 8));
  await window.forget(undefined);
  expect([...window.latched()]).toHaveLength(1);
  expect([...window.lostLatched]).toEqual([]);
});

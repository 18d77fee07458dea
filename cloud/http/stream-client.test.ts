/**
 * Goal: what waits for one client is bounded whatever it does, and it hurts nobody else.
 * Method: clients of which the test reads the body, or does not; rows that it makes.
 */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { maxStreamBytes, streamReplayBytes, streamStalledBeats, tailRows } from '../limits.ts';
import type { OutboxItem } from '../store/tail.ts';
import { StreamClient } from './stream-client.ts';

const row = (n: number, bytes = 10): OutboxItem => ({
  seq: BigInt(n),
  kind: 'clip.tagged',
  subject: `clp_${n}`,
  at: 1_700_000_000_000,
  body: { tags: 'x'.repeat(bytes) },
});

const rowsAfter = (position: bigint, most: number, bytes?: number): readonly OutboxItem[] => {
  const from = Number(position);
  const count = Math.min(tailRows, most - from);
  return Array.from({ length: Math.max(0, count) }, (_, i) => row(from + 1 + i, bytes));
};

/** Reads until `last` came; gives the numbers of all rows in the order they came in. */
async function readTo(client: StreamClient, last: number): Promise<readonly number[]> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of client.body) {
    text += decoder.decode(part, { stream: true });
    if (text.includes(`id: ${last}\n`) && text.endsWith('\n\n')) break;
  }
  return [...text.matchAll(/^id: (\d+)$/gm)].map(([, n]) => Number(n));
}

test('large rows of the past reach a client that reads, in order', async () => {
  const client = new StreamClient(() => true);
  const most = 2 * tailRows;
  expect(tailRows * 3000).toBeGreaterThan(maxStreamBytes);
  const replayed = client.replay(0n, async (at) => {
    await setImmediate();
    return rowsAfter(at, most, 3000);
  });
  const heard = await readTo(client, most);
  expect(heard).toEqual(Array.from({ length: most }, (_, i) => i + 1));
  await replayed;
});

test('rows that come live while older ones are asked for come once, behind them', async () => {
  const client = new StreamClient(() => true);
  let committed = 3;
  client.live([row(3)]);
  const replayed = client.replay(0n, async (at) => {
    const found = rowsAfter(at, committed);
    await setImmediate();
    // Committed behind the question: only the tail brings it, or the next question.
    if (committed < 6) client.live([row((committed += 1))]);
    return found;
  });
  const heard = readTo(client, 7);
  await replayed;
  client.live([row(6), row(7)]);
  expect(await heard).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a client that reads nothing of the past keeps little, and is cut off', async () => {
  const client = new StreamClient(() => true);
  let asked = 0;
  const replayed = client.replay(0n, async (at) => {
    asked += 1;
    await setImmediate();
    return rowsAfter(at, 1e6, 500);
  });
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  // Two questions hold more than may wait: it is asked once, whatever happens meanwhile.
  for (let n = 0; n < 1000; n += 1) client.live([row(2_000_000 + n)]);
  expect([asked, client.waitingBytes < 2 * streamReplayBytes]).toEqual([1, true]);
  for (let beat = 0; beat <= streamStalledBeats; beat += 1) {
    expect(client.ended.aborted).toBe(false);
    client.beat();
  }
  client.beat();
  expect(client.ended.aborted).toBe(true);
  await replayed;
  await expect(readTo(client, 1)).rejects.toMatchObject({ code: 'limited' });
});

test('a client whose condition breaks ends alone', async () => {
  const broken = new StreamClient(() => {
    throw new TypeError('no such value');
  });
  await broken.replay(0n, async () => await Promise.resolve([]));
  expect(() => broken.live([row(1)])).not.toThrow();
  expect(broken.ended.aborted).toBe(true);
});

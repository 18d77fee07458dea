/**
 * Goal: rows go in order, few at a time, again when nobody answers, and never round a hole.
 * Method: a shelf of rows in memory, a sender on it, and what it published.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import type { LaneRow } from '../buffer/lanes.ts';
import type { RowShelf } from '../buffer/shelves.ts';
import { maxUnstoredBatches, storedTimeoutMs, takenTimeoutMs } from '../limits.ts';
import { openLaneSender } from './lane.ts';

function openShelf(count: number) {
  const shelf = { rows: rowsFrom(1, count), dropped: [] as number[] };
  const rows: Pick<RowShelf, 'ranges' | 'read' | 'offered' | 'drop'> = {
    ranges: () => [
      {
        lane: 'events',
        origin: 5n,
        lowest: shelf.rows[0]?.seq ?? count + 1,
        highest: shelf.rows.at(-1)?.seq ?? count,
      },
    ],
    read: (_lane, seq, most) => shelf.rows.filter((row) => row.seq > seq).slice(0, most.rows),
    offered: () => {},
    drop: (_lane, { seq }) => shelf.dropped.push(seq),
  };
  return { shelf, rows: rows as RowShelf };
}

const rowsFrom = (from: number, to: number): LaneRow[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    seq: from + i,
    count: 1,
    body: Uint8Array.of(from + i),
  }));

function openSender(count: number, rowsPerBatch = 2) {
  const { shelf, rows } = openShelf(count);
  const sent: number[][] = [];
  const trouble: string[] = [];
  const taken: (() => void)[] = [];
  const broken = new Set<number>();
  let isSlow = false;
  const sender = openLaneSender({
    lane: 'events',
    rows,
    batch: { rows: rowsPerBatch, bytes: 1_000 },
    mostUnstored: maxUnstoredBatches,
    encode: (_origin, found) => {
      if (found.some((row) => broken.has(row.seq))) throw new Error('not a row');
      return Uint8Array.from(found.map((row) => row.seq));
    },
    publish: async (payload) => {
      sent.push([...payload]);
      if (isSlow) await new Promise<void>((resolve) => taken.push(resolve));
      return true;
    },
    onBroken: (why) => trouble.push(why),
    onHole: () => trouble.push('hole'),
    log: silentLog,
  });
  /** A link that takes nothing until it is told to. */
  const setSlow = (): void => {
    isSlow = true;
  };
  /** The link takes so many more. */
  const take = async (count: number): Promise<void> => {
    for (const resolve of taken.splice(0, count)) resolve();
    await turn();
  };
  return { shelf, sender, sent, trouble, broken, setSlow, take };
}

test('four batches go ahead of Stored, and each Stored lets the next one go', () => {
  const { sender, sent } = openSender(20);
  sender.pump(0);
  expect(sent).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ]);
  sender.stored(3, 10);
  sender.pump(10);
  expect(sent.slice(4)).toEqual([[9, 10]]);
  sender.stored(10, 20);
  sender.pump(20);
  expect(sent.slice(5).flat()).toEqual([11, 12, 13, 14, 15, 16, 17, 18]);
});

test('silence sends all again that the shelf still holds, and not before its time', async () => {
  const { shelf, sender, sent } = openSender(3);
  sender.pump(0);
  await turn();
  sender.pump(storedTimeoutMs - 1);
  expect(sent).toEqual([[1, 2], [3]]);
  shelf.rows.shift();
  sender.pump(storedTimeoutMs);
  expect(sent.slice(2)).toEqual([[2, 3]]);
});

test('a link that is slow to take what it has is given no second copy', async () => {
  const { sender, sent, setSlow, take } = openSender(20);
  setSlow();
  sender.pump(0);
  for (let ms = 250; ms <= 60_000; ms += 250) sender.pump(ms);
  await take(3);
  for (let ms = 60_000; ms <= 90_000; ms += 250) sender.pump(ms);
  expect(sent).toHaveLength(maxUnstoredBatches);
  // From here on the cloud has its time.
  await take(1);
  sender.pump(90_000 + storedTimeoutMs - 1);
  expect(sent).toHaveLength(maxUnstoredBatches);
  sender.pump(90_000 + storedTimeoutMs);
  expect(sent.slice(maxUnstoredBatches)[0]).toEqual([1, 2]);
  // Words of the first copies make room once; then the link has to move again.
  sender.stored(8, 95_000);
  for (let ms = 95_000; ms <= 150_000; ms += 250) sender.pump(ms);
  expect(sent).toHaveLength(3 * maxUnstoredBatches);
});

test('a link that loses what it was given is sent it again after some minutes', async () => {
  const { sender, sent, setSlow, take } = openSender(3);
  setSlow();
  for (let ms = 0; ms < takenTimeoutMs; ms += 1_000) sender.pump(ms);
  expect(sent).toEqual([[1, 2], [3]]);
  // One that was taken shows that the link goes on.
  await take(1);
  for (let ms = takenTimeoutMs; ms < 2 * takenTimeoutMs; ms += 1_000) sender.pump(ms);
  expect(sent).toHaveLength(2);
  for (let ms = 0; ms <= 2 * storedTimeoutMs; ms += 1_000) sender.pump(2 * takenTimeoutMs + ms);
  expect(sent).toEqual([[1, 2], [3], [1, 2], [3]]);
});

test('a new link sends everything again, whatever the last one had not taken', async () => {
  const { sender, sent, setSlow, take } = openSender(3);
  setSlow();
  sender.pump(0);
  sender.restart();
  sender.pump(1);
  expect(sent).toEqual([[1, 2], [3], [1, 2], [3]]);
  // The end of the last link says nothing of this one.
  await take(2);
  sender.pump(2 * storedTimeoutMs);
  expect(sent).toHaveLength(4);
});

test('a hole behind what was sent is not stepped over', () => {
  const { shelf, sender, sent, trouble } = openSender(4, 1);
  sender.pump(0);
  shelf.rows = rowsFrom(8, 9);
  sender.stored(4, 1);
  sender.pump(1);
  expect(sent).toHaveLength(4);
  expect(trouble).toEqual(['hole']);
  sender.restart();
  sender.pump(2);
  expect(sent.slice(4)).toEqual([[8], [9]]);
});

test('of a batch the one row that cannot be sent is let go, and the lane asks for numbers', () => {
  const { shelf, sender, sent, trouble, broken } = openSender(9, 9);
  broken.add(3);
  sender.pump(0);
  expect(sent).toEqual([[1], [2]]);
  expect(shelf.dropped).toEqual([3]);
  expect(trouble).toEqual(['not a row']);
});

/**
 * Goal: rows go in order, few at a time, again when nobody answers, and never round a hole.
 * Method: a shelf of rows in memory, a sender on it, and what it published.
 */
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import type { LaneRow } from '../buffer/lanes.ts';
import type { RowShelf } from '../buffer/shelves.ts';
import { maxUnstoredBatches, storedTimeoutMs } from '../limits.ts';
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
    drop: (_lane, seq) => shelf.dropped.push(seq),
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
  let isBroken = false;
  const sender = openLaneSender({
    lane: 'events',
    rows,
    batch: { rows: rowsPerBatch, bytes: 1_000 },
    mostUnstored: maxUnstoredBatches,
    encode: (_origin, found) => {
      if (isBroken) throw new Error('not a row');
      return Uint8Array.from(found.map((row) => row.seq));
    },
    publish: (payload) => sent.push([...payload]),
    onBroken: (why) => trouble.push(why),
    onHole: () => trouble.push('hole'),
    log: silentLog,
  });
  const setBroken = (): void => {
    isBroken = true;
  };
  return { shelf, sender, sent, trouble, setBroken };
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

test('silence sends everything again that the shelf still holds, and not before its time', () => {
  const { shelf, sender, sent } = openSender(3);
  sender.pump(0);
  sender.pump(storedTimeoutMs - 1);
  expect(sent).toEqual([[1, 2], [3]]);
  shelf.rows.shift();
  sender.pump(storedTimeoutMs);
  expect(sent.slice(2)).toEqual([[2, 3]]);
});

test('a new link sends everything again', () => {
  const { sender, sent } = openSender(3);
  sender.pump(0);
  sender.restart();
  sender.pump(1);
  expect(sent).toEqual([[1, 2], [3], [1, 2], [3]]);
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

test('a row that cannot be sent is let go, and the lane asks for new numbers', () => {
  const { shelf, sender, sent, trouble, setBroken } = openSender(3);
  setBroken();
  sender.pump(0);
  expect(sent).toEqual([]);
  expect(shelf.dropped).toEqual([1]);
  expect(trouble).toEqual(['not a row']);
});

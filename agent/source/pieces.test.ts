/**
 * Goal: the small parts between files and rules do what they are for: one channel one number,
 * a lag that gives up what nobody reads first, silence that is one, prefixes, bounded inboxes.
 * Method: each by hand; blocks are compared message by message.
 */
import { type Json, seededRandom } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Channel, type MessageBlock, openChannelTable } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import {
  lagChunksMs,
  lagOverMs,
  lagTopicsMs,
  maxReadAheadBytes,
  waitingMessageBytes,
} from '../limits.ts';
import { openInbox } from './inbox.ts';
import { keepChannels, nextLevel, openLag } from './lag.ts';
import { liveBlocks } from './live-block.ts';
import { placeDocument, placeOf, placeOver } from './places.ts';
import { prefixed, unprefixed } from './prefix.ts';
import { openSchemaWatch } from './schema-watch.ts';
import type { SourceItem } from './source.ts';
import { openTail, tailEnd } from './tail.ts';
import { jsonBytes, jsonChannel } from './testing.ts';

const second = 1_000_000_000n;
const withSchema = (id: number, topic: string, name: string, schemaId = 1): Channel => ({
  ...jsonChannel(id, topic),
  schema: { id: schemaId, name, encoding: 'jsonschema', data: new Uint8Array([123, 125]) },
});

const blockOf = (messages: readonly (readonly [id: number, s: number])[]): MessageBlock => {
  const [block] = liveBlocks(
    messages.map(([channelId, s], sequence) => ({
      channelId,
      sequence,
      logTimeNs: BigInt(Math.round(s * 1e3)) * 1_000_000n,
      data: jsonBytes({ s }),
    })),
  );
  if (block === undefined) throw new Error('no block');
  return block;
};

const told = (block: MessageBlock | undefined) =>
  Array.from({ length: block?.count ?? 0 }, (_, i) => [
    block?.channelIds[i],
    Number((block?.baseNs ?? 0n) + BigInt(block?.timesNs[i] ?? 0)) / 1e9,
    Buffer.from(block?.data.subarray(block.starts[i], block.ends[i]) ?? []).toString(),
  ]);

test('files that number their channels in other ways are one session', () => {
  const table = openChannelTable();
  const first = table.open();
  first.take(withSchema(1, '/odom', 'Odom'));
  expect(first.isSame).toBe(true);
  const second_ = table.open();
  // Number 1 is another topic here, and schema 1 another schema.
  expect(second_.take(withSchema(1, '/scan', 'Scan')).channel.id).toBe(2);
  expect(second_.take(withSchema(2, '/odom', 'Odom')).isNew).toBe(false);
  expect(second_.isSame).toBe(false);
  const mapped = second_.block(
    blockOf([
      [1, 1],
      [2, 2],
    ]),
  );
  expect(told(mapped).map(([id]) => id)).toEqual([2, 1]);
  const ids = [...table.channels].map(({ id, topic, schema }) => [id, topic, schema?.id]);
  expect(ids).toEqual([
    [1, '/odom', 1],
    [2, '/scan', undefined],
  ]);
  // What another process gave out is given out again.
  const again = openChannelTable(table.channels).open();
  expect(again.take(withSchema(9, '/scan', 'Scan')).channel.id).toBe(2);
});

test('a place comes back from its document as it was; that of a session that is over does not', () => {
  const place = {
    sessionId: 's',
    profile: 'ros2',
    live: true,
    files: [
      {
        index: 3,
        begun: '',
        opening: 'ab',
        channels: [{ channel: withSchema(1, '/odom', 'Odom'), id: 4 }],
      },
    ],
    offset: 17,
    isDone: false,
    spare: [{ id: 9, name: 'Scan', encoding: 'ros2msg', data: new Uint8Array([1, 2]) }],
    warmOffset: 5,
    state: { a: [1, null] },
  };
  const document = placeDocument(place, 17);
  expect(placeOf(JSON.parse(JSON.stringify(document)) as typeof document)).toEqual(place);
  const { spare: _, ...older } = JSON.parse(JSON.stringify(document)) as Record<string, Json>;
  expect(placeOf(older)).toEqual({ ...place, spare: [] });
  expect(placeOf(placeOver)).toBeUndefined();
  expect(placeOf({ version: 99 })).toBeUndefined();
  const large = { ...place, state: 'x'.repeat(20 * 2 ** 20) };
  expect(placeDocument(large, 17)).toBeUndefined();
});

test('a lag gives up what nobody reads, then everything, until it is over', () => {
  expect(nextLevel(0, lagTopicsMs - 1)).toBe(0);
  expect(nextLevel(0, lagTopicsMs)).toBe(1);
  expect(nextLevel(1, lagChunksMs)).toBe(2);
  expect(nextLevel(2, lagTopicsMs)).toBe(2);
  expect(nextLevel(2, lagOverMs - 1)).toBe(0);
  const lag = openLag((topic) => topic === '/odom');
  lag.channel(jsonChannel(1, '/odom'));
  lag.channel(jsonChannel(2, '/camera'));
  lag.channel(jsonChannel(3, '/map', true));
  const block = blockOf([
    [2, 1],
    [1, 2],
    [3, 3],
    [2, 4],
  ]);
  expect(lag.take(block, 0)).toEqual({ block, dropped: 0 });
  const kept = lag.take(block, lagTopicsMs);
  expect([told(kept.block), kept.dropped]).toEqual([
    [
      [1, 2, '{"s":2}'],
      [3, 3, '{"s":3}'],
    ],
    2,
  ]);
  expect(kept.block).toMatchObject({ firstNs: 2n * second, lastNs: 3n * second });
  expect(lag.take(block, lagChunksMs)).toEqual({ block: undefined, dropped: 4 });
  // The least distance so far is on time.
  expect(lag.lagMs(10_000, blockOf([[1, 5]]), true)).toBe(0);
  expect(lag.lagMs(13_000, blockOf([[1, 6]]), true)).toBe(2_000);
});

test('a recorder whose time goes slower, or steps back, is no lag of who reads all there is', () => {
  const lag = openLag(() => true);
  // At half speed three blocks come together each second, and the last of them is the end.
  const lags = Array.from({ length: 120 }, (_, i) => {
    const atMs = 1_000 * Math.floor(i / 3);
    return lag.lagMs(atMs, blockOf([[1, 10 + i / 6]]), i % 3 < 2);
  });
  expect(Math.max(...lags)).toBeLessThan(lagOverMs);
  for (const s of [28, 26, 24]) {
    expect(lag.lagMs(41_000, blockOf([[1, s]]), false)).toBe(0);
    expect(lag.lagMs(42_000, blockOf([[1, s + 1]]), true)).toBe(0);
  }
});

test('some channels of a block are the messages of these channels, whichever they are', () => {
  const random = seededRandom(4);
  for (let run = 0; run < 50; run += 1) {
    const messages = Array.from(
      { length: 1 + random.integer(60) },
      (_, i) => [random.integer(5), i] as const,
    );
    const block = blockOf(messages);
    const keeps = new Set([random.integer(5), random.integer(5)]);
    const wanted = told(block).filter(([id]) => keeps.has(Number(id)));
    expect(told(keepChannels(block, (id) => keeps.has(id)))).toEqual(wanted);
  }
});

test('silence is what lasted longer than three of the longest chunks', () => {
  const tail = openTail(0);
  expect(tail.silentMs(900)).toBeLessThan(0);
  tail.came(1_000, 400);
  tail.came(1_500, 400);
  expect(tail.silentMs(2_900)).toBeLessThan(0);
  expect(tail.silentMs(3_100)).toBe(100);
  tail.grew(3_000);
  expect(tail.silentMs(3_100)).toBeLessThan(0);
  // The next file of the session has the pace of the one before.
  expect(openTail(5_000, 60_000, tail).silentMs(6_400)).toBeLessThan(0);
});

test('a growing file ends when nobody can be writing it any more', () => {
  const rests = { restedMs: 20_000, isOverdue: true, isReplaced: false, hasNewer: false };
  expect(tailEnd(rests)).toBeUndefined();
  expect(tailEnd({ ...rests, hasNewer: true })).toBe('superseded');
  expect(tailEnd({ ...rests, hasNewer: true, isOverdue: false })).toBeUndefined();
  expect(tailEnd({ ...rests, restedMs: 700_000 })).toBe('abandoned');
  expect(tailEnd({ ...rests, restedMs: undefined })).toBe('deleted');
  expect(tailEnd({ ...rests, restedMs: undefined, isReplaced: true })).toBe('replaced');
});

test('a prefix stands before each topic, and what is asked for goes without it', async () => {
  const given: SourceItem[] = [
    { kind: 'channel', channel: jsonChannel(1, '/odom') },
    { kind: 'channel', channel: jsonChannel(2, 'relative') },
    { kind: 'block', block: blockOf([[1, 1]]), file: { path: '/bags/a.mcap', identity: '1:2' } },
    { kind: 'quiet', ms: 5 },
  ];
  const source = {
    name: 'a',
    finite: true,
    async *items() {
      yield* await Promise.resolve(given);
    },
  };
  const items: SourceItem[] = [];
  for await (const item of prefixed(source, '/left').items(new AbortController().signal)) {
    items.push(item);
  }
  const topics = items.flatMap((item) => (item.kind === 'channel' ? [item.channel.topic] : []));
  expect(topics).toEqual(['/left/odom', '/left/relative']);
  // The file has the topics without it.
  expect(items[2]).toMatchObject({ file: undefined });
  expect(items[3]).toEqual(given[3]);
  const has = unprefixed((topic) => topic === '/left/odom', '/left');
  expect([has('/odom'), has('/left/odom')]).toEqual([true, false]);
});

test('a schema that changes is told of once each time', () => {
  const watch = openSchemaWatch();
  expect(watch.take(withSchema(1, '/odom', 'A'))).toBeUndefined();
  expect(watch.take(withSchema(5, '/odom', 'A', 9))).toBeUndefined();
  expect(watch.take(withSchema(2, '/odom', 'B'))).toMatch(/^\/odom has B after A/);
  expect(watch.take(withSchema(3, '/scan', 'A'))).toBeUndefined();
  expect(watch.take(jsonChannel(2, '/odom'))).toMatch(/json without a schema after B/);
});

test('an inbox drops its oldest messages, counts them, and never what is none', async () => {
  const inbox = openInbox<string>(systemClock);
  const third = Math.ceil(maxReadAheadBytes / 3);
  inbox.put('advertise');
  for (const name of ['a', 'b', 'c', 'd']) inbox.put(name, third);
  expect(inbox.take()).toEqual({ items: ['advertise', 'c', 'd'], dropped: 2 });
  inbox.put('larger than all', 2 * maxReadAheadBytes);
  expect(inbox.take()).toEqual({ items: ['larger than all'], dropped: 0 });
  expect(await inbox.more(1, new AbortController().signal)).toBe(false);
  inbox.end();
  expect([await inbox.more(1, new AbortController().signal), inbox.isOver]).toEqual([true, true]);
});

test.each([0, 8, 2_000])('a flood of messages of %i bytes that nobody takes is bounded', (size) => {
  const inbox = openInbox<number>(systemClock);
  // Also one without a byte has its place in memory.
  const room = Math.floor(maxReadAheadBytes / (size + waitingMessageBytes));
  inbox.put(-1);
  for (let i = 0; i < 2 * room; i += 1) inbox.put(i, size);
  const { items, dropped } = inbox.take();
  expect([items[0], items[1], items.at(-1), items.length]).toEqual([
    -1,
    room,
    2 * room - 1,
    room + 1,
  ]);
  expect(dropped).toBe(room);
});

test('messages that come one by one are taken together', async () => {
  const inbox = openInbox<number>(systemClock);
  const takes: number[] = [];
  for (let i = 0; i < 10; i += 1) setTimeout(() => inbox.put(i, 8), i);
  while (takes.reduce((sum, n) => sum + n, 0) < 10) {
    await inbox.more(1_000, new AbortController().signal);
    takes.push(inbox.take().items.length);
  }
  expect(takes.length).toBeLessThan(5);
});

test('messages years apart are blocks of their own', () => {
  const data = new Uint8Array(1);
  const at = (logTimeNs: bigint) => ({ channelId: 1, sequence: 0, logTimeNs, data });
  const blocks = liveBlocks([at(5n), at(1_700_000_000n * second), at(1_700_000_001n * second)]);
  expect(blocks.map(({ count, firstNs }) => [count, firstNs])).toEqual([
    [1, 5n],
    [2, 1_700_000_000n * second],
  ]);
  expect(liveBlocks([])).toEqual([]);
});

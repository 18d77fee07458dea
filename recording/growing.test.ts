/**
 * Goal: a file that is still being written gives each message once, in order, wherever its bytes
 * end at a look, and reading goes on at a noted place as if it had never stopped.
 * Method: recordings cut at seeded random places and grown; a bag whose chunk headers are filled
 * in later, as the ROS 1 recorder does.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openClipWriter } from './clip/writer.ts';
import { openMcapParser } from './mcap/parser.ts';
import { readRecording } from './read.ts';
import { openGrowingBag } from './rosbag1/growing.ts';
import { chunkRecord, connectionRecord, makeBag, messageRecord } from './testing/bag-maker.ts';
import { memoryFile, memorySink, type PlainMessage, readAll } from './testing/memory-file.ts';
import type { Channel, RecordingItem } from './types.ts';

const said = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({
    channel: (from + i) % 3,
    logTimeNs: 1_700_000_000_000_000_000n + BigInt(from + i) * 1_000_000n,
    data: new Uint8Array(4_000).fill((from + i) & 255),
  }));

async function mcapOf(count: number): Promise<Uint8Array> {
  const sink = memorySink();
  const writer = await openClipWriter(sink, { profile: 'test', library: 'test' });
  for (const [i, { channel, logTimeNs, data }] of said(count).entries()) {
    if (i < 3) {
      const metadata = new Map<string, string>();
      const schema = { name: `S${channel}`, encoding: 'jsonschema', data: new Uint8Array([123]) };
      const head = { id: channel + 1, topic: `/t${channel}`, messageEncoding: 'json' };
      await writer.channel({ ...head, metadata, schema, latched: false });
    }
    const more = { sequence: i, logTimeNs, publishTimeNs: logTimeNs, data };
    await writer.message(channel + 1, more);
  }
  await writer.finish();
  return sink.bytes;
}

const plain = async (items: readonly RecordingItem[]): Promise<PlainMessage[]> =>
  (await readAll(items)).messages;

test('an MCAP read in two goes, from the place where the first ended, is the whole one', async () => {
  const bytes = await mcapOf(900);
  const whole = await readAll(readRecording(memoryFile(bytes)));
  expect(whole.messages).toHaveLength(900);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (cut) => {
      const first = openMcapParser('a.mcap');
      const before = first.push(bytes.slice(0, cut));
      const { channels } = await readAll(before);
      // A place before the header is the start.
      const isStart = before.length === 0;
      const from = {
        offset: first.offset,
        channels: channels.values(),
        schemas: first.spare,
      };
      const second = openMcapParser('a.mcap', isStart ? undefined : from);
      const after = second.push(bytes.slice(isStart ? 0 : first.offset));
      expect(second.damage).toBeUndefined();
      expect(second.isDone).toBe(true);
      second.end();
      const offsets = [...before, ...after].flatMap((item) =>
        item.kind === 'block' ? [item.block.offset] : [],
      );
      expect(offsets).toEqual(whole.blocks.map(({ offset }) => offset));
      const known = [...channels.values()].map(
        (channel): RecordingItem => ({ kind: 'channel', channel }),
      );
      const all = [...(await plain(before)), ...(await plain([...known, ...after]))];
      expect(all).toEqual(whole.messages);
    }),
    { numRuns: 60, examples: [[69], [205]] },
  );
});

const bagSpec = {
  connections: [{ topic: '/odom' }, { topic: '/map', latching: true }],
  chunks: [0, 1, 2, 3].map((chunk) =>
    Array.from({ length: 40 }, (_, i) => ({
      connection: i % 2,
      seconds: 100 + chunk,
      nanoseconds: i * 1_000,
      data: new Uint8Array(50).fill(i),
    })),
  ),
};

test.each(['none', 'lz4'] as const)(
  'a bag (%s) that grows byte by byte gives each message once, with a restart between',
  async (compression) => {
    const bytes = makeBag({ ...bagSpec, compression, index: false });
    const whole = await readAll(readRecording(memoryFile(bytes, 'a.bag')));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: bytes.length }), { maxLength: 6 }),
        fc.boolean(),
        async (cuts, restarts) => {
          let bag = openGrowingBag('a.bag');
          const items: RecordingItem[] = [];
          const channels = new Map<number, Channel>();
          for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
            const file = { ...memoryFile(bytes.slice(0, cut), 'a.bag'), size: cut };
            for await (const item of bag.more(file)) {
              items.push(item);
              if (item.kind === 'channel') channels.set(item.channel.id, item.channel);
            }
            const from = { offset: bag.offset, channels: channels.values() };
            if (restarts && bag.offset > 0) bag = openGrowingBag('a.bag', from);
          }
          expect(await plain(items)).toEqual(whole.messages);
        },
      ),
      { numRuns: 40 },
    );
  },
);

test('a chunk that is open is read as it comes, and not again when its header is filled in', async () => {
  const [messages = []] = bagSpec.chunks;
  const head = makeBag({ ...bagSpec, chunks: [], index: false });
  const inside = [
    ...bagSpec.connections.map((spec, id) => connectionRecord(id, spec)),
    ...messages.map(messageRecord),
  ];
  const empty = chunkRecord(new Uint8Array(0), 'none');
  const open = Buffer.concat([head, empty, ...inside.slice(0, 20)]);
  let bag = openGrowingBag('a.bag.active');
  const read = async (bytes: Uint8Array): Promise<number> => {
    let count = 0;
    const file = { ...memoryFile(bytes, 'a.bag.active'), size: bytes.length };
    for await (const item of bag.more(file)) if (item.kind === 'block') count += item.block.count;
    return count;
  };
  expect(await read(open)).toBe(18);
  const { offset } = bag;
  // The connections stand where the recorder put them: at their first message.
  const chunk = chunkRecord(Buffer.concat(inside), 'none');
  const closed = Buffer.concat([head, chunk]);
  expect(await read(closed)).toBe(22);
  expect(bag.isDone).toBe(false);
  // Who starts again takes the same as before up to the place, and goes on there.
  bag = openGrowingBag('a.bag.active');
  expect(await read(closed.subarray(0, offset))).toBe(18);
  expect(bag.offset).toBe(offset);
  expect(await read(closed)).toBe(22);
});

test('a bag that is closed before its first message is done', async () => {
  const empty = { connections: [], chunks: [] };
  const bag = openGrowingBag('a.bag.active');
  const read = async (bytes: Uint8Array): Promise<string[]> => {
    const kinds: string[] = [];
    const file = { ...memoryFile(bytes, 'a.bag.active'), size: bytes.length };
    for await (const item of bag.more(file)) kinds.push(item.kind);
    return kinds;
  };
  expect(await read(makeBag({ ...empty, index: false }))).toEqual(['header']);
  expect(bag.isDone).toBe(false);
  expect(await read(makeBag(empty))).toEqual([]);
  expect(bag.isDone).toBe(true);
});

test('an open chunk that is compressed is waited for', async () => {
  const head = makeBag({ ...bagSpec, chunks: [], index: false });
  const content = Buffer.concat([
    connectionRecord(0, { topic: '/odom' }),
    ...(bagSpec.chunks[0] ?? []).filter(({ connection }) => connection === 0).map(messageRecord),
  ]);
  const whole = chunkRecord(content, 'lz4');
  const empty = chunkRecord(new Uint8Array(0), 'lz4');
  // The size and the length of the data are nothing while the chunk is open.
  const opened = Buffer.from(whole);
  const sizes = empty.length - chunkDataLength(empty);
  empty.copy(opened, 0, 0, sizes);
  opened.writeUInt32LE(0, sizes - 4);
  const bag = openGrowingBag('a.bag.active');
  const kinds = async (bytes: Uint8Array): Promise<string[]> => {
    const found: string[] = [];
    const file = { ...memoryFile(bytes, 'a.bag.active'), size: bytes.length };
    for await (const item of bag.more(file)) found.push(item.kind);
    return found;
  };
  expect(await kinds(Buffer.concat([head, opened]))).toEqual(['header']);
  expect(await kinds(Buffer.concat([head, whole]))).toEqual(['channel', 'block']);
});

const chunkDataLength = (record: Buffer): number => record.readUInt32LE(4 + record.readUInt32LE(0));

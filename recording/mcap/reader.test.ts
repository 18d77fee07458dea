/**
 * Goal: our reader gives what the file holds, whatever its writer, compression and pushing.
 * Method: random recordings by @mcap/core's writer, compared with @mcap/core's own stream reader.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openLatchedContext } from '../clip/latched.ts';
import { lz4Decode } from '../codec/lz4.ts';
import { zstd } from '../codec/zstd.ts';
import { readRecording } from '../read.ts';
import {
  builtMcap,
  closeMcap,
  type MadeMcap,
  makeMcap,
  robotMessages,
} from '../testing/mcap-maker.ts';
import { memoryFile, type PlainMessage, readAll } from '../testing/memory-file.ts';
import { McapStreamReader } from './core.ts';
import { openMcapParser } from './parser.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const time = fc.oneof(
  fc.bigInt({ min: 0n, max: 1000n }),
  fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_100_000_000_000n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const recordings: fc.Arbitrary<MadeMcap> = fc
  .record({
    channels: fc.array(
      fc.record({
        topic: fc.string({ maxLength: 12 }),
        schema: fc.option(fc.string({ minLength: 1, maxLength: 12 }), { nil: undefined }),
        metadata: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 })),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    picks: fc.array(
      fc.record({
        channel: fc.nat(3),
        sequence: fc.nat(2 ** 32 - 1),
        logTime: time,
        publishTime: time,
        data: bytes,
      }),
      { maxLength: 60 },
    ),
    compression: fc.constantFrom(undefined, 'none' as const, 'lz4' as const, 'zstd' as const),
    chunkSize: fc.constantFrom(1, 200, 2000, 1_000_000),
    summary: fc.boolean(),
    messageIndex: fc.boolean(),
    metadata: fc.option(fc.dictionary(fc.string({ maxLength: 4 }), fc.string()), {
      nil: undefined,
    }),
    attachment: fc.option(bytes, { nil: undefined }),
  })
  .map(({ picks, ...rest }) => ({
    ...rest,
    messages: picks.map((pick) => ({ ...pick, channel: pick.channel % rest.channels.length })),
  }));

function byCore(file: Uint8Array): { messages: PlainMessage[]; others: string[] } {
  const sized = (decode: typeof lz4Decode) => (stored: Uint8Array, size: bigint) => {
    const into = new Uint8Array(Number(size));
    decode(stored, into);
    return into;
  };
  const reader = new McapStreamReader({
    decompressHandlers: { lz4: sized(lz4Decode), zstd: sized(zstd.decode) },
    validateCrcs: true,
  });
  reader.append(file);
  const topics = new Map<number, string>();
  const messages: PlainMessage[] = [];
  const others: string[] = [];
  for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
    if (record.type === 'Channel') topics.set(record.id, record.topic);
    if (record.type === 'Metadata') others.push(`metadata ${JSON.stringify([...record.metadata])}`);
    if (record.type === 'Attachment')
      others.push(`attachment ${record.name} ${record.data.length}`);
    if (record.type !== 'Message') continue;
    const { channelId, sequence, logTime, publishTime } = record;
    const data = Buffer.from(record.data).toString('hex');
    const topic = topics.get(channelId) ?? '?';
    messages.push({ topic, channelId, sequence, logTime, publishTime, data });
  }
  expect(reader.done()).toBe(true);
  return { messages, others };
}

test('random recordings: our reader = @mcap/core, and every block is consistent', async () => {
  await fc.assert(
    fc.asyncProperty(recordings, async (made) => {
      const file = await makeMcap(made);
      const ours = await readAll(readRecording(memoryFile(file)));
      const core = byCore(file);
      expect(ours.fault).toBeUndefined();
      expect(ours.messages).toEqual(core.messages);
      const others = ours.items.flatMap((item) => {
        if (item.kind === 'metadata') return [`metadata ${JSON.stringify([...item.metadata])}`];
        return item.kind === 'attachment' ? [`attachment ${item.name} ${item.sizeBytes}`] : [];
      });
      expect(others).toEqual(core.others);
      for (const block of ours.blocks) {
        const times = Array.from(block.timesNs, (ns) => block.baseNs + BigInt(ns));
        expect(block.firstNs).toBe(times.reduce((a, b) => (b < a ? b : a)));
        expect(block.lastNs).toBe(times.reduce((a, b) => (b > a ? b : a)));
      }
    }),
    { numRuns: 150 },
  );
});

test('any split of pushed bytes gives the same items', async () => {
  await fc.assert(
    fc.asyncProperty(
      recordings,
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
      async (made, sizes) => {
        const file = await makeMcap(made);
        const whole = await readAll(readRecording(memoryFile(file)));
        const parser = openMcapParser('pushed');
        const items = [];
        for (let at = 0, i = 0; at < file.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          items.push(...parser.push(file.slice(at, at + size)));
          at += size;
        }
        items.push(...parser.end());
        const pushed = await readAll(items);
        expect(pushed.messages).toEqual(whole.messages);
        const kinds = (read: typeof pushed): string[] =>
          read.items.map(({ kind }) => kind).filter((kind) => kind !== 'block');
        expect(kinds(pushed)).toEqual(kinds(whole));
      },
    ),
    { numRuns: 100 },
  );
});

test('a message is there as soon as its last byte is: live streams do not wait', async () => {
  const file = await makeMcap({ ...robotMessages(1), summary: false });
  const parser = openMcapParser('live');
  let seen = 0;
  const ends: number[] = [];
  for (const [at, byte] of file.entries()) {
    for (const item of parser.push(new Uint8Array([byte]))) {
      if (item.kind === 'block') {
        seen += item.block.count;
        ends.push(at);
      }
    }
  }
  expect(seen).toBe(robotMessages(1).messages.length);
  expect(ends.length).toBe(seen);
  expect(parser.end()).toEqual([]);
});

test('blocks stay as they were while the reader goes on', async () => {
  const made = { ...robotMessages(20), compression: 'zstd' as const, chunkSize: 8192 };
  const read = await readAll(readRecording(memoryFile(await makeMcap(made))));
  const later = read.blocks.flatMap((block) =>
    Array.from({ length: block.count }, (_, i) =>
      Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString('hex'),
    ),
  );
  expect(later).toEqual(read.messages.map(({ data }) => data));
  expect(later.length).toBe(made.messages.length);
});

test('what outlives a block is a copy, also when Node buffers were pushed', async () => {
  const pushed = Buffer.from(await makeMcap(robotMessages(1)));
  const { blocks, channels } = await readAll(openMcapParser('socket').push(pushed));
  const said = openLatchedContext(channels);
  for (const block of blocks) said.take(block);
  const [context] = said.all();
  const before = Buffer.from(context?.data ?? []).toString('hex');
  const definition = Buffer.from(channels.get(2)?.schema?.data ?? []).toString();
  pushed.fill(0);
  expect(before).toMatch(/[1-9a-f]/);
  expect(Buffer.from(context?.data ?? []).toString('hex')).toBe(before);
  expect(Buffer.from(channels.get(2)?.schema?.data ?? []).toString()).toBe(definition);
  expect(definition).toContain('TFMessage');
});

test('reused buffers give the same messages when each block is used at once', async () => {
  for (const compression of [undefined, 'none', 'zstd'] as const) {
    const file = memoryFile(await makeMcap({ ...robotMessages(20), compression }));
    const own = await readAll(readRecording(file));
    const reused = await readAll(readRecording(file, { reuse: true }));
    expect(reused.messages).toEqual(own.messages);
  }
});

test('latched channels are known by ROS 1 latching and ROS 2 durability', async () => {
  const metadata: Record<string, string>[] = [
    { latching: 'true' },
    { latching: '1' },
    { latching: 'false' },
    { offered_qos_profiles: '- history: 1\n  durability: 1\n' },
    { offered_qos_profiles: '- durability: transient_local' },
    { offered_qos_profiles: '- durability: 2' },
    { offered_qos_profiles: '- durability: volatile' },
    {},
  ];
  const channels = metadata.map((entries, i) => ({ topic: `/${i}`, metadata: entries }));
  const messages = channels.map((_, channel) => ({
    channel,
    sequence: 0,
    logTime: 1n,
    publishTime: 1n,
    data: new Uint8Array(1),
  }));
  const read = await readAll(readRecording(memoryFile(await makeMcap({ channels, messages }))));
  const latched = [...read.channels.values()].map((channel) => channel.latched);
  expect(latched).toEqual([true, true, false, true, true, false, false, false]);
});

test('a chunk keeps its stored bytes and names the channels it declares', async () => {
  const made = { ...robotMessages(4), compression: 'zstd' as const, chunkSize: 20_000 };
  const file = await makeMcap(made);
  const { blocks } = await readAll(readRecording(memoryFile(file)));
  expect(blocks.length).toBeGreaterThan(2);
  for (const { chunk, data } of blocks) {
    expect(chunk?.compression).toBe('zstd');
    const unpacked = new Uint8Array(chunk?.uncompressedSize ?? 0);
    zstd.decode(chunk?.records ?? new Uint8Array(0), unpacked);
    expect(Buffer.compare(unpacked, data)).toBe(0);
  }
  expect(blocks[0]?.chunk?.declares).toEqual([2, 1, 0]);
  expect(blocks[1]?.chunk?.declares).toEqual([]);
});

test('padding after fields and unknown records are passed over', async () => {
  const file = builtMcap((builder) => {
    builder.writeChannel({
      id: 7,
      schemaId: 0,
      topic: '/a',
      messageEncoding: 'json',
      metadata: new Map(),
    });
    closeMcap(builder);
  });
  const unknown = new Uint8Array([0x90, 3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
  const at = file.length - (9 + 4 + 9 + 20 + 8);
  const spliced = Buffer.concat([file.subarray(0, at), unknown, file.subarray(at)]);
  const read = await readAll(readRecording(memoryFile(new Uint8Array(spliced))));
  expect(read.fault).toBeUndefined();
  expect([...read.channels.keys()]).toEqual([7]);
});

/**
 * Goal: random access gives exactly what a plain walk gives, and touches only what was asked for.
 * Method: random recordings, ranges and topics against a walk of the whole file; damaged indexes.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkRecording } from '../check.ts';
import { mergeMcaps } from '../clip/merge.ts';
import { trimMcap } from '../clip/trim.ts';
import { messageAt } from '../clip/select.ts';
import { readRecording } from '../read.ts';
import { examine } from '../testing/doctor.ts';
import { type MadeMcap, makeMcap, robotMessages } from '../testing/mcap-maker.ts';
import { memoryFile, memorySink, type PlainMessage, readAll } from '../testing/memory-file.ts';
import type { Readable } from '../types.ts';
import { type BlockWant, type IndexedMcap, openIndexedMcap } from './indexed.ts';
import { inTimeOrder } from './ordered.ts';

const startNs = 1_700_000_000_000_000_000n;

/** Three topics, times that jump back and forth, chunks of a few messages. */
const recording = fc
  .record({
    jumps: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: -40, max: 100 })), {
      maxLength: 60,
    }),
    compression: fc.constantFrom('none' as const, 'lz4' as const, 'zstd' as const),
    chunkSize: fc.integer({ min: 40, max: 600 }),
  })
  .map(({ jumps, compression, chunkSize }): MadeMcap => {
    let time = startNs;
    return {
      compression,
      chunkSize,
      channels: [{ topic: '/a', schema: 'A' }, { topic: '/b', schema: 'A' }, { topic: '/c' }],
      messages: jumps.map(([channel, jump], i) => {
        time += BigInt(jump);
        const data = new Uint8Array([i, channel]);
        return { channel, sequence: i, logTime: time, publishTime: time, data };
      }),
    };
  });

const within = fc.record({
  startNs: fc.option(fc.bigInt({ min: startNs - 50n, max: startNs + 2000n }), { nil: undefined }),
  endNs: fc.option(fc.bigInt({ min: startNs - 50n, max: startNs + 2000n }), { nil: undefined }),
  topics: fc.option(fc.subarray(['/a', '/b', '/c']), { nil: undefined }),
});

type Within = typeof within extends fc.Arbitrary<infer T> ? T : never;

const inside = (message: PlainMessage, want: Within): boolean =>
  (want.startNs === undefined || message.logTime >= want.startNs) &&
  (want.endNs === undefined || message.logTime < want.endNs) &&
  (want.topics === undefined || want.topics.includes(message.topic));

const channelsOf = (file: IndexedMcap, { topics }: Within): ReadonlySet<number> | undefined =>
  topics &&
  new Set([...file.channels.values()].flatMap((c) => (topics.includes(c.topic) ? [c.id] : [])));

test('blocks and messages of a range are those of a walk, by file and by time', async () => {
  await fc.assert(
    fc.asyncProperty(recording, within, async (made, want) => {
      const readable = memoryFile(await makeMcap(made));
      const walked = await readAll(readRecording(readable));
      const file = await openIndexedMcap(readable);
      expect([...file.channels.values()].map((one) => one.topic)).toEqual(
        made.channels.map((one) => one.topic),
      );
      const expected = walked.messages.filter((message) => inside(message, want));
      const range: BlockWant = { ...want, channels: channelsOf(file, want) };
      const seen: number[] = [];
      for await (const block of file.blocks(range)) seen.push(...block.sequences);
      expect(seen).toEqual(expect.arrayContaining(expected.map((one) => one.sequence)));
      const ordered: number[] = [];
      for await (const run of inTimeOrder(file, range)) {
        ordered.push(...run.map(({ block, i }) => messageAt(block, i).sequence));
      }
      const sorted = expected.toSorted((a, b) => Number(a.logTime - b.logTime));
      expect(ordered).toEqual(sorted.map((one) => one.sequence));
    }),
    { numRuns: 150 },
  );
});

test('the entries of a channel name each of its messages', async () => {
  const readable = memoryFile(await makeMcap({ ...robotMessages(3), compression: 'zstd' }));
  const file = await openIndexedMcap(readable);
  const walked = await readAll(readRecording(readable));
  for (const channel of file.channels.values()) {
    const times: bigint[] = [];
    for (const chunk of file.chunks) {
      times.push(...(await file.entries(chunk, channel.id)).map((one) => one.logTimeNs));
    }
    const expected = walked.messages.filter((one) => one.channelId === channel.id);
    expect(times).toEqual(expected.map((one) => one.logTime));
  }
});

test('only the chunks of the range are read', async () => {
  const bytes = await makeMcap({ ...robotMessages(20), compression: 'none', chunkSize: 4096 });
  let read = 0;
  const counted: Readable = {
    ...memoryFile(bytes),
    read: async (offset, length) => {
      read += length;
      return await Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
  const file = await openIndexedMcap(counted);
  read = 0;
  const from = startNs + 10_000_000_000n;
  let chunks = 0;
  for await (const _ of file.blocks({ startNs: from, endNs: from + 1n })) chunks += 1;
  expect(chunks).toBe(1);
  expect(read).toBeLessThan(5000);
});

test('a file without an index, or with a lying one, is a Fault with a remedy', async () => {
  const made = { ...robotMessages(2), compression: 'none' as const };
  const whole = await makeMcap(made);
  const cases = [
    await makeMcap({ ...made, summary: false }),
    await makeMcap({ ...robotMessages(2), compression: undefined }),
    whole.subarray(0, whole.length - 10),
    whole.subarray(0, 12),
    new Uint8Array(),
  ];
  for (const bytes of cases) {
    await expect(openIndexedMcap(memoryFile(bytes))).rejects.toMatchObject({
      code: 'corrupt',
      remedy: expect.stringMatching(/\.$/),
    });
  }
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: whole.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const bytes = whole.slice();
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        try {
          const file = await openIndexedMcap(memoryFile(bytes));
          for await (const _ of inTimeOrder(file, {})) expect(_.length).toBeGreaterThan(0);
        } catch (error) {
          codes.add((error as { code: string }).code);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(['corrupt', 'invalid', 'limited']).toEqual(expect.arrayContaining([...codes]));
});

const note = { name: 'fieldloop.cut', entries: new Map([['clip', 'clp_x']]) };

test('a trimmed file holds exactly the range, passes the check, and is the same each time', async () => {
  await fc.assert(
    fc.asyncProperty(recording, within, async (made, want) => {
      const readable = memoryFile(await makeMcap({ ...made, metadata: { by: 'test' } }));
      const file = await openIndexedMcap(readable);
      const [one, two] = [memorySink(), memorySink()];
      const plan = { ...want, library: 'test', note };
      await trimMcap(one, plan, file);
      await trimMcap(two, plan, file);
      expect(Buffer.compare(one.bytes, two.bytes)).toBe(0);
      const walked = await readAll(readRecording(readable));
      const cut = await readAll(readRecording(memoryFile(one.bytes)));
      expect(cut.fault).toBeUndefined();
      expect(await examine(one.bytes)).toEqual([]);
      expect(cut.messages.map((message) => message.data)).toEqual(
        walked.messages.filter((message) => inside(message, want)).map((message) => message.data),
      );
      const again = await openIndexedMcap(memoryFile(one.bytes));
      expect([...(await again.metadata()).keys()]).toEqual(['made', 'fieldloop.cut']);
    }),
    { numRuns: 100 },
  );
});

test('a trimmed file begins with the latched context and is clean', async () => {
  const readable = memoryFile(await makeMcap({ ...robotMessages(4), compression: 'zstd' }));
  const out = memorySink();
  const from = startNs + 2_000_000_000n;
  await trimMcap(out, { startNs: from, library: 'test', note }, await openIndexedMcap(readable));
  const cut = await readAll(readRecording(memoryFile(out.bytes)));
  expect(cut.messages[0]).toMatchObject({ topic: '/tf_static', logTime: from });
  expect(cut.messages.every((message) => message.logTime >= from)).toBe(true);
  const report = await checkRecording(memoryFile(out.bytes));
  expect(report.errors).toEqual([]);
});

test('what was damaged in a chunk that is copied unopened is told by both checksums of the cut', async () => {
  const bytes = await makeMcap({ ...robotMessages(4), compression: 'none' });
  const source = await openIndexedMcap(memoryFile(bytes));
  const [first] = source.chunks;
  const last = (first?.chunkStartOffset ?? 0) + (first?.chunkLength ?? 0) - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  const out = memorySink();
  await trimMcap(out, { library: 'test', note }, await openIndexedMcap(memoryFile(bytes)));
  const report = await checkRecording(memoryFile(out.bytes));
  const places = report.errors.map(({ message }) => message);
  expect(places.filter((message) => message.includes('checksum'))).toHaveLength(2);
});

test('a merge has every message once, in order of time, under its device, and is clean', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(recording, { minLength: 1, maxLength: 4 }), async (all) => {
      const files = await Promise.all(all.map(async (made) => memoryFile(await makeMcap(made))));
      const sources = files
        .map((readable, i) => ({
          readable,
          prefix: `/d${i % 2}`,
          startNs: all[i]?.messages.reduce((a, b) => (b.logTime < a ? b.logTime : a), 2n ** 62n),
        }))
        .map((source) => ({ ...source, startNs: source.startNs ?? 0n }))
        .toSorted((a, b) => (a.startNs < b.startNs ? -1 : Number(a.startNs > b.startNs)));
      const out = memorySink();
      const notes = new Map([['fieldloop.export', new Map([['a', 'b']])]]);
      let done = 0;
      await mergeMcaps(out, { sources, library: 'test', notes, onDone: (n) => (done = n) });
      expect(done).toBe(files.length);
      const merged = await readAll(readRecording(memoryFile(out.bytes)));
      expect(merged.fault).toBeUndefined();
      expect(await examine(out.bytes)).toEqual([]);
      const times = merged.messages.map((message) => message.logTime);
      expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
      const expected: string[] = [];
      for (const { readable, prefix } of sources) {
        const { messages } = await readAll(readRecording(readable));
        expected.push(...messages.map((m) => `${prefix}${m.topic} ${m.logTime} ${m.data}`));
      }
      expect(merged.messages.map((m) => `${m.topic} ${m.logTime} ${m.data}`).toSorted()).toEqual(
        expected.toSorted(),
      );
      expect(merged.channels.size).toBeLessThanOrEqual(6);
    }),
    { numRuns: 60 },
  );
});

test('a chunk whose index lies is opened, and its copy gets an index that is right', async () => {
  const bytes = await makeMcap({ ...robotMessages(4), compression: 'zstd', chunkSize: 9000 });
  const indexed = await openIndexedMcap(memoryFile(bytes));
  const [, second] = indexed.chunks;
  if (second === undefined) throw new Error('no chunk');
  const [stored] = await indexed.stored([second]);
  expect([...(stored?.counts.values() ?? [])].reduce((sum, n) => sum + n, 0)).toBeGreaterThan(5);
  // The time of the first entry behind the chunk: opcode, length, channel, size of the entries.
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setBigUint64(second.chunkStartOffset + second.chunkLength + 15, 5n, true);
  const lying = await openIndexedMcap(memoryFile(bytes));
  expect(await lying.stored([second])).toEqual([undefined]);
  const out = memorySink();
  await trimMcap(out, { library: 'test', note, hash: false }, lying);
  expect(await examine(out.bytes)).toEqual([]);
});

test('what stood before damage in one chunk is not given with the next', async () => {
  const bytes = await makeMcap({ ...robotMessages(2), compression: 'none', chunkSize: 2_000 });
  const [first, second] = (await openIndexedMcap(memoryFile(bytes))).chunks;
  if (first === undefined || second === undefined) throw new Error('too few chunks');
  const end = first.chunkStartOffset + first.chunkLength;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // No checksum, and a last message (320 bytes of imu) that states fewer bytes than it has fields.
  view.setUint32(first.chunkStartOffset + 9 + 24, 0, true);
  view.setUint32(end - 320 - 30, 5, true);
  const file = await openIndexedMcap(memoryFile(bytes));
  await expect(file.chunk(first)).rejects.toMatchObject({ code: 'corrupt' });
  const offsets = (await file.chunk(second)).map(({ offset }) => offset);
  expect(offsets).toEqual([second.chunkStartOffset]);
});

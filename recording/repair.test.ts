/**
 * Goal: a repair keeps each message of each undamaged chunk, and says honestly what is lost.
 * Method: good files of every kind, cut, flipped and overwritten at any byte; `recording check` looks
 * at the result, its messages are compared with the original's. The seed of a failure is printed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openClipWriter } from './clip/writer.ts';
import { checkRecording } from './check.ts';
import { McapRecordBuilder } from './mcap/core.ts';
import { opcode } from './mcap/format.ts';
import { openIndexedMcap } from './mcap/indexed.ts';
import { readRecording } from './read.ts';
import { nowhere, type RepairReport, repairRecording } from './repair.ts';
import { makeBag } from './testing/bag-maker.ts';
import { examine } from './testing/doctor.ts';
import { bz2Bag } from './testing/bz2-bag.ts';
import { builtMcap, closeMcap, makeMcap, robotMessages } from './testing/mcap-maker.ts';
import { memoryFile, memorySink, type PlainMessage, readAll } from './testing/memory-file.ts';
import { openFile } from './file.ts';
import { hasSharedData, sharedFiles } from './testing/shared-data.ts';

interface Original {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly messages: number;
  /** Where each chunk stands, and the messages in it. */
  readonly chunks: readonly {
    readonly from: number;
    readonly to: number;
    readonly lines: string[];
  }[];
}

const line = ({ topic, logTime, data }: PlainMessage): string => `${topic} ${logTime} ${data}`;

async function mcapOriginal(compression: 'none' | 'lz4' | 'zstd'): Promise<Original> {
  const { channels, messages } = robotMessages(3);
  const attachment = new Uint8Array(500).fill(7);
  const bytes = await makeMcap({
    channels,
    messages,
    compression,
    chunkSize: 6000,
    attachment,
    metadata: { a: 'b' },
  });
  const indexed = await openIndexedMcap(memoryFile(bytes));
  const read = await readAll(readRecording(memoryFile(bytes)));
  const chunks = indexed.chunks.map(({ chunkStartOffset: from, chunkLength }, i) => ({
    from,
    to: from + chunkLength,
    lines: linesOf(read.blocks, read.messages, i),
  }));
  return { name: `MCAP, ${compression}`, bytes, messages: read.messages.length, chunks };
}

/** The messages of block i. */
function linesOf(
  blocks: readonly { readonly count: number }[],
  messages: readonly PlainMessage[],
  i: number,
): string[] {
  const from = blocks.slice(0, i).reduce((sum, { count }) => sum + count, 0);
  return messages.slice(from, from + (blocks[i]?.count ?? 0)).map(line);
}

async function bagOriginal(compression: 'none' | 'lz4', index: boolean): Promise<Original> {
  const chunks = Array.from({ length: 8 }, (_, chunk) =>
    Array.from({ length: 12 }, (_, i) => ({
      connection: i % 2,
      seconds: 100 + chunk,
      nanoseconds: i,
      data: Uint8Array.from({ length: 90 }, (_, k) => (k * i + chunk) % 256),
    })),
  );
  const connections = [
    { topic: '/odom', type: 'a/B' },
    { topic: '/imu', type: 'a/C' },
  ];
  const bytes = makeBag({ connections, chunks, compression, index });
  const read = await readAll(readRecording(memoryFile(bytes)));
  const places = read.blocks.map(({ offset }) => offset);
  const marked = places.map((from, i) => ({
    from,
    to: chunkEnd(bytes, from),
    lines: linesOf(read.blocks, read.messages, i),
  }));
  return {
    name: `bag, ${compression}${index ? '' : ', no index'}`,
    bytes,
    messages: 96,
    chunks: marked,
  };
}

function chunkEnd(bytes: Uint8Array, from: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const dataAt = from + 4 + view.getUint32(from, true);
  return dataAt + 4 + view.getUint32(dataAt, true);
}

const originals = await Promise.all([
  mcapOriginal('none'),
  mcapOriginal('lz4'),
  mcapOriginal('zstd'),
  bagOriginal('none', true),
  bagOriginal('lz4', true),
  bagOriginal('none', false),
]);

async function repaired(
  bytes: Uint8Array,
): Promise<{ report: RepairReport; messages: PlainMessage[]; out: Uint8Array }> {
  const out = memorySink();
  const report = await repairRecording(memoryFile(bytes, 'bad'), out, { library: 'test' });
  const check = await checkRecording(memoryFile(out.bytes));
  expect(check.errors).toEqual([]);
  expect(await examine(out.bytes)).toEqual([]);
  const read = await readAll(readRecording(memoryFile(out.bytes)));
  expect(read.fault).toBeUndefined();
  expect(read.messages.length).toBe(report.kept.messages);
  const { kept, rebuilt, lost } = report.bytes;
  expect(kept + rebuilt + lost).toBe(bytes.length);
  expect(report.lost.places).toBe(report.losses.length);
  return { report, messages: read.messages, out: out.bytes };
}

/** Every message of a chunk that `[from, to)` does not touch is there, definitions aside. */
function expectKept(
  original: Original,
  messages: readonly PlainMessage[],
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const data = (text: string): string => text.slice(text.indexOf(' '));
  const found = new Set(messages.map((message) => data(line(message))));
  for (const chunk of original.chunks) {
    if (from < chunk.to && to > chunk.from) continue;
    const lacking = chunk.lines.filter((text) => !found.has(data(text)));
    expect(lacking).toEqual([]);
  }
}

const original = fc.constantFrom(...originals);
const share = fc.double({ min: 0, max: 1, noNaN: true });

test.each(originals.map((one) => [one.name, one] as const))(
  '%s: a whole file loses nothing',
  async (_, one) => {
    const { report, messages } = await repaired(one.bytes);
    expect(report.losses).toEqual([]);
    expect(report.notes).toEqual([]);
    expect(report.kept).toMatchObject({ chunks: one.chunks.length, messages: one.messages });
    const before = await readAll(readRecording(memoryFile(one.bytes)));
    expect(messages.map(line)).toEqual(before.messages.map(line));
  },
);

test('any bit flipped: each undamaged chunk is whole, and the report adds up', async () => {
  await fc.assert(
    fc.asyncProperty(original, share, fc.nat(7), async (one, where, bit) => {
      const bytes = one.bytes.slice();
      const at = Math.min(bytes.length - 1, Math.floor(where * bytes.length));
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      const { messages } = await repaired(bytes);
      expectKept(one, messages, { from: at, to: at + 1 });
    }),
    { numRuns: 150 },
  );
});

test('cut anywhere: everything before is there', async () => {
  await fc.assert(
    fc.asyncProperty(original, share, async (one, where) => {
      const at = Math.max(14, Math.floor(where * one.bytes.length));
      const { messages } = await repaired(one.bytes.subarray(0, at));
      expectKept(one, messages, { from: at, to: Infinity });
    }),
    { numRuns: 60 },
  );
});

test('a stretch overwritten, with zeros or anything: what is around it is there', async () => {
  await fc.assert(
    fc.asyncProperty(
      original,
      share,
      fc.oneof(
        fc.nat(5000).map((n) => new Uint8Array(n)),
        fc.uint8Array({ maxLength: 300 }),
      ),
      async (one, where, junk) => {
        const bytes = one.bytes.slice();
        const at = Math.min(bytes.length - 1, Math.max(14, Math.floor(where * bytes.length)));
        bytes.set(junk.subarray(0, bytes.length - at), at);
        const { messages } = await repaired(bytes);
        expectKept(one, messages, { from: at, to: at + junk.length });
      },
    ),
    { numRuns: 60 },
  );
});

test('what is lost is said: the chunk, how much it held, and when', async () => {
  const [one] = originals;
  const chunk = one?.chunks[3];
  if (one === undefined || chunk === undefined) throw new Error('no chunk');
  const bytes = one.bytes.slice();
  bytes[chunk.from + 200] = (bytes[chunk.from + 200] ?? 0) ^ 1;
  const { report } = await repaired(bytes);
  expect(report.kept.chunks).toBe(one.chunks.length - 1);
  expect(report.losses).toMatchObject([
    {
      place: `bad@byte ${chunk.from}`,
      what: 'chunk',
      bytes: chunk.to - chunk.from,
      messages: chunk.lines.length,
    },
  ]);
  const [loss] = report.losses;
  expect(loss?.why).toContain('has checksum');
  expect(report.kept.messages + (loss?.messages ?? 0)).toBe(report.statedMessages);
  expect(Number(loss?.endNs) - Number(loss?.startNs)).toBeGreaterThan(0);
  expect(report.kept).toMatchObject({ metadata: 1, attachments: 1 });
});

test('chunks are copied as bytes, an attachment with its checksum', async () => {
  const [, , one] = originals;
  if (one === undefined) throw new Error('no file');
  const cut = one.bytes.subarray(0, one.bytes.length - 700);
  const { out } = await repaired(cut);
  const [chunk] = one.chunks;
  const stored = Buffer.from(one.bytes.subarray((chunk?.from ?? 0) + 60, chunk?.to));
  expect(Buffer.from(out).includes(stored)).toBe(true);
});

test('a recorder killed in a stored chunk: its whole messages are saved', async () => {
  const [one] = originals;
  const last = one?.chunks.at(-1);
  if (one === undefined || last === undefined) throw new Error('no chunk');
  const { report } = await repaired(one.bytes.subarray(0, last.to - 10));
  expect(report.kept.messages).toBe(one.messages - 1);
  expect(report.losses[0]?.why).toContain('the file ends inside it');
});

test('channels whose definitions are lost get a stand-in, and a note', async () => {
  const { channels, messages } = robotMessages(1);
  const bytes = await makeMcap({
    channels,
    messages,
    compression: 'zstd',
    chunkSize: 3000,
    summary: false,
  });
  const indexOf = await readAll(readRecording(memoryFile(bytes)));
  const first = indexOf.blocks[0];
  bytes[(first?.offset ?? 0) + 100] = 0xff;
  bytes[(first?.offset ?? 0) + 101] = 0xff;
  const { report, messages: kept } = await repaired(bytes);
  expect(report.losses.length).toBeGreaterThan(0);
  expect(kept.length).toBe(messages.length - (first?.count ?? 0));
});

test('a schema that does not say its encoding is left out, in a chunk and outside', async () => {
  const sink = memorySink();
  const writer = await openClipWriter(sink, { profile: '', library: 'test' });
  const schema = { name: 'S', encoding: '', data: new Uint8Array([1, 2]) };
  const head = { messageEncoding: 'json', metadata: new Map(), schema, latched: false };
  for (const id of [1, 2]) await writer.channel({ ...head, id, topic: `/t${id}` });
  const said = { sequence: 0, logTimeNs: 1n, publishTimeNs: 1n, data: new Uint8Array(9) };
  for (const id of [1, 2, 1]) await writer.message(id, said);
  await writer.finish();
  expect((await checkRecording(memoryFile(sink.bytes))).errors).not.toEqual([]);
  const { report, messages } = await repaired(sink.bytes);
  expect(messages.map(({ topic }) => topic)).toEqual(['/t1', '/t2', '/t1']);
  expect(report.notes).toContain('the schema of /t1 is left out: it does not say its encoding');
});

test('a dry run writes nothing and says the same', async () => {
  const [, one] = originals;
  if (one === undefined) throw new Error('no file');
  const bad = memoryFile(one.bytes.subarray(0, 20_000), 'bad');
  const dry = await repairRecording(bad, nowhere, { library: 'test' });
  expect((await repaired(one.bytes.subarray(0, 20_000))).report).toEqual(dry);
});

test('a bag packed with bz2 becomes an MCAP with profile ros1', async () => {
  const { messages, out } = await repaired(bz2Bag);
  const before = await readAll(readRecording(memoryFile(bz2Bag)));
  expect(messages.map(line)).toEqual(before.messages.map(line));
  expect(Buffer.from(out.subarray(0, 40)).includes('ros1')).toBe(true);
});

test('something else is refused', async () => {
  const file = memoryFile(new TextEncoder().encode('hello, this is a text'), 'notes');
  await expect(repairRecording(file, nowhere, { library: 'test' })).rejects.toMatchObject({
    code: 'corrupt',
  });
});

test.skipIf(!hasSharedData)(
  'shared recordings (needs ../shared/data) are repaired as they read',
  async () => {
    const folders = ['bad', 'mcap', 'rosbag1', 'db3', 'conformance/TenMessages'];
    const files = folders.flatMap((folder) => sharedFiles(folder, '.mcap', '.bag', '.db3'));
    for (const path of files) {
      await using file = await openFile(path);
      const before = await readAll(readRecording(file));
      const out = memorySink();
      const repair = repairRecording(file, out, { library: 'test' });
      if (/bad\/empty/.test(path)) {
        await repair.catch(() => {});
        continue;
      }
      const report = await repair;
      const after = await readAll(readRecording(memoryFile(out.bytes)));
      expect([path, after.fault, after.messages.length >= before.messages.length]).toEqual([
        path,
        undefined,
        true,
      ]);
      expect([path, report.kept.messages]).toEqual([path, after.messages.length]);
    }
  },
);

test('a record that may not stand in a chunk is left out, the messages around it stay', async () => {
  const inner = new McapRecordBuilder();
  const message = { channelId: 1, sequence: 1, publishTime: 5n, data: new Uint8Array(8) };
  for (const logTime of [5n, 6n, 7n]) inner.writeMessage({ ...message, logTime });
  const records = inner.buffer.slice();
  records[records.length / 3] = opcode.metadataIndex;
  const bytes = builtMcap((builder) => {
    const about = { schemaId: 0, messageEncoding: 'json', metadata: new Map() };
    builder.writeChannel({ id: 1, topic: '/a', ...about });
    const times = { messageStartTime: 5n, messageEndTime: 7n };
    const size = { uncompressedSize: BigInt(records.length), compression: '' };
    builder.writeChunk({ ...times, ...size, records, uncompressedCrc: 0 });
    closeMcap(builder);
  });
  const { report, messages } = await repaired(bytes);
  expect(messages.map(({ logTime }) => logTime)).toEqual([5n, 7n]);
  expect(report.losses).toMatchObject([{ what: 'record', bytes: 0 }]);
});

test('a chunk that states more than the file has costs itself alone', async () => {
  for (const one of originals) {
    const chunk = one.chunks[2];
    if (chunk === undefined) throw new Error('no chunk');
    const bytes = one.bytes.slice();
    const view = new DataView(bytes.buffer);
    const isBag = one.name.startsWith('bag');
    // In a bag the length stands behind the header, in an MCAP behind the opcode.
    const at = isBag ? chunk.from + 4 + view.getUint32(chunk.from, true) : chunk.from + 1;
    view.setUint32(at, view.getUint32(at, true) + 2 ** 24, true);
    const { messages } = await repaired(bytes);
    expectKept(one, messages, { from: chunk.from, to: chunk.to });
  }
});

test('a bag that was cut in a packed chunk says so', async () => {
  const one = originals.find(({ name }) => name === 'bag, lz4');
  const last = one?.chunks.at(-1);
  if (one === undefined || last === undefined) throw new Error('no chunk');
  const { report } = await repaired(one.bytes.subarray(0, last.to - 10));
  expect(report.kept.chunks).toBe(one.chunks.length - 1);
  expect(report.losses.map(({ why }) => why)).toEqual([
    'a compressed chunk that the file ends inside: none of it can be unpacked',
  ]);
});

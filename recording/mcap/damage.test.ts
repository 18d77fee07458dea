/**
 * Goal: damage gives everything before it and one Fault that says where; never a crash or a hang.
 * Method: every truncation point of small files, flips of every second byte, read whole and pushed.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { readRecording } from '../read.ts';
import { builtMcap, closeMcap, makeMcap, robotMessages } from '../testing/mcap-maker.ts';
import { memoryFile, type Read, readAll } from '../testing/memory-file.ts';
import { openMcapParser } from './parser.ts';

const kinds = [
  { compression: undefined, attachment: new Uint8Array([1, 2, 3]) },
  { compression: 'none', metadata: { robot: 'amr-01' } },
  { compression: 'zstd' },
  { compression: 'lz4' },
] as const;

const channel = { id: 1, schemaId: 0, topic: '/a', messageEncoding: 'json', metadata: new Map() };
const message = { channelId: 1, sequence: 1, logTime: 5n, publishTime: 5n };

async function smallFile(kind: (typeof kinds)[number]): Promise<Uint8Array> {
  const { channels, messages } = robotMessages(1);
  const few = messages.slice(0, 4).map((made) => ({ ...made, data: made.data.subarray(0, 12) }));
  return makeMcap({ channels, messages: few, chunkSize: 150, ...kind });
}

test.each(kinds)('every truncation gives a prefix and then a Fault: %j', async (kind) => {
  const file = await smallFile(kind);
  const whole = await readAll(readRecording(memoryFile(file)));
  expect(whole.fault).toBeUndefined();
  let most = 0;
  const wrong: string[] = [];
  for (let cut = 0; cut < file.length; cut += 1) {
    const read = await readAll(readRecording(memoryFile(file.slice(0, cut), 'cut.mcap')));
    const problem = notAPrefix(read, whole, { cut, most });
    if (problem !== undefined) wrong.push(`cut at ${cut}: ${problem}`);
    most = read.messages.length;
  }
  expect(wrong).toEqual([]);
  expect(most).toBe(whole.messages.length);
});

/** What is wrong with what was read of a file cut at a byte; `most` is what a shorter one gave. */
function notAPrefix(
  read: Read,
  whole: Read,
  { cut, most }: { readonly cut: number; readonly most: number },
): string | undefined {
  const { messages, fault } = read;
  const offset = /^cut\.mcap@byte (\d+)$/.exec(fault?.place ?? '')?.[1];
  if (messages.length < most) return 'fewer messages than a shorter file gave';
  if (!isDeepStrictEqual(messages, whole.messages.slice(0, messages.length))) return 'no prefix';
  if (fault?.code !== 'corrupt' || fault.remedy === undefined) return `fault ${fault?.code}`;
  return offset === undefined || Number(offset) > cut ? `place ${fault.place}` : undefined;
}

test.each(kinds)(
  'a torn stream gives its items at once and the Fault at its end: %j',
  async (kind) => {
    const file = await smallFile(kind);
    const whole = await readAll(readRecording(memoryFile(file)));
    for (let cut = 0; cut < file.length; cut += 7) {
      const parser = openMcapParser('robot');
      const { messages } = await readAll(parser.push(file.slice(0, cut)));
      expect(messages).toEqual(whole.messages.slice(0, messages.length));
      expect(parser.damage).toBeUndefined();
      expect(() => parser.end()).toThrow(expect.objectContaining({ code: 'corrupt' }));
    }
  },
);

test.each(kinds)(
  'one flipped byte: a Fault of ours or a readable file, never another error: %j',
  async (kind) => {
    const file = await smallFile(kind);
    let noticed = 0;
    const wrong: string[] = [];
    for (let at = 0; at < file.length; at += 3) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const bad = file.slice();
        bad[at] = (bad[at] ?? 0) ^ mask;
        const { fault } = await readAll(readRecording(memoryFile(bad)));
        if (fault === undefined) continue;
        if (!['corrupt', 'limited', 'invalid'].includes(fault.code))
          wrong.push(`${at}: ${fault.code}`);
        noticed += 1;
      }
    }
    expect(wrong).toEqual([]);
    // The data and summary checksums cover all but the padding of this file.
    expect(noticed).toBeGreaterThan((file.length / 3) * 0.95);
  },
);

test('after damage a push parser has given what was before and refuses the rest', async () => {
  const file = builtMcap((builder) => {
    builder.writeChannel(channel);
    builder.writeMessage({ ...message, data: new Uint8Array(3) });
    builder.writeMessage({ ...message, channelId: 9, data: new Uint8Array(3) });
  });
  const parser = openMcapParser('robot');
  const { messages } = await readAll(parser.push(file));
  expect(messages.length).toBe(1);
  expect(parser.damage?.message).toContain('channel 9');
  expect(() => parser.push(new Uint8Array(1))).toThrow(parser.damage);
  expect(() => parser.end()).toThrow(parser.damage);
});

test('a length of 2^62 allocates nothing, in a file and in a stream', async () => {
  const head = builtMcap(() => {});
  for (const code of [3, 4, 5, 6, 9, 12]) {
    const record = Buffer.concat([Buffer.from([code]), Buffer.alloc(8), Buffer.alloc(30)]);
    record.writeBigUInt64LE(2n ** 62n, 1);
    const file = new Uint8Array(Buffer.concat([head, record]));
    const { fault } = await readAll(readRecording(memoryFile(file, 'huge.mcap')));
    expect(fault?.code).toBe('corrupt');
    expect(fault?.place).toBe(`huge.mcap@byte ${head.length}`);
    expect(fault?.message).toContain('4611686018427387904');
    const parser = openMcapParser('stream');
    parser.push(file);
    expect(parser.damage?.code).toBe('corrupt');
  }
});

test('a large stated length grows with the bytes that arrive, not with the statement', () => {
  const head = builtMcap(() => {});
  const record = Buffer.alloc(9);
  record[0] = 3;
  record.writeBigUInt64LE(50n * 2n ** 20n, 1);
  const before = process.memoryUsage().arrayBuffers;
  const parser = openMcapParser('stream');
  parser.push(new Uint8Array(Buffer.concat([head, record])));
  for (let i = 0; i < 64; i += 1) parser.push(new Uint8Array(1024));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20);
  expect(() => parser.end()).toThrow('into this record of 52428809');
});

test('with salvage a damaged chunk is passed over and named', async () => {
  const made = { ...robotMessages(4), compression: 'zstd' as const, chunkSize: 20_000 };
  const file = await makeMcap(made);
  const whole = await readAll(readRecording(memoryFile(file)));
  const [, second] = whole.blocks;
  const bad = file.slice();
  const at = (second?.offset ?? 0) + 200;
  bad[at] = (bad[at] ?? 0) ^ 0xff;
  const strict = await readAll(readRecording(memoryFile(bad)));
  expect(strict.fault?.place).toBe(`test.mcap@byte ${second?.offset}`);
  expect(strict.messages).toEqual(whole.messages.slice(0, whole.blocks[0]?.count));
  const skipped: string[] = [];
  const salvaged = await readAll(
    readRecording(memoryFile(bad), {
      salvage: true,
      skipped: (fault) => skipped.push(fault.place ?? ''),
    }),
  );
  expect(salvaged.fault).toBeUndefined();
  expect(skipped).toEqual([`test.mcap@byte ${second?.offset}`]);
  expect(salvaged.messages.length).toBe(whole.messages.length - (second?.count ?? 0));
});

test('what stood before damage in a chunk without checksum is delivered', async () => {
  const inner = builtMcap((builder) => {
    builder.writeChannel(channel);
    builder.writeMessage({ ...message, data: new Uint8Array(4) });
    builder.writeMessage({ ...message, data: new Uint8Array(4) });
  });
  const records = inner.slice(builtMcap(() => {}).length, inner.length - 2);
  const file = builtMcap((builder) => {
    builder.writeChunk({
      messageStartTime: 5n,
      messageEndTime: 5n,
      uncompressedSize: BigInt(records.length),
      uncompressedCrc: 0,
      compression: '',
      records,
    });
    closeMcap(builder);
  });
  const { messages, blocks, fault } = await readAll(readRecording(memoryFile(file)));
  expect(messages.length).toBe(1);
  expect(blocks[0]?.chunk).toBeUndefined();
  expect(fault?.code).toBe('corrupt');
});

test('bytes after the closing magic are refused', async () => {
  const file = builtMcap(closeMcap);
  const longer = new Uint8Array([...file, 0]);
  const { fault } = await readAll(readRecording(memoryFile(longer)));
  expect(fault?.place).toBe(`test.mcap@byte ${file.length}`);
});

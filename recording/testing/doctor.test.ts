/**
 * Goal: the doctor finds nothing in sound files and the broken rule in each that breaks one.
 * Method: files of @mcap/core and of our writer, with one place changed; shared conformance files.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openClipWriter } from '../clip/writer.ts';
import { opcode } from '../mcap/format.ts';
import { diagnose } from './doctor.ts';
import { type DoctorRule, doctorRules } from './doctor-rules.ts';
import { builtMcap, closeMcap, makeMcap, robotMessages } from './mcap-maker.ts';
import { memorySink } from './memory-file.ts';
import { hasSharedData, sharedFiles } from './shared-data.ts';

async function written(): Promise<Buffer> {
  const sink = memorySink();
  const writer = await openClipWriter(sink, {
    profile: 'ros2',
    library: 'test',
    compression: 'none',
  });
  const data = new TextEncoder().encode('string data');
  const schema = { id: 5, name: 'std_msgs/msg/String', encoding: 'ros2msg', data };
  const about = { messageEncoding: 'cdr', metadata: new Map(), latched: false, schema };
  await writer.channel({ id: 1, topic: '/a', ...about });
  await writer.channel({ id: 2, topic: '/b', ...about });
  for (let i = 0; i < 20; i += 1) {
    const times = { logTimeNs: BigInt(100 + i), publishTimeNs: 0n };
    await writer.message(1 + (i % 2), { sequence: i, ...times, data: new Uint8Array(8) });
  }
  await writer.metadata('fieldloop.clip', new Map([['a', 'b']]));
  await writer.finish();
  return Buffer.from(sink.bytes);
}

/** Where the n-th record of an opcode stands. */
function find(file: Buffer, code: number, n = 0): number {
  let left = n;
  for (let at = 8; at < file.length - 8; at += 9 + Number(file.readBigUInt64LE(at + 1))) {
    if (file[at] === code) left -= 1;
    if (left < 0) return at;
  }
  throw new Error(`no record ${code}`);
}

const broken: readonly (readonly [DoctorRule, string, (file: Buffer) => void])[] = [
  ['magic', 'no magic at the end', (file) => void file.fill(0, file.length - 3)],
  [
    'order',
    'DataEnd is some private record',
    (file) => void (file[find(file, opcode.dataEnd)] = 0x80),
  ],
  ['library', 'no name', (file) => void file.writeUInt32LE(0, find(file, opcode.header) + 9 + 8)],
  ['schema', 'schema 0', (file) => void file.writeUInt16LE(0, find(file, opcode.schema) + 9)],
  [
    'channel',
    'its schema is missing',
    (file) => void file.writeUInt16LE(9, find(file, opcode.channel) + 11),
  ],
  ['chunk', 'another end', (file) => void file.writeBigUInt64LE(9n, find(file, opcode.chunk) + 17)],
  [
    'chunk',
    'a wrong checksum',
    (file) => void file.writeUInt32LE(9, find(file, opcode.chunk) + 33),
  ],
  [
    'message',
    'no such channel',
    (file) => void file.writeUInt16LE(9, find(file, opcode.chunk) + 49 + 9),
  ],
  [
    'inside',
    'metadata in a chunk',
    (file) => void (file[find(file, opcode.chunk) + 49] = opcode.dataEnd),
  ],
  [
    'index',
    'another place',
    (file) => void file.writeBigUInt64LE(9n, find(file, opcode.messageIndex) + 23),
  ],
  [
    'chunkIndex',
    'another size',
    (file) => void file.writeBigUInt64LE(9n, find(file, opcode.chunkIndex) + 33),
  ],
  [
    'summary',
    'a new channel',
    (file) => void file.writeUInt16LE(7, find(file, opcode.channel, 2) + 9),
  ],
  [
    'statistics',
    'one more message',
    (file) => void file.writeBigUInt64LE(21n, find(file, opcode.statistics) + 9),
  ],
  [
    'metadata',
    'nowhere',
    (file) => void file.writeBigUInt64LE(9n, find(file, opcode.metadataIndex) + 9),
  ],
  [
    'offsets',
    'another group',
    (file) => void (file[find(file, opcode.summaryOffset) + 9] = opcode.dataEnd),
  ],
  ['checksums', 'none', (file) => void file.writeUInt32LE(0, find(file, opcode.dataEnd) + 9)],
];

test('a file of our writer is sound', async () => {
  expect(diagnose(await written())).toEqual([]);
});

test.each(broken)('%s: %s', async (rule, _, change) => {
  const file = await written();
  change(file);
  const rules = new Set(diagnose(file).map((line) => line.split(/[ :]/)[0]));
  expect([...rules]).toContain(rule);
});

test('every rule is broken once', () => {
  expect(new Set(broken.map(([rule]) => rule))).toEqual(new Set(Object.keys(doctorRules)));
});

test.each(['lz4', 'zstd', 'none'] as const)(
  '@mcap/core writes sound files, %s',
  async (compression) => {
    const made = {
      ...robotMessages(2),
      compression,
      metadata: { a: 'b' },
      attachment: new Uint8Array(5),
    };
    // Its writer leaves the checksums of sections out or not, as it is told; ours never does.
    const lines = diagnose(await makeMcap(made)).filter((line) => !line.startsWith('checksums'));
    expect(lines).toEqual([]);
  },
);

test('a file without statistics, index and checksums is told so', () => {
  const lines = diagnose(builtMcap(closeMcap));
  expect(lines.map((line) => line.split(/[ :]/)[0])).toContain('statistics');
});

test.skipIf(!hasSharedData)(
  'shared files of the conformance suite with everything in them are sound',
  () => {
    const files = sharedFiles('conformance', '-rch-rsh-st-sum.mcap').filter((name) =>
      /ch-chx-mx/.test(name),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) {
      const lines = diagnose(readFileSync(name)).filter((line) => !line.startsWith('library'));
      expect([name, lines]).toEqual([name, []]);
    }
  },
);

/**
 * Goal: a db3 gives what SQLite itself reads of it, whatever its pages look like, and never more.
 * Method: databases by SQLite in every layout; random rows, page sizes, gaps and logs; shared files
 * of rosbag2; damage at any byte. The seed of a failed property is printed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { seededRandom } from '@fieldloop/core';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { parse } from '@foxglove/rosmsg';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { checkRecording } from '../check.ts';
import { zstd } from '../codec/zstd.ts';
import { openFile } from '../file.ts';
import { recordingInfo } from '../info.ts';
import * as limits from '../limits.ts';
import { openMeter } from '../meter.ts';
import { readRecording } from '../read.ts';
import { decodeMessage } from '../schema/accessor.ts';
import { schemaFields } from '../schema/fields.ts';
import { type Db3Bytes, type MadeDb3, makeDb3 } from '../testing/db3-maker.ts';
import { memoryFile, type Read, readAll } from '../testing/memory-file.ts';
import { hasSharedData, sharedFiles } from '../testing/shared-data.ts';
import type { Readable } from '../types.ts';
import { standardDefinition, standardTypes } from './standard.ts';
import { columnsOf } from './tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'fieldloop-db3-'));
let made = 0;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function make(how: MadeDb3): Db3Bytes {
  made += 1;
  return makeDb3(join(folder, `${made}.db3`), how);
}

function fileOf({ file, log }: Db3Bytes): Readable {
  const beside = (suffix: string): Promise<Readable | undefined> =>
    Promise.resolve(suffix === '-wal' && log !== undefined ? memoryFile(log) : undefined);
  return { ...memoryFile(file, 'test.db3'), beside };
}

const topics = [
  { name: '/odom', type: 'nav_msgs/msg/Odometry', definition: 'float64 x' },
  {
    name: '/tf_static',
    type: 'tf2_msgs/msg/TFMessage',
    qos: '- history: 3\n  depth: 0\n  reliability: 1\n  durability: 1\n',
  },
  { name: '/own', type: 'my_msgs/msg/Own' },
];

const startNs = 1_700_000_000_000_000_000n;

function messages(sizes: readonly number[]): MadeDb3['messages'] {
  return sizes.map((size, i) => ({
    topic: i % topics.length,
    ns: startNs + BigInt(i) * 1_000_000n,
    data: Uint8Array.from({ length: size }, (_, k) => (k * 7 + i) % 251),
  }));
}

function expectMessages(read: Read, wanted: MadeDb3['messages']): void {
  expect(read.fault).toBeUndefined();
  expect(read.messages.length).toBe(wanted.length);
  for (const [i, message] of wanted.entries()) {
    expect(read.messages[i]).toMatchObject({
      topic: topics[message.topic]?.name,
      logTime: message.ns,
      publishTime: message.ns,
      data: Buffer.from(message.data).toString('hex'),
    });
  }
}

test.each([1, 2, 3, 4] as const)('layout %i: topics, definitions and messages', async (version) => {
  const wanted = messages([4, 5000, 0, 200, 100_000, 12]);
  const file = fileOf(make({ version, topics, messages: wanted }));
  const read = await readAll(readRecording(file));
  expectMessages(read, wanted);
  expect(read.items[0]).toMatchObject({ kind: 'header', format: 'db3', profile: 'ros2' });
  const [odom, tf, own] = [...read.channels.values()];
  const text = new TextDecoder().decode(odom?.schema?.data);
  const standard = 'std_msgs/Header header\nstring child_frame_id\n';
  expect(text.startsWith(version === 4 ? 'float64 x' : standard)).toBe(true);
  expect(tf?.latched).toBe(version > 1);
  expect(own?.schema).toMatchObject({ name: 'my_msgs/msg/Own', encoding: '' });
  expect(own && schemaFields(own)).toEqual([]);
  const info = await recordingInfo(file);
  expect(info).toMatchObject({ format: 'db3', messageCount: 6, startNs, indexed: false });
  const report = await checkRecording(file);
  expect(report).toMatchObject({ clean: true, messages: 6, errors: [] });
  const warnings = report.warnings.map(({ message }) => message);
  expect(warnings.some((text) => text.includes('/own (my_msgs/msg/Own) has no definition'))).toBe(
    true,
  );
});

test('random rows, page sizes, gaps and logs: what SQLite reads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.nat(300), fc.nat(9000)), { maxLength: 120 }),
      fc.constantFrom(512, 1024, 4096, 65_536),
      fc.constantFrom('delete', 'wal'),
      fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 30 }),
      async (sizes, pageSize, journal, deleted) => {
        const wanted = messages(sizes);
        const how = { version: 4, topics, messages: wanted, pageSize, journal, deleted } as const;
        const gone = new Set(deleted);
        const read = await readAll(readRecording(fileOf(make(how))));
        expectMessages(
          read,
          wanted.filter((_, i) => !gone.has(i + 1)),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test('a log that was cut counts up to its last whole commit', async () => {
  const wanted = messages(Array.from({ length: 300 }, (_, i) => i % 90));
  const { file, log = new Uint8Array(0) } = make({
    version: 4,
    topics,
    messages: wanted,
    journal: 'wal',
  });
  expect(log.length).toBeGreaterThan(0);
  const whole = await readAll(readRecording(fileOf({ file, log })));
  expectMessages(whole, wanted);
  const cut = await readAll(readRecording(fileOf({ file, log: log.subarray(0, log.length - 9) })));
  expect(cut.fault).toBeUndefined();
  expect(cut.messages.length).toBeLessThan(300);
  expect(whole.messages.slice(0, cut.messages.length)).toEqual(cut.messages);
});

test('messages that rosbag2 packed one by one are unpacked', async () => {
  const wanted = messages([40, 3000, 100_000]);
  const packed = wanted.map((message) => ({ ...message, data: zstd.encode(message.data) }));
  expectMessages(
    await readAll(readRecording(fileOf(make({ version: 3, topics, messages: packed })))),
    wanted,
  );
  const file = zstd.encode(make({ version: 3, topics, messages: wanted }).file);
  const whole = await readAll(readRecording(memoryFile(file)));
  expect(whole.fault).toMatchObject({ code: 'invalid' });
  expect(whole.fault?.remedy).toContain('zstd -d');
});

test('memory is bounded, whatever the size of the file', async () => {
  const wanted = messages(Array.from({ length: 400 }, () => 60_000));
  const { file } = make({ version: 4, topics, messages: wanted });
  expect(file.length).toBeGreaterThan(20 * 2 ** 20);
  const meter = openMeter();
  let count = 0;
  for await (const item of readRecording(memoryFile(file), { meter })) {
    if (item.kind === 'block') count += item.block.count;
  }
  expect(count).toBe(400);
  expect(meter.peak).toBeLessThanOrEqual(
    limits.db3Segments * limits.db3SegmentBytes + 2 * limits.db3BlockBytes,
  );
  expect(meter.held).toBe(0);
});

test('another SQLite database is refused with what it lacks', async () => {
  const path = join(folder, 'other.db3');
  const database = new DatabaseSync(path);
  database.exec('create table topics(id integer primary key, name text)');
  database.close();
  await using file = await openFile(path);
  const { fault } = await readAll(readRecording(file));
  expect(fault).toMatchObject({ code: 'invalid', place: `${path}@byte 0` });
  expect(fault?.message).toContain('no recording of rosbag2');
});

test('a row of an unknown topic ends the reading, or is passed over', async () => {
  const wanted = messages([10, 10, 10]);
  const path = join(folder, 'unknown.db3');
  makeDb3(path, { version: 4, topics, messages: wanted });
  const database = new DatabaseSync(path);
  database.exec('update messages set topic_id = 99 where id = 2');
  database.close();
  await using file = await openFile(path);
  const strict = await readAll(readRecording(file));
  expect(strict.messages.length).toBe(1);
  expect(strict.fault).toMatchObject({ code: 'corrupt' });
  expect(strict.fault?.message).toContain('row 2 of messages is of topic 99');
  const skipped: string[] = [];
  const salvage = { salvage: true, skipped: (fault: Error) => void skipped.push(fault.message) };
  const rest = await readAll(readRecording(file, salvage));
  expect([rest.messages.length, skipped.length, rest.fault]).toEqual([2, 1, undefined]);
  expect(await checkRecording(file)).toMatchObject({ clean: false, messages: 2 });
});

const seed = process.env['FUZZ_SEED'] ?? '7';

test(`damage anywhere: one fault with its place, whole rows before it (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const wanted = messages(Array.from({ length: 150 }, (_, i) => (i % 9) * 200));
  const { file } = make({ version: 4, topics, messages: wanted, pageSize: 1024 });
  for (let round = 0; round < 300; round += 1) {
    let bytes = file.slice();
    const at = random.integer(bytes.length);
    if (round % 3 === 0) bytes = bytes.subarray(0, at);
    else bytes[at] = random.integer(256);
    const read = await readAll(readRecording(memoryFile(bytes, 'bad.db3')));
    expect(read.messages.length).toBeLessThanOrEqual(wanted.length);
    if (read.fault === undefined) continue;
    expect(['corrupt', 'invalid', 'limited']).toContain(read.fault.code);
    expect(read.fault.place).toContain('bad.db3');
    expect(read.fault.remedy ?? '').not.toBe('');
  }
});

test('columns of tables, however they were written', () => {
  expect(columnsOf('CREATE TABLE t(id INTEGER PRIMARY KEY,"a b" TEXT, c DECIMAL(3, 2))')).toEqual({
    columns: ['id', 'a b', 'c'],
    rowid: 'id',
  });
  const sql =
    'create table "x" (\n  -- a, comment\n  Id text, [B] blob default (1), unique(Id, B))';
  expect(columnsOf(sql)).toEqual({ columns: ['id', 'b'], rowid: undefined });
});

test('every standard definition is whole and its fields can be listed', () => {
  for (const type of standardTypes) {
    const schema = standardDefinition(type);
    const channel = {
      id: 1,
      topic: '/t',
      messageEncoding: 'cdr',
      metadata: new Map(),
      schema,
      latched: false,
    };
    const isEmpty = type === 'std_msgs/msg/Empty';
    expect(schemaFields(channel).length > 0).toBe(!isEmpty);
  }
  expect(standardDefinition('std_msgs/Header')).toBeUndefined();
  expect(standardTypes.length).toBeGreaterThan(100);
});

test.skipIf(!hasSharedData).each(sharedFiles('db3', '.db3'))(
  '%s: as SQLite and Foxglove read it',
  async (path) => {
    await using file = await openFile(path);
    const read = await readAll(readRecording(file));
    expect(read.fault).toBeUndefined();
    // A copy in memory: the shared folder is read-only, and one file wants its log there.
    const database = new DatabaseSync(`file:${path}?immutable=1`, { readOnly: true });
    const statement = database.prepare(
      'select t.name, t.type, m.timestamp, m.data from messages m join topics t on t.id = m.topic_id order by m.id',
    );
    statement.setReadBigInts(true);
    const rows = statement.all();
    expect(read.messages.length).toBe(rows.length);
    let decoded = 0;
    for (const [i, row] of rows.entries()) {
      const { name, timestamp, data } = row;
      if (!(data instanceof Uint8Array)) throw new Error('no blob');
      const message = read.messages[i];
      expect(message).toMatchObject({
        topic: name,
        logTime: timestamp,
        data: Buffer.from(data).toString('hex'),
      });
      if (row['type'] !== 'std_msgs/msg/String') continue;
      const channel = read.channels.get(message?.channelId ?? 0);
      const theirs = new MessageReader(parse('string data', { ros2: true })).readMessage(data);
      expect(channel && decodeMessage(channel, data)).toEqual(theirs);
      decoded += 1;
    }
    expect(decoded).toBeGreaterThan(0);
    database.close();
  },
);

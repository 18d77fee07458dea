/**
 * Goal: a ROS 1 bag gives all its messages, indexed or not, and damage is a Fault with its place.
 * Method: bags built byte by byte, and the shared ones against @foxglove/rosbag's own iterator.
 */
import { Bag } from '@foxglove/rosbag';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lz4Decode } from '../codec/lz4.ts';
import { openFile } from '../file.ts';
import { readRecording } from '../read.ts';
import {
  type BagSpec,
  bagRecord,
  chunkRecord,
  connectionRecord,
  makeBag,
  messageRecord,
} from '../testing/bag-maker.ts';
import { bz2Bag } from '../testing/bz2-bag.ts';
import { memoryFile, readAll } from '../testing/memory-file.ts';
import { hasSharedData, sharedFiles } from '../testing/shared-data.ts';

const connections = [
  { topic: '/odom', type: 'nav_msgs/Odometry', definition: 'Header header' },
  { topic: '/tf_static', type: 'tf2_msgs/TFMessage', latching: true },
];

function message(connection: number, seconds: number, nanoseconds = 0): BagSpec['chunks'][0][0] {
  return { connection, seconds, nanoseconds, data: new Uint8Array([seconds & 255, connection]) };
}

const small: BagSpec = {
  connections,
  chunks: [
    [message(0, 10), message(1, 11, 5), message(0, 12)],
    [message(0, 11, 500), message(0, 9)],
  ],
};

const seconds = (bag: Awaited<ReturnType<typeof readAll>>): number[] =>
  bag.messages.map(({ logTime }) => Number(logTime / 1_000_000_000n));

test.each(['none', 'lz4'] as const)(
  '%s: channels, times, latching and file order',
  async (compression) => {
    const file = memoryFile(makeBag({ ...small, compression }), 'a.bag');
    const bag = await readAll(readRecording(file));
    expect(bag.fault).toBeUndefined();
    expect(bag.items[0]).toEqual({
      kind: 'header',
      format: 'rosbag1',
      profile: 'ros1',
      library: '',
    });
    // Chunks whose times overlap come as they stand in the file.
    expect(seconds(bag)).toEqual([10, 11, 12, 11, 9]);
    expect(bag.messages[1]).toEqual({
      topic: '/tf_static',
      channelId: 1,
      sequence: 0,
      logTime: 11_000_000_005n,
      publishTime: 11_000_000_005n,
      data: '0b01',
    });
    const odom = bag.channels.get(0);
    expect(odom).toMatchObject({ topic: '/odom', messageEncoding: 'ros1', latched: false });
    expect(odom?.schema).toMatchObject({ name: 'nav_msgs/Odometry', encoding: 'ros1msg' });
    expect(Buffer.from(odom?.schema?.data ?? []).toString()).toBe('Header header');
    expect(bag.channels.get(1)?.latched).toBe(true);
    expect(bag.blocks.map(({ firstNs, lastNs }) => [firstNs, lastNs])).toEqual([
      [10_000_000_000n, 12_000_000_000n],
      [9_000_000_000n, 11_000_000_500n],
    ]);
  },
);

test('bz2', async () => {
  const bag = await readAll(readRecording(memoryFile(bz2Bag, 'a.bag')));
  expect(bag.fault).toBeUndefined();
  expect(bag.messages.length).toBe(20);
  expect(bag.messages.at(-1)?.logTime).toBe(29_000_000_019n);
});

test('a bag that was never closed gives all that was written, also outside chunks', async () => {
  const unclosed = makeBag({ ...small, index: false });
  const open = Buffer.concat([
    bagRecord({ compression: 'none', size: 0, op: new Uint8Array([5]) }, new Uint8Array(0)),
    connectionRecord(2, { topic: '/late' }),
    messageRecord(message(2, 20)),
    messageRecord(message(2, 21)),
  ]);
  const file = memoryFile(new Uint8Array(Buffer.concat([unclosed, open])), 'b.bag.active');
  const bag = await readAll(readRecording(file));
  expect(bag.fault).toBeUndefined();
  expect(seconds(bag)).toEqual([10, 11, 12, 11, 9, 20, 21]);
  expect(bag.blocks.at(-1)?.count).toBe(2);
});

test('times further apart than a double holds exactly become blocks of their own', async () => {
  const chunks = [[message(0, 1), message(0, 4_000_000_000, 999_999_999), message(0, 2)]];
  const bag = await readAll(readRecording(memoryFile(makeBag({ connections, chunks }), 'a.bag')));
  expect(bag.messages.map(({ logTime }) => logTime)).toEqual([
    1_000_000_000n,
    4_000_000_000_999_999_999n,
    2_000_000_000n,
  ]);
  expect(bag.blocks.length).toBe(3);
});

test.each(['none', 'lz4'] as const)(
  'every truncation gives a prefix and a Fault: %s',
  async (compression) => {
    const bytes = makeBag({ ...small, compression });
    const whole = await readAll(readRecording(memoryFile(bytes)));
    const wrong: string[] = [];
    for (let cut = 0; cut < bytes.length; cut += cut > 20 && cut < 4000 ? 97 : 1) {
      const { messages, fault } = await readAll(
        readRecording(memoryFile(bytes.slice(0, cut), 'cut.bag')),
      );
      const isPrefix = isDeepStrictEqual(messages, whole.messages.slice(0, messages.length));
      const isFault = fault?.code === 'corrupt' && fault.remedy !== undefined;
      const isPlaced = /^cut\.bag@byte \d+$/.test(fault?.place ?? '');
      if (!isPrefix || !isFault || !isPlaced) wrong.push(`cut at ${cut}: ${fault?.message}`);
    }
    expect(wrong).toEqual([]);
  },
);

test('stored chunks that the end cuts off give their whole messages', async () => {
  const bytes = makeBag({ ...small, index: false });
  const whole = await readAll(readRecording(memoryFile(bytes)));
  const [, second] = whole.blocks;
  const cut = (second?.offset ?? 0) + 120;
  const { messages, fault } = await readAll(readRecording(memoryFile(bytes.slice(0, cut))));
  expect(messages.length).toBe(4);
  expect(fault?.message).toContain('Chunk: the bag ends');
});

test('mutated bags: our Faults or a readable bag, never another error', async () => {
  const bytes = makeBag({ ...small, compression: 'lz4' });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      async (changes) => {
        const bad = bytes.slice();
        // The padding of the bag header is half the file: changes go past it.
        for (const [at, value] of changes) bad[at < 100 ? at : 4109 + (at % 1500)] = value;
        const { fault } = await readAll(readRecording(memoryFile(bad, 'bad.bag')));
        expect([undefined, 'corrupt', 'limited', 'invalid']).toContain(fault?.code);
      },
    ),
    { numRuns: 400 },
  );
});

test('what a bag states is refused by name: sizes, compressions, connections, ops', async () => {
  const start = makeBag({ connections, chunks: [], index: false });
  const after = (record: Uint8Array): Uint8Array => new Uint8Array(Buffer.concat([start, record]));
  const op = (code: number): Uint8Array => new Uint8Array([code]);
  const faultOf = async (record: Uint8Array): Promise<string> => {
    const { fault } = await readAll(readRecording(memoryFile(after(record), 'x.bag')));
    expect(fault?.place).toBe(`x.bag@byte ${start.length}`);
    return `${fault?.code} ${fault?.message}`;
  };
  const chunk = { compression: 'lz4', size: 2 ** 31, op: op(5) };
  expect(await faultOf(bagRecord(chunk, new Uint8Array(4)))).toMatch(
    /^limited a chunk states 2\.00 GiB/,
  );
  const snappy = { ...chunk, compression: 'snappy', size: 9 };
  expect(await faultOf(bagRecord(snappy, new Uint8Array(4)))).toMatch(/^invalid .*"snappy"/);
  expect(await faultOf(chunkRecord(messageRecord(message(7, 1)), 'none'))).toMatch(
    /^corrupt .*connection 7/,
  );
  expect(await faultOf(bagRecord({ op: op(9) }, new Uint8Array(0)))).toMatch(/^corrupt .*op 9/);
  expect(await faultOf(bagRecord({ conn: 1 }, new Uint8Array(0)))).toMatch(/^corrupt .*fields/);
});

test('old bags and other files are told apart', async () => {
  const read = async (text: string): Promise<string | undefined> => {
    const file = memoryFile(new Uint8Array(Buffer.from(text)), 'old.bag');
    return (await readAll(readRecording(file))).fault?.message;
  };
  expect(await read('#ROSBAG V1.2\n')).toContain('format 1');
  expect(await read('SQLite format 3\0')).toContain('Header');
  expect(await read('hello')).toContain('neither');
  expect(await read('')).toContain('empty');
});

test.skipIf(!hasSharedData)(
  'shared bags (needs ../shared/data): the same messages as @foxglove/rosbag',
  async () => {
    const files = sharedFiles('rosbag1', '.bag');
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) {
      await using file = await openFile(path);
      const ours = await readAll(readRecording(file));
      expect(ours.fault).toBeUndefined();
      const size = file.size ?? 0;
      const lz4 = (stored: Uint8Array, length: number): Uint8Array => {
        const into = new Uint8Array(length);
        lz4Decode(stored, into);
        return into;
      };
      const bag = new Bag(
        { size: () => size, read: (offset, length) => file.read(offset, length) },
        { decompress: { lz4 }, parse: false },
      );
      await bag.open();
      const theirs: string[] = [];
      if (bag.startTime !== undefined) {
        for await (const { topic, timestamp, data } of bag.messageIterator()) {
          const ns = BigInt(timestamp.sec) * 1_000_000_000n + BigInt(timestamp.nsec);
          theirs.push(`${ns} ${topic} ${Buffer.from(data).toString('hex')}`);
        }
      }
      const mine = ours.messages.map(({ logTime, topic, data }) => `${logTime} ${topic} ${data}`);
      expect(mine.sort()).toEqual(theirs.sort());
    }
  },
);

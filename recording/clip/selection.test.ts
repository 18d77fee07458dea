/**
 * Goal: a clip holds exactly what was asked for: thinned by ticks of log time, within its bytes by
 * importance, changed where that was ordered, and the same wherever its blocks were kept.
 * Method: random cuts against a plain selection over the messages that the source was read as.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkRecording } from '../check.ts';
import { readRecording } from '../read.ts';
import { diagnose } from '../testing/doctor.ts';
import { makeMcap, robotMessages } from '../testing/mcap-maker.ts';
import {
  memoryFile,
  memorySink,
  type PlainMessage,
  type Read,
  readAll,
} from '../testing/memory-file.ts';
import { type ClipPlan, cutClip } from './cut.ts';
import type { HeldBlock } from './held.ts';
import type { LeftOut } from './selection.ts';

const startNs = 1_700_000_000_000_000_000n;
const second = 1_000_000_000n;

const plan: ClipPlan = {
  startNs: startNs + second,
  endNs: startNs + 5n * second,
  topics: ['/odom', '/imu'],
  library: 'test 1',
  markers: [],
  scores: [],
  metadata: () => new Map(),
};

interface Cut {
  readonly bytes: Uint8Array;
  readonly read: Read;
  readonly leftOut: readonly LeftOut[];
}

async function cut(
  source: Read,
  changes: Partial<ClipPlan>,
  blocks: readonly HeldBlock[] = source.blocks,
): Promise<Cut> {
  const out = memorySink();
  let leftOut: readonly LeftOut[] = [];
  const metadata: ClipPlan['metadata'] = (_, left) => {
    leftOut = left;
    return new Map();
  };
  const { channels } = source;
  await cutClip(out, { ...plan, ...changes, metadata }, { profile: 'ros2', channels, blocks });
  const report = await checkRecording(memoryFile(out.bytes));
  expect(report.errors).toEqual([]);
  expect(diagnose(out.bytes)).toEqual([]);
  const read = await readAll(readRecording(memoryFile(out.bytes)));
  return { bytes: out.bytes, read, leftOut };
}

const file = async (compression?: 'none' | 'zstd'): Promise<Read> =>
  readAll(readRecording(memoryFile(await makeMcap({ ...robotMessages(6), compression }))));

/** The same blocks as a disk gives them: later, and as other objects. */
const stored = (blocks: Read['blocks']): HeldBlock[] =>
  blocks.map((block) => ({
    firstNs: block.firstNs,
    lastNs: block.lastNs,
    channels: [...new Set(block.channelIds.subarray(0, block.count))],
    load: () => Promise.resolve({ ...block }),
  }));

function thinned(messages: readonly PlainMessage[], hz: ReadonlyMap<string, number>) {
  const taken = new Set<string>();
  return messages.filter(({ topic, logTime }) => {
    const rate = hz.get(topic);
    if (rate === undefined) return true;
    const tick = `${topic} ${logTime / BigInt(Math.round(1e9 / rate))}`;
    if (taken.has(tick)) return false;
    taken.add(tick);
    return true;
  });
}

const lineOf = (one: PlainMessage): string =>
  [one.topic, one.logTime, one.publishTime, one.sequence, one.data].join(' ');

const isContext = (one: PlainMessage): boolean => one.topic === '/tf_static';

test('for all ranges, topics and rates: of each tick the first message, wherever it was kept', async () => {
  const sources = await Promise.all([file('none'), file('zstd'), file()]);
  const rate = fc.constantFrom(undefined, 0.5, 1, 3, 7.5, 10, 50, 1000);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        source: fc.constantFrom(...sources),
        fromMs: fc.integer({ min: -500, max: 6_500 }),
        lengthMs: fc.nat(6_000),
        topics: fc.constantFrom<string[]>(['*'], ['/odom'], ['/imu', '/odom']),
        odom: rate,
        imu: rate,
        isStored: fc.boolean(),
      }),
      async ({ source, fromMs, lengthMs, topics, isStored, ...hz }) => {
        const from = startNs + BigInt(fromMs) * 1_000_000n;
        const range = { startNs: from, endNs: from + BigInt(lengthMs) * 1_000_000n };
        const rates = [
          ['/odom', hz.odom],
          ['/imu', hz.imu],
        ] as const;
        const downsample = new Map(
          rates.flatMap(([topic, value]) => (value === undefined ? [] : [[topic, value] as const])),
        );
        const changes = { ...range, topics, downsample };
        const clip = await cut(source, changes, isStored ? stored(source.blocks) : undefined);
        const isInside = ({ topic, logTime }: PlainMessage): boolean =>
          logTime >= range.startNs &&
          logTime <= range.endNs &&
          (topics.includes('*') || topics.includes(topic));
        const expected = thinned(source.messages.filter(isInside), downsample);
        const found = clip.read.messages.filter((one) => !isContext(one));
        expect(found.map(lineOf).sort()).toEqual(
          expected
            .filter((one) => !isContext(one))
            .map(lineOf)
            .sort(),
        );
      },
    ),
    { numRuns: 80, seed: 20_261_121 },
  );
});

test('a block of the disk gives the bytes of one in memory', async () => {
  const source = await file('zstd');
  const memory = await cut(source, { topics: ['*'] });
  const disk = await cut(source, { topics: ['*'] }, stored(source.blocks));
  expect(Buffer.compare(disk.bytes, memory.bytes)).toBe(0);
});

test('blocks whose bytes are gone are passed over', async () => {
  const source = await file('zstd');
  const gone = stored(source.blocks).map((block, i) =>
    i < 5 ? { ...block, load: () => Promise.resolve(undefined) } : block,
  );
  const from = source.blocks[5]?.firstNs ?? 0n;
  const clip = await cut(source, { startNs: startNs - second, topics: ['/imu'] }, gone);
  expect(clip.read.messages[0]?.logTime).toBeGreaterThanOrEqual(from);
});

test('what does not fit is left out by importance, and told of', async () => {
  const source = await file('zstd');
  const inside = source.messages.filter(
    ({ logTime }) => logTime >= plan.startNs && logTime <= plan.endNs,
  );
  const sum = (topic: string): number =>
    inside
      .filter((one) => one.topic === topic)
      .reduce((bytes, { data }) => bytes + data.length / 2, 0);
  const topicsOf = ({ read }: Cut): string[] => [...new Set(read.messages.map((m) => m.topic))];
  const odomOnly = await cut(source, { maxBytes: sum('/odom') });
  expect(topicsOf(odomOnly)).toEqual(['/odom']);
  const count = inside.filter(({ topic }) => topic === '/imu').length;
  expect(odomOnly.leftOut).toEqual([{ topic: '/imu', messages: count, bytes: sum('/imu') }]);
  const imuFirst = await cut(source, { topics: ['/imu', '/odom'], maxBytes: sum('/imu') });
  expect(topicsOf(imuFirst)).toEqual(['/imu']);
  const both = await cut(source, { maxBytes: sum('/odom') + sum('/imu') });
  expect(both.leftOut).toEqual([]);
  // Thinning comes first, so that a thinned topic may fit where a full one would not.
  const thin = await cut(source, {
    maxBytes: sum('/odom') + 5 * 320,
    downsample: new Map([['/imu', 1]]),
  });
  expect(topicsOf(thin).sort()).toEqual(['/imu', '/odom']);
  expect(thin.leftOut).toEqual([]);
  expect((await cut(source, { maxBytes: 0 })).read.messages).toEqual([]);
});

test('no byte of a topic that is changed goes in as it was, copied chunks and context included', async () => {
  const source = await file('zstd');
  const secret = source.messages.filter(({ topic }) => topic === '/imu' || topic === '/tf_static');
  const black = (data: Uint8Array): Uint8Array => new Uint8Array(data.length);
  const redact = new Map([
    ['/imu', black],
    ['/tf_static', black],
  ]);
  const clip = await cut(source, { topics: ['*'], redact });
  const changed = clip.read.messages.filter((one) =>
    secret.some(({ topic, sequence }) => topic === one.topic && sequence === one.sequence),
  );
  expect(changed.length).toBeGreaterThan(100);
  for (const { data } of changed) expect(data).toMatch(/^0*$/);
  expect(clip.read.messages.some(isContext)).toBe(true);
  expect(
    clip.read.messages.some(({ topic, data }) => topic === '/odom' && /[1-9]/.test(data)),
  ).toBe(true);
  const without = await cut(source, { topics: ['*'], without: new Set(['/imu']) });
  expect(without.read.messages.some(({ topic }) => topic === '/imu')).toBe(false);
});

test('a change that fails ends the cut', async () => {
  const source = await file('zstd');
  const redact = new Map([['/imu', () => Promise.reject(new Error('torn'))]]);
  await expect(cut(source, { redact })).rejects.toThrow('torn');
});

test('a chunk whose messages are all chosen is copied as bytes, other topics or not', async () => {
  const made = robotMessages(6);
  const imuFirst = made.messages.toSorted((a, b) => b.channel - a.channel);
  const bytes = await makeMcap({
    ...made,
    messages: imuFirst,
    compression: 'zstd',
    chunkSize: 9e3,
  });
  const source = await readAll(readRecording(memoryFile(bytes)));
  const clip = await cut(source, { topics: ['/imu'] });
  const own = clip.read.blocks.map(({ chunk }) =>
    Buffer.from(chunk?.records ?? []).toString('hex'),
  );
  const copied = source.blocks.filter(({ chunk }) =>
    own.includes(Buffer.from(chunk?.records ?? []).toString('hex')),
  );
  expect(copied.length).toBeGreaterThan(3);
});

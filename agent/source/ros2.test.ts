/**
 * Goal: what a ROS 2 graph publishes comes as CDR with its definitions, for wanted topics alone,
 * and a machine without ROS, or a library that fails, says what to do.
 * Method: a graph that publishes the messages of a recorded rosbag2 file; the adapter to rclnodejs
 * itself is run only as far as a machine without ROS lets it, with a library that throws.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { type Channel, decodeMessage, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { expect, test } from 'vitest';
import { graphEveryMs } from '../limits.ts';
import { checkRclnodejs, openRclnodejs, type Rclnodejs } from './rclnodejs.ts';
import { findDefinition } from './ros-definition.ts';
import { type OpenRosGraph, type RosGraph, type RosQuality, ros2Source } from './ros2.ts';
import type { SourceItem } from './source.ts';
import { openWanted } from './wanted.ts';

const recorded = join(
  import.meta.dirname,
  '../../../shared/data/recordings/mcap/rosbag2-cdr_test_0.mcap',
);
const skips = existsSync(recorded) ? '' : ' (skipped: ../shared/data would bring it)';

interface Sent {
  readonly topic: string;
  readonly bytes: Uint8Array;
}

/** The messages and channels of a recording, as publishers would send them. */
async function contents(): Promise<{ channels: Channel[]; sent: Sent[] }> {
  await using file = await openFile(recorded);
  const channels: Channel[] = [];
  const sent: Sent[] = [];
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') channels.push(item.channel);
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      const topic = channels.find(({ id }) => id === block.channelIds[i])?.topic ?? '';
      sent.push({ topic, bytes: block.data.slice(block.starts[i], block.ends[i]) });
    }
  }
  return { channels, sent };
}

const quality: RosQuality = { reliable: true, transientLocal: false, depth: 10 };

async function read(
  openGraph: OpenRosGraph,
  enough: (items: readonly SourceItem[]) => boolean,
  wanted = openWanted(() => true),
  /** Each look at the clock is so much later, beside the time that passes. */
  lookMs = 0,
): Promise<SourceItem[]> {
  const stopping = new AbortController();
  let laterMs = 0;
  const clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + (laterMs += lookMs),
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 5), signal),
  };
  const deps = {
    clock,
    ids: systemIds,
    random: seededRandom(1),
    log: silentLog,
    wanted,
    openGraph,
  };
  const items: SourceItem[] = [];
  for await (const item of ros2Source({ name: 'graph', domain: 7 }, deps).items(stopping.signal)) {
    items.push(item);
    if (enough(items)) stopping.abort();
  }
  return items;
}

const blocks = (items: readonly SourceItem[]) =>
  items.flatMap((item) => (item.kind === 'block' ? [item.block] : []));

test.skipIf(skips !== '')(
  `what publishers send comes with its definition, unchanged${skips}`,
  async () => {
    const { channels, sent } = await contents();
    const subscribed: string[] = [];
    let ended = 0;
    const graph: RosGraph = {
      topics: () => channels.map(({ topic, schema }) => ({ topic, type: schema?.name ?? '' })),
      quality: () => quality,
      subscribe({ topic }, asked, take) {
        subscribed.push(`${topic} ${asked.reliable}`);
        for (const one of sent) if (one.topic === topic) take(one.bytes);
        return () => {
          ended += 1;
        };
      },
      definition: async (type) => {
        const schema = channels.find((one) => one.schema?.name === type)?.schema;
        return await Promise.resolve(new TextDecoder().decode(schema?.data));
      },
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    };
    const topic = sent[0]?.topic ?? '';
    const own = sent.filter((one) => one.topic === topic);
    const count = (items: readonly SourceItem[]): number =>
      blocks(items).reduce((sum, block) => sum + block.count, 0);
    const wanted = openWanted((name) => name === topic);
    const items = await read(
      async (domain) => {
        expect(domain).toBe(7);
        return await Promise.resolve(graph);
      },
      (so) => count(so) >= own.length,
      wanted,
    );
    expect(subscribed).toEqual([`${topic} true`]);
    expect(ended).toBe(1);
    const channel = items.find((item) => item.kind === 'channel')?.channel;
    const original = channels.find((one) => one.topic === topic);
    if (channel === undefined || original === undefined) throw new Error('no channel');
    const [block] = blocks(items);
    const bytes = block?.data.slice(block.starts[0], block.ends[0]) ?? new Uint8Array(0);
    expect(bytes).toEqual(own[0]?.bytes);
    expect(decodeMessage(channel, bytes)).toEqual(decodeMessage(original, bytes));
  },
);

test('a topic is read as its publishers offer it: once there is one, and anew when they change', async () => {
  const offers: (RosQuality | undefined)[] = [undefined, undefined, quality, quality];
  const latched: RosQuality = { reliable: true, transientLocal: true, depth: 1 };
  offers.push(latched, { ...latched, depth: 9 }, undefined, latched);
  const asked: string[] = [];
  let looks = 0;
  const graph: RosGraph = {
    topics: () => [{ topic: '/tf_static', type: 'tf2_msgs/msg/TFMessage' }],
    quality: () => offers[looks++],
    subscribe(_, { transientLocal }) {
      asked.push(`latched ${transientLocal}`);
      return () => void asked.push('ended');
    },
    definition: async () => await Promise.resolve(undefined),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
  const items = await read(
    async () => await Promise.resolve(graph),
    () => looks >= offers.length,
    openWanted(() => true),
    graphEveryMs,
  );
  expect(asked).toEqual(['latched false', 'ended', 'latched true', 'ended']);
  const channels = items.flatMap((item) => (item.kind === 'channel' ? [item.channel] : []));
  expect(channels.map(({ latched }) => latched)).toEqual([false, true]);
});

test('a graph that cannot be opened is waited for, with its remedy', async () => {
  const items = await read(openRclnodejs, (so) => so.length === 2);
  expect(items).toMatchObject([
    { kind: 'waiting', reason: expect.stringMatching(/ROS 2 is not sourced.*setup\.sh/) },
    { kind: 'waiting' },
  ]);
  await expect(checkRclnodejs()).rejects.toMatchObject({
    code: 'unavailable',
    remedy: expect.stringMatching(/source/),
  });
});

test('a topic that cannot be subscribed to is told of once, and the others go on', async () => {
  const types = ['/new', '/odom'].map((topic) => ({ topic, type: 'my_msgs/msg/New' }));
  let looks = 0;
  const graph: RosGraph = {
    topics: () => types,
    // Each time another one, so that each look subscribes anew.
    quality: () => ({ ...quality, reliable: looks++ % 3 === 0 }),
    subscribe({ topic }, _, take) {
      if (topic === '/new') throw new Fault('unavailable', 'no such type', { remedy: 'Build it.' });
      take(new Uint8Array(8));
      return () => {};
    },
    definition: async () => await Promise.resolve(undefined),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
  const items = await read(
    async () => await Promise.resolve(graph),
    (so) => blocks(so).length >= 3,
    undefined,
    graphEveryMs,
  );
  expect(items.filter(({ kind }) => kind === 'notice')).toEqual([
    {
      kind: 'notice',
      name: 'topic_refused',
      text: '/new (my_msgs/msg/New) cannot be subscribed to: no such type. Build it.',
    },
  ]);
  expect(items.filter(({ kind }) => kind === 'begin')).toHaveLength(1);
});

test('what rclnodejs throws is a fault with a remedy', async () => {
  const fails = (message: string) => (): never => {
    throw new Error(message);
  };
  class Node {
    getTopicNamesAndTypes = fails('the node is invalid');
    getPublishersInfoByTopic = fails('the node is invalid');
    createSubscription = fails('The message required does not exist: my_msgs, msg, New');
    destroySubscription = fails('the node is invalid');
    spin = (): void => {};
    destroy = fails('the node is invalid');
  }
  class QoS {
    static readonly ReliabilityPolicy = {};
    static readonly DurabilityPolicy = {};
    static readonly HistoryPolicy = {};
    readonly depth = 10;
  }
  const library = { Context: Object, Node, QoS, shutdown: fails('no context') };
  const load = (init: Rclnodejs['init']) => async (): Promise<Rclnodejs> =>
    await Promise.resolve({ ...library, init });
  const unavailable = { code: 'unavailable', remedy: expect.stringMatching(/agent/) };
  await expect(openRclnodejs(7, load(fails('failed to load rmw')))).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringMatching(/failed to load rmw/),
  });
  await using graph = await openRclnodejs(
    7,
    load(() => Promise.resolve()),
  );
  const faultOf = (call: () => unknown): unknown => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  };
  const topic = { topic: '/new', type: 'my_msgs/msg/New' };
  expect(faultOf(() => graph.topics())).toMatchObject(unavailable);
  expect(faultOf(() => graph.quality('/new'))).toMatchObject(unavailable);
  expect(faultOf(() => graph.subscribe(topic, quality, () => {}))).toMatchObject({
    ...unavailable,
    message: expect.stringMatching(/message required does not exist/),
  });
});

test('definitions of what is sourced: the type, then each that it refers to, once', async () => {
  const prefix = mkdtempSync(join(tmpdir(), 'fl-ament-'));
  const put = (type: string, text: string): void => {
    const path = join(prefix, 'share', `${type}.msg`);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  };
  put(
    'nav/msg/Path',
    'std/Header header # of the map\nPose[] poses\nstring<=9 name\nint8 MOST=3\n',
  );
  put('nav/msg/Pose', 'float64[3] at\nstd/msg/Header stamp\n');
  put('std/msg/Header', 'builtin/Time stamp\nstring frame_id "map"\n');
  put('builtin/msg/Time', 'int32 sec\nuint32 nanosec\n');
  put('nav/msg/Broken', 'gone/Away away\n');
  const text = await findDefinition('nav/msg/Path', ['/nowhere', prefix]);
  const bar = '='.repeat(80);
  expect(text?.split(`${bar}\n`).map((part) => part.split('\n')[0])).toEqual([
    'std/Header header # of the map',
    'MSG: std/Header',
    'MSG: nav/Pose',
    'MSG: builtin/Time',
  ]);
  expect(await findDefinition('nav/msg/Broken', [prefix])).toBeUndefined();
  expect(await findDefinition('../../etc/passwd', [prefix])).toBeUndefined();
  rmSync(prefix, { recursive: true });
});

/**
 * Goal: any recording gets rules that fit it, wired to its own topics, and at least one trigger.
 * Method: channels with ROS definitions as sensors publish them; the shared recordings.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Channel, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { expect, test } from 'vitest';
import { openEngine } from './engine.ts';
import { type ChannelFacts, gatherFacts } from './facts.ts';
import { fitLibrary } from './fit.ts';
import { loadLibrary } from './library.ts';
import { lintAgainst } from './lint.ts';

const definitions: Readonly<Record<string, string>> = {
  'nav_msgs/msg/Odometry':
    'Twist twist\n===\nMSG: nav_msgs/Twist\nLinear twist\n===\nMSG: nav_msgs/Linear\nPoint linear\n===\nMSG: nav_msgs/Point\nfloat64 x\n',
  'sensor_msgs/msg/LaserScan': 'float32[] ranges\n',
  'sensor_msgs/msg/Imu': 'float64 x\n',
  'std_msgs/msg/String': 'string data\n',
};

function facts(id: number, topic: string, schema: string, messages: number): ChannelFacts {
  const channel: Channel = {
    id,
    topic,
    messageEncoding: 'cdr',
    metadata: new Map(),
    schema: {
      name: schema,
      encoding: 'ros2msg',
      data: new TextEncoder().encode(definitions[schema]),
    },
    latched: false,
  };
  return { channel, messages };
}

const minute = 60_000_000_000n;
const library = await loadLibrary();

test('rules are wired to the topics of the recording', () => {
  const recording = {
    channels: [
      facts(0, '/wheel/odom', 'nav_msgs/msg/Odometry', 3_000),
      facts(1, '/front/scan', 'sensor_msgs/msg/LaserScan', 600),
      facts(2, '/rear/scan', 'sensor_msgs/msg/LaserScan', 300),
      facts(3, '/chatter', 'std_msgs/msg/String', 60),
    ],
    durationNs: minute,
  };
  const { ruleSet, chosen, skipped } = fitLibrary(recording, library);
  expect(chosen.map(({ rule }) => rule)).toEqual([
    'baseline-sample',
    'near-miss',
    'sensor-dropout-wheel-odom',
    'sensor-dropout-front-scan',
    'sensor-dropout-rear-scan',
  ]);
  expect(chosen[1]?.why).toBe(
    'vx from /wheel/odom (nav_msgs/msg/Odometry), range from /front/scan (sensor_msgs/msg/LaserScan)',
  );
  expect(skipped).toContainEqual({
    rule: 'confidence-drop',
    reason:
      'model "classifier" was trained on /camera/front/compressed, which the recording has not',
  });
  expect(skipped).toContainEqual({
    rule: 'hard-brake',
    reason: 'no topic gives ahead (sensor_msgs/msg/Imu)',
  });
  expect(lintAgainst(ruleSet, recording)).toEqual([]);
  expect(ruleSet.rules.map((rule) => rule.capture.topics)).toEqual(ruleSet.rules.map(() => ['*']));
});

test('a slow topic gives a longer age, a rare one no dropout rule', () => {
  const recording = {
    channels: [
      facts(0, '/odom', 'nav_msgs/msg/Odometry', 61),
      facts(1, '/scan', 'sensor_msgs/msg/LaserScan', 13),
    ],
    durationNs: minute,
  };
  const { ruleSet, chosen } = fitLibrary(recording, library);
  expect(chosen.map(({ rule }) => rule)).toEqual([
    'baseline-sample',
    'near-miss',
    'sensor-dropout-odom',
  ]);
  expect(ruleSet.signals.map(({ name, maxAgeNs }) => [name, maxAgeNs])).toEqual([
    ['vx', 3e9],
    ['range', 10e9],
  ]);
});

test('a schema that lacks the field does not fit', () => {
  const odd = facts(0, '/odom', 'sensor_msgs/msg/Imu', 3_000);
  const { skipped } = fitLibrary({ channels: [odd], durationNs: minute }, library);
  expect(skipped.find(({ rule }) => rule === 'near-miss')?.reason).toBe(
    'no topic gives vx (nav_msgs/msg/Odometry)',
  );
});

test.each([0n, 1n, 8_000_000_000n, 30_000_000_000n, 3_600_000_000_000n])(
  'a recording of %s ns is sampled',
  (durationNs) => {
    const recording = { channels: [facts(0, '/chatter', 'std_msgs/msg/String', 20)], durationNs };
    const trigger = fitLibrary(recording, library).ruleSet.rules[0]?.trigger;
    expect(trigger?.kind === 'every' && trigger.firstNs <= Number(durationNs)).toBe(true);
  },
);

const shared = fileURLToPath(new URL('../../shared/data/recordings/', import.meta.url));
const files = ['rosbag1', 'mcap'].flatMap((folder) => {
  try {
    return readdirSync(`${shared}${folder}`).map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
});

test.skipIf(files.length === 0)(
  'every shared recording with messages (needs ../shared/data) fires a fitted rule',
  async () => {
    for (const name of files) {
      await using file = await openFile(`${shared}${name}`);
      const gathering = gatherFacts();
      for await (const item of readRecording(file, { reuse: true })) gathering.take(item);
      const recording = gathering.facts();
      const { ruleSet } = fitLibrary(recording, library);
      expect(
        lintAgainst(ruleSet, recording).filter(({ severity }) => severity === 'error'),
      ).toEqual([]);
      const engine = openEngine(ruleSet, { device: 'd' });
      let fired = 0;
      for await (const item of readRecording(file, { reuse: true })) {
        if (item.kind === 'channel') engine.channel(0, item.channel);
        if (item.kind === 'block') fired += engine.block(0, item.block).length;
      }
      fired += engine.flush().length;
      const messages = recording.channels.reduce((sum, one) => sum + one.messages, 0);
      expect(fired > 0, name).toBe(messages > 0);
      expect(engine.counters().unreadable).toEqual([]);
    }
  },
);

/**
 * Goal: what a recording holds becomes clips in the buffer, through every station and thread.
 * Method: a whole agent without a cloud reads recordings; its clip files are read back.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeRecording } from './source/testing.ts';
import { openHome, type ReadClip } from './testing.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
const shared = join(import.meta.dirname, '../../shared/data/recordings');

/** 60 s of odometry at 20 Hz with a burst of speed at 30 s, and a scan at 5 Hz. */
const drive = Array.from({ length: 1_200 }, (_, i) => {
  const atNs = start + (BigInt(i) * second) / 20n;
  const said = [{ topic: '/odom', atNs, value: { vx: i >= 600 && i < 640 ? 2 : 0.5 } }];
  if (i % 4 === 0) said.push({ topic: '/scan', atNs, value: { vx: i } });
  return said;
}).flat();

/** The same in many chunks. */
const heavy = drive.map((said) => ({
  ...said,
  value: { ...said.value, pad: 'x'.repeat(20_000) },
}));

const fast = `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 3}
signals:
  vx: {topic: /odom, path: vx, type: double}
rules:
- id: fast
  why: The robot was faster than it may be.
  severity: critical
  when: vx > 1.0
  capture: {topics: [/odom], pre: 5s, post: 4s}
  tags: [safety]
`;

const summary = ({ manifest, topics }: ReadClip) => ({
  rules: (manifest['markers'] as { rule: string }[]).map(({ rule }) => rule),
  startS: Number(BigInt(String(manifest['startNs'])) - start) / 1e9,
  endS: Number(BigInt(String(manifest['endNs'])) - start) / 1e9,
  topics: Object.fromEntries(topics),
});

test('a trigger becomes a clip with what stood before and after it, and why', async () => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), drive);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  await using running = await home.start({ sources, rules: fast });
  const status = await running.until(({ finished }) => finished);
  expect(status).toMatchObject({
    device: 'amr-017',
    source: { messages: 1_500, broken: 0, each: [{ name: 'main', state: 'finished' }] },
    rules: { set: 'test', version: 3, fired: { fast: 1 } },
    clips: { cut: 1, sealed: 1 },
    lastClip: { rule: 'fast', why: 'The robot was faster than it may be.' },
    degraded: [],
    idle: true,
  });
  const clips = await running.clips();
  expect(clips.map(summary)).toEqual([
    { rules: ['fast'], startS: 25, endS: 34, topics: { '/odom': 181, '/fieldloop/markers': 1 } },
  ]);
  expect(clips[0]?.manifest).toMatchObject({
    device: 'amr-017',
    firmware: '1.4.2',
    severity: 'critical',
    tags: ['safety'],
    preTruncated: false,
    markers: [{ expression: 'vx > 1.0', values: { vx: 2 } }],
  });
});

test('reading the same recording again, after any end, adds nothing', async () => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), drive);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  for (const sealed of [1, 1]) {
    await using running = await home.start({ sources, rules: fast });
    const status = await running.until(({ finished }) => finished);
    expect(status.clips.sealed).toBe(sealed);
    expect(await running.clips()).toHaveLength(1);
  }
});

test('stopped in the middle, the open clip is cut as it is; the next run gives the whole one', async () => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), heavy);
  const slow = [{ name: 'main', file: 'a.mcap', speed: 20 }];
  const post = fast.replace('post: 4s', 'post: 25s');
  {
    await using running = await home.start({ sources: slow, rules: post });
    await running.until(({ rules }) => rules.fired['fast'] === 1);
  }
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  await using running = await home.start({ sources, rules: post });
  await running.until(({ finished }) => finished);
  const clips = (await running.clips()).map(summary).toSorted((a, b) => a.endS - b.endS);
  expect(clips).toHaveLength(2);
  expect(clips[0]?.endS).toBeLessThan(55);
  expect(clips[1]?.endS).toBe(55);
});

test('two triggers that overlap are one clip; a trigger too early says that its past is short', async () => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), drive);
  const rules = `${fast}- id: early
  when: vx > 0.1
  capture: {topics: ["*"], pre: 10s, post: 1s}
- id: fast-too
  when: vx > 1.5
  capture: {topics: [/scan], pre: 1s, post: 6s}
`;
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  await using running = await home.start({ sources, rules });
  await running.until(({ finished }) => finished);
  const clips = await running.clips();
  const byStart = clips.toSorted((a, b) => summary(a).startS - summary(b).startS);
  expect(byStart.map(summary)).toMatchObject([
    { rules: ['early'], startS: 0, endS: 1 },
    { rules: ['fast', 'fast-too'], startS: 25, endS: 36 },
  ]);
  expect(byStart.map(({ manifest }) => manifest['preTruncated'])).toEqual([true, false]);
  expect(byStart[1]?.topics.get('/scan')).toBe(56);
});

test('a window of few bytes gives a clip around its trigger, and the agent goes on', async () => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), heavy);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const more = { window: { seconds: 60, memory: '3MB' } };
  await using running = await home.start({ sources, rules: fast, more });
  await running.until(({ finished }) => finished);
  const [clip] = await running.clips();
  if (clip === undefined) throw new Error('no clip');
  const { startS, endS } = summary(clip);
  expect(clip.manifest['preTruncated']).toBe(true);
  expect(startS).toBeGreaterThan(25);
  expect(startS).toBeLessThan(30);
  expect(endS).toBeGreaterThan(30);
});

const everything = (topic: string): string => `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: sample, version: 1}
rules:
- id: sample
  every: {period: 2s}
  capture: {topics: ["*"], pre: 1s, post: 500ms}
- id: silence
  absent: {topic: ${topic}, for: 1s}
`;

const recordings = [
  ['rosbag1/embag-test.bag', '/base_scan', 9],
  ['mcap/rosbag2-cdr_test_0.mcap', '/test_topic', 1],
] as const;
test.each(recordings)('a clip of %s is cut and reads back', async (name, topic, least) => {
  const path = join(shared, name);
  if (!existsSync(path)) {
    console.info(`skipped: ${name} is not there; ../shared/data would bring it`);
    return;
  }
  using home = openHome();
  const sources = [{ name: 'main', file: path, speed: 'max' }];
  await using running = await home.start({ sources, rules: everything(topic) });
  const status = await running.until(({ finished }) => finished);
  expect(status.source).toMatchObject({ broken: 0, each: [{ state: 'finished' }] });
  expect(status.source.messages).toBeGreaterThanOrEqual(least);
  expect(status.clips.cut).toBe((await running.clips()).length);
});

/**
 * Goal: what a recording holds becomes clips in the buffer, through every station and thread.
 * Method: a whole agent without a cloud reads recordings; its clip files are read back.
 */
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256Hex } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sumOnnx, sumYaml, tinyOnnx, tinyYaml, writeModel } from './score/testing.ts';
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

const fieldRule = (topic: string, signal: string, when: string): string => `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: fields, version: 1}
signals:
  x: {topic: ${topic}, ${signal}}
rules:
- id: seen
  when: ${when}
  capture: {topics: ["*"], pre: 2s, post: 2s}
`;

for (const [name, topic, signal, when] of [
  [
    'rosbag1/embag-test.bag',
    '/base_scan',
    'path: "ranges[]", type: double, reduce: {fn: min, valid: [0.01, 100]}',
    'x > 0.0',
  ],
  ['mcap/rosbag2-cdr_test_0.mcap', '/test_topic', 'path: int32_value, type: double', 'x == 123.0'],
  ['db3/rosbag2-talker.db3', '/topic', 'path: data, type: string', 'x != ""'],
] as const) {
  const path = join(shared, name);
  const skips = existsSync(path) ? '' : ' (skipped: ../shared/data would bring it)';
  test.skipIf(skips !== '')(`a field of ${name} fires, its clip reads back${skips}`, async () => {
    using home = openHome();
    const sources = [{ name: 'main', file: path, speed: 'max' }];
    await using running = await home.start({ sources, rules: fieldRule(topic, signal, when) });
    const status = await running.until(({ finished }) => finished);
    expect(status).toMatchObject({ source: { broken: 0 }, rules: { fired: { seen: 1 } } });
    const [clip] = await running.clips();
    expect(clip?.topics.get(topic)).toBeGreaterThan(2);
  });
}

const unsure = (topic: string): string => `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: unsure, version: 1}
models:
  who: {ref: tiny, input: {topic: ${topic}}, every: 1s, deadline: 500ms}
rules:
- id: unsure
  when: who.entropy > 0.9
  capture: {topics: ["*"], pre: 2s, post: 2s}
`;

test('a model scores each due frame of a replay; its scores fire rules and stand in the clip', async () => {
  using home = openHome();
  writeModel(join(home.path, 'tiny'), tinyYaml(), tinyOnnx());
  // Sure of class a, but for two seconds in the middle.
  const said = Array.from({ length: 300 }, (_, i) => ({
    topic: '/numbers',
    atNs: start + (BigInt(i) * second) / 10n,
    value: { values: i >= 150 && i < 170 ? [0.01, 0.01] : [3, 0.1] },
  }));
  await writeRecording(join(home.path, 'a.mcap'), said);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const models = [{ id: 'tiny', path: 'tiny' }];
  await using running = await home.start({ sources, models, rules: unsure('/numbers') });
  const status = await running.until(({ finished }) => finished);
  expect(status).toMatchObject({
    score: { count: 30, skipped: 0, faults: 0, last: { scorer: 'who', topClass: 'a' } },
    rules: { fired: { unsure: 1 } },
    degraded: [],
  });
  const [clip] = await running.clips();
  if (clip === undefined) throw new Error('no clip');
  expect(summary(clip)).toMatchObject({ startS: 13, endS: 17 });
  expect(clip.topics.get('/fieldloop/scores')).toBe(5);
  const scores = clip.manifest['scores'] as Record<string, number>;
  expect(scores['who.entropy']).toBeGreaterThan(0.99);
  expect(scores['who.entropy.mean']).toBeLessThan(scores['who.entropy'] ?? 0);
  expect(clip.manifest['models']).toEqual({ tiny: sha256Hex(tinyOnnx()) });
});

test('a model of two topics scores each frame with the newest of the other, near in time', async () => {
  using home = openHome();
  writeModel(join(home.path, 'sum'), sumYaml(), sumOnnx());
  // Ten seconds without a state, ten with one, ten after its last.
  const said = Array.from({ length: 300 }, (_, i) => [
    { topic: '/numbers', atNs: start + (BigInt(i) * second) / 10n, value: { values: [i, 0] } },
    ...(i >= 100 && i < 200
      ? [{ topic: '/state', atNs: start + (BigInt(i) * second) / 10n, value: { speed: 2001 } }]
      : []),
  ]).flat();
  await writeRecording(join(home.path, 'a.mcap'), said);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const models = [{ id: 'sum', path: 'sum' }];
  const rules = unsure('/numbers, more: {speed: /state}, maxAge: 2s')
    .replace('ref: tiny', 'ref: sum')
    .replace('entropy > 0.9', 'value >= 1110.0');
  await using running = await home.start({ sources, models, rules });
  const status = await running.until(({ finished }) => finished);
  expect(status).toMatchObject({
    score: { count: 12, faults: 0, last: { scorer: 'who', values: { value: 1211 } } },
    rules: { fired: { unsure: 1 } },
  });
  const [clip] = await running.clips();
  if (clip === undefined) throw new Error('no clip');
  // The frame of second 11.1, 111 and half of 2000, is the first.
  expect(summary(clip)).toMatchObject({ startS: 9.1, endS: 13.1 });
});

test('what a latched topic said goes with frames however long ago, also where the clock was set', async () => {
  using home = openHome();
  writeModel(join(home.path, 'sum'), sumYaml(), sumOnnx());
  const numbers = Array.from({ length: 300 }, (_, i) => ({
    topic: '/numbers',
    atNs: start + (BigInt(i < 150 ? i : i - 1_000) * second) / 10n,
    value: { values: [i, 0] },
  }));
  const said = [{ topic: '/state', atNs: start, value: { speed: 2001 } }, ...numbers];
  await writeRecording(join(home.path, 'a.mcap'), said);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const models = [{ id: 'sum', path: 'sum' }];
  const rules = `${unsure('/numbers, more: {speed: /state}')}latched: [/state]\n`
    .replace('ref: tiny', 'ref: sum')
    .replace('entropy > 0.9', 'value >= 1200.0');
  await using running = await home.start({ sources, models, rules });
  const status = await running.until(({ finished }) => finished);
  expect(status).toMatchObject({
    score: { count: 30, faults: 0, unfed: 0 },
    rules: { fired: { unsure: 1 } },
  });
});

test('a model that gives no numbers ten times is switched off, told of, and the rest goes on', async () => {
  using home = openHome();
  writeModel(join(home.path, 'tiny'), tinyYaml(), tinyOnnx());
  const said = Array.from({ length: 300 }, (_, i) => ({
    topic: '/numbers',
    atNs: start + (BigInt(i) * second) / 10n,
    value: { values: [1e39, 1], vx: i > 200 ? 2 : 0 },
  }));
  await writeRecording(join(home.path, 'a.mcap'), said);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const models = [{ id: 'tiny', path: 'tiny' }];
  const rules = `${unsure('/numbers')}- id: moved
  when: vx > 1.0
signals:
  vx: {topic: /numbers, path: vx, type: double}
`;
  await using running = await home.start({ sources, models, rules });
  const status = await running.until(({ finished }) => finished);
  expect(status.score).toMatchObject({ count: 0, faults: 10, skipped: 20 });
  expect(status.rules.fired).toEqual({ moved: 1 });
  expect(status.degraded).toEqual([
    expect.stringMatching(/model tiny is off after too many frames/),
  ]);
  using rows = new DatabaseSync(join(home.path, 'state/buffer.db'), { readOnly: true });
  const events = rows.prepare("SELECT body FROM lane_row WHERE lane = 'events'").all();
  const named = events.filter(({ body }) => Buffer.from(body as Uint8Array).includes('model_off'));
  expect(named).toHaveLength(1);
});

test('a model that does not load leaves the agent reading, degraded', async () => {
  using home = openHome();
  writeModel(join(home.path, 'tiny'), { ...tinyYaml(), classes: ['a'] }, tinyOnnx());
  await writeRecording(join(home.path, 'a.mcap'), drive);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const models = [{ id: 'tiny', path: 'tiny' }];
  await using running = await home.start({ sources, models, rules: fast });
  const status = await running.until(({ finished }) => finished);
  expect(status.clips.sealed).toBe(1);
  expect(status.degraded).toEqual([expect.stringMatching(/^model tiny is off: .*model\.yaml:1:/)]);
});

test('a folder: a broken recording is told of, the others are read once in all', async () => {
  using home = openHome();
  const bags = join(home.path, 'bags');
  mkdirSync(bags);
  await writeRecording(join(bags, 'a.mcap'), drive);
  writeFileSync(join(bags, 'b.mcap'), readFileSync(join(bags, 'a.mcap')).subarray(0, 3_000));
  const old = Date.now() / 1000 - 3_600;
  utimesSync(join(bags, 'b.mcap'), old, old);
  const later = drive.map((said) => ({ ...said, atNs: said.atNs + 1_000n * second }));
  await writeRecording(join(bags, 'c.mcap'), later);
  const plan = { sources: [{ name: 'bags', folder: 'bags' }], rules: fast };
  {
    await using running = await home.start(plan);
    const status = await running.until(({ idle, clips }) => idle && clips.sealed === 2);
    expect(status.source).toMatchObject({ broken: 1, messages: 3_000 });
    expect(status.finished).toBe(false);
  }
  await using again = await home.start(plan);
  const status = await again.until(({ source }) => source.each[0]?.state === 'waiting');
  expect(status.source).toMatchObject({ broken: 0, messages: 0 });
  expect(status.clips.sealed).toBe(2);
});

test('a clock that jumps back begins a new session, and open clips are closed', async () => {
  using home = openHome();
  const back = heavy.slice(0, 900).map((said) => ({ ...said, atNs: said.atNs - 600n * second }));
  await writeRecording(join(home.path, 'a.mcap'), [...heavy.slice(0, 780), ...back]);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  await using running = await home.start({ sources, rules: fast });
  const status = await running.until(({ finished }) => finished);
  expect(status.rules.fired).toEqual({ fast: 2 });
  const clips = await running.clips();
  expect(new Set(clips.map(({ manifest }) => manifest['sessionId'])).size).toBe(2);
  const starts = clips.map((clip) => summary(clip).startS).toSorted((a, b) => a - b);
  expect(starts).toEqual([-575, 25]);
});

test('live: frames are scored, a clip is cut by time alone, a second agent is refused', async () => {
  using home = openHome();
  writeModel(join(home.path, 'tiny'), tinyYaml(), tinyOnnx());
  const said = Array.from({ length: 100 }, (_, i) => ({
    topic: '/numbers',
    atNs: start + (BigInt(i) * second) / 10n,
    value: { values: [0.01, 0.01] },
  }));
  await writeRecording(join(home.path, 'a.mcap'), said);
  // The stream stays open and says no more: only the passing of time ends the post-roll.
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(readFileSync(join(home.path, 'a.mcap')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const plan = {
    sources: [{ name: 'live', sim: `tcp://127.0.0.1:${port}` }],
    models: [{ id: 'tiny', path: 'tiny' }],
    rules: `${unsure('/numbers')}- {id: sample, every: {period: 9s}, capture: {pre: 3s, post: 2s}}\n`,
    more: { limits: { silent: '300ms' } },
  };
  {
    await using running = await home.start(plan);
    const status = await running.until(
      ({ clips, source }) => clips.sealed > 0 && source.each[0]?.state === 'silent',
    );
    expect(status.score.count).toBeGreaterThan(0);
    expect(status.finished).toBe(false);
    const [clip] = await running.clips();
    expect(clip?.topics.get('/numbers')).toBeGreaterThan(20);
    await expect(home.start(plan)).rejects.toMatchObject({ code: 'conflict' });
  }
  server.close();
});

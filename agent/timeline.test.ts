/**
 * Goal: other rules take over between two blocks, and nothing that was seen before is lost; a
 * shadow counts and cuts nothing; an operator gets the clip that was asked for; how the recording
 * was cut into chunks changes no clip.
 * Method: one timeline by hand, its clips read back from the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import type { Channel } from '@fieldloop/recording';
import { parseRuleSet, type RuleSet } from '@fieldloop/rules';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FinishedClip } from './clip/write.ts';
import type { ClipAnswer } from './messages.ts';
import { newTally } from './rule/tally.ts';
import { nothingShed, openShed } from './shed.ts';
import { rulesOf } from './rule/rules.ts';
import { jsonBytes, jsonChannel } from './source/testing.ts';
import { Timeline } from './timeline.ts';
import type { Tally, TimelineDeps } from './timeline-types.ts';
import { blockOf } from './window/testing.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
let folder: string;
let clips: FinishedClip[];
let notices: string[];
let answers: ClipAnswer[];
let markers: string[];
let suppressed: string[];
let told: { readonly reason: string; readonly atNs: bigint }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-timeline-'));
  [clips, notices, answers, markers, suppressed, told] = [[], [], [], [], [], []];
});
afterEach(() => rmSync(folder, { recursive: true }));

function setOf(name: string, when: string, capture = 'pre: 2s, post: 4s'): RuleSet {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: ${name}, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double}
rules:
- id: ${name}
  when: ${when}
  capture: {topics: [/odom], ${capture}}
`;
  const { ruleSet, problems } = parseRuleSet(text, name);
  if (ruleSet === undefined) throw new Error(JSON.stringify(problems));
  return ruleSet;
}

function settingsOf(ruleSet: RuleSet, shadow?: RuleSet) {
  return {
    origin: { device: 'amr-01', agentVersion: '0', models: {} },
    ...rulesOf(ruleSet),
    shadow,
    window: { ns: 20n * second, memoryBytes: 1e8 },
    clipNs: 60n * second,
    partPath: (clipId: string) => join(folder, clipId),
  };
}

const talliesOf = (ruleSet: RuleSet, shadow?: RuleSet): Pick<Tally, 'rules' | 'shadow'> => ({
  rules: newTally(ruleSet.digest),
  shadow: shadow && newTally(shadow.digest),
});

function openTimeline(ruleSet: RuleSet, shadow?: RuleSet, more: Partial<TimelineDeps> = {}) {
  const tally: Tally = {
    messages: 0,
    bytes: 0,
    lagMs: 0,
    fired: {},
    suppressed: 0,
    topics: {},
    latencies: {},
    ...talliesOf(ruleSet, shadow),
  };
  const nothing = async (): Promise<undefined> => await Promise.resolve(undefined);
  const outlet = {
    clip: async (clip: FinishedClip) => void (await Promise.resolve(clips.push(clip))),
    notice: async (notice: { name: string }) =>
      void (await Promise.resolve(notices.push(notice.name))),
    answer: async (answer: ClipAnswer) => void (await Promise.resolve(answers.push(answer))),
    marker: async ({ rule }: { rule: string }) => void (await Promise.resolve(markers.push(rule))),
    lost: nothing,
    suppressed: async (rule: string, reason: string, { atNs }: { atNs: bigint }) => {
      told.push({ reason, atNs });
      await Promise.resolve(suppressed.push(`${rule} ${reason}`));
    },
    savePosition: nothing,
    getPosition: nothing,
    makeRoom: async () => await Promise.resolve(false),
  };
  const forgotten: string[] = [];
  const forget = (channels: Iterable<Channel>): void => {
    forgotten.push(...[...channels].map(({ topic }) => topic));
  };
  const scoring = { forget, kept: () => undefined } as never;
  const session = { id: '01890a5d-ac96-774b-bcce-b302099a8057', recording: 'x', live: true };
  const deps = { clock: systemClock, log: silentLog, scoring, outlet, tally, ...more };
  const timeline = new Timeline(
    { ...session, profile: '', source: 'x' } as never,
    settingsOf(ruleSet, shadow),
    deps,
  );
  timeline.channel(jsonChannel(1, '/odom'));
  timeline.channel(jsonChannel(2, '/scan'));
  /** Ten messages of a second; fast in the seconds that are named. */
  const messagesOf = (s: number, fast: readonly number[]) =>
    Array.from({ length: 10 }, (_, i) => ({
      channelId: i % 5 === 4 ? 2 : 1,
      atNs: start + BigInt(s) * second + (BigInt(i) * second) / 10n,
      data: jsonBytes({ vx: fast.includes(s) ? 2 : 0 }),
    }));
  const drive = async (from: number, to: number, ...fast: number[]): Promise<void> => {
    for (let s = from; s < to; s += 1) await timeline.block(blockOf(messagesOf(s, fast)));
  };
  /** The same as one block, as a recorder with large chunks gives it. */
  const driveAtOnce = async (seconds: number, ...fast: number[]): Promise<void> => {
    const each = Array.from({ length: seconds }, (_, s) => messagesOf(s, fast));
    await timeline.block(blockOf(each.flat()));
  };
  return { timeline, tally, forgotten, messagesOf, drive, driveAtOnce };
}

const spanOf = ({ manifest }: FinishedClip): readonly number[] =>
  [manifest.startNs, manifest.endNs].map((ns) => Number((BigInt(ns) - start) / 100_000_000n) / 10);

test('a clip that is open stays open under other rules, and their clips reach back before them', async () => {
  const [old, next] = [setOf('old', 'vx > 1.0'), setOf('next', 'vx > 1.5', 'pre: 6s, post: 1s')];
  const { timeline, tally, forgotten, drive } = openTimeline(old);
  await drive(0, 12, 10);
  Object.assign(tally, talliesOf(next));
  await timeline.use(settingsOf(next));
  // They are declared anew; the scoring worker knows the old ones by keys of their own.
  expect(forgotten).toEqual(['/odom', '/scan']);
  await drive(12, 24, 14);
  await timeline.end(false);
  expect(clips.map(({ manifest }) => manifest.markers.map(({ rule }) => rule))).toEqual([
    ['old', 'next'],
  ]);
  expect(clips.map(spanOf)).toEqual([[8, 15]]);
  expect(notices).toEqual(['old', 'next']);
  expect(tally.rules).toMatchObject({ digest: next.digest, fired: { next: 1 } });
  const each = jsonBytes({ vx: 0 }).length;
  expect(tally.topics).toEqual({
    '/odom': { messages: 192, bytes: 192 * each },
    '/scan': { messages: 48, bytes: 48 * each },
  });
});

test('a shadow that comes and goes is nothing to the rules beside it', async () => {
  const { ruleSet } = parseRuleSet(
    `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: fast, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules: [{id: fast, when: vx > 1.0, limits: {cooldown: 1h}}]
`,
    'fast',
  );
  if (ruleSet === undefined) throw new Error('no rules');
  const { timeline, tally, drive } = openTimeline(ruleSet);
  await drive(0, 20, 10);
  expect(tally.rules.fired).toEqual({ fast: 1 });
  for (const [k, shadow] of [setOf('tried', 'vx > 1.5'), undefined].entries()) {
    Object.assign(tally, talliesOf(ruleSet, shadow));
    await timeline.use(settingsOf(ruleSet, shadow));
    await drive(20 + k * 10, 30 + k * 10, 25 + k * 10);
    expect(tally.rules.fired).toEqual({});
  }
  await timeline.end(false);
  expect(tally.rules.suppressed).toEqual({ 'fast cooldown': 1 });
});

test('a shadow knows what latched topics said, as the rules beside it do', async () => {
  const { ruleSet } = parseRuleSet(
    `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: modes, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double}
  mode: {topic: /mode, path: m, type: string, latched: true}
rules:
- {id: fast, when: 'vx > 1.0 && mode == "AUTO"', capture: {topics: [/odom]}}
`,
    'modes',
  );
  if (ruleSet === undefined) throw new Error('no rules');
  const { timeline, tally, drive } = openTimeline(ruleSet);
  timeline.channel(jsonChannel(3, '/mode'));
  const data = jsonBytes({ m: 'AUTO' });
  await timeline.block(blockOf([{ channelId: 3, atNs: start, data }]));
  await drive(0, 40);
  Object.assign(tally, talliesOf(ruleSet, ruleSet));
  await timeline.use(settingsOf(ruleSet, ruleSet));
  await drive(40, 60, 50);
  expect(tally.rules.fired).toEqual({ fast: 1 });
  const { state } = await timeline.save({ laneEpoch: 0, newest: [] });
  await timeline.end(false);
  expect(tally.shadow?.fired).toEqual({ fast: 1 });
  const again = openTimeline(ruleSet, ruleSet);
  again.timeline.channel(jsonChannel(3, '/mode'));
  again.timeline.restore(JSON.parse(JSON.stringify(state)) as Json);
  await again.drive(60, 80, 70);
  await again.timeline.end(false);
  expect(again.tally.rules.fired).toEqual({ fast: 1 });
  expect(again.tally.shadow?.fired).toEqual({ fast: 1 });
});

test('a rule that wants as much from before as the window holds gets it', async () => {
  const { timeline, messagesOf } = openTimeline(setOf('far', 'vx > 1.0', 'pre: 20s, post: 1s'));
  for (let s = 0; s < 50; s += 1) {
    for (const message of messagesOf(s, [40])) await timeline.block(blockOf([message]));
  }
  await timeline.end(false);
  expect(clips.map(spanOf)).toEqual([[20, 41]]);
  expect(clips[0]?.manifest.preTruncated).toBe(false);
});

test('a shadow counts what it would cut, and cuts and tells nothing', async () => {
  const [active, shadow] = [setOf('active', 'vx > 5.0'), setOf('shadow', 'vx > 1.0')];
  const { timeline, tally, drive } = openTimeline(active, shadow);
  await drive(0, 40, 10, 11, 30);
  await timeline.end(false);
  expect(clips).toEqual([]);
  expect(notices).toEqual([]);
  expect(tally.rules.fired).toEqual({});
  expect(tally.shadow).toMatchObject({ digest: shadow.digest, fired: { shadow: 2 }, clips: 2 });
  // Six seconds of eight messages with eight bytes each, twice.
  expect(tally.shadow?.bytes).toBeGreaterThan(2 * 6 * 8 * 7);
  expect(tally.shadow?.bytes).toBeLessThan(2 * 7 * 8 * 9);
  // One at the beginning, and one at each step of the speed.
  expect(tally.shadow?.evaluations).toBe(5);
});

test('a chunk of minutes gives every clip that chunks of a second give, for a shadow as well', async () => {
  const fast = Array.from({ length: 12 }, (_, i) => 5 + 10 * i);
  const rules = [setOf('active', 'vx > 1.0'), setOf('shadow', 'vx > 1.5')] as const;
  const small = openTimeline(...rules);
  await small.drive(0, 130, ...fast);
  await small.timeline.end(false);
  const spans = clips.splice(0).map(spanOf);
  expect(spans).toEqual(fast.map((s) => [s - 2, s + 4]));
  const large = openTimeline(...rules);
  await large.driveAtOnce(130, ...fast);
  await large.timeline.end(false);
  expect(clips.map(spanOf)).toEqual(spans);
  expect(large.tally).toMatchObject({
    suppressed: 0,
    shadow: { fired: { shadow: 12 }, clips: 12 },
  });
});

test('an operator gets a clip around now; who asks too much of one source hears why', async () => {
  const { timeline, drive } = openTimeline(setOf('none', 'vx > 5.0'));
  const ask = {
    preNs: 3n * second,
    postNs: second,
    severity: 'critical',
    reason: 'Look!',
  } as const;
  expect(timeline.clipNow({ ...ask, id: 'a' })).toBe(false);
  await drive(0, 10);
  expect(timeline.clipNow({ ...ask, id: 'b', topics: ['/scan'] })).toBe(true);
  for (const atNs of [start - 9n * second, start + 90n * second]) {
    const gone = { ...ask, id: 'c', atNs };
    expect(() => timeline.clipNow(gone)).toThrow(/the window holds 2023-.*:20.000Z to .*:29.900Z/);
  }
  const slip = { ...ask, id: 'c', topics: ['/scam'] };
  expect(() => timeline.clipNow(slip)).toThrow('no topic /scam. Did you mean "/scan"?');
  await drive(10, 14);
  expect(clips.map(spanOf)).toEqual([[6.9, 10.9]]);
  expect(answers).toEqual([{ id: 'b', clipId: clips[0]?.clipId, sizeBytes: clips[0]?.sizeBytes }]);
  expect(clips[0]?.manifest).toMatchObject({
    severity: 'critical',
    tags: ['operator'],
    markers: [{ rule: 'operator', why: 'Look!' }],
  });
  expect(clips[0]?.manifest.topics.map(({ topic }) => topic)).toContain('/scan');
});

test('an operator asks for a clip of a manual rule: its capture, its label, its limits', async () => {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: asked, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules:
- id: look
  manual: {}
  limits: {cooldown: 1m}
  label: {speed: vx}
  capture: {topics: [/scan], pre: 2s, post: 3s}
`;
  const { ruleSet } = parseRuleSet(text, 'asked');
  if (ruleSet === undefined) throw new Error('the rules do not parse');
  const { timeline, drive } = openTimeline(ruleSet);
  const ask = { preNs: 0n, postNs: 0n, severity: 'warning', reason: '' } as const;
  await drive(0, 10);
  timeline.clipNow({ ...ask, id: 'a', rule: 'look' });
  await drive(10, 12);
  timeline.clipNow({ ...ask, id: 'b', rule: 'look' });
  timeline.clipNow({ ...ask, id: 'c', rule: 'other' });
  await drive(12, 16);
  expect(clips.map(spanOf)).toEqual([[7.9, 12.9]]);
  expect(clips[0]?.manifest.markers).toMatchObject([{ rule: 'look', label: { speed: 0 } }]);
  expect(answers).toEqual([
    { id: 'b', why: 'look was held back by its own limits' },
    { id: 'c', why: 'other is no manual rule of the rules that run' },
    { id: 'a', clipId: clips[0]?.clipId, sizeBytes: clips[0]?.sizeBytes },
  ]);
});

test('under pressure a moment is told, marked and in the ledger, and has no clip; an ask has one', async () => {
  const shed = openShed({ clock: systemClock, cpuSeconds: () => 0 });
  const { timeline, tally, drive } = openTimeline(setOf('fast', 'vx > 1.0'), undefined, { shed });
  shed.set({ ...nothingShed, work: ['models', 'downsample', 'baseline', 'info', 'warning'] });
  await drive(0, 12, 5);
  const ask = { id: 'a', preNs: second, postNs: second, severity: 'critical', reason: 'Look!' };
  timeline.clipNow(ask as never);
  await drive(12, 20);
  expect(clips.map(({ manifest }) => manifest.markers[0]?.rule)).toEqual(['operator']);
  expect([notices, markers, suppressed]).toEqual([
    ['fast', 'operator'],
    ['fast'],
    ['fast overload'],
  ]);
  expect(tally).toMatchObject({ fired: { fast: 1 }, suppressed: 1 });
  shed.set(nothingShed);
  await drive(20, 40, 25);
  expect(clips.map(({ manifest }) => manifest.markers[0]?.rule)).toEqual(['operator', 'fast']);
});

test('what a rule keeps back is told with the hour of its log time, not of the wall', async () => {
  const { timeline, drive } = openTimeline(setOf('rare', 'vx > 1.0\n  limits: {cooldown: 60s}'));
  await drive(0, 12, 2, 6, 9);
  await timeline.end(false);
  const hourNs = 3_600n * second;
  expect(told.map(({ reason }) => reason)).toContain('cooldown');
  for (const { atNs } of told) expect(atNs).toBe((start / hourNs) * hourNs);
});

/**
 * Goal: a clip of a live timeline holds what its rule asked for and nothing that the redaction
 * hides, tells what an operator wants to know of it, and shows itself before its bytes come.
 * Method: one real timeline by hand, its clips read back from the disk.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Channel, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { parseRuleSet, type RuleSet } from '@fieldloop/rules';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sharpPictures } from './clip/pictures.ts';
import { redactionPolicy, type RedactionRule } from './clip/redaction-policy.ts';
import type { FinishedClip } from './clip/write.ts';
import { maxLatchedBytes } from './limits.ts';
import type { Notice } from './messages.ts';
import { newTally } from './rule/tally.ts';
import { rulesOf } from './rule/rules.ts';
import { jsonBytes, jsonChannel } from './source/testing.ts';
import { Timeline } from './timeline.ts';
import type { ScoreRecord } from './score/scoring.ts';
import type { Frame } from './score/tap.ts';
import type { Tally, TimelineSettings } from './timeline-types.ts';
import { openOverflow } from './window/overflow.ts';
import { blockOf } from './window/testing.ts';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
let folder: string;
let clips: FinishedClip[];
let notices: Notice[];
let markers: unknown[];
let suppressed: string[];
let photo: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fl-clips-'));
  [clips, notices, markers, suppressed] = [[], [], [], []];
  const data = Buffer.alloc(400 * 300 * 3, Buffer.from([250, 20, 20, 10, 200, 30]));
  const jpeg = sharp(data, { raw: { width: 400, height: 300, channels: 3 } }).jpeg();
  photo = (await jpeg.toBuffer()).toString('base64');
});
afterEach(() => rmSync(folder, { recursive: true }));

function rules(capture: string, range = 'pre: 5s, post: 4s', models = ''): RuleSet {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: t, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double, unit: m/s}
  lat: {topic: /fix, path: latitude, type: double}
${models}rules:
- id: fast
  when: vx > 1.0 && lat > -100.0
  label: {speed: vx}
  capture: {${capture.includes('topics:') ? '' : "topics: ['*'], "}${range}, ${capture}}
`;
  const { ruleSet, problems } = parseRuleSet(text, 't');
  if (ruleSet === undefined) throw new Error(JSON.stringify(problems));
  return ruleSet;
}

const image = (id: number, topic: string): Channel => ({
  ...jsonChannel(id, topic),
  schema: { name: 'foxglove.CompressedImage', encoding: 'jsonschema', data: Buffer.from('{}') },
});

const channels = [
  jsonChannel(1, '/odom'),
  jsonChannel(2, '/fix'),
  image(3, '/camera/front'),
  jsonChannel(4, '/audio'),
];

/** Of 1 and 2. */
const embedding = Buffer.from(Float32Array.of(1, 2).buffer).toString('base64');

function open(ruleSet: RuleSet, more: Partial<TimelineSettings> = {}): Timeline {
  const tally: Tally = {
    messages: 0,
    bytes: 0,
    lagMs: 0,
    fired: {},
    suppressed: 0,
    topics: {},
    latencies: {},
    rules: newTally(ruleSet.digest),
    shadow: undefined,
  };
  const nothing = async (): Promise<undefined> => await Promise.resolve(undefined);
  const outlet = {
    clip: async (clip: FinishedClip) => void (await Promise.resolve(clips.push(clip))),
    notice: async (notice: Notice) => void (await Promise.resolve(notices.push(notice))),
    answer: nothing,
    marker: async (marker: unknown) => void (await Promise.resolve(markers.push(marker))),
    lost: nothing,
    suppressed: async (rule: string, reason: string) =>
      void (await Promise.resolve(suppressed.push(`${rule} ${reason}`))),
    savePosition: nothing,
    getPosition: nothing,
    makeRoom: async () => await Promise.resolve(false),
  };
  const offer = ({ plan, channel, atNs }: Frame, done: (record: ScoreRecord) => void): void => {
    const by = { modelSha256: 'a'.repeat(64), documentSha256: 'b'.repeat(64), latencyMs: 3 };
    const { topic } = channel;
    done({ scorer: plan.id, topic, atNs, ...by, values: { entropy: 1 }, embedding });
  };
  const scoring = { offer, forget: () => undefined, kept: () => undefined } as never;
  const session = { id: '01890a5d-ac96-774b-bcce-b302099a8057', recording: 'x', live: true };
  const regions = () => Promise.reject(new Error('no detector'));
  const timeline = new Timeline(
    { ...session, profile: '' },
    {
      origin: { device: 'amr-01', agentVersion: '0', models: {} },
      ...rulesOf(ruleSet),
      window: { ns: 60n * second, memoryBytes: 1e9 },
      clipNs: 60n * second,
      partPath: (clipId: string) => join(folder, clipId),
      pictures: { ...sharpPictures, regions },
      ...more,
    },
    { clock: systemClock, log: silentLog, scoring, outlet, tally },
  );
  for (const channel of channels) timeline.channel(channel);
  return timeline;
}

async function drive(timeline: Timeline, seconds: number, ...fast: number[]): Promise<void> {
  for (let s = 0; s < seconds; s += 1) {
    const messages = Array.from({ length: 10 }, (_, i) => {
      const atNs = start + BigInt(s) * second + (BigInt(i) * second) / 10n;
      return [
        { channelId: 1, atNs, data: jsonBytes({ vx: fast.includes(s) ? 2 : 0.25 }) },
        { channelId: 2, atNs, data: jsonBytes({ latitude: 52.1234567, longitude: 4.7654321 }) },
        { channelId: 3, atNs, data: jsonBytes({ data: photo, format: 'jpeg', n: s * 10 + i }) },
        { channelId: 4, atNs, data: jsonBytes({ said: 'secret words' }) },
      ];
    });
    await timeline.block(blockOf(messages.flat()));
  }
  await timeline.end(false);
}

interface Found {
  readonly topic: string;
  readonly atNs: bigint;
  readonly value: Record<string, unknown>;
}

async function readClip({ partPath }: FinishedClip): Promise<Found[]> {
  await using file = await openFile(partPath);
  const names = new Map<number, string>();
  const found: Found[] = [];
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') names.set(item.channel.id, item.channel.topic);
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      const text = Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString();
      found.push({
        topic: names.get(block.channelIds[i] ?? 0) ?? '',
        atNs: block.baseNs + BigInt(block.timesNs[i] ?? 0),
        value: JSON.parse(text) as Record<string, unknown>,
      });
    }
  }
  return found;
}

const hidden: readonly RedactionRule[] = [
  { topic: '/fix', transform: 'coarse-position', decimals: 1, fields: ['latitude', 'longitude'] },
  { topic: '/camera/**', transform: 'blur' },
  { topic: '/audio', transform: 'drop' },
];

test('nothing that the policy hides is in the clip, its previews, its markers or its events', async () => {
  const policy = redactionPolicy(hidden);
  const priority = "pre: 5s, post: 4s}\n  priority: '1000.0 * lat'\n#";
  await drive(open(rules('', priority), { redaction: policy }), 20, 10);
  const [clip] = clips;
  if (clip === undefined) throw new Error('no clip');
  expect(clip.priority).toBe(50);
  const whole = readFileSync(clip.partPath).toString('latin1');
  const messages = await readClip(clip);
  expect(messages.some(({ topic }) => topic === '/audio')).toBe(false);
  const fixes = messages.filter(({ topic }) => topic === '/fix');
  expect(fixes.length).toBeGreaterThan(80);
  for (const { value } of fixes) expect(value).toEqual({ latitude: 52.1, longitude: 4.8 });
  const pictures = messages.filter(({ topic }) => topic === '/camera/front');
  expect(pictures.length).toBe(fixes.length);
  for (const { value } of pictures) expect(value['data']).not.toBe(photo);
  const told = JSON.stringify([clip.manifest, notices], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  for (const secret of ['52.12', '52123', '152.1', '4.765', 'secret words']) {
    expect(told).not.toContain(secret);
    expect(whole).not.toContain(secret);
  }
  expect(clip.manifest.markers[0]?.values).toEqual({ vx: 2 });
  expect(clip.manifest.redaction).toEqual({
    digest: policy.digest,
    topics: ['/fix', '/camera/front', '/audio'],
    failed: [],
  });
  const [thumbnail, sketch] = clip.previews ?? [];
  const { data } = await sharp(thumbnail?.bytes).raw().toBuffer({ resolveWithObject: true });
  const steps = data.subarray(0, 300).map((byte, i) => Math.abs(byte - (data[i + 3] ?? byte)));
  expect(Math.max(...steps)).toBeLessThan(30);
  const drawn = gunzipSync(sketch?.bytes ?? Buffer.alloc(0)).toString();
  expect(drawn).toContain('vx');
  expect(drawn).not.toContain('lat');
});

test.each([
  ['neither the image nor its embedding leaves', false],
  ['its embedding leaves where the policy lets it', true],
])('a camera is blurred and scored: %s', async (_, keepsEmbeddings) => {
  const models = 'models:\n  net: {ref: classifier, input: {topic: /camera/front}}\n';
  const redaction = redactionPolicy(hidden, keepsEmbeddings);
  await drive(open(rules('', undefined, models), { redaction }), 20, 10);
  const [clip] = clips;
  if (clip === undefined) throw new Error('no clip');
  const notes = (await readClip(clip)).filter(({ topic }) => topic === '/fieldloop/scores');
  expect(notes.length).toBeGreaterThan(40);
  for (const { value } of notes) {
    expect(value).toMatchObject({ scorer: 'net', topic: '/camera/front', values: { entropy: 1 } });
    expect(value['embedding']).toBe(keepsEmbeddings ? embedding : undefined);
  }
});

test('a topic that cannot be changed is left out, and the manifest and an event say so', async () => {
  const redaction = redactionPolicy([
    { topic: '/odom', transform: 'coarse-position', decimals: 1, fields: ['x', 'y'] },
    { topic: '/camera/**', transform: 'blur', model: 'faces' },
  ]);
  await drive(open(rules(''), { redaction }), 20, 10);
  const [clip] = clips;
  if (clip === undefined) throw new Error('no clip');
  const topics = new Set((await readClip(clip)).map(({ topic }) => topic));
  expect([...topics].sort()).toEqual(['/audio', '/fieldloop/markers', '/fix']);
  expect(clip.manifest.redaction?.failed).toEqual([
    { topic: '/odom', why: '"x" is not in this message' },
    { topic: '/camera/front', why: 'no detector' },
  ]);
  expect(clip.manifest.dropped?.map(({ why }) => why)).toEqual([
    'redaction_failed',
    'redaction_failed',
  ]);
  expect(notices.filter(({ name }) => name === 'redaction_failed')).toHaveLength(2);
  const [sketch, ...others] = clip.previews ?? [];
  expect(gunzipSync(sketch?.bytes ?? Buffer.alloc(0)).toString()).not.toContain('vx');
  expect(others).toEqual([]);
});

test('a clip of which the redaction leaves nothing is a marker, counted as privacy', async () => {
  const ruleSet = rules('topics: [/audio, /camera/front]');
  const redaction = redactionPolicy([
    { topic: '/audio', transform: 'drop' },
    { topic: '/camera/**', transform: 'blur', model: 'faces' },
  ]);
  await drive(open(ruleSet, { redaction }), 20, 10);
  expect(clips).toEqual([]);
  expect(markers).toMatchObject([{ rule: 'fast' }]);
  expect(suppressed).toEqual(['fast privacy']);
  expect(notices.map(({ name }) => name)).toEqual(['fast', 'redaction_failed', 'clip_hidden']);
  expect(readdirSync(folder).filter((name) => !name.includes('spool'))).toEqual([]);
  expect(notices.at(-1)).toMatchObject({ clipId: notices[0]?.clipId });
  // Where there was nothing to hide, or something else is why, the clip says what.
  await drive(open(rules('topics: [/nothing]'), { redaction }), 20, 10);
  await drive(open(rules('topics: [/audio, /fix], maxBytes: 1B'), { redaction }), 20, 10);
  expect(clips.map(({ manifest }) => manifest.dropped?.[0]?.why)).toEqual([undefined, 'max_bytes']);
});

test('a clip that cannot be written is told of and a marker, and the next one is cut', async () => {
  const partPath = (clipId: string): string =>
    join(folder, notices.length < 2 ? 'gone' : '', clipId);
  await drive(open(rules(''), { partPath }), 40, 10, 30);
  expect(notices.map(({ name }) => name)).toEqual(['fast', 'clip_failed', 'fast']);
  expect(notices[1]).toMatchObject({ severity: 'warning', text: expect.stringContaining('gone') });
  expect(markers).toMatchObject([{ rule: 'fast' }]);
  expect(clips.map(({ manifest }) => manifest.startNs)).toEqual([String(start + 25n * second)]);
});

test('topics are thinned and left out as the capture says, and the manifest tells of it', async () => {
  const ruleSet = rules("downsample: {/odom: 2Hz, '/camera/front': 1Hz}, maxBytes: 9kB");
  await drive(open(ruleSet), 20, 10);
  const [clip] = clips;
  if (clip === undefined) throw new Error('no clip');
  const counts = Map.groupBy(await readClip(clip), ({ topic }) => topic);
  expect(counts.get('/odom')?.length).toBe(19);
  expect(counts.get('/fix')?.length).toBe(91);
  expect(counts.has('/camera/front')).toBe(false);
  expect(clip.manifest.downsampled).toEqual({ '/odom': 2 });
  expect(clip.manifest.dropped).toMatchObject([
    { topic: '/camera/front', why: 'max_bytes', messages: 10 },
  ]);
});

test('a manifest tells of merges, labels, the clock, and shows a picture and a sketch', async () => {
  await drive(open(rules('')), 24, 10, 12);
  const [clip, ...others] = clips;
  expect(others).toEqual([]);
  expect(clip?.manifest.markers).toHaveLength(2);
  expect(clip?.manifest.markers[0]).toMatchObject({ label: { speed: 2 }, rule: 'fast' });
  expect(clip?.manifest.mergedFrom).toHaveLength(1);
  expect(clip?.manifest.mergedFrom).not.toContain(clip?.clipId);
  expect(clip?.manifest.clock).toMatchObject({ source: expect.any(String) as string });
  expect(Math.abs(clip?.manifest.clock?.offsetMs ?? 0)).toBeGreaterThan(1e9);
  expect(clip?.manifest.previews).toMatchObject([
    {
      kind: 'thumbnail',
      topic: '/camera/front',
      atNs: String(start + 10n * second),
      width: 320,
      height: 240,
    },
    { kind: 'sketch', mediaType: 'application/json+gzip' },
  ]);
  for (const { bytes } of clip?.previews ?? []) expect(bytes.length).toBeLessThanOrEqual(3_072);
  const sketch = clip?.previews?.find(({ kind }) => kind === 'sketch');
  const drawn = JSON.parse(gunzipSync(sketch?.bytes ?? Buffer.alloc(0)).toString()) as {
    signals: { name: string; unit?: string; values: (number | null)[] }[];
  };
  const vx = drawn.signals.find(({ name }) => name === 'vx');
  expect(vx?.unit).toBe('m/s');
  expect(vx?.values.length).toBeLessThanOrEqual(256);
  expect(new Set(vx?.values)).toEqual(new Set([0.25, 2, null]));
});

test('a window on the disk gives the clip of one in memory', async () => {
  const ruleSet = rules('');
  await drive(open(ruleSet), 30, 20);
  const options = { folder: join(folder, 'spool'), maxBytes: 1e9, headroomBytes: 0 };
  const deps = { clock: systemClock, log: silentLog, onOff: () => undefined };
  await using spool = await openOverflow({ ...options, key: new Uint8Array(32) }, deps);
  const memoryBytes = 60_000;
  await drive(open(ruleSet, { window: { ns: 60n * second, memoryBytes, spool } }), 30, 20);
  const [memory, disk] = clips;
  expect(disk?.manifest.preTruncated).toBe(false);
  expect(disk?.manifest.messageCount).toBe(memory?.manifest.messageCount);
  if (memory === undefined || disk === undefined) throw new Error('two clips are missing');
  // The second clip took the place of the first: both have the id of the same moment.
  expect(disk.clipId).toBe(memory.clipId);
  expect(disk.manifest.topics).toEqual(memory.manifest.topics);
});

test('a latched topic of which nothing could be kept is named, and a clip says that it lacks it', async () => {
  const timeline = open(rules(''), { window: { ns: 2n * second, memoryBytes: 1e9 } });
  timeline.channel(jsonChannel(5, '/map', true));
  const data = new Uint8Array(maxLatchedBytes + 1);
  await timeline.block(blockOf([{ channelId: 5, atNs: start - 9n * second, data }]));
  await drive(timeline, 30, 20);
  const [clip] = clips;
  expect(clip?.manifest.dropped).toEqual([{ topic: '/map', why: 'context', messages: 0 }]);
});

test('a clip that is due holds the window until it is cut, whatever fires behind it', async () => {
  const window = { ns: 10n * second, memoryBytes: 1e9 };
  await drive(open(rules('', 'pre: 10s, post: 9900ms'), { window }), 40, 10, 20);
  const [first] = clips;
  expect(first?.manifest).toMatchObject({ startNs: String(start), preTruncated: false });
  expect(clips).toHaveLength(2);
});

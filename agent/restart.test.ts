/**
 * Goal: an agent that is stopped or killed while its recorder writes gives the verdicts and clips
 * that one uninterrupted read gives: none is missing, none is made twice in another way.
 * Method: real lanes on a folder that grows, ended at seeded moments, softly (places are kept) or
 * hard (nothing after the moment counts); compared with one lane on the finished files.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, seededRandom, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { parseRuleSet, type RuleSet } from '@fieldloop/rules';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FinishedClip } from './clip/write.ts';
import { Lane } from './lane.ts';
import { pollEveryMs, restingPollMs } from './limits.ts';
import type { Notice } from './messages.ts';
import { rulesOf } from './rule/rules.ts';
import { openScoring } from './score/scoring.ts';
import { folderSource } from './source/folder.ts';
import { chunkEnds, mcapBytes, openRecorder } from './source/recorder.cases.ts';
import { jsonChannel } from './source/testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-restart-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;

const rules = `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: restart, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double}
rules:
- {id: fast, when: 'max(vx, "3s") > 1.5', for: 500ms, capture: {topics: [/odom, /scan], pre: 6s, post: 7s}}
- {id: jump, when: 'vx > 1.2', limits: {cooldown: 9s}, capture: {topics: ["*"], pre: 2s, post: 2s}}
- {id: silent, absent: {topic: /scan, for: 1500ms}, capture: {topics: [/odom], pre: 4s, post: 3s}}
- {id: sample, every: {period: 17s}, capture: {topics: [/odom], pre: 1s, post: 5s}}
`;

function ruleSet(): RuleSet {
  const { ruleSet: set, problems } = parseRuleSet(rules, 'rules.yaml');
  if (set === undefined) throw new Error(JSON.stringify(problems));
  return set;
}

/** Seconds `from` to `to`: odometry with bursts, a scan that falls silent, a map at the start. */
function drive(from: number, to: number) {
  const said: { topic: string; atNs: bigint; value: unknown }[] = [];
  if (from === 0) said.push({ topic: '/map', atNs: start, value: { cells: 'x'.repeat(5_000) } });
  for (let i = from * 20; i < to * 20; i += 1) {
    const atNs = start + (BigInt(i) * second) / 20n;
    const s = i / 20;
    const vx = [12, 31, 33, 52, 70, 71, 90].some((at) => s >= at && s < at + 1) ? 2 : 0.3;
    said.push({ topic: '/odom', atNs, value: { vx, i, pad: 'x'.repeat(9_000) } });
    if (i % 4 === 0 && (s < 40 || s > 44)) said.push({ topic: '/scan', atNs, value: { i } });
  }
  return said;
}

const channelOf = (id: number, topic: string) => jsonChannel(id, topic, topic === '/map');

interface Told {
  /** By id, as the buffer keeps them. */
  readonly clips: Map<string, string>;
  readonly moments: Set<string>;
  /** Clips that came again, and were not the same. */
  readonly differ: string[];
}

const nothingTold = (): Told => ({ clips: new Map(), moments: new Set(), differ: [] });

/** What a clip is, whatever the order in which its messages were packed. */
async function contentOf(clip: FinishedClip): Promise<string> {
  await using file = await openFile(clip.partPath);
  const topics = new Map<number, string>();
  const messages: string[] = [];
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') topics.set(item.channel.id, item.channel.topic);
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      const topic = topics.get(block.channelIds[i] ?? 0) ?? '?';
      const atNs = block.baseNs + BigInt(block.timesNs[i] ?? 0);
      const data = block.data.subarray(block.starts[i], block.ends[i]);
      messages.push(`${atNs} ${topic} ${sha256Hex(data).slice(0, 8)}`);
    }
  }
  const { startNs, endNs, markers, preTruncated } = clip.manifest;
  return JSON.stringify({ startNs, endNs, markers, preTruncated, messages: messages.sort() });
}

interface Life {
  readonly path: string;
  readonly known: Map<string, Json>;
  readonly told: Told;
  /** Hard: what comes after the end does not count. */
  readonly how: 'softly' | 'hard';
  /** It ends after so many messages, or when there are no more. */
  readonly most: number;
}

async function live({ path, known, told, how, most }: Life): Promise<void> {
  const stopping = new AbortController();
  let isDead = false;
  let ms = 0;
  const end = (as: 'softly' | 'hard'): void => {
    if (stopping.signal.aborted) return;
    isDead = as === 'hard';
    stopping.abort();
  };
  const clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + ms,
    async sleep(asked: number, signal?: AbortSignal) {
      ms += asked;
      // The source looks at a file that has nothing new: the life is over.
      if (asked === pollEveryMs || asked === restingPollMs) end(how);
      await systemClock.sleep(1, signal);
    },
  };
  const outlet = {
    async clip(clip: FinishedClip) {
      if (isDead) return;
      const content = await contentOf(clip);
      const before = told.clips.get(clip.clipId);
      if (before !== undefined && before !== content) told.differ.push(clip.clipId);
      told.clips.set(clip.clipId, content);
    },
    notice: async (notice: Notice) => {
      if (!isDead && notice.rule !== undefined) {
        told.moments.add(JSON.stringify([notice.id, notice.clipId, String(notice.atNs)]));
      }
      return await Promise.resolve();
    },
    savePosition: async (key: string, document: Json) => {
      if (!isDead) known.set(key, JSON.parse(JSON.stringify(document)) as Json);
      return await Promise.resolve();
    },
    getPosition: async (key: string) => await Promise.resolve(known.get(key)),
    marker: async () => await Promise.resolve(),
    lost: async () => await Promise.resolve(),
    suppressed: async () => await Promise.resolve(),
    answer: async () => await Promise.resolve(),
    makeRoom: async () => await Promise.resolve(false),
  };
  const positions = {
    get: outlet.getPosition,
    save: outlet.savePosition,
    keep: async () => await Promise.resolve(),
  };
  const source = folderSource(
    { name: 'main', device: 'amr', path, glob: '*.mcap', follow: true },
    { clock, log: silentLog, positions },
  );
  const settings = {
    origin: { device: 'amr', agentVersion: '0', models: {} },
    ...rulesOf(ruleSet()),
    window: { ns: 20n * second, memoryBytes: 1e9 },
    clipNs: 60n * second,
    silentNs: 1_000n * second,
    partPath: (clipId: string) => join(folder, clipId),
  };
  const scoring = openScoring({
    clock: systemClock,
    onOff: () => undefined,
    onBack: () => undefined,
  });
  const deps = { clock, log: silentLog, scoring, outlet };
  const watched = {
    ...source,
    async *items(signal: AbortSignal) {
      let messages = 0;
      for await (const item of source.items(signal)) {
        yield item;
        if (item.kind === 'block' && item.isWarm !== true) messages += item.block.count;
        // Time passes quickly, so that places are kept now and then.
        ms += 4_000;
        if (item.kind === 'waiting') end('softly');
        else if (messages > most) end(how);
      }
    },
  };
  await new Lane(watched, settings, deps).run(stopping.signal);
}

const toTheEnd = { how: 'softly', most: Number.POSITIVE_INFINITY } as const;

async function whole(parts: readonly Buffer[]): Promise<Told> {
  const path = mkdtempSync(join(folder, 'whole-'));
  for (const [i, bytes] of parts.entries()) openRecorder(join(path, `r_${i}.mcap`), bytes).write();
  const told = nothingTold();
  await live({ path, known: new Map(), told, ...toTheEnd });
  return told;
}

let expected: { readonly parts: readonly Buffer[]; readonly told: Told } | undefined;
async function reference(): Promise<{ readonly parts: readonly Buffer[]; readonly told: Told }> {
  const parts = [
    await mcapBytes(drive(0, 60), { channelOf }),
    // Another process numbers its channels in another way.
    await mcapBytes(drive(60, 110), { channelOf, firstId: 4 }),
  ];
  expected ??= { parts, told: await whole(parts) };
  return expected;
}

test.each([
  [1, 'softly'],
  [5, 'hard'],
] as const)(
  'ended again and again (seed %i, %s): the same verdicts and clips',
  async (seed, how) => {
    const { parts, told: once } = await reference();
    expect(once.clips.size).toBeGreaterThan(5);
    const path = mkdtempSync(join(folder, 'grown-'));
    const random = seededRandom(seed);
    const known = new Map<string, Json>();
    const told = nothingTold();
    for (const [i, bytes] of parts.entries()) {
      const recorder = openRecorder(join(path, `r_${i}.mcap`), bytes);
      for (const end of chunkEnds(bytes)) {
        recorder.write(end + Math.floor(random.next() * 600));
        const most = Math.floor(random.next() * 300);
        await live({ path, known, told, how, most });
      }
      recorder.write();
    }
    await live({ path, known, told, ...toTheEnd });
    expect(told.differ).toEqual([]);
    expect([...told.moments].sort()).toEqual([...once.moments].sort());
    expect([...told.clips.keys()].sort()).toEqual([...once.clips.keys()].sort());
    for (const [id, content] of once.clips) expect(told.clips.get(id)).toBe(content);
  },
  60_000,
);

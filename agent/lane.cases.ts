/** A lane on a source by hand, and its clips read back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Channel, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { parseRuleSet, type RuleSet } from '@fieldloop/rules';
import { afterEach, beforeEach } from 'vitest';
import type { FinishedClip } from './clip/write.ts';
import { Lane } from './lane.ts';
import type { Notice } from './messages.ts';
import { rulesOf } from './rule/rules.ts';
import { openScoring } from './score/scoring.ts';
import type { Shed } from './shed.ts';
import { liveBlocks } from './source/live-block.ts';
import type { SourceItem } from './source/source.ts';

let folder = '';

/** Each test of the file that calls this has a folder for its clips. */
export function inFolder(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fl-lane-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
}

export const second = 1_000_000_000n;
export const start = 1_700_000_000n * second;

/** `more`: what else is said of the one rule. */
const rulesWith = (more: string): string => `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: lane, version: 1}
signals:
  vx: {topic: /odom, path: vx, type: double}
rules:
- {id: fast, when: vx > 1.0, capture: {topics: ["*"], pre: 3s, post: 2s}${more}}
`;

export const float64 = (id: number, definition: string, topic = '/odom'): Channel => ({
  id,
  topic,
  messageEncoding: 'cdr',
  metadata: new Map(),
  schema: {
    name: 'test/msg/Odom',
    encoding: 'ros2msg',
    data: new TextEncoder().encode(definition),
  },
  latched: false,
});

/** CDR: a header, then as many doubles. */
export function doubles(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 + 8 * values.length);
  bytes[1] = 1;
  for (const [i, value] of values.entries()) bytes.writeDoubleLE(value, 4 + 8 * i);
  return bytes;
}

export const message = (channelId: number, s: number, data: Uint8Array) => ({
  channelId,
  sequence: 0,
  logTimeNs: start + BigInt(Math.round(s * 1_000)) * 1_000_000n,
  data,
});

export const odom = (s: number, vx: number, channelId = 1) => message(channelId, s, doubles(vx));

export const block = (messages: Parameters<typeof liveBlocks>[0]): SourceItem[] =>
  liveBlocks(messages).map((one) => ({ kind: 'block', block: one }));

export const session = { id: '01890a5d-ac96-774b-bcce-b302099a8057', recording: 'x', profile: '' };
export const begin = (more: object = {}): SourceItem => ({
  kind: 'begin',
  session: { ...session, live: true, ...more },
});
export const channel = (one: Channel): SourceItem => ({ kind: 'channel', channel: one });

export function ruleSetWith(more: string): RuleSet {
  const { ruleSet } = parseRuleSet(rulesWith(more), 'rules.yaml');
  if (ruleSet === undefined) throw new Error('no rules');
  return ruleSet;
}

export interface Seen {
  readonly clips: FinishedClip[];
  readonly notices: Notice[];
  readonly lane: Lane;
  readonly saved: Json[];
}

export async function run(
  items: Iterable<SourceItem> | AsyncIterable<SourceItem>,
  clock = systemClock,
  { shed, signal, rules = '' }: { shed?: Shed; signal?: AbortSignal; rules?: string } = {},
): Promise<Seen> {
  const ruleSet = ruleSetWith(rules);
  const seen = { clips: [] as FinishedClip[], notices: [] as Notice[], saved: [] as Json[] };
  const outlet = {
    clip: async (clip: FinishedClip) => await Promise.resolve(void seen.clips.push(clip)),
    notice: async (notice: Notice) => await Promise.resolve(void seen.notices.push(notice)),
    savePosition: async () => await Promise.resolve(),
    getPosition: async () => await Promise.resolve(undefined),
    marker: async () => await Promise.resolve(),
    lost: async () => await Promise.resolve(),
    suppressed: async () => await Promise.resolve(),
    answer: async () => await Promise.resolve(),
    makeRoom: async () => await Promise.resolve(false),
  };
  const settings = {
    origin: { device: 'amr', agentVersion: '0', models: {} },
    ...rulesOf(ruleSet),
    window: { ns: 20n * second, memoryBytes: 1e8 },
    clipNs: 60n * second,
    silentNs: 5n * second,
    partPath: (clipId: string) => join(folder, clipId),
  };
  const scoring = openScoring({
    clock: systemClock,
    onOff: () => undefined,
    onBack: () => undefined,
  });
  const source = {
    name: 'main',
    finite: true,
    async *items() {
      yield* await Promise.resolve(items);
    },
  };
  const lane = new Lane(source, settings, { clock, log: silentLog, scoring, outlet, shed });
  await lane.run(signal ?? new AbortController().signal);
  return { ...seen, lane };
}

export const names = ({ notices }: Seen): string[] => notices.map(({ name }) => name);
export const momentsOf = ({ notices }: Seen): number[] =>
  notices.flatMap(({ name, atNs = 0n }) => (name === 'fast' ? [Number(atNs - start) / 1e9] : []));

export async function countsOf(clip: FinishedClip | undefined): Promise<Record<string, number>> {
  await using file = await openFile(clip?.partPath ?? '');
  const channels = new Map<number, Channel>();
  const counts: Record<string, number> = {};
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') channels.set(item.channel.id, item.channel);
    if (item.kind !== 'block') continue;
    for (const id of item.block.channelIds.subarray(0, item.block.count)) {
      const one = channels.get(id);
      const text = new TextDecoder().decode(one?.schema?.data).split('\n')[0] ?? '';
      const key = `${one?.topic ?? ''} ${one?.topic.startsWith('/fieldloop') === true ? '' : text}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
  }
  return counts;
}

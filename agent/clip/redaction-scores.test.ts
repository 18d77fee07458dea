/**
 * Goal: what a model made of a hidden topic is nowhere in a clip, nor in what is told of it.
 * Method: the clip of a verdict by hand, with scores of four models, read back from the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { silentLog } from '@fieldloop/core';
import { readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { parseRuleSet, type RuleSet } from '@fieldloop/rules';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ScoreRecord } from '../score/scoring.ts';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { blockOf } from '../window/testing.ts';
import { openWindow } from '../window/window.ts';
import { type Draft, nothingPlanned, planClips, type Trigger } from './plan.ts';
import { hiddenSignals } from './redaction.ts';
import { redactionPolicy } from './redaction-policy.ts';
import { triggerOf } from './trigger.ts';
import { type FinishedClip, writeClip } from './write.ts';

const second = 1_000_000_000n;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-scores-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const expression = 'pos.value > 52.0 && word.top > 0.5 && face.top > 0.5 && both.value > 0.1';
const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: t, version: 1}
models:
  pos: {ref: pos, input: {topic: /fix}}
  word: {ref: word, input: {topic: /microphone}}
  face: {ref: face, input: {topic: /camera}}
  both: {ref: both, input: {topic: /camera, more: {where: /fix}}}
rules:
- id: all
  when: ${expression}
  capture: {topics: ['*'], pre: 5s, post: 5s}
`;

const policy = (keepsEmbeddings: boolean) =>
  redactionPolicy(
    [
      {
        topic: '/fix',
        transform: 'coarse-position',
        decimals: 1,
        fields: ['latitude', 'longitude'],
      },
      { topic: '/microphone', transform: 'drop' },
      { topic: '/camera', transform: 'blur' },
    ],
    keepsEmbeddings,
  );

const record = (more: Pick<ScoreRecord, 'scorer' | 'topic' | 'values'>): ScoreRecord => ({
  atNs: 5n * second,
  latencyMs: 1,
  modelSha256: 'a'.repeat(64),
  documentSha256: 'b'.repeat(64),
  embedding: 'AACAPw==',
  ...more,
});

const records = [
  record({ scorer: 'pos', topic: '/fix', values: { value: 52.123457 } }),
  { ...record({ scorer: 'word', topic: '/microphone', values: { top: 0.987 } }), topClass: 'help' },
  record({ scorer: 'face', topic: '/camera', values: { top: 0.75 } }),
  {
    ...record({ scorer: 'both', topic: '/camera', values: { value: 0.654 } }),
    moreTopics: ['/fix'],
  },
];

function draftOf(ruleSet: RuleSet, hidden: ReadonlySet<string>): Draft {
  const [rule] = ruleSet.rules;
  if (rule === undefined) throw new Error('no rule');
  const trigger: Trigger = triggerOf(
    {
      kind: 'fire',
      ruleId: 'all',
      ruleSet: 't',
      version: 1,
      digest: ruleSet.digest,
      severity: 'warning',
      tags: [],
      class: 'warning',
      atNs: 5n * second,
      expression,
      values: { 'pos.value': 52.123457, 'word.top': 0.987, 'face.top': 0.75, 'both.value': 0.654 },
      margin: 0.00237,
      capture: rule.capture,
      priority: 1,
    },
    { rule, clipNs: 60n * second, hidden },
  );
  const [{ open }] = planClips(nothingPlanned, { kind: 'trigger', trigger });
  const [draft] = open;
  if (draft === undefined) throw new Error('no clip is open');
  return draft;
}

async function clipOf(keepsEmbeddings: boolean): Promise<FinishedClip> {
  const { ruleSet, problems } = parseRuleSet(text, 't');
  if (ruleSet === undefined) throw new Error(JSON.stringify(problems));
  const redaction = policy(keepsEmbeddings);
  const window = openWindow({ ns: 60n * second, memoryBytes: 1e9 }, { log: silentLog });
  window.addChannel(jsonChannel(1, '/odom'));
  const atNs = [0n, 10n * second];
  window.addBlock(blockOf(atNs.map((ns) => ({ channelId: 1, atNs: ns, data: jsonBytes({}) }))));
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const session = { id, recording: 'x', live: true, profile: '' };
  const clip = await writeClip(
    draftOf(ruleSet, hiddenSignals(redaction, ruleSet)),
    { session, window, scores: { records } },
    {
      origin: { device: 'amr-01', agentVersion: '0', models: {} },
      partPath: (clipId) => join(folder, clipId),
      latched: [],
      ruleSet,
      redaction,
    },
  );
  if (clip === undefined) throw new Error('no clip');
  return clip;
}

/** The messages of the clip, as text. */
async function readTexts({ partPath }: FinishedClip): Promise<string[]> {
  await using file = await openFile(partPath);
  const texts: string[] = [];
  for await (const item of readRecording(file)) {
    if (item.kind !== 'block') continue;
    const { data, starts, ends, count } = item.block;
    for (let i = 0; i < count; i += 1) {
      texts.push(Buffer.from(data.subarray(starts[i], ends[i])).toString());
    }
  }
  return texts;
}

test.each([
  ['no score of a hidden topic is told, that of a blurred camera without its embedding', false],
  ['nor where embeddings of cameras are let through', true],
])('%s', async (_, keepsEmbeddings) => {
  const clip = await clipOf(keepsEmbeddings);
  const texts = await readTexts(clip);
  const { manifest, previews = [] } = clip;
  const sketch = gunzipSync(previews[0]?.bytes ?? Buffer.alloc(0)).toString();
  const told = [...texts, JSON.stringify(manifest), sketch].join();
  for (const secret of ['52.1', '0.987', '"help"', '0.00237', '0.654'])
    expect(told).not.toContain(secret);
  expect(manifest.scores).toEqual({ 'face.top': 0.75, 'face.top.mean': 0.75 });
  expect(manifest.markers[0]?.values).toEqual({ 'face.top': 0.75 });
  expect(sketch).toContain('face.top');
  expect(told.includes('AACAPw==')).toBe(keepsEmbeddings);
});

/**
 * Goal: triage finds in a clip what the model said of each frame and how likely the clip was.
 * Method: the pure writer of manifests and notes on records made by hand.
 */
import { parseClipManifest } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { manifestOf, markerNotes, scoreNotes } from './manifest.ts';
import type { Draft } from './plan.ts';

const record = {
  scorer: 'who',
  topic: '/camera',
  atNs: 5n,
  values: { entropy: 0.5, margin: 0.25, energy: -1.5 },
  topClass: 'a',
  latencyMs: 3,
  modelSha256: 'a'.repeat(64),
  documentSha256: 'd'.repeat(64),
};

const draft: Draft = {
  startNs: 0n,
  endNs: 10n,
  firstAtNs: 0n,
  maxNs: 60n,
  topics: ['*'],
  severity: 'info',
  class: 'baseline',
  tags: [],
  priority: 10,
  propensity: 0.25,
  triggers: [{ ruleId: 'baseline', atNs: 0n }],
  markers: [
    {
      rule: 'baseline',
      ruleSet: 'test',
      version: 1,
      ruleSetDigest: '0'.repeat(64),
      severity: 'info',
      atNs: '0',
      expression: 'every 10m',
      values: {},
    },
  ],
};

function manifest(of: Draft) {
  const id = '018f0000-0000-7000-8000-000000000001';
  const facts = {
    clipId: id,
    sessionId: id,
    recording: 'a.mcap',
    draft: of,
    startNs: 0n,
    endNs: 10n,
    preTruncated: false,
    scores: [record, { ...record, atNs: 6n, values: { ...record.values, entropy: 0.25 } }],
  };
  const origin = { device: 'amr-01', agentVersion: '1', models: {} };
  const inside = manifestOf(origin, facts, { topics: [], messageCount: 0 } as never);
  return parseClipManifest({ ...inside, sha256: 'f'.repeat(64), sizeBytes: 1 });
}

test('the largest and the mean of each score, and the propensity of a sampled baseline clip', () => {
  expect(manifest(draft)).toMatchObject({
    propensity: 0.25,
    scores: { 'who.entropy': 0.5, 'who.entropy.mean': 0.375, 'who.energy': -1.5 },
  });
});

test('a sampled clip of any class says its propensity, one that was kept for sure says none', () => {
  expect(manifest({ ...draft, class: 'warning' })).toMatchObject({ propensity: 0.25 });
  expect(manifest({ ...draft, propensity: 1 })).not.toHaveProperty('propensity');
});

test('a verdict is a line of a log as Foxglove lists it, with all that the marker says', () => {
  const [marker] = draft.markers;
  if (marker === undefined) throw new Error('no marker');
  const told = { ...marker, severity: 'critical' as const, atNs: '1700000000000000007' };
  const [plain, why] = markerNotes({ ...draft, markers: [told, { ...told, why: 'too near' }] });
  expect(plain).toEqual({
    atNs: 1_700_000_000_000_000_007n,
    document: {
      ...told,
      timestamp: { sec: 1_700_000_000, nsec: 7 },
      level: 4,
      message: 'every 10m',
      name: 'baseline',
      file: 'test@1',
      line: 0,
    },
  });
  expect(why?.document).toMatchObject({ message: 'too near' });
});

test('a note holds what the model gave, and nothing that it did not', () => {
  const embedding = Buffer.from([0, 0, 128, 63]).toString('base64');
  const [full, bare] = scoreNotes([{ ...record, probabilities: [0.75, 0.25], embedding }, record]);
  expect(full).toEqual({
    atNs: 5n,
    document: { ...record, atNs: '5', probabilities: [0.75, 0.25], embedding },
  });
  expect(bare?.document).not.toHaveProperty('embedding');
});

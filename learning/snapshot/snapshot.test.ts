/**
 * Goal: splits never move and never leak, a diff tells every change once, a manifest has one id.
 * Method: properties over seeded groups and vectors against a comparison of all with all; fixtures.
 */
import { seededRandom, sha256Hex } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DiffEntry, diffItems, diffSummary } from './diff.ts';
import { compareOrder, orderOf, type SnapshotItem } from './item.ts';
import { leakingPairs } from './leak.ts';
import { manifestText, type SnapshotManifest, versionIdOf } from './manifest.ts';
import { bucketOf, drawnSplit, groupOf, splitOf, type SplitRule } from './split.ts';

const rule: SplitRule = {
  key: 'device_session',
  salt: 'salt',
  buckets: { test: 1500, calibration: 1000 },
};

test('a bucket is the first 8 bytes of the hash of salt and group, modulo 10,000', () => {
  const digest = sha256Hex('["salt","dev_1/ses_1"]');
  expect(bucketOf('salt', 'dev_1/ses_1')).toBe(
    Number(Buffer.from(digest, 'hex').readBigUInt64BE() % 10_000n),
  );
});

test('groups fall into splits as the rule shares them out', () => {
  const counts = { test: 0, calibration: 0, train: 0 };
  for (let i = 0; i < 20_000; i += 1) counts[drawnSplit(rule, `group ${i}`)] += 1;
  // Four standard deviations of a binomial share.
  expect(Math.abs(counts.test / 20_000 - 0.15)).toBeLessThan(0.0101);
  expect(Math.abs(counts.calibration / 20_000 - 0.1)).toBeLessThan(0.0085);
});

test('a group has one split, test takes the audit alone, and what is held out stays out', () => {
  const lanes = ['named', 'audit', 'capture', 'diversity', 'imported', 'unchosen'] as const;
  fc.assert(
    fc.property(fc.string(), fc.boolean(), (group, isHeld) => {
      const held = new Set(isHeld ? [group] : []);
      const found = lanes.map((lane) => splitOf(rule, { lane, group }, held));
      const splits = new Set(found.filter((split) => split !== undefined));
      expect(splits.size).toBe(1);
      const isTest = splits.has('test');
      const out = lanes.filter((_, i) => found[i] === undefined);
      expect(out).toEqual(isTest ? lanes.filter((lane) => lane !== 'audit') : []);
      expect(splits.has('regression')).toBe(isHeld);
    }),
  );
});

test('a moment without a site stays with its drive', () => {
  const placed = { device: 'd', session: 's', lane: 'audit' } as const;
  expect(groupOf({ key: 'site' }, { ...placed, site: 'hall' })).toBe('site:hall');
  expect(groupOf({ key: 'site' }, placed)).toBe('d/s');
  expect(groupOf(rule, { ...placed, site: 'hall' })).toBe('d/s');
});

test('every near-equal row is found, and no other', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, dimensions) => {
      const random = seededRandom(seed);
      const rows = (count: number, near?: Float32Array): Float32Array =>
        Float32Array.from({ length: count * dimensions }, (_, i) => {
          const base = near?.[i % near.length];
          return base === undefined ? random.next() - 0.5 : base + (random.next() - 0.5) * 0.2;
        });
      const left = rows(20);
      const right = rows(30, left);
      right.fill(0, 0, dimensions);
      const cosine = (a: number, b: number): number => {
        let [dot, aa, bb] = [0, 0, 0];
        for (let i = 0; i < dimensions; i += 1) {
          const [x, y] = [left[a * dimensions + i] ?? 0, right[b * dimensions + i] ?? 0];
          [dot, aa, bb] = [dot + x * y, aa + x * x, bb + y * y];
        }
        return dot / Math.sqrt(aa * bb);
      };
      const nearest = Array.from({ length: 30 }, (_, b) =>
        Math.max(...Array.from({ length: 20 }, (_row, a) => cosine(a, b) || -1)),
      );
      const found = [
        ...leakingPairs(
          { dimensions, values: left.slice() },
          { dimensions, values: right.slice() },
          0.98,
        ),
      ].flat();
      const rowsFound = new Set(found.map((pair) => pair.right));
      expect(rowsFound.size).toBe(found.length);
      const wrong = [...nearest.entries()].filter(
        ([row, best]) => Math.abs(best - 0.98) > 1e-5 && rowsFound.has(row) !== best >= 0.98,
      );
      expect(wrong).toEqual([]);
      for (const pair of found) expect(pair.cosine).toBeCloseTo(cosine(pair.left, pair.right), 4);
    }),
    { numRuns: 60 },
  );
});

const item = (clip: string, startNs: number, more: Partial<SnapshotItem> = {}): SnapshotItem => ({
  clip: `clp_${clip}`,
  clipSha256: clip,
  bytes: 1,
  range: { startNs: String(startNs), endNs: String(startNs) },
  topic: '/odom',
  type: 'classification',
  class: 'left',
  label: 'lbl_1',
  labelSha256: 'aa',
  consensus: { method: 'majority', annotators: 2 },
  source: 'fleet',
  device: 'd',
  session: 's',
  privacy: 'clear',
  group: 'd/s',
  split: 'train',
  selectedBy: { lane: 'audit' },
  ...more,
});

async function* stream(items: readonly SnapshotItem[]): AsyncGenerator<SnapshotItem, void> {
  for (const one of items) yield await Promise.resolve(one);
}

test('a diff tells what was added, removed, relabelled and moved', async () => {
  const before = [item('a', 1), item('a', 5), item('b', 1), item('c', 1)];
  const after = [
    item('a', 1),
    item('a', 5, { labelSha256: 'bb', class: 'right' }),
    item('b', 1, { split: 'calibration', labelSha256: 'cc' }),
    item('b', 1, { labelSha256: 'dd', topic: '/scan' }),
    item('d', 9),
  ];
  const entries: DiffEntry[] = [];
  for await (const entry of diffItems(stream(before), stream(after))) entries.push(entry);
  expect(
    entries.map(({ kind, before: old, after: now }) => [kind, (now ?? old)?.clipSha256]),
  ).toEqual([
    ['same', 'a'],
    ['relabelled', 'a'],
    ['moved', 'b'],
    ['added', 'b'],
    ['removed', 'c'],
    ['added', 'd'],
  ]);
  const summary = await diffSummary(diffItems(stream(before), stream(after)));
  expect(summary.total).toEqual({ added: 2, removed: 1, relabelled: 1, moved: 1, same: 1 });
  expect(summary.classes['right']?.relabelled).toBe(1);
  expect(summary.splits['calibration']?.moved).toBe(1);
});

test('for any two versions, a diff accounts for each item once', async () => {
  const version = fc.uniqueArray(
    fc.record({
      clip: fc.constantFrom('a', 'b', 'c'),
      at: fc.nat(6),
      label: fc.constantFrom('x', 'y'),
    }),
    { selector: ({ clip, at }) => `${clip} ${at}` },
  );
  const made = (of: readonly { clip: string; at: number; label: string }[]) =>
    of
      .map(({ clip, at, label }) => item(clip, at, { labelSha256: label }))
      .toSorted((a, b) => compareOrder(orderOf(a), orderOf(b)));
  await fc.assert(
    fc.asyncProperty(version, version, async (one, other) => {
      const { total } = await diffSummary(diffItems(stream(made(one)), stream(made(other))));
      expect(total.removed + total.relabelled + total.moved + total.same).toBe(one.length);
      expect(total.added + total.relabelled + total.moved + total.same).toBe(other.length);
    }),
  );
});

test('a manifest has one text and one id, whatever the order of its members', () => {
  const manifest: SnapshotManifest = {
    schema: 'fieldloop.dataset/v1',
    dataset: 'wall',
    parent: null,
    selection: { ontology: 'wall', types: null, topics: null, batches: null },
    itemsSha256: sha256Hex(''),
    counts: {
      items: 0,
      clips: 0,
      bytes: 0,
      splits: { train: 0, calibration: 0, test: 0, regression: 0 },
      classes: {},
      lanes: {},
      leftOut: {},
    },
    ontologySha256: sha256Hex('o'),
    splitRule: rule,
    heldOut: [],
    gates: {
      unresolved: 0,
      alpha: { fail: 0.667, warn: 0.8 },
      classMinimum: 10,
      leakCosine: 0.98,
      onLeak: 'drop',
      bytes: 'hashed',
      privacy: ['clear'],
      residency: null,
      testMinimum: 100,
    },
    licences: [],
    residency: [],
    code: 'snapshot/1',
  };
  const turned = Object.fromEntries(Object.entries(manifest).toReversed()) as unknown;
  expect(versionIdOf(turned as SnapshotManifest)).toBe(versionIdOf(manifest));
  expect(sha256Hex(manifestText(manifest))).toBe(versionIdOf(manifest));
  expect(versionIdOf({ ...manifest, parent: versionIdOf(manifest) })).not.toBe(
    versionIdOf(manifest),
  );
});

/**
 * Goal: splits never move and never leak, a diff tells every change once, a manifest has one id.
 * Method: properties over seeded groups and vectors against a comparison of all with all; fixtures.
 */
import { seededRandom, sha256Hex } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DiffEntry, diffItems, diffSummary } from './diff.ts';
import { cosineOf, cosineRounding } from '../cosine.ts';
import { compareOrder, orderOf, type SnapshotItem } from './item.ts';
import { type LeakingPair, leakingPairs } from './leak.ts';
import { manifestText, type SnapshotManifest, versionIdOf } from './manifest.ts';
import { bucketOf, drawnSplit, groupOf, splitOf, type SplitRule } from './split.ts';
import { openUnitRows } from './unit-rows.ts';

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

/** Rows of some shape: without clusters, in tight or loose ones, along a line, or all alike. */
function shaped(seed: number, { width, count }: { width: number; count: number }): Float32Array[] {
  const random = seededRandom(seed);
  const centres = 1 + random.integer(12);
  const spread = [2, 0.5, 0.2, 0.05, 0.001][random.integer(5)] ?? 1;
  const shift = random.next() < 0.3 ? 1 : 0;
  const vector = (): Float32Array =>
    Float32Array.from({ length: width }, () => shift + random.next() - 0.5);
  const places = Array.from({ length: centres }, vector);
  return Array.from({ length: count }, () => {
    const place = places[random.integer(centres)] ?? [];
    if (random.next() < 0.03) return new Float32Array(width);
    return Float32Array.from(place, (value) => value + (random.next() - 0.5) * spread);
  });
}

test('every near-equal row is found, and no other', () => {
  const some = fc.record({
    seed: fc.integer(),
    width: fc.integer({ min: 1, max: 70 }),
    cosine: fc.constantFrom(0.7, 0.9, 0.98, 0.999, 1),
  });
  fc.assert(
    fc.property(some, ({ seed, width, cosine }) => {
      const vectors = shaped(seed, { width, count: 240 });
      const writer = openUnitRows(width, vectors.length);
      const known = vectors.filter((vector) => writer.add(vector) !== undefined);
      const numbers = Int32Array.from(known, (_, i) => i);
      const left = numbers.filter((i) => i % 3 === 0);
      const right = numbers.filter((i) => i % 3 !== 0);
      const found = [...leakingPairs(writer.done(), { left, right }, cosine)].flat();
      const like = (a: number, b: number): number =>
        cosineOf(known[a] ?? new Float32Array(), known[b] ?? new Float32Array());
      const limit = cosine - cosineRounding;
      const isLeak = new Set<number>();
      const wrong: LeakingPair[] = [];
      for (const pair of found) {
        const near = like(pair.left, pair.right);
        if (pair.isSure && near < limit) wrong.push(pair);
        if (pair.isSure || near >= limit) isLeak.add(pair.right);
      }
      expect(wrong).toEqual([]);
      const brute = right.filter((b) => left.some((a) => like(a, b) >= limit));
      expect([...isLeak].toSorted((a, b) => a - b)).toEqual([...brute]);
    }),
    { numRuns: 40 },
  );
});

test('of rows in clusters few pairs are compared, and what is doubtful is rare', () => {
  const [width, clusters, count] = [64, 100, 6_000];
  const random = seededRandom(11);
  const centres = Array.from({ length: clusters }, () =>
    Float32Array.from({ length: width }, () => random.next() - 0.5),
  );
  const writer = openUnitRows(width, count);
  for (let i = 0; i < count; i += 1) {
    const centre = centres[random.integer(clusters)] ?? [];
    writer.add(Float32Array.from(centre, (value) => value + (random.next() - 0.5) * 0.6));
  }
  const rows = writer.done();
  const numbers = Int32Array.from({ length: count }, (_, i) => i);
  const half = { left: numbers.subarray(0, count / 2), right: numbers.subarray(count / 2) };
  let turns = 0;
  let doubtful = 0;
  for (const pairs of leakingPairs(rows, half, 0.98)) {
    turns += 1;
    doubtful += pairs.filter(({ isSure }) => !isSure).length;
  }
  // A turn is some 20,000 distances: all with all would be 450 of them.
  expect(turns).toBeLessThan(120);
  expect(doubtful).toBeLessThan(20);
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

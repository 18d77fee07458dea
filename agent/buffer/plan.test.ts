/**
 * Goal: the least valuable bytes go first, never those in transfer, never below a reserve.
 * Method: the pure decision over small shelves, and for any shelf what must always hold.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clipValue, type EvictionCandidate, planEviction } from './plan.ts';

const nowMs = 1_000 * 24 * 3_600_000;
const clip = (clipId: string, change: Partial<EvictionCandidate> = {}): EvictionCandidate => ({
  clipId,
  sizeBytes: 100,
  class: 'warning',
  priority: 1,
  sealedMs: nowMs,
  manifestSent: true,
  inTransfer: false,
  ...change,
});
const plan = (clips: EvictionCandidate[], bytes: number, newcomer?: string) =>
  planEviction(clips, { bytes, files: 0, newcomer }, {}, nowMs);

test('class, priority, age, and what the cloud knows make the value', () => {
  const base = clipValue(clip('a'), nowMs);
  expect(clipValue(clip('a', { class: 'critical' }), nowMs)).toBe(base * 2);
  expect(clipValue(clip('a', { priority: 3 }), nowMs)).toBe(base * 3);
  expect(clipValue(clip('a', { sealedMs: nowMs - 24 * 3_600_000 }), nowMs)).toBe(base / 2);
  expect(clipValue(clip('a', { manifestSent: false }), nowMs)).toBe(base * 2);
});

test('what was sealed before the clock was set is as new as what was sealed after it', () => {
  const atMs = Date.UTC(2026, 10, 22);
  const early = clip('early', { class: 'critical', sealedMs: 40_000 });
  const late = clip('late', { class: 'baseline', sealedMs: atMs - 1_000 });
  expect(clipValue(early, atMs)).toBe(clipValue({ ...early, sealedMs: atMs }, atMs));
  expect(planEviction([early, late], { bytes: 100, files: 0 }, {}, atMs)).toEqual(['late']);
  const earlier = clip('earlier', { class: 'critical', sealedMs: 30_000 });
  expect(planEviction([early, earlier], { bytes: 100, files: 0 }, {}, atMs)).toEqual(['earlier']);
});

test('value for each byte decides, so one large clip goes before several small ones', () => {
  const clips = [clip('small'), clip('large', { sizeBytes: 1_000 }), clip('small-2')];
  expect(plan(clips, 150)).toEqual(['large']);
});

test('not more goes than is needed, and where it is not enough all that may', () => {
  const clips = ['a', 'b', 'c'].map((id, i) => clip(id, { sealedMs: nowMs - 1_000 + i }));
  expect(plan(clips, 150)).toEqual(['a', 'b']);
  expect(plan(clips, 0)).toEqual([]);
  expect(plan(clips, 301)).toEqual(['a', 'b', 'c']);
  expect(plan([clip('d', { inTransfer: true })], 1)).toBeUndefined();
});

test('a newcomer of least value goes alone; one of more value pushes others out', () => {
  const clips = [clip('old', { class: 'info' }), clip('new', { class: 'baseline' })];
  expect(plan(clips, 100, 'new')).toEqual(['new']);
  const better = [clip('old', { class: 'info' }), clip('new', { class: 'critical' })];
  expect(plan(better, 100, 'new')).toEqual(['old']);
});

test('what is worth less goes before a newcomer, unless that alone is enough', () => {
  const clips = [clip('old', { class: 'info' }), clip('new'), clip('grave', { class: 'critical' })];
  expect(plan(clips, 101, 'new')).toEqual(['old']);
  expect(plan(clips.slice(1), 101, 'new')).toEqual(['new']);
  const large = clip('new', { sizeBytes: 300, priority: 9 });
  expect(plan([...clips.toSpliced(1, 1), large], 250, 'new')).toEqual(['new']);
});

test('a sample without bias stays until the cloud knows of it; a new one may give way', () => {
  const unsent = { class: 'baseline', manifestSent: false } as const;
  const held = clip('held', unsent);
  const others = [clip('a'), clip('b'), clip('c', { inTransfer: true })];
  expect(plan([held, ...others], 200)).toEqual(['a', 'b']);
  // Now it is half of what is left.
  expect(plan([held, ...others], 300)).toEqual(['a', 'b', 'held']);
  expect(plan([clip('new', unsent), clip('old')], 100, 'new')).toEqual(['new']);
  // Without a cloud nobody ever knows of it: it is a quarter of what is held, and no more.
  expect(plan([held, clip('more', unsent), ...others], 100)).toEqual(['held']);
  expect(plan([held], 100)).toEqual(['held']);
});

test('no critical clip goes for a sample that the cloud does not know of', () => {
  const held = clip('held', { class: 'baseline', manifestSent: false });
  const graves = ['grave', 'other', 'last'].map((id) => clip(id, { class: 'critical' }));
  expect(plan([held, ...graves], 100)).toEqual(['held']);
  expect(plan([held, ...graves], 100, 'last')).toEqual(['held']);
  expect(plan([held, clip('old'), ...graves], 100, 'last')).toEqual(['old']);
  expect(plan([held, ...graves], 200)).toEqual(['held', 'grave']);
});

test('a class keeps its reserve', () => {
  const clips = [clip('a', { class: 'baseline' }), clip('b', { class: 'baseline' }), clip('c')];
  const found = planEviction(clips, { bytes: 200, files: 0 }, { baseline: 100 }, nowMs);
  expect(found).toEqual(['a', 'c']);
});

test('a newcomer stays while its class is below its reserve, whatever its bytes are worth', () => {
  const small = Array.from({ length: 3 }, (_, i) => clip(`w${i}`, { sizeBytes: 10 }));
  const large = clip('new', { class: 'critical', sizeBytes: 60, manifestSent: false });
  const need = { bytes: 20, files: 0, newcomer: 'new' };
  expect(planEviction([...small, large], need, {}, nowMs)).toEqual(['new']);
  expect(planEviction([...small, large], need, { critical: 100 }, nowMs)).toEqual(['w0', 'w1']);
  // Not even all of the others make room for it.
  const more = { ...need, bytes: 40 };
  expect(planEviction([...small, large], more, { critical: 100 }, nowMs)).toHaveLength(3);
  expect(planEviction([large], more, { critical: 100 }, nowMs)).toBeUndefined();
});

test('files are freed by number, as many as there are; those worth less than a newcomer', () => {
  const clips = ['a', 'b', 'c'].map((id, i) => clip(id, { priority: i + 1 }));
  const files = (n: number, newcomer?: EvictionCandidate) =>
    planEviction(
      newcomer === undefined ? clips : [...clips, newcomer],
      { bytes: 0, files: n, newcomer: newcomer?.clipId },
      {},
      nowMs,
    );
  expect(files(2)).toEqual(['a', 'b']);
  expect(files(9)).toEqual(['a', 'b', 'c']);
  expect(files(9, clip('new', { priority: 2.5 }))).toEqual(['a', 'b']);
  expect(files(9, clip('new', { priority: 0.5 }))).toEqual(['new']);
  expect(planEviction([], { bytes: 0, files: 1 }, {}, nowMs)).toBeUndefined();
});

test('for any shelf: enough or all goes, but no transfer, reserve, or sample that is not known', () => {
  const arbitrary = fc.record({
    sizeBytes: fc.integer({ min: 1, max: 1_000 }),
    class: fc.constantFrom('critical', 'warning', 'info', 'baseline'),
    priority: fc.double({ min: 0, max: 100, noNaN: true }),
    sealedMs: fc.integer({ min: 0, max: nowMs }),
    manifestSent: fc.boolean(),
    inTransfer: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(arbitrary, { maxLength: 20 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 2_000 }),
      (rows, bytes, reserved) => {
        const clips = rows.map((row, i) => ({ ...row, clipId: String(i) }));
        const need = { bytes, files: 0 };
        const chosen = planEviction(clips, need, { critical: reserved }, nowMs) ?? [];
        const gone = clips.filter((one) => chosen.includes(one.clipId));
        const kept = clips.filter((one) => !gone.includes(one));
        const sum = (some: typeof clips): number => some.reduce((n, one) => n + one.sizeBytes, 0);
        const critical = (some: typeof clips) => some.filter((one) => one.class === 'critical');
        const left = sum(critical(kept));
        const isUntold = (one: (typeof clips)[number]): boolean =>
          one.class === 'baseline' && !one.manifestSent;
        const sample = (some: typeof clips) => some.filter((one) => one.class === 'baseline');
        const isFew = sum(sample(kept)) <= sum(kept) / 4;
        const isBound = (one: (typeof clips)[number]): boolean =>
          one.inTransfer || (isUntold(one) && isFew);
        const mayGo = clips.filter((one) => !one.inTransfer && !isUntold(one));
        // Also of what is left, one clip more than is needed gone, it is no more than its share.
        const isPlenty =
          sum(mayGo) >= bytes && sum(sample(clips)) * 4 <= sum(clips) - bytes - 1_000;
        const isSure = isPlenty && critical(clips).length === 0;
        expect(isSure && gone.some(isUntold)).toBe(false);
        const isReserve = (one: (typeof clips)[number]): boolean =>
          one.class === 'critical' && left - one.sizeBytes < reserved;
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(gone.some((one) => one.inTransfer)).toBe(false);
        expect(critical(gone).length === 0 || left >= reserved).toBe(true);
        const isAll = kept.every((one) => isBound(one) || isReserve(one));
        expect(sum(gone) >= bytes || isAll).toBe(true);
      },
    ),
  );
});

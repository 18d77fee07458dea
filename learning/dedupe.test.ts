/**
 * Goal: of alike moments the best one stays, and moments of other robots or days are left alone.
 * Method: hand-made clusters; the early exits against a comparison of everything with everything.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { duplicatesOf } from './dedupe.ts';

const dayMs = 86_400_000;
const limits = { cosine: 0.97, withinMs: dayMs };

const units = (
  rows: readonly (readonly number[])[],
  more: { group?: number[]; at?: number[] } = {},
) => ({
  embeddings: { width: rows[0]?.length ?? 0, values: Float32Array.from(rows.flat()) },
  group: Int32Array.from(rows, (_, i) => more.group?.[i] ?? 0),
  atMs: Float64Array.from(rows, (_, i) => more.at?.[i] ?? 0),
});

test('a row as alike as .97 follows the first, whatever its length', () => {
  const near = [Math.cos(0.24), Math.sin(0.24)];
  const far = [Math.cos(0.25), Math.sin(0.25)];
  const found = duplicatesOf(units([[1, 0], near, far, [5, 0]]), limits);
  expect([...found.leader]).toEqual([-1, 0, -1, 0]);
  expect(found.cosine[1]).toBeCloseTo(Math.cos(0.24), 5);
});

test('a follower leads nobody: chains do not drift', () => {
  const at = (angle: number) => [Math.cos(angle), Math.sin(angle)];
  const found = duplicatesOf(units([at(0), at(0.2), at(0.4)]), limits);
  expect([...found.leader]).toEqual([-1, 0, -1]);
});

test('another robot, another day, or no embedding at all is no duplicate', () => {
  const same = [1, 0];
  expect([...duplicatesOf(units([same, same], { group: [0, 1] }), limits).leader]).toEqual([
    -1, -1,
  ]);
  expect([...duplicatesOf(units([same, same], { at: [0, dayMs + 1] }), limits).leader]).toEqual([
    -1, -1,
  ]);
  expect([...duplicatesOf(units([same, same], { at: [0, dayMs] }), limits).leader]).toEqual([
    -1, 0,
  ]);
  expect([
    ...duplicatesOf(
      units([
        [0, 0],
        [0, 0],
      ]),
      limits,
    ).leader,
  ]).toEqual([-1, -1]);
});

test('early exits change nothing: 256 numbers, clusters at every distance', () => {
  const random = seededRandom('dedupe');
  const width = 256;
  const rows: number[][] = [];
  for (let c = 0; c < 20; c += 1) {
    const centre = Array.from({ length: width }, () => random.normal());
    for (let i = 0; i < 15; i += 1) {
      const spread = i * 0.04;
      rows.push(centre.map((value) => Math.fround(value + spread * random.normal())));
    }
  }
  const order = rows.map((_, i) => (i * 7) % rows.length);
  const mixed = order.map((i) => rows[i] ?? []);
  const found = duplicatesOf(units(mixed), limits);
  const cosine = (a: readonly number[], b: readonly number[]): number => {
    let [dot, left, right] = [0, 0, 0];
    for (let d = 0; d < width; d += 1) {
      dot += (a[d] ?? 0) * (b[d] ?? 0);
      left += (a[d] ?? 0) ** 2;
      right += (b[d] ?? 0) ** 2;
    }
    return dot / Math.sqrt(left * right);
  };
  const leaders: number[] = [];
  mixed.forEach((row, i) => {
    const best = leaders
      .map((leader) => ({ leader, value: cosine(row, mixed[leader] ?? []) }))
      .filter(({ value }) => value >= limits.cosine)
      .toSorted((a, b) => b.value - a.value)[0];
    if (best === undefined) leaders.push(i);
    expect(found.leader[i]).toBe(best?.leader ?? -1);
  });
  expect(leaders.length).toBeGreaterThan(20);
  expect(leaders.length).toBeLessThan(200);
});

/**
 * Goal: a plot never loses a spike, a silent topic is told from one of which nothing is known, and
 * a device only ever takes the steps of its life that make sense.
 * Method: small cases by hand, and random points against their least and most.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import { afterVerb, deviceStates, deviceVerbs } from './device.ts';
import { median, topicHealth } from './topic-health.ts';

test('each column holds the least and most of its points, and every point is in one', () => {
  const at = fc.nat(999);
  const point = fc.record({ at, value: fc.double({ noNaN: true, min: -1e6, max: 1e6 }) });
  fc.assert(
    fc.property(fc.array(point), fc.integer({ min: 1, max: 50 }), (given, px) => {
      const points = given.toSorted((a, b) => a.at - b.at);
      const columns = columnsOf(points, { startMs: 0, endMs: 1000, px });
      expect(columns.length).toBeLessThanOrEqual(px);
      expect(columns.reduce((sum, { count }) => sum + count, 0)).toBe(points.length);
      const values = points.map(({ value }) => value);
      if (values.length === 0) return;
      expect(Math.max(...columns.map(({ most }) => most))).toBe(Math.max(...values));
      expect(Math.min(...columns.map(({ least }) => least))).toBe(Math.min(...values));
      for (const [i, column] of columns.entries()) {
        const next = columns[i + 1];
        expect(next?.at ?? Number.POSITIVE_INFINITY).toBeGreaterThan(column.at);
      }
    }),
  );
});

test.each([
  ['as declared', { hz: 10, declaredHz: 10 }, { state: 'ok', expectedBy: 'declared' }],
  ['slower than declared', { hz: 7, declaredHz: 10 }, { state: 'low' }],
  ['as ever', { hz: 19, recentHz: [20, 0, 20, 21] }, { state: 'ok', expectedHz: 20 }],
  ['nothing comes', { hz: 0, recentHz: [20] }, { state: 'silent', expectedBy: 'median' }],
  ['nothing to compare with', { hz: 5 }, { state: 'unknown' }],
  ['measured long ago', { hz: 10, at: 10, declaredHz: 10 }, { state: 'unknown' }],
  ['never measured', { declaredHz: 10 }, { state: 'unknown', expectedHz: 10 }],
  ['declared as not coming', { hz: 0, declaredHz: 0 }, { state: 'ok' }],
])('a topic: %s', (_, facts, expected) => {
  const at = 'hz' in facts ? { at: 100 } : {};
  const health = topicHealth({ topic: '/scan', recentHz: [], ...at, ...facts }, 50);
  expect(health).toMatchObject(expected);
});

test('the median of an even number is between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeUndefined();
});

test('no way leads back from revoked and decommissioned; what holds already changes nothing', () => {
  for (const verb of deviceVerbs) {
    expect(afterVerb('decommissioned', verb, true)).toBe(
      verb === 'decommission' ? 'decommissioned' : undefined,
    );
  }
  expect(afterVerb('revoked', 'resume', true)).toBeUndefined();
  expect(afterVerb('revoked', 'revoke', true)).toBe('revoked');
  expect(afterVerb('active', 'suspend', true)).toBe('suspended');
  expect(afterVerb('suspended', 'resume', true)).toBe('active');
  expect(afterVerb('suspended', 'resume', false)).toBe('enrolled');
  expect(afterVerb('manufactured', 'suspend', false)).toBeUndefined();
  for (const state of deviceStates) {
    expect(afterVerb(state, 'decommission', true)).toBe('decommissioned');
  }
});

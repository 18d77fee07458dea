/**
 * Goal: the failure model learns what can be learned, is judged by sessions it never saw, and is
 * the same for the same rows.
 * Method: rows whose failures follow one input; rows where only the session tells anything.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import {
  type FailureRow,
  failureModelText,
  failureScore,
  trainFailureModel,
} from './failure-model.ts';

const seed = 'failure-model-test';

const rows = (failed: (x: number, session: number) => boolean, count = 400): FailureRow[] => {
  const random = seededRandom(`${seed}/rows`);
  return Array.from({ length: count }, (_, i) => {
    const session = i % 20;
    const x = random.normal();
    return {
      input: [x, session * 3 + 0.1 * random.normal(), random.normal(), 7],
      failed: failed(x, session),
      session: `s${session}`,
    };
  });
};

test('a failure that follows an input is foreseen in sessions it never saw', () => {
  const found = trainFailureModel(
    rows((x) => x > 0.5),
    seed,
  );
  expect(found?.auroc ?? 0).toBeGreaterThan(0.95);
  const model = found?.model;
  if (model === undefined) throw new Error('no model');
  expect(failureScore(model, [2, 30, 0, 7])).toBeGreaterThan(0.9);
  expect(failureScore(model, [-2, 30, 0, 7])).toBeLessThan(0.1);
  // An input that never changed among the rows does not blow up later.
  expect(failureScore(model, [-2, 30, 0, 1e9])).toBeLessThan(0.1);
});

test('what only names the session is not taken for knowledge', () => {
  const bad = new Set([1, 4, 6, 9, 11, 15, 18]);
  const found = trainFailureModel(
    rows((_, session) => bad.has(session)),
    seed,
  );
  expect(found?.auroc ?? 1).toBeLessThan(0.7);
});

test('the same rows and seed give the same document; one session gives none', () => {
  const given = rows((x) => x > 0.5, 120);
  const text = () =>
    failureModelText(trainFailureModel(given, seed)?.model ?? { mean: [], scale: [], layers: [] });
  expect(text()).toBe(text());
  expect(JSON.parse(text())).toHaveProperty('layers');
  expect(
    trainFailureModel(
      given.map((row) => ({ ...row, session: 'one' })),
      seed,
    ),
  ).toBeUndefined();
});

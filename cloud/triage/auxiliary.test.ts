/**
 * Goal: the auxiliary failure model holds the capture lane only where it surely leads entropy on
 * audit labels, and stays out where it does not.
 * Method: simulated fields of seeded sessions. In one the model is wrong where the embedding says
 * so and is sure of itself; in the other its doubt says all that can be known.
 */
import { seededRandom, sha256Hex } from '@fieldloop/core';
import { entropy, openFailureScorer, trainFailureModel } from '@fieldloop/learning';
import { expect, test } from 'vitest';
import { holderLabels } from '../triage-limits.ts';
import { measureScorers } from './measured.ts';
import { failureInput } from './scoring.ts';
import { failureScorer, nextHolder } from './triage.ts';

const seed = 'auxiliary';

/** Units of 20 sessions; `told` is how much the embedding says of a failure, beside the doubt. */
function field(of: { readonly name: string; readonly count: number; readonly told: boolean }) {
  const random = seededRandom(`${seed}/${of.name}`);
  return Array.from({ length: of.count }, (_, i) => {
    const embedding = Array.from({ length: 6 }, () => random.normal());
    const top = 0.5 + 0.5 * random.next();
    const chance = of.told ? ((embedding[0] ?? 0) > 0.5 ? 0.8 : 0.05) : 1.6 * (1 - top);
    const p = [top, 1 - top];
    return {
      input: failureInput(embedding, p),
      entropy: entropy(p),
      failed: random.next() < chance,
      session: `${of.name} ${i % 20}`,
    };
  });
}

/** Who holds the lane after `labels` audit labels of a field that the model was not trained on. */
function holderOf(told: boolean, labels: number) {
  const found = trainFailureModel(field({ name: 'before', count: 400, told }), seed);
  if (found === undefined) throw new Error('no model');
  const score = openFailureScorer(found.model);
  const audit = field({ name: 'audit', count: labels, told });
  const sessions = [...new Set(audit.map(({ session }) => session))];
  const measured = measureScorers({
    failed: Uint8Array.from(audit, ({ failed }) => Number(failed)),
    group: Int32Array.from(audit, ({ session }) => sessions.indexOf(session)),
    scores: {
      entropy: Float64Array.from(audit, (one) => one.entropy),
      [failureScorer]: Float64Array.from(audit, ({ input }) => score(input)),
    },
    seed: sha256Hex(seed),
  });
  const rules = { now: 2, leastLabels: holderLabels, lapseMs: 10, allowed: [failureScorer] };
  const change = nextHolder({ scorer: 'entropy', labelledAt: 1 }, measured, rules);
  return { change, lead: measured.find(({ scorer }) => scorer === failureScorer) };
}

test('where the embedding tells what the doubt does not, it enters', () => {
  const { change, lead } = holderOf(true, 200);
  expect(lead?.low).toBeGreaterThan(0);
  expect(change).toMatchObject({ scorer: failureScorer, event: 'earned' });
});

test('with fewer audit labels than it takes it stays out, however well it does', () => {
  const { change, lead } = holderOf(true, holderLabels - 1);
  expect(lead?.difference).toBeGreaterThan(0.1);
  expect(change).toBeUndefined();
});

test('where doubt says all that can be known it stays out', () => {
  const { change, lead } = holderOf(false, 400);
  expect(lead?.labels).toBe(400);
  expect(change).toBeUndefined();
});

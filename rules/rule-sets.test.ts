/**
 * Goal: for every rule set the outputs depend on the messages and the watermark alone.
 * Method: random rule sets over all triggers and modifiers, random recordings, every way to feed
 * them; and a look at whether the random sets reach every kind of output and suppression.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  declare,
  feed,
  inBlocks,
  steps,
  whole,
  withRestarts,
  withWatermark,
} from './determinism.cases.ts';
import { type Engine, openEngine } from './engine.ts';
import type { RuleSet } from './rule-set.ts';
import { ruleSets } from './rule-sets.cases.ts';
import { suppressedBy } from './suppressions.ts';

const open = (ruleSet: RuleSet) => (): Engine =>
  openEngine(ruleSet, { device: 'amr-01', properties: { hw: 'orin', site: 'hall' } });

const seed = 20_261_121;
// Shrinking tries thousands of rule sets: the first one that fails says enough.
const settings = { numRuns: 60, seed, endOnFailure: true };

const ways = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
  shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
  cuts: fc.array(fc.nat(), { maxLength: 4 }),
});

test('any cut into blocks, any watermark, any restart gives the same outputs', () => {
  fc.assert(
    fc.property(ruleSets, steps, ways, (ruleSet, all, { sizes, shares, cuts }) => {
      const expected = whole(open(ruleSet), all);
      expect(inBlocks(open(ruleSet), all, sizes)).toBe(expected);
      expect(withWatermark(open(ruleSet), all, shares)).toBe(expected);
      expect(withRestarts(open(ruleSet), all, cuts)).toBe(expected);
    }),
    settings,
  );
});

test('the random sets are asked for clips, and some fire near their threshold alone', () => {
  const seen = { asked: 0, near: 0 };
  for (const [ruleSet, all] of fc.sample(fc.tuple(ruleSets, steps), { numRuns: 150, seed })) {
    const near = ruleSet.rules.filter(({ sample }) => sample?.strategy === 'closeTo');
    const engine = open(ruleSet)();
    declare(engine);
    for (const step of all) {
      const outputs = feed(engine, [step]);
      const fired = outputs.flatMap((one) => (one.kind === 'fire' ? one.ruleId : []));
      seen.near += near.filter(({ id }) => fired.includes(id)).length;
      if (step.kind === 'ask' && engine.ask(step.ruleId, step.atNs)) seen.asked += 1;
    }
  }
  expect(seen.asked).toBeGreaterThan(10);
  expect(seen.near).toBeGreaterThan(10);
});

test('the random sets give every kind of output and every suppression', () => {
  const seen = new Set<string>();
  const sample = fc.sample(fc.tuple(ruleSets, steps), { numRuns: 150, seed });
  for (const [ruleSet, all] of sample) {
    const engine = open(ruleSet)();
    declare(engine);
    for (const { kind } of [...feed(engine, all), ...engine.flush()]) seen.add(kind);
    for (const { suppressed, off } of Object.values(engine.counters().rules)) {
      for (const [reason, count] of Object.entries(suppressed)) if (count > 0) seen.add(reason);
      if (off !== undefined) seen.add('off');
    }
  }
  expect([...seen].sort()).toEqual(['event', 'extend', 'fire', 'off', ...suppressedBy].sort());
});

/**
 * Goal: verdicts depend on the messages and the watermark alone: not on blocks, on how often the
 * watermark is moved, or on a restart at a checkpoint.
 * Method: random messages, out of order, with jumps; every way to feed them gives the same
 * verdicts and counters, byte for byte in canonical JSON.
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
import { parseRuleSet } from './document.ts';
import { type Engine, openEngine } from './engine.ts';
import { problemLine } from './problem.ts';

const text = `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: all, version: 1}
signals:
  x: {topic: /x, path: data, type: double, maxAge: 250ms}
  y: {topic: /y, path: data, type: double}
  mode: {topic: /mode, path: data, type: string, latched: true}
  slow: {topic: /x, path: data, type: double, valid: [0.5, 4.5], filter: {lowpassHz: 2}}
  pos: {topic: /y, path: [data, data], type: geo, maxAge: 600ms}
  all: {topic: /other, path: data, type: list, maxItems: 4, maxAge: 700ms}
geofences: {near: {circle: {center: [2, 2], radius: 200000}}}
models: {net: {ref: net, input: {topic: /camera}, maxAge: 400ms}}
rules:
- {id: level, when: x > 2.0 && y < 3.0}
- {id: hold, when: x > 1.0, for: 130ms, clearWhen: x < 1.0}
- {id: cool, when: x > 2.0 || y > 4.0, limits: {cooldown: 300ms}}
- {id: change, when: changed(mode) && prev(mode) != "B"}
- {id: steps, when: 'rise(x > 2.0) || fall(y > 2.0)'}
- {id: windows, when: 'max(x, "300ms") - min(x, "200ms") > 2.0 && avg(y, "400ms") > 1.5'}
- {id: quantile, when: 'p(y, 0.75, "500ms") > 3.0 || drop(x, "200ms") > 3.0'}
- {id: unusual, when: 'zscore(x, "1s") > 1.2'}
- {id: past, when: 'held(x > 0.5, "150ms") && once(y > 3.0, "200ms") && count(x > 2.0, "1s") > 1.0'}
- {id: topic, when: 'rate("/x", "500ms") < 5.0 && age(y) > duration("120ms") && gap("/y") < duration("1s")'}
- {id: nested, when: 'count(changed(mode), "1s") > 1.0 || max(abs(x - prev(x)), "300ms") > 4.0'}
- {id: silent, absent: {topic: /x, for: 200ms, minHz: 4, window: 500ms, arm: mode != "C"}}
- {id: turns, every: {period: 300ms, first: 0s}, when: y > 0.5}
- {id: ahead, every: {period: 100ms}, capture: {pre: 0s, post: 100ms}}
- {id: filtered, when: 'slow > 2.5 && slow < 3.0 || slow - prev(slow) > 0.8'}
- {id: moved, when: 'dist(pos, prev(pos)) > 400000.0 || changed(geohash(pos, 1))'}
- {id: inside, when: 'inside(pos, "near") && now() - 1.7e9 > 0.3', priority: 1.0 + margin()}
- {id: items, when: 'all.exists(d, d.a > 1.0) && prev(size(all)) < 2.0', priority: 5.0 * margin()}
- {id: folds, when: 'max(sum(all.map(d, d.a)), "500ms") > 2.0 && least(all.map(d, d.b)) < 4.0'}
- {id: asked, manual: {}}
- {id: near, when: x > 2.0, sample: {strategy: closeTo, within: 1, probability: 0.5}}
- {id: unsure, when: 'net.entropy > 0.5 && net.margin < 0.5'}
`;

const parsed = parseRuleSet(text, 'all.yaml');
if (parsed.ruleSet === undefined) throw new Error(parsed.problems.map(problemLine).join('\n'));
const { ruleSet } = parsed;

const open = (): Engine => openEngine(ruleSet, { device: 'amr-01' });

const seed = 20_251_121;
const settings = { numRuns: 150, seed };

test('the rules of this file all fire', () => {
  const fired = new Set<string>();
  for (const all of fc.sample(steps, { numRuns: 200, seed })) {
    const engine = open();
    declare(engine);
    for (const one of [...feed(engine, all), ...engine.flush()]) {
      if (one.kind === 'fire') fired.add(one.ruleId);
    }
  }
  expect([...fired].sort()).toEqual(ruleSet.rules.map((rule) => rule.id).sort());
});

test('any cut into blocks gives the same verdicts', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
  fc.assert(
    fc.property(steps, sizes, (all, some) => {
      expect(inBlocks(open, all, some)).toBe(whole(open, all));
    }),
    settings,
  );
});

test('moving the watermark as far as nothing earlier comes changes nothing', () => {
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(steps, shares, (all, some) => {
      expect(withWatermark(open, all, some)).toBe(whole(open, all));
    }),
    settings,
  );
});

test('a restart at any checkpoint gives the same verdicts', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat(), { maxLength: 4 }), (all, cuts) => {
      expect(withRestarts(open, all, cuts)).toBe(whole(open, all));
    }),
    settings,
  );
});

/**
 * Goal: a rule with `sample` keeps the stated share of its triggers, the same ones every time.
 * Method: many periodic triggers on several devices, counted; the plan of clips that merge them.
 */
import { expect, test } from 'vitest';
import { nothingPlanned, planClips, triggerFor } from './clip-plan.ts';
import { openEngine } from './engine.ts';
import { parseRuleSet } from './document.ts';
import type { RuleSet } from './rule-set.ts';
import { blockOf, channelsOf } from './test-blocks.ts';
import { firesOf } from './verdict.ts';

const second = 1_000_000_000n;

function ruleSet(sample: string): RuleSet {
  const text = `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: sampled, version: 1}
rules:
- {id: baseline, every: {period: 1s}, class: baseline, capture: {pre: 0s, post: 1s}${sample}}
`;
  const { ruleSet, problems } = parseRuleSet(text, 'sampled.yaml');
  if (ruleSet === undefined) throw new Error(problems.map(({ message }) => message).join());
  return ruleSet;
}

/** Log times in seconds at which the rule fired, and how many triggers were left out. */
function run(sample: string, device: string, seconds = 2_000) {
  const set = ruleSet(sample);
  const engine = openEngine(set, { device });
  const messages = Array.from({ length: seconds * 2 }, (_, i) => ({
    topic: '/x',
    ms: i * 500,
    value: 1,
  }));
  const channels = channelsOf(messages);
  for (const channel of channels) engine.channel(0, channel);
  const verdicts = firesOf([...engine.block(0, blockOf(messages, channels)), ...engine.flush()]);
  const left = engine.counters().rules['baseline']?.suppressed.sampled_out;
  return { verdicts, times: verdicts.map(({ atNs }) => atNs / second), left };
}

test('about the stated share is kept, and the rest is counted', () => {
  for (const device of ['amr-001', 'amr-002', 'amr-003']) {
    const { times, left = 0, verdicts } = run(', sample: {probability: 0.25}', device);
    const all = times.length + left;
    expect(all).toBeGreaterThan(1_990);
    // Five standard deviations of a fair draw.
    expect(Math.abs(times.length / all - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / all));
    expect(verdicts[0]?.propensity).toBe(0.25);
  }
});

test('the draw is of the moment: the same again, another on another device or with a seed', () => {
  const first = run(', sample: {probability: 0.5}', 'amr-001').times;
  expect(run(', sample: {probability: 0.5}', 'amr-001').times).toEqual(first);
  expect(run(', sample: {probability: 0.5}', 'amr-002').times).not.toEqual(first);
  expect(run(', sample: {probability: 0.5, seed: b}', 'amr-001').times).not.toEqual(first);
});

test('a rule without sample keeps all, says no propensity and has the digest that it had', () => {
  const { verdicts, left } = run('', 'amr-001', 20);
  expect(verdicts.length).toBeGreaterThanOrEqual(19);
  expect(verdicts[0]).not.toHaveProperty('propensity');
  expect(left).toBeUndefined();
  expect(JSON.stringify(ruleSet('').document)).not.toContain('"sample"');
});

test('a clip of two draws is there when one of them was kept', () => {
  const [verdict] = run(', sample: {probability: 0.5}', 'amr-001', 20).verdicts;
  if (verdict === undefined) throw new Error('nothing was drawn');
  const trigger = triggerFor(verdict, { clipNs: 60n * second, marker: 'm' });
  const one = planClips<string>(nothingPlanned, { kind: 'trigger', trigger })[0];
  expect(one.open[0]?.propensity).toBe(0.5);
  const two = planClips(one, { kind: 'trigger', trigger })[0];
  expect(two.open[0]?.propensity).toBe(0.75);
});

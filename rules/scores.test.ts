/**
 * Goal: rules read what models of every task say, by name; what a model does not say is unknown.
 * Method: a set over a detector and a regressor, scores given by hand, the moments that fire; a
 * restart at a checkpoint in between.
 */
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { openEngine } from './engine.ts';
import { problemLine } from './problem.ts';
import { blockOf, channelsOf, every, originNs } from './test-blocks.ts';
import { firesOf } from './verdict.ts';

const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: scores, version: 1}
models:
  eyes: {ref: detector, input: {topic: /camera}}
  wheel: {ref: slip, input: {topic: /imu}}
rules:
- {id: person, when: 'eyes.topClass == "person" && eyes.top > 0.5'}
- {id: crowd, when: 'eyes.boxes >= 3'}
- {id: flickering, when: 'avg(eyes.flicker, "2s") > 0.4'}
- {id: slipping, when: 'wheel.value > 0.3 && wheel.deviation < 0.1'}
- {id: strange, when: 'eyes.novelty > 0.2'}
- {id: unsaid, when: 'wheel.topClass == "ice" || wheel.entropy > 0.0'}
`;

function parsed(source: string) {
  const { ruleSet, problems } = parseRuleSet(source, 'scores.yaml');
  if (ruleSet === undefined) throw new Error(problems.map(problemLine).join('\n'));
  return ruleSet;
}

const told = (scorer: string, ms: number, of: object) => ({
  scorer,
  atNs: originNs + BigInt(ms) * 1_000_000n,
  values: {},
  latencyMs: 1,
  modelSha256: 'a'.repeat(64),
  ...of,
});

test('every value and the class is a signal, also over a checkpoint', () => {
  const set = parsed(text);
  const options = { device: 'amr-01' };
  let engine = openEngine(set, options);
  const messages = every('/odom', { toMs: 4_000, periodMs: 100 }, () => 0);
  const channels = channelsOf(messages);
  for (const channel of channels) engine.channel(0, channel);
  const fired: string[] = [];
  const note = (outputs: Parameters<typeof firesOf>[0]): void => {
    for (const { ruleId, atNs } of firesOf(outputs)) {
      fired.push(`${ruleId}@${Number(atNs - originNs) / 1e6}`);
    }
  };
  note(engine.block(0, blockOf(messages.slice(0, 10), channels)));
  note(engine.score(told('eyes', 850, { values: { top: 0.9, boxes: 1 }, topClass: 'robot' })));
  note(engine.score(told('eyes', 950, { values: { top: 0.9, boxes: 3 }, topClass: 'person' })));
  const saved = engine.checkpoint();
  engine = openEngine(set, options);
  for (const channel of channels) engine.channel(0, channel);
  engine.restore(saved);
  note(engine.score(told('slip', 960, { values: { value: 0.5, deviation: 0.05 } })));
  note(engine.block(0, blockOf(messages.slice(10, 20), channels)));
  note(engine.score(told('eyes', 1_900, { values: { flicker: 0.5, boxes: 0, novelty: 0.4 } })));
  note(engine.block(0, blockOf(messages.slice(20), channels)));
  note(engine.flush());
  expect(fired).toEqual([
    'person@950',
    'crowd@950',
    'slipping@960',
    'flickering@1900',
    'strange@1900',
  ]);
});

test('a class is compared with texts only', () => {
  const { problems } = parseRuleSet(text.replace('"ice"', '1.0'), 'scores.yaml');
  expect(problems.map(problemLine).join('\n')).toMatch(/scores\.yaml:1\d:\d+/);
});

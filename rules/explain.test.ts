/**
 * Goal: what explain shows of a moment is what the engine decided by, and what is missing is named.
 * Method: at each trigger of a whole run explain must say that the rule fires, with the verdict's
 * own values, whatever the chunks and however late the messages; then states made by hand.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { openEngine } from './engine.ts';
import { openExplain } from './explain.ts';
import type { ExplainedRule } from './explain-rule.ts';
import type { RuleSet } from './rule-set.ts';
import { blockOf, channelsOf, every, inTimeOrder, originNs } from './test-blocks.ts';
import type { TestMessage } from './test-blocks.ts';
import { firesOf } from './verdict.ts';

const ruleSet = setOf(`
- {id: fast, when: v > 1.0 && w < 5.0, for: 200ms, limits: {cooldown: 3s}}
- {id: jump, when: changed(mode) && mode == "B"}
- {id: wide, when: 'max(v, "2s") - min(v, "2s") > 1.5 || w > 8.0', clearWhen: v < 0.2}
- {id: gone, absent: {topic: /w, for: 700ms}}
- {id: chain, sequence: {within: 3s, steps: ['w > 6.0', 'v > 1.2']}}
- {id: base, every: {period: 4s, first: 1s}, when: v > 0.5}
- {id: level, when: v > 1.0, edge: level, limits: {cooldown: 1s}}
- {id: ends, when: v > 1.0, edge: falling}
`);

function setOf(rules: string): RuleSet {
  const { ruleSet: set, problems } = parseRuleSet(
    `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: t, version: 1}
signals:
  v: {topic: /v, path: data, type: double}
  w: {topic: /w, path: data, type: double, maxAge: 2s}
  mode: {topic: /mode, path: data, type: string, latched: true}
rules:${rules}`,
    't.yaml',
  );
  if (set === undefined) throw new TypeError(JSON.stringify(problems));
  return set;
}

function explainAt(
  messages: readonly TestMessage[],
  atNs: bigint,
  chunk = 1_000,
): readonly ExplainedRule[] {
  const channels = channelsOf(messages);
  const run = openExplain(ruleSet, { device: 'a', atNs });
  for (const channel of channels) run.take({ kind: 'channel', channel });
  for (let at = 0; at < messages.length; at += chunk) {
    const block = blockOf(messages.slice(at, at + chunk), channels);
    if (!run.take({ kind: 'block', block })) break;
  }
  return run.end();
}

interface Step {
  readonly topic: string;
  readonly gapMs: number;
  readonly lateMs: number;
  readonly v: number;
}

const steps = fc.array(
  fc.record<Step>({
    topic: fc.constantFrom('/v', '/v', '/w', '/mode'),
    gapMs: fc.integer({ min: 1, max: 400 }),
    lateMs: fc.constantFrom(0, 0, 0, 60, 300),
    v: fc.integer({ min: 0, max: 20 }),
  }),
  { minLength: 30, maxLength: 120 },
);

/** Out of order by what each is late: the order of the file is that of `ms + lateMs`. */
function messagesOf(drawn: readonly Step[]): TestMessage[] {
  let ms = 0;
  const timed = drawn.map(({ topic, gapMs, lateMs, v }) => {
    ms += gapMs;
    const value = topic === '/mode' ? 'AB'[v % 2] : topic === '/v' ? v / 10 : v / 2;
    return { message: { topic, ms, value }, arrives: ms + lateMs };
  });
  return timed.toSorted((a, b) => a.arrives - b.arrives).map(({ message }) => message);
}

test('at each trigger explain says that it fires, with the values of the verdict', () => {
  let seen = 0;
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 60 }), (drawn, chunk) => {
      const messages = messagesOf(drawn);
      const channels = channelsOf(messages);
      const engine = openEngine(ruleSet, { device: 'a' });
      for (const channel of channels) engine.channel(0, channel);
      const outputs = [...engine.block(0, blockOf(messages, channels)), ...engine.flush()];
      for (const verdict of firesOf(outputs).slice(0, 12)) {
        const told = explainAt(messages, verdict.atNs, chunk).find(
          ({ rule }) => rule === verdict.ruleId,
        );
        expect(told).toMatchObject({ firedNs: verdict.atNs, needs: [] });
        const values = new Map(told?.terms.map(({ text, value }) => [text, value]));
        for (const [text, value] of Object.entries(verdict.values)) {
          expect([verdict.ruleId, text, values.get(text)]).toEqual([verdict.ruleId, text, value]);
        }
        seen += 1;
      }
    }),
    { numRuns: 25, seed: 11 },
  );
  expect(seen).toBeGreaterThan(50);
});

const at = (ms: number): bigint => originNs + BigInt(ms) * 1_000_000n;
const ofRule = (rules: readonly ExplainedRule[], id: string) =>
  rules.find(({ rule }) => rule === id);

const v = (valueAt: (ms: number) => number): TestMessage[] =>
  every('/v', { toMs: 10_000, periodMs: 100 }, valueAt);

test('unknown says why: no message yet, too old, and what a rule waits for', () => {
  const messages = inTimeOrder([...v(() => 2), { topic: '/w', ms: 3_000, value: 1 }]);
  const early = ofRule(explainAt(messages, at(1_000)), 'fast');
  expect(early).toMatchObject({ condition: null, state: 'armed' });
  expect(early?.terms.find(({ text }) => text === 'w')).toEqual({
    text: 'w',
    depth: 2,
    value: null,
    unknown: 'no message of /w yet',
  });
  expect(early?.needs[0]).toBe('w < 5 (it is unknown: no message of /w yet)');
  const old = ofRule(explainAt(messages, at(9_000)), 'fast');
  expect(old?.terms.find(({ text }) => text === 'w')?.unknown).toBe(
    'the last message of /w is 6s old, maxAge is 2s',
  );
});

test('a hold, a cooldown and a step are told with what is left of them', () => {
  const messages = inTimeOrder([
    ...v((ms) => (ms >= 2_000 && ms < 4_000 ? 2 : 0)),
    ...every('/w', { toMs: 10_000, periodMs: 100 }, (ms) => (ms === 5_000 ? 7 : 1)),
  ]);
  const holding = ofRule(explainAt(messages, at(2_100)), 'fast');
  expect(holding).toMatchObject({ condition: true, state: 'holding', firedNs: undefined });
  expect(holding?.needs).toEqual(['its condition must hold for another 100ms']);
  const cooling = ofRule(explainAt(messages, at(4_200)), 'fast');
  expect(cooling).toMatchObject({ condition: false, state: 'armed', firedNs: at(2_200) });
  expect(cooling?.remembers).toEqual(['it cools down for another 1s']);
  expect(cooling?.terms[1]).toMatchObject({ text: 'v > 1', value: false, margin: -1 });
  const step = ofRule(explainAt(messages, at(5_500)), 'chain');
  expect(step?.remembers[0]).toBe('1 of 2 steps are behind it');
  expect(step?.needs).toEqual(['next step: v > 1.2 must become true']);
});

test('edges: a level waits for its cooldown alone, a falling one for the end', () => {
  const messages = v((ms) => (ms >= 2_000 && ms < 4_000 ? 2 : 0));
  const level = ofRule(explainAt(messages, at(2_400)), 'level');
  expect(level).toMatchObject({ condition: true, needs: ['600ms of cooldown must pass'] });
  expect(ofRule(explainAt(messages, at(3_000)), 'level')?.needs).toEqual([]);
  expect(ofRule(explainAt(messages, at(2_400)), 'ends')?.needs).toEqual(['its condition must end']);
  expect(ofRule(explainAt(messages, at(1_000)), 'ends')?.needs).toEqual([
    'v > 1 (it is 1 away)',
    'then its condition must end',
  ]);
  expect(ofRule(explainAt(messages, at(4_000)), 'ends')).toMatchObject({ firedNs: at(4_000) });
});

test('a moment that the recording has not is refused', () => {
  const messages = v(() => 0);
  expect(() => explainAt(messages, at(20_000))).toThrow('the recording has no such moment');
  expect(() => explainAt(messages, originNs - 1n)).toThrow('the recording has no such moment');
});

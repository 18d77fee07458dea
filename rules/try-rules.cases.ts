/** A few rules over a few messages: what tests of one modifier share. */
import type { RuleSet } from './rule-set.ts';
import { parseRuleSet } from './document.ts';
import { type Engine, openEngine } from './engine.ts';
import type { EngineOptions, ScoreRecord } from './engine-state.ts';
import { problemLine } from './problem.ts';
import { blockOf, channelsOf, originNs, type TestMessage } from './test-blocks.ts';
import { type EngineOutput, firesOf, type Verdict } from './verdict.ts';

const head = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
models: {net: {ref: net, input: {topic: /camera}}}
signals:
  x: {topic: /x, path: data, type: double}
  y: {topic: /y, path: data, type: double, maxAge: 300ms}
  mode: {topic: /mode, path: data, type: string, latched: true}
`;

/** `rules` is the list, or the text from `budgets:` or further signals on. */
export function ruleSetOf(rules: string): RuleSet {
  const text = `${head}${rules.includes('rules:') ? rules : `rules:\n${rules}`}`;
  const { ruleSet, problems } = parseRuleSet(text, 'test.yaml');
  if (ruleSet === undefined) throw new Error(problems.map(problemLine).join('\n'));
  return ruleSet;
}

export interface Tried {
  readonly engine: Engine;
  readonly outputs: readonly EngineOutput[];
  readonly verdicts: readonly Verdict[];
  /** `rule@ms`; a shadow's in brackets. */
  readonly fired: readonly string[];
  /** What a rule's triggers were held back by. */
  readonly suppressed: (rule: string) => Readonly<Record<string, number | undefined>>;
}

export function tryRules(
  rules: string,
  messages: readonly TestMessage[],
  options: Partial<EngineOptions> = {},
  scores: readonly ScoreRecord[] = [],
): Tried {
  const engine = openEngine(ruleSetOf(rules), { device: 'amr-01', ...options });
  const channels = channelsOf(messages);
  for (const channel of channels) engine.channel(0, channel);
  const outputs = scores.flatMap((score) => engine.score(score));
  outputs.push(...engine.block(0, blockOf(messages, channels)), ...engine.flush());
  return {
    engine,
    outputs,
    verdicts: firesOf(outputs),
    fired: outputs.flatMap((one) => {
      if (one.kind !== 'fire' && one.kind !== 'shadow') return [];
      const text = `${one.ruleId}@${msOf(one.atNs)}`;
      return [one.kind === 'fire' ? text : `(${text})`];
    }),
    suppressed: (rule) => {
      const { cooldown, ...rest } = engine.counters().rules[rule]?.suppressed ?? { cooldown: 0 };
      return cooldown === 0 ? rest : { cooldown, ...rest };
    },
  };
}

export const msOf = (ns: bigint): number => Number(ns - originNs) / 1e6;

/** Values of `/x`, one every 100 ms; undefined leaves the moment out. */
export const xs = (...values: readonly (number | undefined)[]): TestMessage[] =>
  values.flatMap((value, i) => (value === undefined ? [] : [{ topic: '/x', ms: i * 100, value }]));

/** Which topics a rule reads: a recording without them cannot tell what it would do. */
import { signalsOf, topicsOf } from './cel/checked.ts';
import {
  type PlainRuleSet,
  type Rule,
  type RuleSet,
  scoreSignals,
  scoreTopic,
  termsOfRule,
} from './rule-set.ts';

/** Scores of a model are read from the pseudo topic `score:<model>`. */
export function topicsReadBy(ruleSet: PlainRuleSet, rule: Rule): ReadonlySet<string> {
  const terms = termsOfRule(rule);
  const names = new Set(terms.flatMap((term) => [...signalsOf(term)]));
  const topics = new Set(terms.flatMap((term) => [...topicsOf(term)]));
  for (const signal of ruleSet.signals) if (names.has(signal.name)) topics.add(signal.topic);
  for (const { id } of ruleSet.models) {
    if (scoreSignals.some((score) => names.has(`${id}.${score}`))) topics.add(scoreTopic(id));
  }
  const { trigger } = rule;
  if (trigger.kind === 'absent') topics.add(trigger.topic);
  if (trigger.kind === 'manual' && trigger.topic !== undefined) topics.add(trigger.topic);
  return topics;
}

/** One rule alone, with the signals and models that it reads: what it costs is told by it. */
export function onlyRule(ruleSet: RuleSet, id: string | undefined): RuleSet {
  const rules = ruleSet.rules.filter((rule) => rule.id === id);
  const terms = rules.flatMap(termsOfRule);
  const names = new Set(terms.flatMap((term) => [...signalsOf(term)]));
  return {
    ...ruleSet,
    rules,
    signals: ruleSet.signals.filter(({ name }) => names.has(name)),
    models: ruleSet.models.filter((model) =>
      scoreSignals.some((s) => names.has(`${model.id}.${s}`)),
    ),
  };
}

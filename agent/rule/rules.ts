/** What the stations before and after the rules have to know of a rule set. Pure. */
import { inputTopicsOf, type PlainRuleSet, topicFits, topicsReadBy } from '@fieldloop/rules';
import type { ScorerPlan } from '../score/tap.ts';

export interface RuleNeeds {
  readonly ruleSet: PlainRuleSet;
  /** Some rule samples by novelty: the engine needs embeddings. */
  readonly comparesEmbeddings: boolean;
  readonly scorers: readonly ScorerPlan[];
  /** Patterns of topics whose last message goes into each clip. */
  readonly latched: readonly string[];
  /** Topics that rules and models read. */
  readonly readTopics: ReadonlySet<string>;
}

export function rulesOf(ruleSet: PlainRuleSet): RuleNeeds {
  const held = ruleSet.signals.filter(({ latched }) => latched).map(({ topic }) => topic);
  const { models, rules } = ruleSet;
  const inputs = models.flatMap(inputTopicsOf);
  const read = rules.flatMap((rule) => [...topicsReadBy(ruleSet, rule)]);
  return {
    ruleSet,
    comparesEmbeddings: rules.some(({ sample }) => sample?.strategy === 'novelty'),
    readTopics: new Set([...read, ...inputs]),
    scorers: models.map(({ id, ref, inputTopic, more, moreAgeNs, everyNs, deadlineNs }) => ({
      id,
      model: ref,
      topic: inputTopic,
      more,
      moreAgeNs,
      everyNs,
      deadlineNs,
    })),
    latched: [...new Set([...ruleSet.latched, ...held])],
  };
}

/** Whether any of the rule sets reads the topic, or puts it into a clip. */
export function wantsOf(ruleSets: readonly PlainRuleSet[]): (topic: string) => boolean {
  const needs = ruleSets.map(rulesOf);
  const patterns = needs.flatMap(({ ruleSet, latched }) => [
    ...latched,
    ...ruleSet.rules.flatMap(({ capture }) => capture.topics),
  ]);
  const wanted = [...new Set(patterns)];
  if (wanted.includes('*')) return () => true;
  return (topic) =>
    needs.some(({ readTopics }) => readTopics.has(topic)) ||
    wanted.some((pattern) => topicFits(pattern, topic));
}

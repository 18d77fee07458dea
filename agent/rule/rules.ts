/** What the stations before and after the rules have to know of a rule set. Pure. */
import type { RuleSet } from '@fieldloop/rules';
import type { ScorerPlan } from '../score/tap.ts';

export interface RuleNeeds {
  readonly ruleSet: RuleSet;
  readonly scorers: readonly ScorerPlan[];
  /** Patterns of topics whose last message goes into each clip. */
  readonly latched: readonly string[];
}

export function rulesOf(ruleSet: RuleSet): RuleNeeds {
  const held = ruleSet.signals.filter(({ latched }) => latched).map(({ topic }) => topic);
  return {
    ruleSet,
    scorers: ruleSet.models.map(({ id, ref, inputTopic, everyNs, deadlineNs }) => ({
      id,
      model: ref,
      topic: inputTopic,
      everyNs,
      deadlineNs,
    })),
    latched: [...new Set([...ruleSet.latched, ...held])],
  };
}

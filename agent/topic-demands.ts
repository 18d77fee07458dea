/** What the rules of a set ask of topics: that they come, and how often. Pure. */
import type { PlainRuleSet } from '@fieldloop/rules';

export interface TopicDemands {
  readonly topics: readonly string[];
  /** Of rules about absence. */
  readonly rates: readonly {
    readonly id: string;
    readonly topic: string;
    readonly minHz: number;
  }[];
}

export const demandsOf = ({
  signals,
  models,
  rules,
}: Pick<PlainRuleSet, 'signals' | 'models' | 'rules'>): TopicDemands => ({
  topics: [
    ...new Set([
      ...signals.map(({ topic }) => topic),
      ...models.flatMap(({ inputTopic, more }) => [inputTopic, ...more.map(({ topic }) => topic)]),
    ]),
  ],
  rates: rules.flatMap(({ id, trigger }) =>
    trigger.kind === 'absent' && trigger.minHz !== undefined
      ? [{ id, topic: trigger.topic, minHz: trigger.minHz }]
      : [],
  ),
});

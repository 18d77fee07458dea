/** A clip that an operator asks for, in the words of the planner. Pure. */
import type { RuleSet } from '@fieldloop/rules';
import { maxManifestTopics } from '../limits.ts';
import type { Trigger } from './plan.ts';

export interface ClipAsk {
  /** Of the command. */
  readonly id: string;
  readonly preNs: bigint;
  readonly postNs: bigint;
  /** All topics when absent. */
  readonly topics?: readonly string[] | undefined;
  readonly severity: 'critical' | 'warning';
  readonly reason: string;
  /** Log time that it is about; the newest message's when absent. */
  readonly atNs?: bigint | undefined;
  /** A `manual` rule, whose capture, limits and label are taken. */
  readonly rule?: string | undefined;
}

/** What a person wants is worth more than what a rule of the same severity does. */
const priority = 1_000;

export function askedTrigger(
  ask: ClipAsk,
  about: {
    readonly atNs: bigint;
    readonly ruleSet: Pick<RuleSet, 'digest'>;
    readonly clipNs: bigint;
  },
): Trigger {
  const { preNs, postNs, severity, reason } = ask;
  const own = preNs + postNs;
  return {
    ruleId: 'operator',
    atNs: about.atNs,
    preNs,
    postNs,
    maxNs: own > about.clipNs ? own : about.clipNs,
    topics: ask.topics?.slice(0, maxManifestTopics) ?? ['*'],
    severity,
    class: severity,
    tags: ['operator'],
    priority,
    propensity: 1,
    marker: {
      rule: 'operator',
      ruleSet: 'operator',
      version: 0,
      // Of the rules that run, so that a clip is never without one.
      ruleSetDigest: about.ruleSet.digest,
      severity,
      why: reason,
      atNs: String(about.atNs),
      expression: `clip_now ${ask.id}`,
      values: {},
    },
  };
}

/**
 * When a training begins by itself. Each look at a policy has an answer with its reason and its
 * figures: started, due (new data is asked for first), or held.
 */
import { Fault } from '@fieldloop/core';
import type { Config } from './training.ts';

export interface Triggers {
  readonly newLabels?: number | undefined;
  readonly failureRate?: boolean | undefined;
  readonly drift?: boolean | undefined;
  readonly cluster?: number | undefined;
}

export interface Policy {
  readonly id: string;
  readonly model: string;
  readonly dataset: string;
  readonly triggers: Triggers;
  readonly config: Config;
  readonly trainer: string;
  readonly cooldownMs: number;
  readonly enabled: boolean;
  /** What the labels of each lane taught is measured after its trainings. */
  readonly retrainValue: boolean;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const checkOutcomes = ['started', 'due', 'held'] as const;

export interface Check {
  readonly id: string;
  readonly policy: string;
  readonly outcome: (typeof checkOutcomes)[number];
  readonly why: string;
  readonly facts: Readonly<Record<string, number | string | boolean | null>>;
  readonly training?: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

/** Bounds of a rate. */
interface Rate {
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

export interface PolicyFacts {
  readonly now: number;
  /** Id of the training of the model that is at work. */
  readonly active?: string | undefined;
  /** When the last one began. */
  readonly lastAt?: number | undefined;
  /** The newest ready version of the data set, unless a training has seen it. */
  readonly version?: string | undefined;
  /** Labels in it, or resolved since the last training when there is no new version. */
  readonly newLabels: number;
  /** Failures of the champion on audited units, and on the test split when it was evaluated. */
  readonly audited?: Rate | undefined;
  readonly tested?: Rate | undefined;
  /** Stability index of its scores; undefined with too few units. */
  readonly drift?: number | undefined;
  readonly driftLimit: number;
  /** The cluster with the most labelled failures. */
  readonly cluster?: { readonly name: string; readonly failures: number } | undefined;
}

export interface PolicyAnswer {
  readonly outcome: Check['outcome'];
  readonly why: string;
  /** The cluster that made it start. */
  readonly cluster?: string | undefined;
}

export function decidePolicy(
  policy: Pick<Policy, 'triggers' | 'cooldownMs' | 'enabled'>,
  facts: PolicyFacts,
): PolicyAnswer {
  if (!policy.enabled) return held('the policy is switched off');
  if (facts.active !== undefined) return held(`${facts.active} is at work`);
  const since = facts.lastAt === undefined ? undefined : facts.now - facts.lastAt;
  if (since !== undefined && since < policy.cooldownMs) return held('the last training is too new');
  const reason = firstReason(policy.triggers, facts);
  if (reason === undefined) return held(whyNot(policy.triggers, facts));
  const outcome = facts.version === undefined ? 'due' : 'started';
  return { outcome, ...reason };
}

const held = (why: string): PolicyAnswer => ({ outcome: 'held', why });

type Reason = Omit<PolicyAnswer, 'outcome'>;

function firstReason(triggers: Triggers, facts: PolicyFacts): Reason | undefined {
  const { newLabels, audited, tested, drift, cluster } = facts;
  if (triggers.cluster !== undefined && cluster !== undefined) {
    if (cluster.failures >= triggers.cluster) {
      const why = `${cluster.failures} labelled failures of the cluster ${cluster.name}`;
      return { why, cluster: cluster.name };
    }
  }
  if (triggers.failureRate === true && audited !== undefined && tested !== undefined) {
    if (audited.low > tested.high) {
      const why = `the audited failure rate is at least ${share(audited.low)}, at release at most ${share(tested.high)}`;
      return { why };
    }
  }
  if (triggers.drift === true && drift !== undefined && drift > facts.driftLimit) {
    return { why: `scores drifted: stability index ${drift.toFixed(2)}` };
  }
  if (triggers.newLabels !== undefined && newLabels >= triggers.newLabels) {
    return { why: `${newLabels} new labels, ${triggers.newLabels} asked for` };
  }
  return undefined;
}

function whyNot(triggers: Triggers, facts: PolicyFacts): string {
  const { newLabels, audited, tested, drift, cluster } = facts;
  const parts: string[] = [];
  if (triggers.newLabels !== undefined) {
    parts.push(`${newLabels} of ${triggers.newLabels} new labels`);
  }
  if (triggers.failureRate === true) {
    parts.push(
      audited === undefined || tested === undefined
        ? 'no failure rate of the champion to compare'
        : `the failure rate may be ${share(audited.low)}, at release up to ${share(tested.high)}`,
    );
  }
  if (triggers.drift === true) {
    parts.push(drift === undefined ? 'too few scores for drift' : `drift ${drift.toFixed(2)}`);
  }
  if (triggers.cluster !== undefined) {
    parts.push(`${cluster?.failures ?? 0} of ${triggers.cluster} labelled failures in a cluster`);
  }
  return parts.length === 0 ? 'it has no trigger: trainings are started by hand' : parts.join('; ');
}

const share = (value: number): string => `${(100 * value).toFixed(1)} %`;

export function unknownPolicy(id: string): Fault {
  return new Fault('not_found', `there is no training policy "${id.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop training-policies list`.',
  });
}

/** A rule set after every check: what the engine runs and the agent prepares for. */
import { scoreNames } from '@fieldloop/learning/score-names';
import type { Json } from '@fieldloop/core';
import type { Checked } from './cel/checked.ts';
import type { Scope } from './scope.ts';
import type { Signal } from './signal.ts';
import type { Path, Place } from './yaml-source.ts';

export type { Reduce, Signal } from './signal.ts';

export type Severity = 'critical' | 'warning' | 'info';

export interface RuleSet {
  readonly file: string;
  readonly name: string;
  readonly version: number;
  /** SHA-256 of the canonical document: defaults filled, comments and layout gone. */
  readonly digest: string;
  readonly document: { readonly [key: string]: Json };
  readonly signals: readonly Signal[];
  readonly models: readonly Model[];
  readonly rules: readonly Rule[];
  readonly budgets: Budgets | undefined;
  /** Topic patterns whose last message before a clip goes into it. */
  readonly latched: readonly string[];
  /** Where a part of the document stands in its file, or a character of a text. */
  readonly placeOf: (path: Path, offset?: number) => Place;
}

/** What is compared with the topics of a recording: there is that much of a broken one too. */
export type ReadableRules = Pick<RuleSet, 'file' | 'signals' | 'models' | 'rules' | 'placeOf'>;

/** What an engine needs of it: plain data, which one thread can pass to another. */
export type PlainRuleSet = Omit<RuleSet, 'placeOf'>;

/** Scores of a model are the signals `<id>.entropy` and `<id>.margin`. */
export interface Model {
  readonly id: string;
  /** The id of the model on the robot. */
  readonly ref: string;
  /** Each message of it is a frame. */
  readonly inputTopic: string;
  /** Whose newest messages go with the frame, by the input's name in model.yaml. */
  readonly more: readonly { readonly name: string; readonly topic: string }[];
  /** How far those may be from the frame, in log time. */
  readonly moreAgeNs: bigint;
  readonly everyNs: bigint;
  readonly deadlineNs: bigint;
  readonly maxAgeNs: number;
}

export { scoreNames };
/** All topics that a model looks at. */
export const inputTopicsOf = ({ inputTopic, more }: Model): readonly string[] => [
  inputTopic,
  ...more.map(({ topic }) => topic),
];

/** The class that a model sees; a text. */
export const className = 'topClass';
/** What a model says of a frame; rules read it as `model.name`. */
export const scoreSignals: readonly string[] = [...scoreNames, className];

export interface Rule {
  readonly id: string;
  readonly why: string | undefined;
  readonly severity: Severity;
  readonly tags: readonly string[];
  readonly class: string;
  /** Where `priorityTerm` is absent or unknown. */
  readonly priority: number;
  readonly priorityTerm: Checked | undefined;
  readonly trigger: Trigger;
  readonly clearWhen: Checked | undefined;
  /** The condition must hold this long, ns. */
  readonly forNs: number;
  /** Gaps shorter than this do not end the condition, ns. */
  readonly keepNs: number;
  readonly edge: EdgeMode;
  readonly cooldownNs: number;
  readonly limits: RateLimits;
  readonly sample: Sample | undefined;
  /** Runs and is counted, and never makes a clip. */
  readonly shadow: boolean;
  readonly bypassBudget: boolean;
  /** Log time from which on it makes no clip. */
  readonly expiresNs: bigint | undefined;
  /** Which devices run it. */
  readonly scope: Scope | undefined;
  /** Values that the markers of its clips carry, by name. */
  readonly label: readonly Label[];
  readonly capture: Capture;
  /** The trigger in one line, for people. */
  readonly expression: string;
}

export type EdgeMode = 'rising' | 'falling' | 'both' | 'level';

export interface Label {
  readonly name: string;
  readonly term: Checked;
}

/** Most clips of one rule, apart from its cooldown. */
export interface RateLimits {
  /** By calendar of log time, UTC; in the order minute, hour, day. */
  readonly calendar: readonly { readonly periodNs: number; readonly most: number }[];
  readonly per:
    | { readonly key: Checked; readonly most: number; readonly everyNs: number }
    | undefined;
}

/**
 * A share of a rule's triggers. What is new or close to the threshold is kept for sure, and of the
 * rest the share; without a strategy all are the rest.
 */
export interface Sample {
  readonly strategy: 'random' | 'novelty' | 'closeTo';
  readonly probability: number;
  readonly seed: string;
  /** Of novelty: the model whose embeddings are compared, and the least cosine distance. */
  readonly model: string;
  readonly minDistance: number;
  /** Of closeTo: the largest margin. */
  readonly within: number;
}

export type Trigger =
  | { readonly kind: 'when'; readonly condition: Checked }
  | {
      readonly kind: 'absent';
      readonly topic: string;
      readonly forNs: number;
      readonly minHz: number | undefined;
      readonly windowNs: number;
      readonly arm: Checked | undefined;
    }
  | { readonly kind: 'sequence'; readonly withinNs: number; readonly steps: readonly Checked[] }
  | {
      readonly kind: 'every';
      /** Of a random one: the length of the part of the day that has one moment. */
      readonly periodNs: number;
      readonly firstNs: number;
      readonly condition: Checked | undefined;
      readonly random: { readonly seed: string } | undefined;
    }
  | {
      readonly kind: 'manual';
      /** Each message is a trigger; without one a person asks for it by the id of the rule. */
      readonly topic: string | undefined;
    };

export interface Capture {
  /** `*` stands for all topics. */
  readonly topics: readonly string[];
  readonly preNs: bigint;
  readonly postNs: bigint;
  /** The clip goes on while the rule holds. */
  readonly extendWhile?: true;
  /** A longer clip is split; absent: as long as merging allows. */
  readonly maxNs?: bigint;
  /** Messages a second by topic; others are whole. */
  readonly downsample?: Readonly<Record<string, number>>;
  readonly maxBytes?: number;
}

/** Most clips and bytes of all rules together, by calendar of log time, UTC. */
export interface Budgets {
  readonly day: Budget | undefined;
  readonly hour: Budget | undefined;
  /** Share that only critical rules may use, 0 to 1. */
  readonly reserve: number;
}

export interface Budget {
  /** Infinity where there is no bound. */
  readonly clips: number;
  readonly bytes: number;
}

/** The conditions of a rule: what its trigger reads, arm and clearWhen. */
export function termsOfRule(rule: Rule): Checked[] {
  const { trigger, clearWhen } = rule;
  return [...triggerTerms(trigger), clearWhen].filter((term) => term !== undefined);
}

export function triggerTerms(trigger: Trigger): readonly (Checked | undefined)[] {
  switch (trigger.kind) {
    case 'when':
    case 'every':
      return [trigger.condition];
    case 'absent':
      return [trigger.arm];
    case 'sequence':
      return trigger.steps;
    case 'manual':
      return [];
  }
}

/** What is read only when a rule fires: label, priority and the key of its limits. */
export function valueTermsOf({ label, priorityTerm, limits }: Rule): Checked[] {
  const terms = [...label.map(({ term }) => term), priorityTerm, limits.per?.key];
  return terms.filter((term) => term !== undefined);
}

/** The pseudo topic by which scores of a model reach its signals. */
export const scoreTopic = (model: string): string => `score:${model}`;

/** The pseudo topic by which a person makes a `manual` rule fire. */
export const askTopic = (rule: string): string => `manual:${rule}`;

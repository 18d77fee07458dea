/** A rule set after every check: what the engine runs and the agent prepares for. */
import type { Json } from '@fieldloop/core';
import type { Checked, ValueType } from './cel/checked.ts';
import type { Path, Place } from './yaml-source.ts';

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
  /** Topic patterns whose last message before a clip goes into it. */
  readonly latched: readonly string[];
  /** Where a part of the document stands in its file. */
  placeOf(path: Path): Place;
}

export interface Signal {
  readonly name: string;
  readonly topic: string;
  readonly path: string;
  readonly type: Exclude<ValueType, 'duration'>;
  readonly unit: string | undefined;
  readonly reduce: Reduce | undefined;
  /** Infinity when the value never becomes too old. */
  readonly maxAgeNs: number;
  readonly latched: boolean;
  readonly fits: readonly string[];
}

export interface Reduce {
  readonly fn: 'min' | 'max' | 'mean' | 'sum' | 'count' | 'first' | 'last';
  readonly valid: readonly [number, number] | undefined;
}

/** Scores of a model are the signals `<id>.entropy` and `<id>.margin`. */
export interface Model {
  readonly id: string;
  /** The id of the model on the robot. */
  readonly ref: string;
  readonly inputTopic: string;
  readonly everyNs: bigint;
  readonly deadlineNs: bigint;
  readonly maxAgeNs: number;
}

export const scoreNames = ['entropy', 'margin'] as const;

export interface Rule {
  readonly id: string;
  readonly why: string | undefined;
  readonly severity: Severity;
  readonly tags: readonly string[];
  readonly class: string;
  readonly priority: number;
  readonly trigger: Trigger;
  readonly clearWhen: Checked | undefined;
  /** The condition must hold this long, ns. */
  readonly forNs: number;
  readonly cooldownNs: number;
  readonly sample: Sample | undefined;
  readonly capture: Capture;
  /** The trigger in one line, for people. */
  readonly expression: string;
}

/** A share of a rule's triggers, drawn by hash. */
export interface Sample {
  readonly probability: number;
  readonly seed: string;
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
  | {
      readonly kind: 'every';
      readonly periodNs: number;
      readonly firstNs: number;
      readonly condition: Checked | undefined;
    };

export interface Capture {
  /** `*` stands for all topics. */
  readonly topics: readonly string[];
  readonly preNs: bigint;
  readonly postNs: bigint;
}

/** The conditions of a rule: trigger, arm and clearWhen. */
export function termsOfRule(rule: Rule): Checked[] {
  const { trigger, clearWhen } = rule;
  const first = trigger.kind === 'absent' ? trigger.arm : trigger.condition;
  return [first, clearWhen].filter((term) => term !== undefined);
}

/** The pseudo topic by which scores of a model reach its signals. */
export const scoreTopic = (model: string): string => `score:${model}`;

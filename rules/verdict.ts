/** What the engine gives when a rule fires. */
import type { Json } from '@fieldloop/core';
import type { Capture, Severity } from './rule-set.ts';

export type ShownValue = number | string | boolean | null;

export interface Verdict {
  readonly kind: 'fire';
  readonly ruleId: string;
  readonly ruleSet: string;
  readonly version: number;
  readonly digest: string;
  readonly severity: Severity;
  readonly tags: readonly string[];
  readonly class: string;
  /** Log time of the trigger. */
  readonly atNs: bigint;
  readonly expression: string;
  /**
   * Signals and calls of the rule at the trigger, by their text. Durations are seconds, unknown is
   * null, numbers that JSON has not are texts (`Infinity`, `NaN`).
   */
  readonly values: Readonly<Record<string, ShownValue>>;
  /** What the rule says of the moment, in the words of its author. */
  readonly label?: Readonly<Record<string, ShownValue>>;
  /** How far beyond its threshold the condition was, in units of the threshold. */
  readonly margin?: number;
  readonly capture: Capture;
  readonly priority: number;
  /** The probability with which its rule kept this trigger; absent: 1. */
  readonly propensity?: number;
}

/** A trigger of a rule that runs in the shadow: it is told of and makes no clip. */
export type ShadowVerdict = Omit<Verdict, 'kind'> & { readonly kind: 'shadow' };

/** The clip of a trigger goes on, because its rule still holds. */
export interface Extension {
  readonly kind: 'extend';
  readonly ruleId: string;
  /** Log time of the trigger. */
  readonly atNs: bigint;
  /** The clip reaches at least to here. */
  readonly throughNs: bigint;
}

/** `rule_off`: the rule failed and is looked at no more. `clock_jump`: a new epoch begins. */
export interface EngineEvent {
  readonly kind: 'event';
  readonly name: 'rule_off' | 'clock_jump';
  readonly ruleId?: string;
  readonly atNs: bigint;
  readonly text: string;
}

/** What comes out of an engine, in the order in which it happened. */
export type EngineOutput = Verdict | ShadowVerdict | Extension | EngineEvent;

/** The triggers that may become clips. */
export function firesOf(outputs: readonly EngineOutput[]): Verdict[] {
  return outputs.filter((output) => output.kind === 'fire');
}

/** A verdict as JSON: log times and durations as decimal strings. */
export function verdictJson(verdict: Verdict | ShadowVerdict): Json {
  const { kind: _, capture, atNs, tags, values, label, ...rest } = verdict;
  const { maxNs, downsample, ...content } = capture;
  return {
    ...rest,
    tags: [...tags],
    values: { ...values },
    ...(label === undefined ? {} : { label: { ...label } }),
    atNs: String(atNs),
    capture: {
      ...content,
      topics: [...capture.topics],
      preNs: String(capture.preNs),
      postNs: String(capture.postNs),
      ...(maxNs === undefined ? {} : { maxNs: String(maxNs) }),
      ...(downsample === undefined ? {} : { downsample: { ...downsample } }),
    },
  };
}

/** Any output as JSON, with its kind. */
export function outputJson(output: EngineOutput): Json {
  switch (output.kind) {
    case 'fire':
    case 'shadow':
      return { kind: output.kind, ...(verdictJson(output) as { readonly [key: string]: Json }) };
    case 'extend':
      return { ...output, atNs: String(output.atNs), throughNs: String(output.throughNs) };
    case 'event':
      return { ...output, atNs: String(output.atNs) };
  }
}

/** A number as a verdict shows it. */
export function shownNumber(value: number): ShownValue {
  return Number.isFinite(value) ? value + 0 : String(value);
}

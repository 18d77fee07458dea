/** What the engine gives when a rule fires. */
import type { Json } from '@fieldloop/core';
import type { Severity } from './rule-set.ts';

export type ShownValue = number | string | boolean | null;

export interface Verdict {
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
  readonly capture: {
    readonly topics: readonly string[];
    readonly preNs: bigint;
    readonly postNs: bigint;
  };
  readonly priority: number;
  /** The probability with which its rule kept this trigger; absent: 1. */
  readonly propensity?: number;
}

/** A verdict as JSON: log times and durations as decimal strings. */
export function verdictJson(verdict: Verdict): Json {
  const { capture, atNs, tags, values, ...rest } = verdict;
  return {
    ...rest,
    tags: [...tags],
    values: { ...values },
    atNs: String(atNs),
    capture: {
      topics: [...capture.topics],
      preNs: String(capture.preNs),
      postNs: String(capture.postNs),
    },
  };
}

/** A number as a verdict shows it. */
export function shownNumber(value: number): ShownValue {
  return Number.isFinite(value) ? value + 0 : String(value);
}

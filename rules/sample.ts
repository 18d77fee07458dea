/**
 * A share of a rule's triggers, drawn by hash: the same moment of the same device gives the same
 * draw live, in a replay and in a backtest, and no draw knows of another.
 */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import type { Sample } from './rule-set.ts';

export interface DrawnMoment {
  readonly device: string;
  readonly rule: string;
  /** Log time, ns. */
  readonly atNs: bigint;
}

/** True with the probability of the sample: the first 52 bits of a hash as a fraction. */
export function isDrawn({ probability, seed }: Sample, moment: DrawnMoment): boolean {
  const { device, rule, atNs } = moment;
  const hash = sha256Hex(canonicalJson([seed, device, rule, String(atNs)]));
  return Number.parseInt(hash.slice(0, 13), 16) / 2 ** 52 < probability;
}

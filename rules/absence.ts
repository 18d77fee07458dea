/**
 * Whether a topic is missing: silent for long enough, or slower than it should be. Silence counts
 * from the last message, from the moment of arming, or from the start of the epoch, whichever is
 * the latest: a sensor that never spoke is missing too.
 */
import type { Json } from '@fieldloop/core';
import type { Truth, TruthOf } from './cel/compare.ts';
import type { Memory } from './cel/compile.ts';
import { jsonNumber, numberOf } from './memory/state.ts';

export interface Absence {
  /** The condition at `nowNs`; sets `dueNs`. */
  condition(nowNs: number): Truth;
  /** A message of the topic came. */
  arrived(nowNs: number): void;
  /** When silence will have lasted long enough if nothing comes; Infinity when it already did. */
  readonly dueNs: number;
  reset(): void;
  save(): Json;
  load(state: Json): void;
}

export interface AbsenceInput {
  readonly forNs: number;
  readonly minHz: number;
  readonly windowNs: number;
  readonly arm: TruthOf | undefined;
  /** Messages a second, when there is a least rate. */
  readonly rate: Memory | undefined;
}

export function openAbsence(input: AbsenceInput): Absence {
  const { forNs, windowNs, minHz, arm, rate } = input;
  let lastNs = Number.NEGATIVE_INFINITY;
  let armedNs = Number.NaN;
  const isSlow = (nowNs: number): boolean =>
    rate !== undefined && nowNs - armedNs >= windowNs && rate.known(nowNs) && rate.number < minHz;
  const absence = {
    dueNs: Number.POSITIVE_INFINITY,
    condition(nowNs: number): Truth {
      absence.dueNs = Number.POSITIVE_INFINITY;
      const armed = arm === undefined ? 1 : arm();
      if (armed !== 1) {
        armedNs = Number.NaN;
        return armed;
      }
      if (Number.isNaN(armedNs)) armedNs = nowNs;
      const silentNs = Math.max(lastNs, armedNs) + forNs;
      if (nowNs >= silentNs) return 1;
      absence.dueNs = silentNs;
      return isSlow(nowNs) ? 1 : 0;
    },
    arrived(nowNs: number): void {
      lastNs = nowNs;
    },
    reset(): void {
      lastNs = Number.NEGATIVE_INFINITY;
      armedNs = Number.NaN;
      absence.dueNs = Number.POSITIVE_INFINITY;
    },
    save: (): Json => [jsonNumber(lastNs), jsonNumber(armedNs), jsonNumber(absence.dueNs)],
    load(state: Json): void {
      const [last, armed, due] = state as Json[];
      lastNs = numberOf(last);
      armedNs = numberOf(armed);
      absence.dueNs = numberOf(due);
    },
  };
  return absence;
}

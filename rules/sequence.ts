/**
 * Conditions that become true one after the other. A step counts at the moment when its condition
 * becomes true, strictly after the moment of the step before; the last one within `withinNs` of the
 * first. Of attempts that overlap the one that began last is the one that can still be in time: it
 * alone is kept for each step. A trigger uses up all attempts.
 */
import type { Json } from '@fieldloop/core';
import type { Truth, TruthOf } from './cel/compare.ts';
import { jsonNumber, numberOf } from './memory/state.ts';

export interface Sequence {
  /** 1 at the moment when the last step completes an attempt; 2 while a step is unknown. */
  step(nowNs: number): Truth;
  /** Steps that the furthest attempt has behind it, for people. */
  reached(): number;
  reset(): void;
  save(): Json;
  load(state: Json): void;
}

const none = Number.NEGATIVE_INFINITY;

/** An attempt that has a step behind it: when it began, and when it took the step. */
interface Attempt {
  startNs: number;
  atNs: number;
}

export function openSequence(conditions: readonly TruthOf[], withinNs: number): Sequence {
  const last = conditions.length - 1;
  const wasTrue = conditions.map(() => false);
  // Two of each: a step of this very moment must not hide the one before it from the next step.
  const latest = conditions.map((): Attempt => ({ startNs: none, atNs: none }));
  const earlier = conditions.map((): Attempt => ({ startNs: none, atNs: none }));

  const forget = (): void => {
    for (const attempt of [...latest, ...earlier]) attempt.startNs = attempt.atNs = none;
  };
  const take = (i: number, startNs: number, nowNs: number): void => {
    const [new_, old] = [latest[i], earlier[i]];
    if (new_ === undefined || old === undefined) return;
    if (new_.atNs < nowNs) Object.assign(old, new_);
    new_.startNs = new_.atNs === nowNs ? Math.max(new_.startNs, startNs) : startNs;
    new_.atNs = nowNs;
  };
  /** Start of the attempt that step `i` goes on with, if there is one. */
  const startOf = (i: number, nowNs: number): number => {
    if (i === 0) return nowNs;
    const before = latest[i - 1];
    const attempt = before !== undefined && before.atNs < nowNs ? before : earlier[i - 1];
    return attempt?.startNs ?? none;
  };
  return {
    step(nowNs) {
      let result: Truth = 0;
      let isUnknown = false;
      // From the last step to the first: one moment completes one step of an attempt.
      for (let i = last; i >= 0; i -= 1) {
        const truth = conditions[i]?.() ?? 2;
        if (truth === 2) isUnknown = true;
        const rises = truth === 1 && wasTrue[i] === false;
        if (truth !== 2) wasTrue[i] = truth === 1;
        if (!rises) continue;
        const startNs = startOf(i, nowNs);
        if (startNs === none || nowNs - startNs > withinNs) continue;
        if (i === last) result = 1;
        else take(i, startNs, nowNs);
      }
      if (result === 1) forget();
      return result === 1 ? 1 : isUnknown ? 2 : 0;
    },
    reached: () => latest.findLastIndex(({ startNs }) => startNs !== none) + 1,
    reset() {
      wasTrue.fill(false);
      forget();
    },
    save: (): Json => ({
      wasTrue: [...wasTrue],
      attempts: [...latest, ...earlier].map(({ startNs, atNs }) => [
        jsonNumber(startNs),
        jsonNumber(atNs),
      ]),
    }),
    load(state) {
      const saved = state as { wasTrue: boolean[]; attempts: Json[][] };
      saved.wasTrue.forEach((truth, i) => {
        wasTrue[i] = truth;
      });
      [...latest, ...earlier].forEach((attempt, i) => {
        attempt.startNs = numberOf(saved.attempts[i]?.[0]);
        attempt.atNs = numberOf(saved.attempts[i]?.[1]);
      });
    },
  };
}

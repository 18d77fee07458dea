/**
 * The data thread's side of shedding: main says what is given up, sources and timelines ask here.
 * A finished recording loses nothing to a busy machine: it is read more slowly instead. A disk
 * without room takes from both.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@fieldloop/core';
import type { ClipClass } from '@fieldloop/proto';
import type { ShedStep } from './health/pressure.ts';
import { longestRestMs, shedScoreEveryMs } from './limits.ts';

/** What main says: steps by their cause, and the share of the time that replays may read in. */
export interface ShedOrder {
  readonly work: readonly ShedStep[];
  readonly disk: readonly ShedStep[];
  /** From 0 to 1. */
  readonly duty: number;
  /** A person wants quiet: nothing is read. */
  readonly isPaused?: boolean | undefined;
}

export const nothingShed: ShedOrder = { work: [], disk: [], duty: 1 };

export interface Shed {
  readonly order: ShedOrder;
  set(order: ShedOrder): void;
  /** True when this frame of a live session is passed over. */
  skips(scorer: string): boolean;
  /** Clips are cut thinner. */
  thins(isLive: boolean): boolean;
  /** Why a moment of this class gets no clip now; undefined: it does. */
  keepsOut(of: ClipClass, isLive: boolean): 'overload' | 'disk' | undefined;
  /** Resolves when nothing is paused, or `signal` aborts. */
  resumed(signal: AbortSignal): Promise<void>;
  /** Rests after `workedMs` of reading a finished recording. */
  rest(workedMs: number, signal: AbortSignal): Promise<void>;
}

/** Classes that have no clip once their step is given up. */
const stepOf: Readonly<Record<ClipClass, ShedStep | undefined>> = {
  baseline: 'baseline',
  info: 'info',
  warning: 'warning',
  critical: undefined,
};

export function openShed(clock: Pick<Clock, 'monotonicMs'>): Shed {
  let order = nothingShed;
  const scored = new Map<string, number>();
  const waiting: (() => void)[] = [];
  const has = (step: ShedStep, isLive: boolean): 'overload' | 'disk' | undefined => {
    if (order.disk.includes(step)) return 'disk';
    return isLive && order.work.includes(step) ? 'overload' : undefined;
  };
  return {
    get order() {
      return order;
    },
    set(next) {
      order = next;
      if (next.isPaused === true) return;
      for (const wake of waiting.splice(0)) wake();
    },
    skips(scorer) {
      if (has('models', true) === undefined) return false;
      const now = clock.monotonicMs();
      if (now - (scored.get(scorer) ?? Number.NEGATIVE_INFINITY) < shedScoreEveryMs) return true;
      scored.set(scorer, now);
      return false;
    },
    thins: (isLive) => has('downsample', isLive) !== undefined,
    keepsOut(of, isLive) {
      const step = stepOf[of];
      return step === undefined ? undefined : has(step, isLive);
    },
    async resumed(signal) {
      while (order.isPaused === true && !signal.aborted) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    async rest(workedMs, signal) {
      if (order.duty >= 1) return;
      const pause = Math.min(longestRestMs, workedMs * (1 / order.duty - 1));
      // A stop ends the rest; who rests looks at the signal itself.
      if (pause >= 1) await delay(pause, undefined, { signal }).catch(() => undefined);
    },
  };
}

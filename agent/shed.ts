/**
 * The data thread's side of shedding: main says what is given up, sources and timelines ask here.
 * A finished recording loses nothing to a busy machine: it is read more slowly instead. A disk
 * without room takes from both.
 */
import type { Clock } from '@fieldloop/core';
import type { ClipClass } from '@fieldloop/proto';
import type { ShedStep } from './health/pressure.ts';
import { longestRestMs, restLookMs, shedScoreEveryMs } from './limits.ts';

/** What main says: steps by their cause, and how much of a core finished recordings may take. */
export interface ShedOrder {
  readonly work: readonly ShedStep[];
  readonly disk: readonly ShedStep[];
  /** What this process may take of one core, all told, while it reads them; absent: no bound. */
  readonly cpu?: number | undefined;
  /** A person wants quiet: nothing is read. */
  readonly isPaused?: boolean | undefined;
}

export const nothingShed: ShedOrder = { work: [], disk: [] };

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
  /** Rests after `workedMs` of reading a finished recording, until what all of it took is paid. */
  rest(workedMs: number, signal: AbortSignal): Promise<void>;
  /** Share of the time that the last block of a finished recording was read in. */
  readonly duty: number;
}

export interface ShedDeps {
  readonly clock: Clock;
  /** Seconds of all cores since the process started. */
  readonly cpuSeconds: () => number;
}

/** Classes that have no clip once their step is given up. */
const stepOf: Readonly<Record<ClipClass, ShedStep | undefined>> = {
  baseline: 'baseline',
  info: 'info',
  warning: 'warning',
  critical: undefined,
};

export function openShed({ clock, cpuSeconds }: ShedDeps): Shed {
  let order = nothingShed;
  let duty = 1;
  const debt = openDebt(() => ({ ms: clock.monotonicMs(), cpuSeconds: cpuSeconds() }));
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
    get duty() {
      return duty;
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
      const beganMs = clock.monotonicMs();
      let restedMs = 0;
      while (order.cpu !== undefined && !signal.aborted) {
        const pauseMs = Math.min(debt.paidInMs(order.cpu), longestRestMs - restedMs, restLookMs);
        if (pauseMs < 1) break;
        // A stop ends the rest; who rests looks at the signal itself.
        await clock.sleep(pauseMs, signal).catch(() => undefined);
        restedMs = clock.monotonicMs() - beganMs;
        // The last rest tells more than one that has just begun.
        duty = Math.min(duty, dutyOf(workedMs, restedMs));
      }
      duty = dutyOf(workedMs, restedMs);
    },
  };
}

const dutyOf = (workedMs: number, restedMs: number): number =>
  restedMs === 0 ? 1 : workedMs / (workedMs + restedMs);

interface Moment {
  readonly ms: number;
  readonly cpuSeconds: number;
}

/** What the process took beyond its share: clips of a block are cut after it was read. */
function openDebt(now: () => Moment): { paidInMs(share: number): number } {
  let seconds = 0;
  let last = now();
  return {
    paidInMs(share) {
      const at = now();
      const taken = at.cpuSeconds - last.cpuSeconds;
      const owed = seconds + taken - (share * (at.ms - last.ms)) / 1_000;
      // A calm hour is no credit, and a busy one no debt for ever.
      seconds = Math.min(Math.max(0, owed), (share * longestRestMs) / 1_000);
      last = at;
      return (seconds / share) * 1_000;
    },
  };
}

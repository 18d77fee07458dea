/**
 * Models that are off after too many faults. A machine that was busy for a while makes frames late,
 * too: now and then one frame tries whether the model scores again, ever more seldom.
 */
import type { Clock } from '@fieldloop/core';
import { modelAgain } from '../limits.ts';

export interface Offs {
  has(model: string): boolean;
  /** True when this frame does not go to the model; when it is time, one is let through. */
  bars(model: string): boolean;
  /** It had too many faults, or the frame that tried it had one. */
  failed(model: string): void;
  /** It gave a score; true when it was off until now. */
  scored(model: string): boolean;
  /** Other models, or new instances of them. */
  clear(): void;
}

interface Off {
  pauseMs: number;
  /** Monotonic time of the next trial; infinite while one is in work. */
  againMs: number;
}

export function openOffs(clock: Pick<Clock, 'monotonicMs'>): Offs {
  const { firstMs, mostMs } = modelAgain;
  const offs = new Map<string, Off>();
  /** Models that came back, with their last pause and when that was. */
  const back = new Map<string, { readonly pauseMs: number; readonly atMs: number }>();
  const pauseOf = (model: string): number => {
    const known = offs.get(model) ?? back.get(model);
    return known === undefined ? firstMs : Math.min(mostMs, known.pauseMs * 2);
  };
  return {
    has: (model) => offs.has(model),
    bars(model) {
      const off = offs.get(model);
      if (off === undefined) return false;
      if (clock.monotonicMs() < off.againMs) return true;
      off.againMs = Number.POSITIVE_INFINITY;
      return false;
    },
    failed(model) {
      const nowMs = clock.monotonicMs();
      const last = back.get(model);
      // Whoever scored for long starts anew.
      if (last !== undefined && nowMs - last.atMs > mostMs) back.delete(model);
      const pauseMs = pauseOf(model);
      offs.set(model, { pauseMs, againMs: nowMs + pauseMs });
    },
    scored(model) {
      const off = offs.get(model);
      if (off === undefined) return false;
      offs.delete(model);
      back.set(model, { pauseMs: off.pauseMs, atMs: clock.monotonicMs() });
      return true;
    },
    clear() {
      offs.clear();
      back.clear();
    },
  };
}

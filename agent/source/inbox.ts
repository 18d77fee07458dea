/** What came from a publisher that cannot be told to wait: bounded, the oldest messages go. */
import type { Clock } from '@fieldloop/core';
import { maxReadAheadBytes } from '../limits.ts';

export interface LiveInbox<T> {
  /** What weighs nothing is never dropped. */
  put(item: T, bytes: number): void;
  /** No more will come. */
  end(): void;
  /** All that is there, in order, and how many went because nobody took them. */
  take(): { readonly items: readonly T[]; readonly dropped: number };
  /** Over, and everything was taken. */
  readonly isOver: boolean;
  /** True when there is something to take or it is over; false after `ms`. */
  more(ms: number, signal: AbortSignal): Promise<boolean>;
}

export function openInbox<T>(clock: Clock): LiveInbox<T> {
  let held: { readonly item: T; readonly bytes: number }[] = [];
  let bytes = 0;
  let dropped = 0;
  let ended = false;
  let wake = (): void => {};
  return {
    put(item, size) {
      held.push({ item, bytes: size });
      bytes += size;
      while (bytes > maxReadAheadBytes) {
        const oldest = held.findIndex((one) => one.bytes > 0);
        // The newest stays, however large.
        if (oldest < 0 || oldest === held.length - 1) break;
        bytes -= held.splice(oldest, 1)[0]?.bytes ?? 0;
        dropped += 1;
      }
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    take() {
      const taken = { items: held.map(({ item }) => item), dropped };
      held = [];
      bytes = 0;
      dropped = 0;
      return taken;
    },
    get isOver() {
      return ended && held.length === 0;
    },
    async more(ms, signal) {
      if (held.length > 0 || ended) return true;
      const waking = new AbortController();
      wake = () => waking.abort();
      // An aborted sleep means that something came, or that all ends.
      await clock.sleep(ms, AbortSignal.any([signal, waking.signal])).catch(() => undefined);
      wake = () => {};
      return held.length > 0 || ended;
    },
  };
}

/** What came from a publisher that cannot be told to wait: bounded, the oldest messages go. */
import type { Clock } from '@fieldloop/core';
import { gatherMs, maxReadAheadBytes, waitingMessageBytes } from '../limits.ts';

export interface LiveInbox<T> {
  /** A message of so many bytes; what is none is never dropped. */
  put(item: T, bytes?: number): void;
  /** No more will come. */
  end(): void;
  /** All that is there, in order, and how many went because nobody took them. */
  take(): { readonly items: readonly T[]; readonly dropped: number };
  /** Over, and everything was taken. */
  readonly isOver: boolean;
  /**
   * True when there is something to take or it is over; false after `ms`. What comes in quick
   * succession is taken together: each block costs some kilobytes beside its messages.
   */
  more(ms: number, signal: AbortSignal): Promise<boolean>;
}

interface Held<T> {
  readonly item: T;
  /** 0 for what is no message. */
  readonly bytes: number;
}

export function openInbox<T>(clock: Clock): LiveInbox<T> {
  /** Undefined where a message went. */
  let held: (Held<T> | undefined)[] = [];
  /** Before it is nothing that may go. */
  let oldest = 0;
  let bytes = 0;
  let dropped = 0;
  let gone = 0;
  let ended = false;
  let wake = (): void => {};
  const isMessage = (at: number): boolean => (held[at]?.bytes ?? 0) > 0;
  /** Gives up the oldest messages; the newest stays, however large. */
  const shrink = (): void => {
    while (bytes > maxReadAheadBytes) {
      while (oldest < held.length - 1 && !isMessage(oldest)) oldest += 1;
      if (oldest >= held.length - 1) break;
      bytes -= held[oldest]?.bytes ?? 0;
      held[oldest] = undefined;
      dropped += 1;
      gone += 1;
    }
    if (gone <= held.length / 2) return;
    held = held.filter((one) => one !== undefined);
    [oldest, gone] = [0, 0];
  };
  const pause = async (ms: number, signal: AbortSignal, isEnough: () => boolean): Promise<void> => {
    if (isEnough()) return;
    const waking = new AbortController();
    wake = () => {
      if (isEnough()) waking.abort();
    };
    // An aborted sleep means that enough came, or that all ends.
    await clock.sleep(ms, AbortSignal.any([signal, waking.signal])).catch(() => undefined);
    wake = () => {};
  };
  return {
    put(item, own) {
      const size = own === undefined ? 0 : own + waitingMessageBytes;
      held.push({ item, bytes: size });
      bytes += size;
      shrink();
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    take() {
      const items = held.flatMap((one) => (one === undefined ? [] : [one.item]));
      const taken = { items, dropped };
      [held, oldest, bytes, dropped, gone] = [[], 0, 0, 0, 0];
      return taken;
    },
    get isOver() {
      return ended && held.length === 0;
    },
    async more(ms, signal) {
      await pause(ms, signal, () => held.length > 0 || ended);
      if (held.length === 0) return ended;
      await pause(gatherMs, signal, () => ended || bytes >= maxReadAheadBytes / 2);
      return true;
    },
  };
}

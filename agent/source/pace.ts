/** Holds a replay back to the speed that was asked for, by the log times of its blocks. */
import type { Clock } from '@fieldloop/core';
import type { MessageBlock } from '@fieldloop/recording';

export interface Pace {
  /** Resolves when the last message of the block would have been recorded. */
  wait(block: MessageBlock, signal: AbortSignal): Promise<void>;
}

/** As fast as the consumer takes it. */
export const unpaced: Pace = { wait: () => Promise.resolve() };

export function paceOf(speed: number, clock: Clock): Pace {
  let start: { readonly logNs: bigint; readonly ms: number } | undefined;
  return {
    async wait(block, signal) {
      start ??= { logNs: block.firstNs, ms: clock.monotonicMs() };
      const due = start.ms + Number(block.lastNs - start.logNs) / 1e6 / speed;
      const left = due - clock.monotonicMs();
      if (left > 0) await clock.sleep(left, signal);
    },
  };
}

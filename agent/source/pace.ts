/**
 * Holds a replay back to the speed that was asked for, by log time. A block may span seconds, so
 * it is given in slices, none before its last message would have been recorded.
 */
import type { Clock } from '@fieldloop/core';
import type { MessageBlock } from '@fieldloop/recording';
import { maxPacedStepNs, sliceNs } from '../limits.ts';

/** Gives a block, whole or in slices, when it is due. */
export type Pace = (block: MessageBlock, signal: AbortSignal) => AsyncIterable<MessageBlock>;

/** As fast as the consumer takes it. */
export const unpaced: Pace = async function* whole(block) {
  yield block;
};

export function paceOf(speed: number, clock: Clock): Pace {
  let start: { readonly logNs: bigint; readonly ms: number } | undefined;
  let reachedNs = 0n;
  return async function* paced(block, signal) {
    for (const slice of slices(block)) {
      if (start === undefined || isFar(slice.firstNs, reachedNs)) {
        start = { logNs: slice.firstNs, ms: clock.monotonicMs() };
      }
      reachedNs = slice.lastNs;
      const due = start.ms + Number(slice.lastNs - start.logNs) / 1e6 / speed;
      const left = due - clock.monotonicMs();
      if (left > 0) await clock.sleep(left, signal);
      yield slice;
    }
  };
}

const isFar = (aNs: bigint, bNs: bigint): boolean =>
  aNs - bNs > maxPacedStepNs || bNs - aNs > maxPacedStepNs;

/** Consecutive messages that span little time, as views of the block's own columns. */
export function* slices(block: MessageBlock): Generator<MessageBlock, void> {
  const { timesNs, count } = block;
  let from = 0;
  for (let i = 1; i <= count; i += 1) {
    if (i < count && Math.abs((timesNs[i] ?? 0) - (timesNs[from] ?? 0)) <= sliceNs) continue;
    yield from === 0 && i === count ? block : sliceOf(block, from, i);
    from = i;
  }
}

/** Messages `from` to before `to`. */
export function sliceOf(block: MessageBlock, from: number, to: number): MessageBlock {
  const timesNs = block.timesNs.subarray(from, to);
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const time of timesNs) {
    if (time < least) least = time;
    if (time > most) most = time;
  }
  return {
    ...block,
    count: to - from,
    channelIds: block.channelIds.subarray(from, to),
    sequences: block.sequences.subarray(from, to),
    starts: block.starts.subarray(from, to),
    ends: block.ends.subarray(from, to),
    timesNs,
    publishTimeNs: (i) => block.publishTimeNs(from + i),
    firstNs: block.baseNs + BigInt(least),
    lastNs: block.baseNs + BigInt(most),
    // A slice is not the whole chunk, so its bytes cannot be copied as one.
    chunk: undefined,
  };
}

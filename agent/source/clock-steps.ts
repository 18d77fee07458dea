/**
 * Where a recorder's clock was set back: a block may hold messages of both sides, which belong to
 * two sessions. As in the engine a topic steps back behind itself; topics beside each other do not.
 */
import type { MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';

export interface ClockSteps {
  /** The block, or its pieces: each begins with a message that steps back. In their order. */
  pieces(block: MessageBlock): readonly MessageBlock[];
}

const stepNs = Number(clockJumpNs);

export function openClockSteps(): ClockSteps {
  /** Largest log time by channel since the last step, ns. */
  const newest = new Map<number, bigint>();
  return {
    pieces(block) {
      const { count, baseNs, timesNs, channelIds } = block;
      /** Of this block's channels, from its base. */
      const seen = new Map<number, number>();
      const pieces: MessageBlock[] = [];
      let from = 0;
      for (let i = 0; i < count; i += 1) {
        const [id = 0, atNs = 0] = [channelIds[i], timesNs[i]];
        const known = seen.get(id) ?? fromBase(newest.get(id), baseNs);
        if (atNs < known - stepNs) {
          if (i > from) pieces.push(pieceOf(block, from, i));
          from = i;
          newest.clear();
          seen.clear();
          seen.set(id, atNs);
        } else if (atNs > known || !seen.has(id)) {
          seen.set(id, Math.max(atNs, known));
        }
      }
      for (const [id, atNs] of seen) newest.set(id, baseNs + BigInt(atNs));
      return from === 0 ? [block] : [...pieces, pieceOf(block, from, count)];
    },
  };
}

const fromBase = (ns: bigint | undefined, baseNs: bigint): number =>
  ns === undefined ? Number.NEGATIVE_INFINITY : Number(ns - baseNs);

/** Columns over the same bytes. */
function pieceOf(block: MessageBlock, from: number, to: number): MessageBlock {
  const timesNs = block.timesNs.subarray(from, to);
  return {
    ...block,
    count: to - from,
    channelIds: block.channelIds.subarray(from, to),
    sequences: block.sequences.subarray(from, to),
    starts: block.starts.subarray(from, to),
    ends: block.ends.subarray(from, to),
    timesNs,
    publishTimeNs: (i) => block.publishTimeNs(from + i),
    firstNs: block.baseNs + BigInt(timesNs.reduce((a, b) => Math.min(a, b))),
    lastNs: block.baseNs + BigInt(timesNs.reduce((a, b) => Math.max(a, b))),
    chunk: undefined,
  };
}

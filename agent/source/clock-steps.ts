/**
 * Where a recorder's clock was set back: a block may hold messages of both sides, which belong to
 * two sessions. As in the engine a topic steps back behind itself; topics beside each other do not.
 */
import type { MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import { sliceOf } from './pace.ts';

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
          if (i > from) pieces.push(sliceOf(block, from, i));
          from = i;
          newest.clear();
          seen.clear();
          seen.set(id, atNs);
        } else if (atNs > known || !seen.has(id)) {
          seen.set(id, Math.max(atNs, known));
        }
      }
      for (const [id, atNs] of seen) newest.set(id, baseNs + BigInt(atNs));
      return from === 0 ? [block] : [...pieces, sliceOf(block, from, count)];
    },
  };
}

const fromBase = (ns: bigint | undefined, baseNs: bigint): number =>
  ns === undefined ? Number.NEGATIVE_INFINITY : Number(ns - baseNs);

/**
 * Where a recorder's clock was set back: a block may hold messages of both sides, which belong to
 * two sessions. As in the engine a topic steps back behind itself; topics beside each other do not,
 * and a late message behind which the others go on is no step of the clock.
 */
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import { sliceOf } from './pace.ts';

export interface ClockSteps {
  channel(channel: Pick<Channel, 'id' | 'topic'>): void;
  /** Messages of the block, by their place in it, that are behind their topic by a jump. */
  take(block: MessageBlock): readonly number[];
  /** The clock was set back before this block: what was newest is of another time. */
  begin(block: MessageBlock): void;
}

const stepNs = Number(clockJumpNs);

export function openClockSteps(): ClockSteps {
  const topics = new Map<number, string>();
  /** Largest log time by topic since the last step, ns. */
  const newest = new Map<string, bigint>();
  const steps: ClockSteps = {
    channel({ id, topic }) {
      topics.set(id, topic);
    },
    begin(block) {
      newest.clear();
      steps.take(block);
    },
    take({ count, baseNs, timesNs, channelIds }) {
      /** Of this block's topics, from its base. */
      const seen = new Map<string, number>();
      const found: number[] = [];
      for (let i = 0; i < count; i += 1) {
        const topic = topics.get(channelIds[i] ?? 0) ?? '';
        const atNs = timesNs[i] ?? 0;
        const known = seen.get(topic) ?? fromBase(newest.get(topic), baseNs);
        if (atNs < known - stepNs) {
          found.push(i);
          newest.clear();
          seen.clear();
        }
        seen.set(topic, atNs < known - stepNs ? atNs : Math.max(atNs, known));
      }
      for (const [topic, atNs] of seen) newest.set(topic, baseNs + BigInt(atNs));
      return found;
    },
  };
  return steps;
}

const fromBase = (ns: bigint | undefined, baseNs: bigint): number =>
  ns === undefined ? Number.NEGATIVE_INFINITY : Number(ns - baseNs);

/**
 * A part of a block, or all of it. `isBack`: the clock was set back before it; of the last piece
 * only what comes next tells, unless all of the block is behind by a jump.
 */
export interface Piece {
  readonly block: MessageBlock;
  readonly isBack: boolean | 'perhaps';
}

/**
 * The block in pieces, each of one session. A step is one of the clock when all up to the next one
 * is behind what was newest; so is a block without a step that is wholly behind by a jump.
 */
export function piecesOf(
  block: MessageBlock,
  steps: readonly number[],
  newestNs: bigint | undefined,
): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const isBehind = newestNs !== undefined && block.lastNs < newestNs - clockJumpNs;
  let isBack = isBehind;
  let reachedNs = newestNs;
  for (const [k, step] of steps.entries()) {
    const before = step === 0 ? undefined : sliceOf(block, from, step);
    if (before !== undefined) reachedNs = larger(reachedNs, before.lastNs);
    const after = sliceOf(block, step, steps[k + 1] ?? block.count);
    if (reachedNs === undefined || after.lastNs >= reachedNs) continue;
    if (before !== undefined) pieces.push({ block: before, isBack });
    [from, isBack, reachedNs] = [step, true, undefined];
  }
  const rest = from === 0 ? block : sliceOf(block, from, block.count);
  return [...pieces, { block: rest, isBack: isBack && !isBehind ? 'perhaps' : isBack }];
}

const larger = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);

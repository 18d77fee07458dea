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
  const numbers = new Map<string, number>();
  /** By channel id: the number of its topic. */
  const topicOf: number[] = [];
  /** Largest log time by topic since the last step, ns after the first block's base. */
  let newest: number[] = [];
  let zeroNs: bigint | undefined;
  const steps: ClockSteps = {
    channel({ id, topic }) {
      const number = numbers.get(topic) ?? numbers.size;
      numbers.set(topic, number);
      topicOf[id] = number;
    },
    begin(block) {
      newest = [];
      steps.take(block);
    },
    take({ count, baseNs, timesNs, channelIds }) {
      zeroNs ??= baseNs;
      const base = Number(baseNs - zeroNs);
      const found: number[] = [];
      for (let i = 0; i < count; i += 1) {
        const topic = topicOf[channelIds[i] ?? 0] ?? 0;
        const atNs = base + (timesNs[i] ?? 0);
        const known = newest[topic] ?? Number.NEGATIVE_INFINITY;
        if (atNs < known - stepNs) {
          found.push(i);
          newest = [];
          newest[topic] = atNs;
        } else if (atNs > known) newest[topic] = atNs;
      }
      return found;
    },
  };
  return steps;
}

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

/** What of a window goes into a clip: whole chunks and single messages. */
import type { MessageBlock } from '../types.ts';

/** The last message of a latched topic. */
export interface LatchedMessage {
  readonly channelId: number;
  readonly sequence: number;
  readonly logTimeNs: bigint;
  readonly publishTimeNs: bigint;
  readonly data: Uint8Array;
}

/** A block that goes in whole as bytes (`picks` absent), or the messages of it that do. */
export interface Selected {
  readonly block: MessageBlock;
  readonly picks?: Uint32Array | undefined;
}

export interface Range {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Undefined when nothing of the block is inside. `chosen` absent means all channels. */
export function selectBlock(
  block: MessageBlock,
  range: Range,
  chosen: Uint8Array | undefined,
): Selected | undefined {
  if (block.count === 0 || block.lastNs < range.startNs || block.firstNs > range.endNs) {
    return undefined;
  }
  const inside = block.firstNs >= range.startNs && block.lastNs <= range.endNs;
  if (inside && block.chunk !== undefined && areAll(block, chosen)) return { block };
  const picks = picksOf(block, range, chosen);
  return picks.length === 0 ? undefined : { block, picks };
}

function areAll({ channelIds, count }: MessageBlock, chosen: Uint8Array | undefined): boolean {
  if (chosen === undefined) return true;
  for (let i = 0; i < count; i += 1) if (chosen[channelIds[i] ?? 0] !== 1) return false;
  return true;
}

/** The messages of the block that are inside and chosen, in file order. */
export function picksOf(
  block: MessageBlock,
  range: Range,
  chosen: Uint8Array | undefined,
): Uint32Array {
  const { count, timesNs, channelIds, baseNs } = block;
  const from = Number(range.startNs - baseNs);
  const to = Number(range.endNs - baseNs);
  const picks = new Uint32Array(count);
  let taken = 0;
  for (let i = 0; i < count; i += 1) {
    const time = timesNs[i] ?? 0;
    if (time < from || time > to) continue;
    if (chosen !== undefined && chosen[channelIds[i] ?? 0] !== 1) continue;
    picks[taken] = i;
    taken += 1;
  }
  return picks.subarray(0, taken);
}

/** Message i of a block; its data is a view, valid as long as the block is. */
export function messageAt(block: MessageBlock, i: number): LatchedMessage {
  return {
    channelId: block.channelIds[i] ?? 0,
    sequence: block.sequences[i] ?? 0,
    logTimeNs: block.baseNs + BigInt(block.timesNs[i] ?? 0),
    publishTimeNs: block.publishTimeNs(i),
    data: block.data.subarray(block.starts[i], block.ends[i]),
  };
}

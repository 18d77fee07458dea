/**
 * Messages of an indexed MCAP by log time. Chunks may overlap: a chunk is held until every chunk
 * that could hold an earlier message has been read.
 */
import { Fault } from '@fieldloop/core';
import { overlapBytes } from '../limits.ts';
import type { MessageBlock } from '../types.ts';
import type { BlockWant, IndexedMcap } from './indexed.ts';

/** Message `i` of a block. Equal times come in file order. */
export interface MessageRef {
  readonly block: MessageBlock;
  readonly i: number;
  readonly logTimeNs: bigint;
}

/** Runs of messages; each run is later than the one before. Fault `limited` on wide overlaps. */
export async function* inTimeOrder(
  file: IndexedMcap,
  want: Omit<BlockWant, 'order'>,
): AsyncGenerator<readonly MessageRef[], void> {
  const starts = laterStarts(file, want);
  let held: readonly MessageRef[] = [];
  const due = (offset: number): readonly MessageRef[] => {
    const untilNs = starts.after(offset);
    const cut = untilNs === undefined ? held.length : firstFrom(held, untilNs);
    const run = held.slice(0, cut);
    held = held.slice(cut);
    return run;
  };
  /** A chunk whose times are too far apart for one block: another block of it may be earlier. */
  let parted: number | undefined;
  for await (const block of file.blocks({ ...want, order: 'time' })) {
    if (parted !== undefined && parted !== block.offset) {
      const run = due(parted);
      if (run.length > 0) yield run;
    }
    parted = block.chunk === undefined ? block.offset : undefined;
    const more = chosen(block, want);
    held = held.length === 0 ? more : [...held, ...more].toSorted(byTime);
    const run = parted === undefined ? due(block.offset) : [];
    if (run.length > 0) yield run;
    admit(file.name, held);
  }
  if (held.length > 0) yield held;
}

/** For each chunk in order of time, where the next one begins. */
function laterStarts(file: IndexedMcap, want: BlockWant) {
  const { startNs, endNs } = want;
  const ordered = file.chunks
    .filter(
      (chunk) =>
        (startNs === undefined || chunk.messageEndTime >= startNs) &&
        (endNs === undefined || chunk.messageStartTime < endNs),
    )
    .toSorted((a, b) =>
      a.messageStartTime === b.messageStartTime
        ? a.chunkStartOffset - b.chunkStartOffset
        : a.messageStartTime < b.messageStartTime
          ? -1
          : 1,
    );
  const position = new Map(ordered.map((chunk, i) => [chunk.chunkStartOffset, i]));
  return {
    after: (offset: number): bigint | undefined =>
      ordered[(position.get(offset) ?? 0) + 1]?.messageStartTime,
  };
}

function chosen(block: MessageBlock, want: BlockWant): MessageRef[] {
  const { startNs, endNs, channels } = want;
  const { baseNs, timesNs, channelIds, count } = block;
  const from = startNs === undefined ? -Infinity : Number(startNs - baseNs);
  const to = endNs === undefined ? Infinity : Number(endNs - baseNs);
  const refs: MessageRef[] = [];
  let sorted = true;
  let last = -Infinity;
  for (let i = 0; i < count; i += 1) {
    const time = timesNs[i] ?? 0;
    if (time < from || time >= to) continue;
    if (channels !== undefined && !channels.has(channelIds[i] ?? 0)) continue;
    sorted &&= time >= last;
    last = time;
    refs.push({ block, i, logTimeNs: baseNs + BigInt(time) });
  }
  return sorted ? refs : refs.toSorted(byTime);
}

function byTime(a: MessageRef, b: MessageRef): number {
  if (a.logTimeNs !== b.logTimeNs) return a.logTimeNs < b.logTimeNs ? -1 : 1;
  return a.block.offset === b.block.offset ? a.i - b.i : a.block.offset - b.block.offset;
}

function firstFrom(refs: readonly MessageRef[], ns: bigint): number {
  let low = 0;
  let high = refs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((refs[middle]?.logTimeNs ?? 0n) < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

function admit(name: string, held: readonly MessageRef[]): void {
  let bytes = 0;
  let last: MessageBlock | undefined;
  const seen = new Set<MessageBlock>();
  for (const { block } of held) {
    if (block === last || seen.has(block)) continue;
    last = block;
    seen.add(block);
    bytes += block.data.length;
  }
  if (bytes <= overlapBytes) return;
  throw new Fault('limited', `chunks of ${bytes} bytes overlap in time`, {
    place: name,
    remedy: `At most ${overlapBytes} bytes are held; write the recording again in order of time.`,
  });
}

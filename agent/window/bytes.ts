/** About how large a clip of some topics and times would be: the bytes of its messages. */
import { topicFits } from '@fieldloop/rules';
import type { WindowBlock } from './entry.ts';
import type { Window } from './window.ts';

interface Want {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly topics: readonly string[];
}

/** Exact for what is in memory; of a block that is elsewhere its share by time. */
export function bytesWithin(window: Pick<Window, 'held' | 'channels'>, want: Want): number {
  const isAll = want.topics.includes('*');
  const wanted = new Set<number>();
  for (const { id, topic } of window.channels.values()) {
    if (isAll || want.topics.some((pattern) => topicFits(pattern, topic))) wanted.add(id);
  }
  let bytes = 0;
  for (const one of window.held) {
    if (one.lastNs < want.startNs || one.firstNs > want.endNs) continue;
    bytes += one.block === undefined ? share(one, want, wanted) : exact(one.block, want, wanted);
  }
  return bytes;
}

function exact(
  block: NonNullable<WindowBlock['block']>,
  want: Want,
  wanted: ReadonlySet<number>,
): number {
  const [from, to] = [want.startNs, want.endNs].map((ns) => Number(ns - block.baseNs));
  let bytes = 0;
  for (let i = 0; i < block.count; i += 1) {
    if (!wanted.has(block.channelIds[i] ?? -1)) continue;
    const at = block.timesNs[i] ?? 0;
    if (at < (from ?? 0) || at > (to ?? 0)) continue;
    bytes += (block.ends[i] ?? 0) - (block.starts[i] ?? 0);
  }
  return bytes;
}

function share(one: WindowBlock, want: Want, wanted: ReadonlySet<number>): number {
  const from = one.firstNs > want.startNs ? one.firstNs : want.startNs;
  const to = one.lastNs < want.endNs ? one.lastNs : want.endNs;
  const part = (Number(to - from) + 1) / (Number(one.lastNs - one.firstNs) + 1);
  let bytes = 0;
  for (const [id, sum] of one.sums) if (wanted.has(id)) bytes += sum;
  return Math.round(bytes * part);
}

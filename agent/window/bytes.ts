/** About how large a clip of some topics and times would be: the bytes of its messages. */
import { topicFits } from '@fieldloop/rules';
import type { Window } from './window.ts';

export function bytesWithin(
  window: Pick<Window, 'blocks' | 'channels'>,
  want: { readonly startNs: bigint; readonly endNs: bigint; readonly topics: readonly string[] },
): number {
  const isAll = want.topics.includes('*');
  const wanted = new Set<number>();
  for (const { id, topic } of window.channels.values()) {
    if (isAll || want.topics.some((pattern) => topicFits(pattern, topic))) wanted.add(id);
  }
  let bytes = 0;
  for (const block of window.blocks) {
    if (block.lastNs < want.startNs || block.firstNs > want.endNs) continue;
    const [from, to] = [want.startNs, want.endNs].map((ns) => Number(ns - block.baseNs));
    for (let i = 0; i < block.count; i += 1) {
      if (!wanted.has(block.channelIds[i] ?? -1)) continue;
      const at = block.timesNs[i] ?? 0;
      if (at < (from ?? 0) || at > (to ?? 0)) continue;
      bytes += (block.ends[i] ?? 0) - (block.starts[i] ?? 0);
    }
  }
  return bytes;
}

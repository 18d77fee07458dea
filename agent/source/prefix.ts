/** Several robots' or recorders' topics side by side: each topic of a source with a prefix. */
import type { Source, SourceItem } from './source.ts';

export function prefixed(source: Source, prefix: string): Source {
  return {
    ...source,
    async *items(signal) {
      for await (const item of source.items(signal)) yield renamed(item, prefix);
    },
  };
}

/** A file or a chunk names the topics as they were: neither can be taken as it is. */
function renamed(item: SourceItem, prefix: string): SourceItem {
  if (item.kind === 'channel') {
    const topic = joined(prefix, item.channel.topic);
    return { kind: 'channel', channel: { ...item.channel, topic } };
  }
  if (item.kind !== 'block') return item;
  return { ...item, block: { ...item.block, chunk: undefined }, file: undefined };
}

export const joined = (prefix: string, topic: string): string =>
  topic.startsWith('/') ? `${prefix}${topic}` : `${prefix}/${topic}`;

/** What a source is asked for when its topics get the prefix behind its back. */
export const unprefixed =
  (has: (topic: string) => boolean, prefix: string) =>
  (topic: string): boolean =>
    has(joined(prefix, topic));

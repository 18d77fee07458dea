/**
 * The channels of one session. Its files, or the connections of its publishers, number channels
 * each in their own way; here the same channel keeps one id, and a topic whose schema changed is
 * another channel.
 */
import { createHash } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import { channels as mostChannels } from './limits.ts';
import type { Channel, MessageBlock, Schema } from './types.ts';

/** One file's way into the table. */
export interface ChannelMap {
  /** The channel of the session; `isNew` when it was not known there. */
  take(channel: Channel): { readonly channel: Channel; readonly isNew: boolean };
  /** The block with the ids of the session. Bytes that name other ids are not kept as a chunk. */
  block(block: MessageBlock): MessageBlock;
  /** True while each id of the file is the session's: its bytes can be read by these ids. */
  readonly isSame: boolean;
  /** Of the file, as it numbers them, with the ids that they have here. */
  readonly own: readonly { readonly channel: Channel; readonly id: number }[];
}

export interface ChannelTable {
  open(): ChannelMap;
  /** All channels of the session so far. */
  readonly channels: Iterable<Channel>;
}

/** `known` are channels of the session that an earlier process gave out. */
export function openChannelTable(known: Iterable<Channel> = []): ChannelTable {
  const byKey = new Map<string, Channel>();
  const byId = new Map<number, Channel>();
  const schemas = new Map<number, string>();
  const hold = (channel: Channel): Channel => {
    byKey.set(channelKey(channel), channel);
    byId.set(channel.id, channel);
    const { schema } = channel;
    if (schema?.id !== undefined) schemas.set(schema.id, schemaKey(schema));
    return channel;
  };
  let next = 1;
  const freeId = (wanted: number): number => {
    if (wanted <= mostChannels && !byId.has(wanted)) return wanted;
    while (byId.has(next)) next += 1;
    if (next <= mostChannels) return next;
    throw new Fault('limited', `a session with more than ${mostChannels} channels`, {
      remedy: 'Begin a new recording; topics of a session may not change without end.',
    });
  };
  /** A schema whose id another one of the session has goes without. */
  const own = (schema: Schema | undefined): Schema | undefined => {
    if (schema?.id === undefined) return schema;
    const before = schemas.get(schema.id);
    if (before === undefined || before === schemaKey(schema)) return schema;
    const { id: _, ...rest } = schema;
    return rest;
  };
  for (const channel of known) hold({ ...channel, schema: own(channel.schema) });
  const find = (channel: Channel): { channel: Channel; isNew: boolean } => {
    const same = byKey.get(channelKey(channel));
    if (same !== undefined) return { channel: same, isNew: false };
    const id = freeId(channel.id);
    return { channel: hold({ ...channel, id, schema: own(channel.schema) }), isNew: true };
  };
  return {
    open: () => openMap(find),
    get channels() {
      return byId.values();
    },
  };
}

function openMap(find: (channel: Channel) => { channel: Channel; isNew: boolean }): ChannelMap {
  const ids = new Uint16Array(mostChannels + 1);
  const own: { channel: Channel; id: number }[] = [];
  let isSame = true;
  return {
    get isSame() {
      return isSame;
    },
    own,
    take(channel) {
      const found = find(channel);
      ids[channel.id] = found.channel.id;
      own.push({ channel, id: found.channel.id });
      // A chunk holds the ids of schemas, too.
      if (found.channel.id !== channel.id || found.channel.schema?.id !== channel.schema?.id) {
        isSame = false;
      }
      return found;
    },
    block(block) {
      if (isSame) return block;
      const { channelIds, count } = block;
      const mapped = new Uint16Array(count);
      for (let i = 0; i < count; i += 1) mapped[i] = ids[channelIds[i] ?? 0] ?? 0;
      return { ...block, channelIds: mapped, chunk: undefined };
    },
  };
}

/** What makes two channels one: all but their numbers. */
function channelKey(channel: Channel): string {
  const { topic, messageEncoding, metadata, schema, latched } = channel;
  const hash = createHash('sha256');
  const parts = [topic, messageEncoding, String(latched), schema && schemaKey(schema)];
  const sorted = [...metadata].toSorted(([a], [b]) => (a < b ? -1 : 1)).flat();
  for (const part of [...parts, ...sorted]) {
    hash.update(`${Buffer.byteLength(part ?? '')}:${part ?? ''}`);
  }
  return hash.digest('base64');
}

/** What makes two schemas one. */
export function schemaKey({ name, encoding, data }: Schema): string {
  const head = `${Buffer.byteLength(name)}:${name}${Buffer.byteLength(encoding)}:${encoding}`;
  return createHash('sha256').update(head).update(data).digest('base64');
}

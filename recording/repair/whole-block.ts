/** Whole chunks of a damaged file as blocks that can be copied as bytes. */
import { asFault } from '@fieldloop/core';
import { McapRecordBuilder } from '../mcap/core.ts';
import { messageHead, recordHead } from '../mcap/format.ts';
import { ItemSink } from '../mcap/items.ts';
import { pieceOf } from '../mcap/piece.ts';
import { unmetered } from '../meter.ts';
import type { Channel, MessageBlock } from '../types.ts';
import { nested } from './nested.ts';

/** A sink that knows every channel, so that a chunk alone becomes a block. */
export function primedSink(name: string, channels: ReadonlyMap<number, Channel>): ItemSink {
  const sink = new ItemSink({ name, reuse: false, meter: unmetered });
  const builder = new McapRecordBuilder();
  const put = (): void => {
    const bytes = builder.buffer.slice();
    sink.record(pieceOf(bytes, 0), 0, bytes.length, () => {});
    builder.reset();
  };
  const schemas = new Set<number>();
  for (const { id, topic, messageEncoding, metadata, schema } of channels.values()) {
    const schemaId = schema?.id ?? 0;
    if (schema !== undefined && !schemas.has(schemaId)) {
      builder.writeSchema({ ...schema, id: schemaId });
      put();
    }
    schemas.add(schemaId);
    builder.writeChannel({ id, topic, messageEncoding, metadata: new Map(metadata), schemaId });
    put();
  }
  sink.drain();
  return sink;
}

/** The chunk as one block that can be copied as bytes; undefined when it is anything else. */
export function wholeBlock(
  sink: ItemSink,
  bytes: Uint8Array,
  offset: number,
): MessageBlock | undefined {
  try {
    sink.record(pieceOf(bytes, offset), 0, bytes.length, () => {});
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    sink.drain();
    return undefined;
  }
  const [item, more] = sink.drain();
  if (item?.kind !== 'block' || more !== undefined || item.block.chunk === undefined) {
    return undefined;
  }
  const { block } = item;
  return holdsMessagesOnly(block) || !hasStrays(block.data) ? block : undefined;
}

function holdsMessagesOnly({ data, count, starts, ends }: MessageBlock): boolean {
  let bytes = 0;
  for (let i = 0; i < count; i += 1) {
    bytes += (ends[i] ?? 0) - (starts[i] ?? 0) + recordHead + messageHead;
  }
  return bytes === data.length;
}

function hasStrays(data: Uint8Array): boolean {
  for (const { kind } of nested(data)) if (kind === 'stray' || kind === 'cut') return true;
  return false;
}

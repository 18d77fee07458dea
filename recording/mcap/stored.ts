/** Chunks that were kept as they stood in a file. */
import type { Channel, MessageBlock, Readable, StoredChunk } from '../types.ts';
import { chunkMemory } from '../codec/codec.ts';
import * as limits from '../limits.ts';
import { openChunk } from './chunk.ts';
import { opcode, recordHead } from './format.ts';
import { openMcapParser } from './parser.ts';
import { pieceOf, statedLength } from './piece.ts';

/** The records inside, in memory that is not shared. Fault `corrupt` when they are not whole. */
export function unpackChunk(chunk: StoredChunk, name: string): Uint8Array {
  const facts = { ...chunk, messageStartTime: 0n, messageEndTime: 0n };
  return openChunk({ type: 'Chunk', ...facts }, { name, offset: 0 }, chunkMemory);
}

/**
 * The block of the chunk that begins at `offset`; undefined when no whole chunk stands there or
 * it makes more than one block. `channels` are those that were known before it.
 */
export async function blockAt(
  file: Readable,
  offset: number,
  channels: Iterable<Channel>,
): Promise<MessageBlock | undefined> {
  const head = await file.read(offset, recordHead);
  if (head.length < recordHead || head[0] !== opcode.chunk) return undefined;
  const length = recordHead + statedLength(pieceOf(head, offset), 0);
  if (length > limits.recordBytes) return undefined;
  const bytes = await file.read(offset, length);
  if (bytes.length < length) return undefined;
  const items = openMcapParser(file.name, { offset, channels }).push(bytes);
  const blocks = items.flatMap((item) => (item.kind === 'block' ? [item.block] : []));
  return blocks.length === 1 ? blocks[0] : undefined;
}

/** Chunks that were kept as they stood in a file. */
import { chunkMemory, freeMemory } from '../codec/codec.ts';
import * as limits from '../limits.ts';
import { unmetered } from '../meter.ts';
import type { Channel, MessageBlock, Readable, StoredChunk } from '../types.ts';
import { openChunk } from './chunk.ts';
import { opcode, recordHead } from './format.ts';
import { ItemSink } from './items.ts';
import { pieceOf, statedLength } from './piece.ts';

/** The records inside, in memory that is not shared. Fault `corrupt` when they are not whole. */
export function unpackChunk(chunk: StoredChunk, name: string): Uint8Array {
  const facts = { ...chunk, messageStartTime: 0n, messageEndTime: 0n };
  return openChunk({ type: 'Chunk', ...facts }, { name, offset: 0 }, chunkMemory);
}

/** Reads chunks of one file again, one after the other, all into the same memory. */
export interface BlockReader extends Disposable {
  /**
   * The block of the chunk that begins at `offset`, valid until the next call; undefined when no
   * whole chunk stands there or it makes more than one block. Fault `corrupt` when it is damaged.
   */
  at(offset: number): Promise<MessageBlock | undefined>;
}

/** `channels`: those that were known before any chunk that is asked for. */
export function openBlockReader(
  file: Readable,
  channels: ReadonlyMap<number, Channel>,
): BlockReader {
  const { name } = file;
  let memory = chunkMemory(0);
  let sink: ItemSink | undefined;
  let known = 0;
  const forget = (): void => {
    sink?.[Symbol.dispose]();
    sink = undefined;
  };
  return {
    async at(offset) {
      const head = await file.read(offset, recordHead);
      if (head.length < recordHead || head[0] !== opcode.chunk) return undefined;
      const length = recordHead + statedLength(pieceOf(head, offset), 0);
      const size = file.size ?? Infinity;
      if (length > limits.recordBytes || offset + length > size) return undefined;
      if (memory.length < length) {
        freeMemory(memory);
        memory = chunkMemory(length);
      }
      const bytes = await file.read(offset, length, memory);
      if (bytes.length < length) return undefined;
      if (known !== channels.size) forget();
      known = channels.size;
      const defined = { channels: channels.values() };
      sink ??= new ItemSink({ name, reuse: true, meter: unmetered, known: defined });
      try {
        sink.record(pieceOf(bytes, offset), 0, length, () => {});
      } catch (error) {
        forget();
        throw error;
      }
      const blocks = sink.drain().flatMap((item) => (item.kind === 'block' ? [item.block] : []));
      return blocks.length === 1 ? blocks[0] : undefined;
    },
    [Symbol.dispose]() {
      freeMemory(memory);
      forget();
    },
  };
}

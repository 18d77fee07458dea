/**
 * A bag that its recorder is still writing. A chunk's header says nothing of its size until the
 * chunk is closed: a stored one that is not whole is read message by message as they come, a
 * compressed one is waited for. The recorder writes into its own past, so nothing at or after
 * `offset` is kept.
 */
import { asFault, type Fault } from '@fieldloop/core';
import { chunkMemory } from '../codec/codec.ts';
import { damaged } from '../damage.ts';
import { bagHeaderBytes, readAheadBytes } from '../limits.ts';
import { unmetered } from '../meter.ts';
import type { Channel, Readable, RecordingItem } from '../types.ts';
import { openBagChunk } from './chunk.ts';
import { bagChunk, bagConnection, bagHeader, bagOpcode, bagRemedy } from './foxglove.ts';
import { FileWindow } from './file-window.ts';
import { BagItems } from './items.ts';
import { bagMagic, type BagRecord, recordAt } from './records.ts';

export interface GrowingBag {
  /**
   * The items that became whole, of the file as long as it is now, up to about `most` bytes of
   * it. Fault `corrupt` at damage, after the items before it.
   */
  more(file: Sized, most?: number): AsyncGenerator<RecordingItem, void>;
  /** Where the first record begins that is not whole yet. */
  readonly offset: number;
  /** The recorder wrote its index: nothing more will come. */
  readonly isDone: boolean;
}

type Sized = Readable & { readonly size: number };

/** `from`: an earlier reading came so far and met these channels. */
export function openGrowingBag(
  name: string,
  from?: { readonly offset: number; readonly channels: Iterable<Channel> },
): GrowingBag {
  const items = new BagItems(name, false, from?.channels);
  const state = { offset: from?.offset ?? 0, indexAt: Number.POSITIVE_INFINITY, headEnd: 0 };
  return {
    get offset() {
      return state.offset;
    },
    get isDone() {
      return state.offset >= state.indexAt;
    },
    async *more(file, most = readAheadBytes) {
      if (state.offset === 0) {
        if (file.size < bagMagic.length) return;
        await demandMagic(file);
        yield { kind: 'header', format: 'rosbag1', profile: 'ros1', library: '' };
        state.offset = bagMagic.length;
      }
      // Where nothing came since, the header alone tells that the recorder closed the bag.
      if (state.offset === state.headEnd) state.offset = bagMagic.length;
      // A window of its own: what an earlier one holds may have been written again since.
      const window = new FileWindow(file, unmetered, most);
      const until = state.offset + most;
      while (state.offset < until && (await hasHead(file, window, state.offset))) {
        const record = await recordAt(file, window, state.offset);
        if (record === undefined) return;
        const { next, damage } = await taken(record, items);
        yield* items.drain();
        if (damage !== undefined) throw damage;
        if (next === undefined) return;
        if (record.op === bagOpcode.header) state.headEnd = next.offset;
        state.offset = next.offset;
        state.indexAt = Math.min(state.indexAt, next.indexAt ?? state.indexAt);
      }
    },
  };
}

/** The header of the record is in the file. */
async function hasHead(file: Sized, window: FileWindow, offset: number): Promise<boolean> {
  const left = file.size - offset;
  if (left < 4) return false;
  const headerLength = u32(await window.see(offset, 4));
  // What is longer than any header is told of by who reads it.
  return headerLength > bagHeaderBytes || left >= headerLength + 8;
}

interface Next {
  readonly offset: number;
  /** Where the index begins, when the record tells: a copy on its way has no more than its head. */
  readonly indexAt?: number;
}

/** What stood before damage inside the record is among the items all the same. */
async function taken(
  record: BagRecord,
  items: BagItems,
): Promise<{ readonly next?: Next | undefined; readonly damage?: Fault }> {
  try {
    return { next: await take(record, items) };
  } catch (error) {
    return { damage: asFault(error) };
  }
}

/** Where to go on; undefined when the record is to be looked at again later. */
async function take(record: BagRecord, items: BagItems): Promise<Next | undefined> {
  const { place, dataOffset, dataLength } = record;
  const after = { offset: dataOffset + dataLength };
  if (record.torn && record.op !== bagOpcode.chunk) return undefined;
  switch (record.op) {
    case bagOpcode.header: {
      const indexAt = bagHeader(record.fields, place).indexPosition;
      return indexAt > 0 ? { ...after, indexAt } : after;
    }
    case bagOpcode.connection:
      items.connect(bagConnection(record.fields, await record.data(), place), place);
      return after;
    case bagOpcode.index:
      return after;
    case bagOpcode.chunkInfo:
      return { ...after, indexAt: place.offset };
    case bagOpcode.message:
      await record.data();
      return { ...after, offset: place.offset + items.loose(record.ahead(), place.offset) };
    case bagOpcode.chunk: {
      const { compression, size } = bagChunk(record.fields, place);
      // Its messages stand in the file one by one, however many of them are there.
      const isOpen = record.torn || (dataLength === 0 && size === 0);
      if (isOpen) return compression === 'none' ? { offset: dataOffset } : undefined;
      const { data } = await openBagChunk(record, chunkMemory);
      items.chunk(data, place.offset);
      return after;
    }
    default:
      throw damaged({
        ...place,
        record: 'Record',
        message: `has op ${record.op}`,
        expected: 'op 2 to 7',
        remedy: bagRemedy,
      });
  }
}

async function demandMagic(file: Sized): Promise<void> {
  const bytes = await file.read(0, bagMagic.length);
  if (Buffer.from(bytes).toString('latin1') === bagMagic) return;
  throw damaged({
    name: file.name,
    offset: 0,
    record: 'Magic',
    message: 'not a ROS bag',
    expected: bagMagic.trim(),
    remedy: bagRemedy,
  });
}

const u32 = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);

/**
 * ROS bag format 2.0 as items, read from front to back, so that bags without an index
 * (`.bag.active`, cut off by a power loss) give all that was written. Chunks come in file order,
 * also when their times overlap.
 */
import { asFault, Fault } from '@fieldloop/core';
import { chunkMemory } from '../codec/codec.ts';
import { damaged } from '../damage.ts';
import { type ReadMeter, unmetered } from '../meter.ts';
import type { ReadOptions } from '../options.ts';
import type { Readable, RecordingItem } from '../types.ts';
import { openBagChunk } from './chunk.ts';
import { bagChunk, bagConnection, bagHeader, bagOpcode, bagRemedy } from './foxglove.ts';
import { BagItems } from './items.ts';
import { bagMagic, type BagRecord, walkBag } from './records.ts';

/** What the header states against what was met, to notice an index that was cut off. */
interface Tally {
  headed: boolean;
  indexAt: number;
  statedConnections: number;
  statedChunks: number;
  connections: number;
  chunks: number;
}

interface Work {
  readonly items: BagItems;
  readonly tally: Tally;
  readonly options: ReadOptions;
  readonly meter: ReadMeter;
  /** Bytes of chunks handed out with the items of this record. */
  lent: number;
}

export async function* readBag(
  readable: Readable,
  options: ReadOptions = {},
): AsyncGenerator<RecordingItem, void> {
  const meter = options.meter ?? unmetered;
  const items = new BagItems(readable.name, options.reuse ?? false);
  const tally = {
    headed: false,
    indexAt: 0,
    statedConnections: 0,
    statedChunks: 0,
    connections: 0,
    chunks: 0,
  };
  const work: Work = { items, tally, options, meter, lent: 0 };
  const records = walkBag(readable, meter);
  let size = bagMagic.length;
  let step = await records.next();
  yield { kind: 'header', format: 'rosbag1', profile: 'ros1', library: '' };
  while (step.done !== true) {
    if (options.signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
    const record = step.value;
    let damage: Fault | undefined;
    let resume: number | undefined;
    try {
      resume = await take(record, work);
    } catch (error) {
      damage = asFault(error);
    }
    yield* items.drain();
    meter.release(work.lent);
    work.lent = 0;
    if (damage !== undefined) throw damage;
    size = resume ?? record.dataOffset + record.dataLength;
    step = await records.next(resume);
  }
  if (!tally.headed) throw headless(readable.name, size);
  const whole = tally.connections >= tally.statedConnections && tally.chunks >= tally.statedChunks;
  if (tally.indexAt === 0 || whole) return;
  throw damaged({
    name: readable.name,
    offset: size,
    record: 'Index',
    message: `the bag ends before its index at byte ${tally.indexAt} is whole`,
    expected: `${tally.statedConnections} connections and ${tally.statedChunks} chunk infos`,
    remedy: bagRemedy,
  });
}

function headless(name: string, offset: number): Fault {
  return damaged({
    name,
    offset,
    record: 'BagHeader',
    message: 'the bag ends before its header',
    expected: 'the bag header record',
    remedy: bagRemedy,
  });
}

/** Where to go on when that is not the next record. */
async function take(record: BagRecord, work: Work): Promise<number | undefined> {
  const { items, tally } = work;
  const { place } = record;
  switch (record.op) {
    case bagOpcode.header: {
      const header = bagHeader(record.fields, place);
      tally.headed = true;
      tally.indexAt = header.indexPosition;
      tally.statedConnections = header.connectionCount;
      tally.statedChunks = header.chunkCount;
      return undefined;
    }
    case bagOpcode.connection:
      items.connect(bagConnection(record.fields, await record.data(), place), place);
      tally.connections += 1;
      return undefined;
    case bagOpcode.chunkInfo:
      tally.chunks += 1;
      return undefined;
    case bagOpcode.index:
      return undefined;
    case bagOpcode.message:
      await record.data();
      return place.offset + items.loose(record.ahead(), place.offset);
    case bagOpcode.chunk:
      await takeChunk(record, work);
      return undefined;
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

async function takeChunk(record: BagRecord, work: Work): Promise<void> {
  const { items, meter, options } = work;
  try {
    const { data } = await openBagChunk(record, (size) => {
      meter.take(size);
      work.lent += size;
      return chunkMemory(size);
    });
    items.chunk(data, record.place.offset);
  } catch (error) {
    const fault = asFault(error);
    // A file that ends inside its chunk has nothing after it that could be saved.
    if (record.torn) await takeTornChunk(record, items);
    else if (options.salvage === true) return options.skipped?.(fault);
    throw error;
  }
}

/** A stored chunk that the file's end cuts off: its whole messages are read like any others. */
async function takeTornChunk(record: BagRecord, items: BagItems): Promise<void> {
  if (bagChunk(record.fields, record.place).compression !== 'none') return;
  try {
    items.chunk(await record.part(), record.place.offset);
  } catch {
    // The last record is cut; the fault of the chunk says so.
  }
}

/** The records of a bag file one after the other, chunks unopened. */
import { damaged, remedies } from '../damage.ts';
import { bagHeaderBytes, fieldRecordBytes, recordBytes } from '../limits.ts';
import type { ReadMeter } from '../meter.ts';
import type { Readable } from '../types.ts';
import { FileWindow } from './file-window.ts';
import { type BagFields, bagFields, bagOpcode, type BagPlace, bagRemedy } from './foxglove.ts';

export const bagMagic = '#ROSBAG V2.0\n';

export interface BagRecord {
  readonly op: number;
  readonly fields: BagFields;
  readonly place: BagPlace;
  readonly dataOffset: number;
  readonly dataLength: number;
  /** The file ends before the data does. */
  readonly torn: boolean;
  /** The data, in the reader's window; Fault when the file ends before it does. */
  data(): Promise<Uint8Array>;
  /** As much of the data as the file has. */
  part(): Promise<Uint8Array>;
  /** The whole record and what follows it in memory; after `data`. */
  ahead(): Uint8Array;
}

/** A reader of single records; `windowBytes` is what it asks the file for at once. */
export function bagRecords(
  readable: Readable,
  meter: ReadMeter,
  windowBytes?: number,
): (offset: number) => Promise<BagRecord | undefined> {
  const window = new FileWindow(readable, meter, windowBytes);
  return (offset) => recordAt(readable, window, offset);
}

/** `resume` may be called with an offset to go on from instead of the next record. */
export async function* walkBag(
  readable: Readable,
  meter: ReadMeter,
): AsyncGenerator<BagRecord, void, number | undefined> {
  const window = new FileWindow(readable, meter);
  const magic = await window.see(0, bagMagic.length);
  if (Buffer.from(magic).toString('latin1') !== bagMagic) throw foreign(readable.name, magic);
  let offset = bagMagic.length;
  for (;;) {
    const record = await recordAt(readable, window, offset);
    if (record === undefined) return;
    const resume = yield record;
    offset = resume ?? record.dataOffset + record.dataLength;
    if (readable.size !== undefined && offset > readable.size) await record.data();
  }
}

/** The record at `offset`, read through `window`; undefined at the end of the file. */
export async function recordAt(
  readable: Readable,
  window: FileWindow,
  offset: number,
): Promise<BagRecord | undefined> {
  const place = { name: readable.name, offset };
  let head = await window.see(offset, 4);
  if (head.length === 0) return undefined;
  const headerLength = head.length < 4 ? 0 : u32(head, 0);
  if (headerLength > bagHeaderBytes) throw torn(place, `states a header of ${headerLength} bytes`);
  head = await window.see(offset, headerLength + 8);
  if (head.length < headerLength + 8) throw torn(place, 'the bag ends inside its header');
  const fields = bagFields(head.subarray(4, 4 + headerLength), place);
  const dataOffset = offset + headerLength + 8;
  const dataLength = u32(head, headerLength + 4);
  const op = fields['op']?.[0] ?? 0;
  const left = readable.size === undefined ? dataLength : readable.size - dataOffset;
  return {
    op,
    fields,
    place,
    dataOffset,
    dataLength,
    torn: left < dataLength,
    async data() {
      const ends = `the bag ends ${left} bytes into its ${dataLength} bytes of data`;
      if (left < dataLength) throw torn(place, ends, op);
      if (dataLength > mostBytes(op)) throw torn(place, `states ${dataLength} bytes of data`, op);
      const bytes = await window.see(offset, headerLength + 8 + dataLength);
      const data = bytes.subarray(headerLength + 8);
      if (data.length < dataLength) throw torn(place, 'the bag ends inside its data', op);
      return data;
    },
    async part() {
      const bytes = await window.see(offset, headerLength + 8 + Math.min(dataLength, recordBytes));
      return bytes.subarray(headerLength + 8);
    },
    ahead: () => window.from(offset),
  };
}

/** Messages and chunks are held as bytes, everything else is parsed into fields. */
function mostBytes(op: number): number {
  return op === bagOpcode.message || op === bagOpcode.chunk ? recordBytes : fieldRecordBytes;
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

const opNames = ['', '', 'Message', 'BagHeader', 'IndexData', 'Chunk', 'ChunkInfo', 'Connection'];

function torn(place: BagPlace, message: string, op = 0): Error {
  return damaged({
    ...place,
    record: opNames[op] || 'Record',
    message,
    expected: 'a whole record',
    remedy: bagRemedy,
  });
}

function foreign(name: string, magic: Uint8Array): Error {
  const text = Buffer.from(magic).toString('latin1');
  const old = text.startsWith('#ROSBAG V1');
  return damaged({
    name,
    offset: 0,
    record: 'Magic',
    message: text === '' ? 'the file is empty' : old ? 'a bag of format 1' : 'not a ROS bag',
    expected: bagMagic.trim(),
    remedy: old ? 'Convert it with `rosbag fix` of a ROS 1 installation.' : remedies.foreign,
  });
}

/** Opens a bag's chunk: bounds first, then the decoder. */
import { loadBz2 } from '../codec/bz2.ts';
import { admitChunk, type Decoder } from '../codec/codec.ts';
import { lz4Decode } from '../codec/lz4.ts';
import { damaged, placeOf, remedies } from '../damage.ts';
import { bagChunk } from './foxglove.ts';
import type { BagRecord } from './records.ts';

export interface OpenBagChunk {
  readonly compression: string;
  readonly data: Uint8Array;
}

export async function openBagChunk(
  record: BagRecord,
  memory: (size: number) => Uint8Array,
): Promise<OpenBagChunk> {
  const { place } = record;
  const { compression, size } = bagChunk(record.fields, place);
  admitChunk(size, placeOf(place.name, place.offset));
  admitChunk(Math.max(0, record.dataLength - 2 ** 20), placeOf(place.name, place.offset));
  const decoder = await decoderOf(compression);
  if (decoder === undefined && compression !== 'none') {
    throw damaged({
      ...place,
      record: 'Chunk',
      message: `is compressed with "${compression.slice(0, 32)}"`,
      expected: 'bz2, lz4 or none',
      code: 'invalid',
      remedy: 'Decompress the bag with `rosbag decompress`.',
    });
  }
  const stored = await record.data();
  if (decoder === undefined) {
    if (stored.length === size) return { compression, data: stored };
    throw damaged({
      ...place,
      record: 'Chunk',
      message: `holds ${stored.length} bytes`,
      expected: `${size}, which are stated`,
      remedy: remedies.changed,
    });
  }
  const data = memory(size);
  try {
    decoder(stored, data);
  } catch (cause) {
    throw damaged({
      ...place,
      record: 'Chunk',
      message: `its ${compression} data does not unpack`,
      expected: `${size} bytes`,
      remedy: remedies.changed,
      cause,
    });
  }
  return { compression, data };
}

async function decoderOf(compression: string): Promise<Decoder | undefined> {
  if (compression === 'lz4') return lz4Decode;
  return compression === 'bz2' ? loadBz2() : undefined;
}

/** Opens a chunk: bounds first, then the decoder, then the checksum. */
import { admitChunk, type Decoder } from '../codec/codec.ts';
import { crc32 } from '../codec/crc.ts';
import { lz4Decode } from '../codec/lz4.ts';
import { zstd } from '../codec/zstd.ts';
import { damaged, placeOf, remedies } from '../damage.ts';
import type { McapChunk } from './records.ts';

export type Compression = '' | 'lz4' | 'zstd';

const decoders: Readonly<Record<Exclude<Compression, ''>, Decoder>> = {
  lz4: lz4Decode,
  zstd: zstd.decode,
};

export function isCompression(text: string): text is Compression {
  return text === '' || text === 'lz4' || text === 'zstd';
}

/**
 * The records inside. Stored ones are a view; others are written into what `memory` gives, which
 * is only asked once the stated size is within the bounds.
 */
export function openChunk(
  chunk: McapChunk,
  at: { readonly name: string; readonly offset: number },
  memory: (size: number) => Uint8Array,
): Uint8Array {
  const { compression, records, uncompressedSize } = chunk;
  const place = { ...at, record: 'Chunk' };
  admitChunk(uncompressedSize, placeOf(at.name, at.offset));
  if (!isCompression(compression)) {
    throw damaged({
      ...place,
      message: `is compressed with "${compression.slice(0, 32)}"`,
      expected: 'zstd, lz4 or nothing',
      code: 'invalid',
      remedy: 'Write the recording again with zstd, lz4 or no compression.',
    });
  }
  if (compression === '' && records.length !== uncompressedSize) {
    throw damaged({
      ...place,
      message: `holds ${records.length} bytes`,
      expected: `${uncompressedSize}, which are stated`,
      remedy: remedies.changed,
    });
  }
  const data = compression === '' ? records : decode(chunk, decoders[compression], place, memory);
  const crc = chunk.uncompressedCrc === 0 ? 0 : crc32(data);
  if (crc === chunk.uncompressedCrc) return data;
  throw damaged({
    ...place,
    message: `has checksum ${crc}`,
    expected: `${chunk.uncompressedCrc}, which is stated`,
    remedy: remedies.changed,
  });
}

function decode(
  chunk: McapChunk,
  decoder: Decoder,
  place: { readonly name: string; readonly offset: number; readonly record: string },
  memory: (size: number) => Uint8Array,
): Uint8Array {
  const data = memory(chunk.uncompressedSize);
  if (data.length === 0 && chunk.records.length === 0) return data;
  try {
    decoder(chunk.records, data);
  } catch (cause) {
    throw damaged({
      ...place,
      message: `its ${chunk.compression} data does not unpack`,
      expected: `${data.length} bytes`,
      remedy: remedies.changed,
      cause,
    });
  }
  return data;
}

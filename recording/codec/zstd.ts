/**
 * Zstandard through zstd-napi, whose contexts are kept between chunks, or through node:zlib where
 * the native module is missing.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type * as Binding from 'zstd-napi/binding.js';
import type { Decoder } from './codec.ts';

export interface Zstd {
  readonly by: 'zstd-napi' | 'node:zlib';
  readonly decode: Decoder;
  /** A frame that states its content size. */
  readonly encode: (bytes: Uint8Array) => Uint8Array;
}

/** Level 1: a robot has little time, and log data compresses about as well as at 3. */
const level = 1;

function nativeZstd(binding: Pick<typeof Binding, 'CCtx' | 'DCtx' | 'compressBound'>): Zstd {
  const decoder = new binding.DCtx();
  const encoder = new binding.CCtx();
  return {
    by: 'zstd-napi',
    decode(stored, into) {
      const size = decoder.decompress(into, stored);
      if (size !== into.length) throw new Error(`${size} bytes instead of ${into.length}`);
    },
    encode(bytes) {
      const out = new Uint8Array(binding.compressBound(bytes.length));
      return out.slice(0, encoder.compress(out, bytes, level));
    },
  };
}

export const nodeZstd: Zstd = {
  by: 'node:zlib',
  decode(stored, into) {
    const bytes = zstdDecompressSync(stored, { maxOutputLength: Math.max(1, into.length) });
    if (bytes.length !== into.length) {
      throw new Error(`${bytes.length} bytes instead of ${into.length}`);
    }
    into.set(bytes);
  },
  encode: (bytes) =>
    new Uint8Array(
      zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
    ),
};

async function loadZstd(): Promise<Zstd> {
  try {
    const loaded = await import('zstd-napi/binding.js');
    return nativeZstd(loaded.default);
  } catch {
    return nodeZstd;
  }
}

export const zstd: Zstd = await loadZstd();

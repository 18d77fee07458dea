/**
 * LZ4 frames through the WebAssembly build of @foxglove/wasm-lz4. Its own entry point keeps one
 * decoder context for ever, and that context refuses everything after its first bad frame; so the
 * module is driven here, and a failure gets a fresh context at once and a fresh module soon.
 */
import { createRequire } from 'node:module';
import type { Decoder } from './codec.ts';

interface Lz4Module {
  readonly HEAPU8: Uint8Array;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _createDecompressionContext(): number;
  /** Bytes written, or -1. */
  _decompressFrame(
    context: number,
    into: number,
    intoSize: number,
    stored: number,
    storedSize: number,
  ): number;
}

const require = createRequire(import.meta.url);
const load = require('@foxglove/wasm-lz4/dist/wasm-lz4.js') as () => Promise<Lz4Module>;

let lz4 = await load();
let context = lz4._createDecompressionContext();
let renewal: Promise<void> | undefined;

export const lz4Decode: Decoder = (stored, into) => {
  const module = lz4;
  const from = module._malloc(Math.max(1, stored.length));
  const to = module._malloc(Math.max(1, into.length));
  try {
    if (from === 0 || to === 0) throw new Error('no memory for the LZ4 decoder');
    module.HEAPU8.set(stored, from);
    const size = module._decompressFrame(context, to, into.length, from, stored.length);
    if (size !== into.length) {
      renew();
      throw new Error(size < 0 ? 'not a whole LZ4 frame' : `${size} bytes, not ${into.length}`);
    }
    into.set(module.HEAPU8.subarray(to, to + size));
  } finally {
    module._free(from);
    module._free(to);
  }
};

/** The old context cannot be freed; the module that owns it is dropped when a new one is ready. */
function renew(): void {
  context = lz4._createDecompressionContext();
  renewal ??= load().then(
    (fresh) => {
      lz4 = fresh;
      context = fresh._createDecompressionContext();
      renewal = undefined;
    },
    () => {
      renewal = undefined;
    },
  );
}

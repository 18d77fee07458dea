/** Bzip2, which only ROS 1 bags use; loaded when the first such chunk is met. */
import Bzip2 from '@foxglove/wasm-bz2';
import type { Decoder } from './codec.ts';

let loaded: Promise<Decoder> | undefined;

export function loadBz2(): Promise<Decoder> {
  loaded ??= Bzip2.init().then((bzip2) => (stored: Uint8Array, into: Uint8Array) => {
    const bytes = bzip2.decompress(stored, into.length);
    if (bytes.length !== into.length) {
      throw new Error(`${bytes.length} bytes instead of ${into.length}`);
    }
    into.set(bytes);
  });
  return loaded;
}

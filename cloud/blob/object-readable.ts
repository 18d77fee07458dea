/** A stored object as what the readers of recordings take. */
import type { Readable } from '@fieldloop/recording';
import type { BlobStore } from './blob.ts';

export function objectReadable(
  bytes: Pick<BlobStore, 'read'>,
  object: { readonly name: string; readonly sha256: string; readonly sizeBytes: number },
): Readable {
  const { name, sha256, sizeBytes: size } = object;
  return {
    name,
    size,
    async read(offset, length) {
      const start = Math.min(offset, size);
      const end = Math.min(offset + length, size);
      const filled = new Uint8Array(end - start);
      let at = 0;
      for await (const piece of bytes.read(sha256, { start, end })) {
        filled.set(piece, at);
        at += piece.length;
      }
      return filled.subarray(0, at);
    },
  };
}

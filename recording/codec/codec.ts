/**
 * What every decoder of this room promises: it writes exactly `size` bytes or it throws; a stated
 * size beyond the bounds never reaches it.
 */
import { Fault, formatSize } from '@fieldloop/core';
import { chunkBytes } from '../limits.ts';

/** Fills `into` with what `stored` holds; throws an Error (no Fault) when it is anything else. */
export type Decoder = (stored: Uint8Array, into: Uint8Array) => void;

/** Memory for one chunk, not zeroed, never from a shared pool, so that it can be handed on. */
export function chunkMemory(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** Gives memory of `chunkMemory` back at once, before garbage is collected: views of it are empty. */
export function freeMemory({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

/** Fault `limited` when a chunk states more than this room holds. */
export function admitChunk(size: number, place: string): void {
  if (size <= chunkBytes) return;
  throw new Fault(
    'limited',
    `a chunk states ${formatSize(size)} uncompressed, and at most ${formatSize(chunkBytes)} are read`,
    { place, remedy: 'Write the recording again with smaller chunks (1 MiB is usual).' },
  );
}

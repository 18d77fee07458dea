/** The bytes of a clip's file, and their hash. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { hashReadBytes } from '../limits.ts';
import { asDiskFault } from './disk.ts';

export async function hashFile(path: string): Promise<{ sha256: string; sizeBytes: number }> {
  await using reader = await openClipReader(path);
  const hash = createHash('sha256');
  const into = new Uint8Array(hashReadBytes);
  let sizeBytes = 0;
  for (;;) {
    const length = await reader.read(into, sizeBytes);
    if (length === 0) return { sha256: hash.digest('hex'), sizeBytes };
    hash.update(into.subarray(0, length));
    sizeBytes += length;
  }
}

/** Bytes of a clip, read straight into the caller's memory. */
export interface ClipReader extends AsyncDisposable {
  /** Fills `into` from byte `at`; fewer bytes only at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>;
}

export async function openClipReader(path: string): Promise<ClipReader> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw asDiskFault(path, error);
  }
  return {
    async read(into, at) {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle
          .read(into, done, into.length - done, at + done)
          .catch((error: unknown) => {
            throw asDiskFault(path, error);
          });
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

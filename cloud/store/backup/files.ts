/** Files of a backup: written whole, synced, and known by their hash. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Fault } from '@fieldloop/core';

export interface Written {
  readonly bytes: number;
  readonly sha256: string;
}

type Pieces = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/**
 * Writes pieces to `path` under another name first; the file is whole and synced or not there.
 * With `expected` a content of another hash is `corrupt` and leaves nothing. Files that are synced
 * `later` go through `syncFiles` together, which costs little more than one of them.
 */
export async function writeWhole(
  path: string,
  pieces: Pieces,
  how: { readonly mode?: number; readonly expected?: string; readonly later?: boolean } = {},
): Promise<Written> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.part`;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const file = await open(part, 'w', how.mode ?? 0o600);
    try {
      for await (const piece of pieces) {
        const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
        hash.update(chunk);
        bytes += chunk.length;
        await file.writeFile(chunk);
      }
      if (how.later !== true) await file.sync();
    } finally {
      await file.close();
    }
    const sha256 = hash.digest('hex');
    if (how.expected !== undefined && sha256 !== how.expected) {
      throw new Fault('corrupt', `the bytes have the hash ${sha256}`, {
        place: path,
        remedy: 'The object or its disk is damaged: look for another copy of it.',
      });
    }
    if (how.mode !== undefined) await chmod(part, how.mode);
    await rename(part, path);
    return { bytes, sha256 };
  } catch (error) {
    throw fileFault(error, path);
  }
}

export async function syncFiles(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const file = await open(path);
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }),
  );
}

export async function hashFile(path: string): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    throw fileFault(error, path);
  }
}

/** Size of a file, or undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileFault(error, path);
  }
}

/** Files below a folder, as paths relative to it, without those that `leaves` names. */
export async function filesBelow(
  folder: string,
  leaves: (path: string) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (at: string): Promise<void> => {
    for (const entry of await entriesOf(at)) {
      const path = join(at, entry.name);
      const name = relative(folder, path);
      if (leaves(name)) continue;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) found.push(name);
    }
  };
  await walk(folder);
  return found.toSorted();
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileFault(error, folder);
  }
}

/** A disk's failure as `unavailable`, a full one as `limited`; a Fault and a bug stay. */
export function fileFault(error: unknown, place: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof Fault || typeof code !== 'string') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Fault('limited', 'there is no space left', {
      place,
      remedy: 'Free space on that disk, or name a folder on another one.',
      cause: error,
    });
  }
  return new Fault('unavailable', `a file cannot be read or written (${code})`, {
    place,
    remedy: 'Check that the path is right and that this user may use it.',
    cause: error,
  });
}

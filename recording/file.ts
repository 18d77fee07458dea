/** Files as ports: the second door of this room, for processes that have a disk. */
import { type FileHandle, open } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import type { Appendable, Readable } from './types.ts';

export interface OpenFile extends Readable, AsyncDisposable {
  /** The same under each name of one file, and of no other file while this one is open. */
  readonly identity: string;
  /** Takes its size again. */
  refresh(): Promise<void>;
}

export const identityOf = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string =>
  `${dev}:${ino}`;

/** Opens a file for reading. Its size is taken now; use the push parser for files that grow. */
export async function openFile(path: string): Promise<OpenFile> {
  const handle = await guarded(path, () => open(path, 'r'));
  const neighbours = new Map<string, Readable & AsyncDisposable>();
  const status = await guarded(path, () => handle.stat()).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  if (!status.isFile()) {
    await handle.close();
    throw new Fault('invalid', 'is not a file', { place: path, remedy: 'Name a recording file.' });
  }
  let { size } = status;
  return {
    name: path,
    identity: identityOf(status),
    get size() {
      return size;
    },
    async refresh() {
      ({ size } = await guarded(path, () => handle.stat()));
    },
    async read(offset, length, into) {
      const most = Math.max(0, Math.min(length, size - offset));
      const memory = into ?? new Uint8Array(Buffer.allocUnsafeSlow(most).buffer);
      let filled = 0;
      while (filled < most) {
        const at = offset + filled;
        const left = most - filled;
        const { bytesRead } = await guarded(path, () => handle.read(memory, filled, left, at));
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return memory.subarray(0, filled);
    },
    async beside(suffix) {
      const known = neighbours.get(suffix);
      if (known !== undefined) return known;
      try {
        const file = await openFile(`${path}${suffix}`);
        neighbours.set(suffix, file);
        return file;
      } catch (error) {
        if (error instanceof Fault && error.code === 'not_found') return undefined;
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      for (const file of neighbours.values()) await file[Symbol.asyncDispose]();
      await handle.close();
    },
  };
}

/** Creates a file, or empties the one that is there. */
export async function createFile(path: string): Promise<Appendable & AsyncDisposable> {
  const handle: FileHandle = await guarded(path, () => open(path, 'w', 0o600));
  return {
    async write(bytes) {
      let from = 0;
      while (from < bytes.length) {
        const rest = bytes.subarray(from);
        from += (await guarded(path, () => handle.write(rest))).bytesWritten;
      }
    },
    sync: () => guarded(path, () => handle.datasync()),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw fileFault(path, cause);
  }
}

function fileFault(path: string, cause: unknown): Fault {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const place = path;
  if (code === 'ENOENT') {
    const remedy = 'Check the path; relative paths start where the command was called.';
    return new Fault('not_found', 'there is no such file', { place, remedy, cause });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const remedy = 'Give this user the right to it (chmod, chown).';
    return new Fault('forbidden', 'the file may not be opened', { place, remedy, cause });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const remedy = 'Free space on this disk.';
    return new Fault('unavailable', 'the disk is full', { place, remedy, cause });
  }
  const message = `the file cannot be used (${code === '' ? String(cause) : code})`;
  return new Fault('unavailable', message, { place, remedy: 'Check the disk.', cause });
}

/**
 * The durable steps on files as a port: each is one system call (or one that makes an earlier one
 * durable), so that a test can stop between any two of them.
 */
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { asFault, Fault } from '@fieldloop/core';
import { errorCode, replaceFile, replaceFileNow, syncFile, syncFolder } from '../durable-file.ts';

export interface Disk {
  /** With those above them; no complaint about those that are there. */
  makeFolders(paths: readonly string[]): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the bytes of a file durable. */
  syncFile(path: string): Promise<void>;
  /** Makes the names inside a folder durable. */
  syncFolder(path: string): Promise<void>;
  /** No complaint when it is gone already. */
  remove(path: string): Promise<void>;
  /** Whole or not at all, durable when it resolves; mode 0600. */
  replaceFile(path: string, bytes: Uint8Array | string): Promise<void>;
  /** The same, durable when it returns. */
  replaceFileNow(path: string, bytes: Uint8Array | string): void;
  free(path: string): Promise<FreeSpace>;
}

export interface FreeSpace {
  readonly bytes: number;
  /** Absent on a file system that makes them as they are needed. */
  readonly inodes?: number | undefined;
}

export const systemDisk: Disk = {
  async makeFolders(paths) {
    for (const path of paths) {
      await asFaults(path, () => mkdir(path, { recursive: true, mode: 0o700 }));
    }
  },
  rename: (from, to) => asFaults(to, () => rename(from, to)),
  syncFile: (path) => asFaults(path, () => syncFile(path)),
  syncFolder: (path) => asFaults(path, () => syncFolder(path)),
  remove: (path) => asFaults(path, () => rm(path, { force: true, recursive: true })),
  replaceFile: (path, bytes) => asFaults(path, () => replaceFile(path, bytes)),
  replaceFileNow(path, bytes) {
    try {
      replaceFileNow(path, bytes);
    } catch (error) {
      throw asDiskFault(path, error);
    }
  },
  free: (path) =>
    asFaults(path, async () => {
      const found = await statfs(path);
      return freeSpace(found);
    }),
};

/** Of what statfs says: a file system without a limit of inodes has 0 of 0 free. */
export function freeSpace(found: {
  readonly bavail: number;
  readonly bsize: number;
  readonly files: number;
  readonly ffree: number;
}): FreeSpace {
  const { bavail, bsize, files, ffree } = found;
  return { bytes: bavail * bsize, inodes: files === 0 ? undefined : ffree };
}

/** Size of a plain file, or undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw asDiskFault(path, error);
  }
}

/** Names in a folder, sorted; none when it does not exist. */
export async function names(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw asDiskFault(path, error);
  }
}

async function asFaults<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDiskFault(path, error);
  }
}

/** It may take later what it does not take now. */
export const isDiskRefusal = (error: unknown): boolean =>
  ['limited', 'unavailable'].includes(asFault(error).code);

/** The fault of a failed system call on `path`; what is not one is handed back as it is. */
export function asDiskFault(path: string, error: unknown): unknown {
  const code = errorCode(error);
  if (error instanceof Fault || code === undefined) return error;
  const parts = { place: path, cause: error, details: { errno: code } };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Fault('limited', 'the disk is full', {
        ...parts,
        remedy: 'Free space on this disk or lower buffer.quota in agent.yaml.',
      });
    case 'ENOENT':
      return new Fault('not_found', 'there is no such file', {
        ...parts,
        remedy: 'Check that nothing but the agent changes the folder buffer.path.',
      });
    case 'ENOTDIR':
      return new Fault('invalid', 'a part of this path is a file and no folder', {
        ...parts,
        remedy: 'Correct buffer.path in agent.yaml, or move that file away.',
      });
    case 'EACCES':
    case 'EPERM':
      return new Fault('forbidden', 'the agent may not use this file', {
        ...parts,
        remedy: 'Give the folder to the user that runs fieldloop-agent (chown, chmod 0700).',
      });
    case 'EROFS':
      return new Fault('unavailable', 'the disk is read-only', {
        ...parts,
        remedy: 'Remount the disk for writing.',
      });
    default:
      return new Fault('unavailable', `the disk reported ${code}`, {
        ...parts,
        remedy: 'Look at the kernel log of this machine; the disk may be failing.',
      });
  }
}

/** Folders that are durable when they are made, and the disk's failures as Faults. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '@fieldloop/core';

/** Makes a folder with its parents; every new name in it is on disk afterwards. */
export async function makeFolder(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    const top = dirname(first);
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      await syncFolder(folder);
      if (folder === top) return;
    }
  } catch (error) {
    throw diskFault(error, path);
  }
}

/** Names that were made, moved or removed in this folder are on disk afterwards. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function isMissing(error: unknown): boolean {
  return errno(error) === 'ENOENT';
}

function errno(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** `limited` when the disk or a quota is full, `unavailable` for every other failure of it. */
export function diskFault(error: unknown, place: string): Error {
  if (error instanceof Fault) return error;
  const code = errno(error);
  if (code === '') return error instanceof Error ? error : new TypeError(String(error));
  const parts = { place, cause: error, details: { errno: code } };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Fault('limited', 'there is no space left for blobs', {
      ...parts,
      remedy: 'Free space on the disk of the data folder; devices send again by themselves.',
    });
  }
  return new Fault('unavailable', `the blob store's disk failed (${code})`, {
    ...parts,
    remedy: 'Check the disk and the rights of the data folder; devices send again by themselves.',
  });
}

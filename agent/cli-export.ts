/** `clips export`: a clip's file, whole or not at all, under a name of its own. */
import { copyFile, rename, rm } from 'node:fs/promises';
import { asFault, Fault } from '@fieldloop/core';
import { hashFile } from './buffer/clip-bytes.ts';
import { fileSize } from './buffer/disk.ts';
import type { ShownClip } from './held-clips.ts';

/** Fault `conflict` when the file is there already, `corrupt` when the clip lost its hash. */
export async function exportClip(
  { path, manifest }: Pick<ShownClip, 'path' | 'manifest'>,
  to: string,
  isForced: boolean,
): Promise<void> {
  const part = `${to}.part`;
  try {
    if (!isForced && (await fileSize(to)) !== undefined) throw isThere(to);
    await copyFile(path, part);
    const { sha256 } = await hashFile(part);
    if (sha256 !== manifest.sha256) throw damaged(path, sha256);
    await rename(part, to);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    if (['conflict', 'corrupt'].includes(asFault(error).code)) throw error;
    throw new Fault('unavailable', `it cannot be copied: ${asFault(error).message}`, {
      place: to,
      remedy: 'Give a place with room that this user may write to.',
      cause: error,
    });
  }
}

const isThere = (to: string): Fault =>
  new Fault('conflict', 'this file is there already', {
    place: to,
    remedy: 'Use --force to write over it, or give another file.',
  });

const damaged = (path: string, found: string): Fault =>
  new Fault('corrupt', `the clip is damaged: its bytes have the SHA-256 ${found}`, {
    place: path,
    remedy: `Save what is whole with "fieldloop recording repair ${path} OUT", and look for disk errors in the kernel log of this machine.`,
  });

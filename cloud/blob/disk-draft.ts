/** A file of the cloud's own making, which is named by its content once it is whole. */
import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '@fieldloop/core';
import type { BlobDraft } from './blob.ts';
import { diskFault, makeFolder, syncFolder } from './disk-folder.ts';

/** `pathOf` gives the place of an object. */
export async function openDiskDraft(
  folder: string,
  name: string,
  pathOf: (sha256: string) => string,
): Promise<BlobDraft> {
  await removeDrafts(folder, name);
  // Whoever held the name before keeps another file, which nothing names any more.
  const path = join(folder, `${name}.${randomBytes(6).toString('hex')}`);
  const file = await guarded(path, async () => await open(path, 'wx', 0o600));
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let isOpen = true;
  const end = async (): Promise<void> => {
    isOpen = false;
    await file.close();
  };
  return {
    async append(pieces) {
      if (!isOpen) throw new Fault('conflict', 'this draft is over', { place: path });
      for (const piece of pieces) {
        hash.update(piece);
        for (let from = 0; from < piece.length; ) {
          const { bytesWritten } = await guarded(
            path,
            async () => await file.write(piece, from, piece.length - from, sizeBytes + from),
          );
          from += bytesWritten;
        }
        sizeBytes += piece.length;
      }
    },
    async finish() {
      if (!isOpen) throw new Fault('conflict', 'this draft is over', { place: path });
      await guarded(path, async () => await file.datasync());
      await end();
      const sha256 = hash.digest('hex');
      const target = pathOf(sha256);
      await guarded(path, async () => {
        await makeFolder(dirname(target));
        await rename(path, target);
        await syncFolder(dirname(target));
      });
      return { sha256, sizeBytes };
    },
    async discard() {
      if (isOpen) await end();
      await guarded(path, async () => await rm(path, { force: true }));
    },
  };
}

async function removeDrafts(folder: string, name: string): Promise<void> {
  await guarded(folder, async () => {
    for (const found of await readdir(folder)) {
      if (found.startsWith(`${name}.`)) await rm(join(folder, found), { force: true });
    }
  });
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFault(error, path);
  }
}

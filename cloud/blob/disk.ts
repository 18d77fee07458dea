/**
 * Blobs on a local disk: `blobs/sha256/ab/cd/<hash>`, and `parts/<owner>/<hash>` on the same file
 * system so that a commit is a rename, as do `drafts/<name>.<random>`. Bytes are hashed as they arrive and synced by the system's
 * threads while more arrive.
 */
import { type FileHandle, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { blobReadBytes } from '../limits.ts';
import type { BlobPart, BlobRange, BlobStore, PartName } from './blob.ts';
import { openDiskDraft } from './disk-draft.ts';
import { openDiskPart } from './disk-part.ts';
import { diskFault, isMissing, makeFolder, syncFolder } from './disk-folder.ts';

const hashPattern = /^[0-9a-f]{64}$/;

/** Opens the store in `folder`, which is made when absent. */
export async function openDiskBlobs(folder: string): Promise<BlobStore> {
  const blobs = join(folder, 'blobs', 'sha256');
  const parts = join(folder, 'parts');
  const drafts = join(folder, 'drafts');
  await makeFolder(blobs);
  await makeFolder(parts);
  await makeFolder(drafts);
  const held = new Map<string, BlobPart | undefined>();
  const pathOf = (sha256: string): string =>
    join(blobs, sha256.slice(0, 2), sha256.slice(2, 4), checkedHash(sha256));

  return {
    stat: async (sha256) => {
      const found = await statOf(pathOf(sha256));
      return found === undefined ? undefined : { sizeBytes: found };
    },
    read: (sha256, range) => readBlob(pathOf(sha256), sha256, range),
    begin: async (name) => {
      const path = join(parts, checkedOwner(name.owner), checkedHash(name.sha256));
      if (held.has(path)) {
        throw new Fault('conflict', 'this part has a holder already', { place: path });
      }
      // The place is taken before the first wait, so that a second caller finds it taken.
      held.set(path, undefined);
      const release = (): boolean => held.delete(path);
      const { sha256 } = name;
      try {
        const part = await openDiskPart({ path, target: pathOf(sha256), sha256, release });
        held.set(path, part);
        return part;
      } catch (error) {
        release();
        throw diskFault(error, path);
      }
    },
    remove: async (sha256) => {
      const path = pathOf(sha256);
      try {
        await rm(path);
        await syncFolder(dirname(path));
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw diskFault(error, path);
      }
    },
    list: async ({ after = '', limit }) => await listBlobs(blobs, after, limit),
    parts: async () => await listParts(parts),
    draft: async (name) => await openDiskDraft(drafts, checkedOwner(name), pathOf),
    drafts: async () => [
      ...new Set((await namesFrom(drafts, '')).map((name) => name.split('.')[0] ?? '')),
    ],
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...held.values()].map(async (part) => await part?.close()));
    },
  };
}

function checkedHash(sha256: string): string {
  if (hashPattern.test(sha256)) return sha256;
  throw new Fault('invalid', 'a blob is named by 64 lower-case hex digits', { place: sha256 });
}

function checkedOwner(owner: string): string {
  if (/^[a-z0-9][a-z0-9-]{2,39}$/.test(owner)) return owner;
  throw new Fault('invalid', 'a part is owned by a device, a draft has a name like one', {
    place: owner,
  });
}

async function statOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskFault(error, path);
  }
}

async function* readBlob(
  path: string,
  sha256: string,
  range: BlobRange | undefined,
): AsyncGenerator<Uint8Array> {
  const size = await statOf(path);
  if (size === undefined) {
    throw new Fault('not_found', 'there is no such blob', { place: sha256 });
  }
  const { start, end } = range ?? { start: 0, end: size };
  if (!(start >= 0 && start <= end && end <= size)) {
    throw new Fault('invalid', `the range ${start} to ${end} is outside ${size} bytes`, {
      place: sha256,
    });
  }
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    for (let at = start; at < end; ) {
      const buffer = new Uint8Array(Math.min(blobReadBytes, end - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) {
        throw new Fault('corrupt', 'the file ends before its size', {
          place: `${path}@byte ${at}`,
        });
      }
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  } catch (error) {
    throw diskFault(error, path);
  } finally {
    await file?.close();
  }
}

async function listBlobs(root: string, after: string, limit: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (const first of await namesFrom(root, after.slice(0, 2))) {
    const from = first === after.slice(0, 2) ? after.slice(2, 4) : '';
    for (const second of await namesFrom(join(root, first), from)) {
      for (const name of await namesFrom(join(root, first, second), '')) {
        if (name <= after || !hashPattern.test(name)) continue;
        found.push(name);
        if (found.length === limit) return found;
      }
    }
  }
  return found;
}

async function namesFrom(folder: string, from: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name >= from).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskFault(error, folder);
  }
}

async function listParts(root: string): Promise<readonly PartName[]> {
  const found: PartName[] = [];
  for (const owner of await namesFrom(root, '')) {
    for (const sha256 of await namesFrom(join(root, owner), '')) {
      if (hashPattern.test(sha256)) found.push({ owner, sha256 });
    }
  }
  return found;
}

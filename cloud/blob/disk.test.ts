/**
 * Goal: the disk adapter keeps what every blob store promises, and a full disk loses nothing.
 * Method: the contract on folders of its own; a part whose file is a device that is always full.
 */
import { mkdtemp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { afterAll, expect, test } from 'vitest';
import { blobContract, bytesOf, sha256Of, someBytes } from './blob.contract.ts';
import { openDiskBlobs } from './disk.ts';

const folders: string[] = [];
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-blob-'));
  folders.push(folder);
  return folder;
};
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

blobContract('disk', async () => {
  const folder = await newFolder();
  return {
    open: async () => await openDiskBlobs(folder),
    // The page cache outlives a process, so letting go of the handles is what a kill does here.
    kill: async (store) => await store[Symbol.asyncDispose](),
  };
});

test('a full disk is a Fault with a remedy, breaks the part and leaves other blobs alone', async () => {
  const folder = await newFolder();
  await using store = await openDiskBlobs(folder);
  const sha256 = sha256Of(someBytes(100));
  await mkdir(join(folder, 'parts', 'amr-01'), { recursive: true });
  await symlink('/dev/full', join(folder, 'parts', 'amr-01', sha256));
  const part = await store.begin({ owner: 'amr-01', sha256 });
  const failure = await part.append([someBytes(100)]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Fault);
  expect(failure).toMatchObject({ code: 'limited', details: { errno: 'ENOSPC' } });
  await expect(part.sync()).rejects.toBe(failure);
  await expect(part.commit()).rejects.toBe(failure);
  await part.discard();
  const again = await store.begin({ owner: 'amr-01', sha256 });
  await again.append([someBytes(100)]);
  expect(await again.commit()).toBe('committed');
  expect(await bytesOf(store.read(sha256))).toEqual(someBytes(100));
});

test('objects lie under the first four digits of their hash and parts under their owner', async () => {
  const folder = await newFolder();
  await using store = await openDiskBlobs(folder);
  const sha256 = sha256Of(someBytes(3));
  const part = await store.begin({ owner: 'amr-01', sha256 });
  await part.append([someBytes(3)]);
  expect(await readdir(join(folder, 'parts', 'amr-01'))).toEqual([sha256]);
  await part.commit();
  const place = join(folder, 'blobs', 'sha256', sha256.slice(0, 2), sha256.slice(2, 4));
  expect(await readdir(place)).toEqual([sha256]);
});

/** Small objects: whole in memory, and onto a disk. */
import { open } from 'node:fs/promises';
import { Fault, sha256Hex } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';

/** Fault `not_found`, `limited` when it is larger than `most`. */
export async function wholeBlob(
  bytes: Pick<BlobStore, 'read' | 'stat'>,
  sha256: string,
  most: number,
): Promise<Uint8Array> {
  const { sizeBytes = 0 } = (await bytes.stat(sha256)) ?? {};
  if (sizeBytes > most) {
    throw new Fault('limited', `an object of ${sizeBytes} bytes, the limit is ${most}`, {
      remedy: 'Use a smaller file.',
    });
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes.read(sha256)) pieces.push(piece.slice());
  return new Uint8Array(Buffer.concat(pieces));
}

/** The object under its own hash; `name` is that of the draft. */
export async function keepBlob(
  bytes: Pick<BlobStore, 'stat' | 'draft'>,
  name: string,
  content: Uint8Array,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const sha256 = sha256Hex(content);
  if ((await bytes.stat(sha256)) !== undefined) return { sha256, sizeBytes: content.length };
  const draft = await bytes.draft(name);
  try {
    await draft.append([content]);
    return await draft.finish();
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

export async function copyBlob(
  bytes: Pick<BlobStore, 'read'>,
  sha256: string,
  path: string,
): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  for await (const piece of bytes.read(sha256)) await file.write(piece);
}

/** A blob that was put in its place just before its row could be written. */
import { createHash } from 'node:crypto';
import type { BlobStore } from '../blob/blob.ts';

/** True when the object is there and is, byte for byte, what its name says. */
export async function adoptBlob(
  blobs: BlobStore,
  sha256: string,
  sizeBytes: number,
): Promise<boolean> {
  const found = await blobs.stat(sha256);
  if (found?.sizeBytes !== sizeBytes) return false;
  const hash = createHash('sha256');
  for await (const piece of blobs.read(sha256)) hash.update(piece);
  return hash.digest('hex') === sha256;
}

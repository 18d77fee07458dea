/** Whether a file is all that its recorder is going to write. */
import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Clock } from '@fieldloop/core';
import { abandonedAfterMs, settledAfterMs } from '../limits.ts';

const mcapMagic = Buffer.from('894d434150300d0a', 'hex');
const sqliteMagic = Buffer.from('SQLite format 3\0');
const bagMagic = Buffer.from('#ROSBAG');
/** A bag's header says where its index begins; a recorder fills that in when it closes the bag. */
const bagIndexField = Buffer.from('index_pos=');
const bagHeadBytes = 4_096;

/**
 * An MCAP ends with its magic, a bag names its index, a database has no
 * journal beside it. What has none of these may be a recorder that
 * pauses, a copy on its way, or what a crash left: it is read once it has rested for long.
 */
export async function isFinished(
  file: { readonly path: string; readonly changedMs: number },
  clock: Clock,
): Promise<boolean> {
  if (file.path.endsWith('.active')) return false;
  const journals = await journalsOf(file.path);
  const changedMs = Math.max(file.changedMs, ...journals.map(({ mtimeMs }) => mtimeMs));
  const restedMs = clock.now() - changedMs;
  if (restedMs >= abandonedAfterMs) return true;
  try {
    await using handle = await open(file.path, 'r');
    const { size } = await handle.stat();
    if (await endsAsMcap(handle, size)) return true;
    if (restedMs < settledAfterMs) return false;
    return (await hasBagIndex(handle, size)) || (await isClosedDatabase(handle, journals));
  } catch {
    // Not readable now: the next scan looks again.
    return false;
  }
}

async function endsAsMcap(handle: FileHandle, size: number): Promise<boolean> {
  const tail = Buffer.alloc(mcapMagic.length);
  await handle.read(tail, 0, tail.length, Math.max(0, size - tail.length));
  return size > 2 * mcapMagic.length && tail.equals(mcapMagic);
}

/** Its recorder has no journal open beside it. */
async function isClosedDatabase(handle: FileHandle, journals: readonly Stats[]): Promise<boolean> {
  const head = Buffer.alloc(sqliteMagic.length);
  await handle.read(head, 0, head.length, 0);
  return head.equals(sqliteMagic) && journals.every(({ size }) => size === 0);
}

/** What a database's recorder writes before it writes into the database. */
async function journalsOf(path: string): Promise<readonly Stats[]> {
  const ends = ['-wal', '-journal'];
  const found = await Promise.all(ends.map((end) => stat(`${path}${end}`).catch(() => undefined)));
  return found.filter((status) => status !== undefined);
}

/** A copy on its way has the header and not yet the index: then the index lies past its end. */
async function hasBagIndex(handle: FileHandle, size: number): Promise<boolean> {
  const head = Buffer.alloc(bagHeadBytes);
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  const at = head.indexOf(bagIndexField) + bagIndexField.length;
  if (!head.subarray(0, bagMagic.length).equals(bagMagic) || at < bagIndexField.length)
    return false;
  if (at + 8 > bytesRead) return false;
  const index = head.readBigUInt64LE(at);
  return index > 0n && index < BigInt(size);
}

/** Whether a file can be read while it grows: an rosbag2 database cannot. */
export async function isGrowable(path: string): Promise<boolean> {
  try {
    await using handle = await open(path, 'r');
    const head = Buffer.alloc(sqliteMagic.length);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    // Before its first page a database has no more than its name.
    return bytesRead < head.length ? !path.endsWith('.db3') : !head.equals(sqliteMagic);
  } catch (error) {
    // Whoever opens it meets the same, and tells of it.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

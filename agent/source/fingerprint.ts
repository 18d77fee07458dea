/**
 * What makes a recording the same recording wherever it lies. A recorder that paused and went on
 * leaves a longer file of the same recording: what was read of it is told by its size, too, while
 * its session hangs on its start alone, so that clips and events keep their ids.
 */
import { createHash } from 'node:crypto';
import { asFault } from '@fieldloop/core';
import { type MessageBlock, type Readable, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { fingerprintBytes } from '../limits.ts';
import { stableUuid } from '../stable-id.ts';
import { isPassing } from './passing.ts';

/** Of the file as far as it is written: its first bytes and its size, lower-case hex. */
export async function fingerprint(file: Readable, size = file.size): Promise<string> {
  const head = await file.read(0, Math.min(fingerprintBytes, size ?? fingerprintBytes));
  return createHash('sha256')
    .update(`${size ?? head.length}:`)
    .update(head)
    .digest('hex');
}

/** The session that reading this recording is, however often and how far it is read here. */
export async function sessionOf(device: string, file: Readable): Promise<string> {
  return sessionIdOf(device, await openingOf(file));
}

export const sessionIdOf = (device: string, opening: string): string =>
  stableUuid(0, ['session', device, opening]);

/**
 * The first messages, lower-case hex: they are there before anything can come of the recording,
 * and no recorder writes them again, as it does the header of a bag. Without a message nothing
 * hangs on the session, and the first bytes have to do. A fault that goes by itself is thrown.
 */
export async function openingOf(file: Readable): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const item of readRecording(file)) {
      if (item.kind !== 'block' || item.block.count === 0) continue;
      return openingOfBlock(item.block);
    }
  } catch (error) {
    const fault = asFault(error);
    if (fault.code === 'internal' || isPassing(fault)) throw error;
    // Whoever reads the recording meets the same damage and tells of it.
  }
  return hash.update(await file.read(0, fingerprintBytes)).digest('hex');
}

/** Whether the file at this path has that opening. A fault that goes by itself is thrown. */
export async function beginsWith(path: string, opening: string): Promise<boolean> {
  try {
    await using file = await openFile(path);
    return (await openingOf(file)) === opening;
  } catch (error) {
    const fault = asFault(error);
    if (fault.code === 'internal' || isPassing(fault)) throw error;
    return false;
  }
}

/** The same, of the first block of a recording that has messages. */
export function openingOfBlock(block: MessageBlock): string {
  const hash = createHash('sha256');
  for (const part of firstOf(block)) hash.update(part);
  return hash.digest('hex');
}

/** A chunk is written at once; of messages outside chunks only the first is sure to be there. */
function firstOf(block: MessageBlock): (string | Uint8Array)[] {
  if (block.chunk !== undefined) return [block.chunk.records.subarray(0, fingerprintBytes)];
  const logTimeNs = block.baseNs + BigInt(block.timesNs[0] ?? 0);
  return [
    `${logTimeNs}:${block.publishTimeNs(0)}:${block.sequences[0] ?? 0}:`,
    block.data.subarray(block.starts[0], block.ends[0]),
  ];
}

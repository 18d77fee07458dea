/** What makes a recording the same recording wherever it lies: its first bytes and its size. */
import { createHash } from 'node:crypto';
import type { Readable } from '@fieldloop/recording';
import { fingerprintBytes } from '../limits.ts';
import { stableUuid } from '../stable-id.ts';

/** Lower-case hex. */
export async function fingerprint(file: Readable): Promise<string> {
  const head = await file.read(0, fingerprintBytes);
  return createHash('sha256')
    .update(`${file.size ?? head.length}:`)
    .update(head)
    .digest('hex');
}

/** The session that reading this recording is, however often it is read on this device. */
export const sessionOf = (device: string, print: string): string =>
  stableUuid(0, ['session', device, print]);

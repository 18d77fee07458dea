/** What a recording holds: from its index where it has one, from a walk where it has none. */
import { Fault } from '@fieldloop/core';
import { bagInfo } from './info/bag.ts';
import { indexedInfo } from './info/indexed.ts';
import { scanInfo } from './info/scan.ts';
import type { RecordingInfo } from './info/types.ts';
import type { ReadOptions } from './options.ts';
import { formatOf } from './read.ts';
import type { Readable } from './types.ts';

export type { ChannelInfo, RecordingInfo } from './info/types.ts';

const indexes = {
  mcap: indexedInfo,
  rosbag1: bagInfo,
  // Its tree holds the data itself: a walk reads all of it.
  db3: () => Promise.resolve(undefined),
} as const;

/** Damage does not throw: what was found before it is reported, with the fault in `damage`. */
export async function recordingInfo(
  readable: Readable,
  options: ReadOptions = {},
): Promise<RecordingInfo> {
  const format = options.format ?? (await formatOf(readable));
  try {
    const indexed = await indexes[format](readable);
    if (indexed !== undefined) return indexed;
  } catch (error) {
    // An index that cannot be read is no reason to refuse: the walk says what is damaged.
    if (!(error instanceof Fault)) throw error;
  }
  return scanInfo(readable, { ...options, format });
}

/** `recording repair`: what can be saved of a damaged recording, as a sound MCAP with an index. */
import { formatOf } from './read.ts';
import { magic } from './mcap/format.ts';
import { bagMagic } from './rosbag1/records.ts';
import { repairBag } from './repair/bag.ts';
import { repairDb3 } from './repair/db3.ts';
import { repairMcap, type RepairOptions } from './repair/mcap.ts';
import type { RepairReport } from './repair/report.ts';
import type { Appendable, Readable, RecordingFormat } from './types.ts';

export type { RepairOptions } from './repair/mcap.ts';
export type { Loss, RepairReport } from './repair/report.ts';

const repairs = { mcap: repairMcap, rosbag1: repairBag, db3: repairDb3 } as const;

/**
 * Writes each message of each undamaged chunk and says what is lost. Fault `corrupt` when nothing
 * says what the file is.
 */
export async function repairRecording(
  readable: Readable,
  out: Appendable,
  options: RepairOptions,
): Promise<RepairReport> {
  return repairs[await likelyFormat(readable)](readable, out, options);
}

/** For a dry run: everything is done and nothing is written. */
export const nowhere: Appendable = {
  write: () => Promise.resolve(),
  sync: () => Promise.resolve(),
};

/** A few wrong bytes in the magic are damage like any other. */
async function likelyFormat(readable: Readable): Promise<RecordingFormat> {
  const head = await readable.read(0, bagMagic.length);
  const alike = (wanted: Uint8Array): number =>
    wanted.reduce((sum, byte, i) => sum + Number(head[i] === byte), 0);
  if (alike(magic) >= magic.length - 2) return 'mcap';
  if (alike(Buffer.from(bagMagic)) >= bagMagic.length - 2) return 'rosbag1';
  return formatOf(readable);
}

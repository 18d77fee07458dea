/** A recorder at work: a recording that is there already, written again as it was once recorded. */
import { open } from 'node:fs/promises';
import { systemClock } from '@fieldloop/core/system';
import { type IndexedMcap, openIndexedMcap } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';

export interface Recorder {
  /** Wall time of the recording's first moment, ms since 1970. */
  readonly beganMs: number;
  /** Log time of that moment. */
  readonly zeroNs: bigint;
  /** Resolves once all is written. */
  readonly ended: Promise<void>;
}

/** Each chunk of `from` is appended to `to` when its last message would have come. */
export async function recordAgain(from: string, to: string): Promise<Recorder> {
  await using source = await openFile(from);
  const { chunks } = await openIndexedMcap(source);
  const zeroNs = chunks[0]?.messageStartTime ?? 0n;
  return { beganMs: systemClock.now(), zeroNs, ended: append({ from, to }, chunks, zeroNs) };
}

async function append(
  { from, to }: { readonly from: string; readonly to: string },
  chunks: IndexedMcap['chunks'],
  zeroNs: bigint,
): Promise<void> {
  const beganMs = systemClock.monotonicMs();
  await using source = await openFile(from);
  await using target = await open(to, 'w');
  let at = 0;
  for (const { messageEndTime, chunkStartOffset, chunkLength, messageIndexLength } of chunks) {
    const dueMs = beganMs + Number(messageEndTime - zeroNs) / 1e6;
    const leftMs = dueMs - systemClock.monotonicMs();
    if (leftMs > 0) await systemClock.sleep(leftMs);
    const end = chunkStartOffset + chunkLength + messageIndexLength;
    await target.write(await source.read(at, end - at));
    at = end;
  }
}

/**
 * A recorder that never ends: a drive of the simulator again and again at its own pace, beside a
 * sensor of 1 MB/s, in splits as `ros2 bag record --max-bag-size` leaves them; the oldest goes when
 * there are too many.
 */
import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { openRecorder, outputs } from '@fieldloop/sim';

export interface RecorderOptions {
  /** The drive that is told again and again. */
  readonly drive: string;
  readonly folder: string;
  readonly splitBytes: number;
  readonly maxSplits: number;
  readonly signal: AbortSignal;
}

/** Resolves with the bytes that were recorded, when `signal` ends it. */
export async function recordForever(options: RecorderOptions): Promise<number> {
  const { folder, signal } = options;
  const begin = Date.now();
  let bytes = 0;
  let sequence = 0;
  for (let split = 0; !signal.aborted; split += 1) {
    const old = split - options.maxSplits;
    if (old >= 0) await rm(join(folder, nameOf(old)));
    const file = await open(join(folder, nameOf(split)), 'w');
    let written = 0;
    const recorder = await openRecorder(
      async (part) => {
        await file.writeFile(part);
        written += part.length;
      },
      'amr-01',
      [...outputs, payload],
    );
    try {
      while (!signal.aborted && written < options.splitBytes) {
        const beginMs = begin + sequence;
        const add: Telling['add'] = async (one) => await recorder.add(one);
        sequence += await drive(options.drive, { beginMs, signal, add });
      }
      await recorder.finish();
    } finally {
      await file.close();
    }
    bytes += written;
  }
  return bytes;
}

/** Stands for a camera: bytes that no rule reads and no codec makes smaller. */
const payload = { topic: '/camera/rear', hz: 10 };
const payloadBytes = 100_000;

const nameOf = (split: number): string => `soak_${split}.mcap`;

interface Telling {
  /** Unix milliseconds of its first moment. */
  readonly beginMs: number;
  readonly signal: AbortSignal;
  readonly add: (message: {
    readonly channelId: number;
    readonly sequence: number;
    readonly logTimeNs: bigint;
    readonly data: Uint8Array;
  }) => Promise<void>;
}

/** Tells the drive at its own pace; gives its length in ms. */
async function drive(path: string, { beginMs, signal, add }: Telling): Promise<number> {
  await using file = await openFile(path);
  let firstNs: bigint | undefined;
  let lastMs = 0;
  let nextPayloadMs = 0;
  /** From the ids of the drive to those of the recorder. */
  const ids = new Map<number, number>();
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') {
      const { id, topic } = item.channel;
      ids.set(id, outputs.findIndex((output) => output.topic === topic) + 1);
    }
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      const ns = block.baseNs + BigInt(block.timesNs[i] ?? 0);
      firstNs ??= ns;
      lastMs = Number(ns - firstNs) / 1e6;
      const aheadMs = beginMs + lastMs - Date.now();
      if (aheadMs > 2) await delay(aheadMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return lastMs;
      const logTimeNs = BigInt(beginMs) * 1_000_000n + (ns - firstNs);
      if (lastMs >= nextPayloadMs) {
        nextPayloadMs += 1_000 / payload.hz;
        const data = randomBytes(payloadBytes);
        await add({ channelId: outputs.length + 1, sequence: 0, logTimeNs, data });
      }
      await add({
        channelId: ids.get(block.channelIds[i] ?? 0) ?? 0,
        sequence: block.sequences[i] ?? 0,
        logTimeNs,
        data: block.data.subarray(block.starts[i], block.ends[i]),
      });
    }
  }
  return lastMs + 10;
}

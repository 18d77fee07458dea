/**
 * Cuts a clip out of the window that an agent holds. Chunks that lie wholly inside the range are
 * copied as bytes; only the edges, live streams and topic selections are packed into new chunks.
 */
import { Fault, type Json } from '@fieldloop/core';
import type { Appendable, Channel, MessageBlock } from '../types.ts';

/** A line on one of the clip's own channels: JSON with its moment as log time. */
export interface ClipNote {
  readonly atNs: bigint;
  readonly document: Json;
}

/** The last message of a latched topic that has left the window. */
export interface LatchedMessage {
  readonly channelId: number;
  readonly sequence: number;
  readonly logTimeNs: bigint;
  readonly publishTimeNs: bigint;
  readonly data: Uint8Array;
}

/** What a clip holds; counts cover every message in the file, its own channels included. */
export interface ClipContents {
  readonly messageCount: number;
  /** Smallest and largest log time in the file; both 0 when it has no message. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly topics: readonly {
    readonly topic: string;
    readonly schema: string;
    readonly count: number;
  }[];
}

export interface ClipSummary extends ClipContents {
  readonly sizeBytes: number;
  /** Lower-case hex of the whole file. */
  readonly sha256: string;
}

export interface ClipPlan {
  /** The window, both ends inclusive, log time in ns. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Exact topic names; `*` takes all. */
  readonly topics: readonly string[];
  /** Who writes, such as `fieldloop-agent 0.1.0`. */
  readonly library: string;
  readonly compression?: 'zstd' | 'none' | undefined;
  /** Verdicts, on the channel `/fieldloop/markers`. */
  readonly markers: readonly ClipNote[];
  /** Model scores, on the channel `/fieldloop/scores`. */
  readonly scores: readonly ClipNote[];
  /** Called once when the contents are known; the answer is the metadata `fieldloop.clip`. */
  readonly metadata: (contents: ClipContents) => ReadonlyMap<string, string>;
}

export interface ClipSource {
  /** Of the source's header: `ros1`, `ros2` or empty. */
  readonly profile: string;
  /** All channels seen so far, by id. */
  readonly channels: ReadonlyMap<number, Channel>;
  /** The window in file order; blocks outside the range cost nothing but a comparison. */
  readonly blocks: Iterable<MessageBlock>;
  /** Latched messages that have left the window; those inside are found by the cut. */
  readonly latched?: Iterable<LatchedMessage> | undefined;
}

/** Writes the clip and makes it durable (`out.sync()` is the last thing it does). */
export function cutClip(out: Appendable, plan: ClipPlan, source: ClipSource): Promise<ClipSummary> {
  void [out, plan, source];
  return Promise.reject(new Fault('internal', 'cutClip is being built'));
}

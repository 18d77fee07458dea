/**
 * Chunks of one file, read straight into frames that leave room for the head, one chunk ahead of
 * the link, so that disk and socket work at the same time and no byte is copied.
 */
import { Fault } from '@fieldloop/core';
import { chunkHeadBytes, wireLimits } from '@fieldloop/proto';
import type { ClipReader } from '../buffer/clip-bytes.ts';
import { maxFreeFrames } from '../limits.ts';

/** Memory for frames of full chunks, used again and again, shared by all transfers. */
export interface FramePool {
  take(dataBytes: number): Uint8Array;
  /** The socket has taken the frame, or nobody will send it. */
  give(frame: Uint8Array): void;
}

/**
 * Only full chunks are pooled: they are longer than a socket's buffer, so a socket that says it
 * took one has really passed it on.
 */
export function openFramePool(): FramePool {
  const free: Uint8Array[] = [];
  const full = chunkHeadBytes + wireLimits.maxChunkBytes;
  return {
    take: (dataBytes) => {
      const length = chunkHeadBytes + dataBytes;
      return (length === full ? free.pop() : undefined) ?? new Uint8Array(length);
    },
    give(frame) {
      if (frame.length === full && free.length < maxFreeFrames) free.push(frame);
    },
  };
}

export interface Frame {
  readonly from: number;
  readonly to: number;
  /** The head is still to be filled. */
  readonly bytes: Uint8Array;
}

export interface ChunkSource extends AsyncDisposable {
  readonly pool: FramePool;
  /** The frame of [from, to); the one read ahead when it is that one. */
  frame(from: number, to: number): Promise<Frame>;
  /** Begins to read [from, to) while something else goes on. */
  readAhead(from: number, to: number): void;
  forget(): void;
}

export function openChunkSource(
  open: () => Promise<ClipReader>,
  pool: FramePool,
  place: string,
): ChunkSource {
  let reader: Promise<ClipReader> | undefined;
  let isClosed = false;
  let ahead: { from: number; to: number; frame: Promise<Frame> } | undefined;

  const read = async (from: number, to: number): Promise<Frame> => {
    if (isClosed) throw new Fault('cancelled', 'the transfer ended', { place });
    reader ??= open();
    const bytes = pool.take(to - from);
    const length = await (await reader).read(bytes.subarray(chunkHeadBytes), from);
    if (length === to - from) return { from, to, bytes };
    throw new Fault('corrupt', `the clip ends at byte ${from + length}`, {
      place,
      remedy: 'The clip is put aside; look for disk errors in the kernel log of this machine.',
    });
  };

  const forget = (): void => {
    void ahead?.frame.then(
      (frame) => pool.give(frame.bytes),
      () => {},
    );
    ahead = undefined;
  };

  return {
    pool,
    forget,
    async frame(from, to) {
      if (ahead?.from !== from || ahead.to !== to) {
        forget();
        return read(from, to);
      }
      const { frame } = ahead;
      ahead = undefined;
      return frame;
    },
    readAhead(from, to) {
      if (ahead !== undefined || isClosed) return;
      const frame = read(from, to);
      // Whoever asks for the frame handles its failure; when nobody does, it does not matter.
      frame.catch(() => {});
      ahead = { from, to, frame };
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      forget();
      await (await reader?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

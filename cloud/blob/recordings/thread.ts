/** The thread that reads recordings: typed messages in, answers and pieces of files out. */
import { parentPort } from 'node:worker_threads';
import { Fault } from '@fieldloop/core';
import type { Appendable, Readable } from '@fieldloop/recording';
import { streamAheadBytes, streamPieceBytes } from '../../limits.ts';
import { faultFrom, wordsOf } from '../../store/fault-words.ts';
import {
  type CallName,
  type FromThread,
  type RecordingStreams,
  type StoredRecording,
  type StreamName,
  type ToThread,
} from './calls.ts';
import { cutFile, mergeFiles } from './files.ts';
import { framesOf } from './frames.ts';
import { messagesOf } from './messages.ts';
import { plotOf } from './plot.ts';
import { topicsOf } from './topics.ts';

const port = parentPort;
const reads = new Map<number, PromiseWithResolvers<Uint8Array>>();
const running = new Map<number, Work>();
let lastRead = 0;

interface Work {
  readonly stop: AbortController;
  /** Bytes that were given and not taken yet. */
  ahead: number;
  wake: () => void;
}

const post = (message: FromThread, transfer: ArrayBuffer[] = []): void =>
  port?.postMessage(message, transfer);

const readableOf = (source: StoredRecording): Readable => ({
  name: source.name,
  size: source.sizeBytes,
  read: async (offset, length) => {
    const start = Math.min(offset, source.sizeBytes);
    const end = Math.min(offset + length, source.sizeBytes);
    const read = (lastRead += 1);
    const waits = Promise.withResolvers<Uint8Array>();
    reads.set(read, waits);
    post({ kind: 'read', read, sha256: source.sha256, start, end });
    return await waits.promise;
  },
});

const calls: Readonly<
  Record<CallName, (input: never, open: typeof readableOf, signal: AbortSignal) => Promise<unknown>>
> = { topics: topicsOf, messages: messagesOf, plot: plotOf, frames: framesOf };

async function answer(asked: Extract<ToThread, { kind: 'call' | 'stream' }>): Promise<void> {
  const { id } = asked;
  const work: Work = { stop: new AbortController(), ahead: 0, wake: () => {} };
  running.set(id, work);
  try {
    const output =
      asked.kind === 'call'
        ? await calls[asked.name](asked.input as never, readableOf, work.stop.signal)
        : await stream(id, work, asked);
    post({ kind: 'done', id, output });
  } catch (error) {
    post({ kind: 'failed', id, fault: wordsOf(error) });
  } finally {
    running.delete(id);
  }
}

async function stream(
  id: number,
  work: Work,
  asked: { readonly name: StreamName; readonly input: unknown },
): Promise<void> {
  const { signal } = work.stop;
  const out = openPieces(id, work);
  const how = { open: readableOf, signal };
  if (asked.name === 'cut') {
    await cutFile(out, asked.input as RecordingStreams['cut'], how);
  } else {
    const onDone = (done: number): void => post({ kind: 'progress', id, done });
    await mergeFiles(out, asked.input as RecordingStreams['merge'], { ...how, onDone });
  }
}

/** Small writes become pieces; a piece waits while too much of the file is not taken. */
function openPieces(id: number, work: Work): Appendable {
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (size === 0) return;
    const piece = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      piece.set(part, at);
      at += part.length;
    }
    parts = [];
    size = 0;
    work.ahead += piece.length;
    post({ kind: 'piece', id, bytes: piece }, [piece.buffer]);
    while (work.ahead > streamAheadBytes && !work.stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        work.wake = resolve;
      });
    }
  };
  return {
    async write(bytes) {
      if (work.stop.signal.aborted) throw new Fault('cancelled', 'nobody takes this file');
      // The writer uses its buffers again.
      parts.push(bytes.slice());
      size += bytes.length;
      if (size >= streamPieceBytes) await flush();
    },
    sync: flush,
  };
}

port?.on('message', (asked: ToThread) => {
  if (asked.kind === 'call' || asked.kind === 'stream') {
    void answer(asked);
  } else if (asked.kind === 'bytes') {
    reads.get(asked.read)?.resolve(asked.bytes);
    reads.delete(asked.read);
  } else if (asked.kind === 'unread') {
    reads.get(asked.read)?.reject(faultFrom(asked.fault));
    reads.delete(asked.read);
  } else {
    const work = running.get(asked.id);
    if (work === undefined) return;
    if (asked.kind === 'taken') work.ahead -= asked.bytes;
    else work.stop.abort(new Fault('cancelled', 'stopped on request'));
    work.wake();
  }
});

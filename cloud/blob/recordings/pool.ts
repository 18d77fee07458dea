/**
 * Reads recordings in threads of its own, so that decoding never holds up the API. A call goes to
 * the thread with the least to do; what waits is bounded. Threads start when they are needed. When
 * one dies its calls fail as `unavailable`, and the next call starts another.
 */
import { Worker } from 'node:worker_threads';
import { Fault, type Log } from '@fieldloop/core';
import { maxRecordingCalls, recordingThreads, threadHeapMiB } from '../../limits.ts';
import { faultFrom, wordsOf } from '../../store/fault-words.ts';
import type { BlobStore } from '../blob.ts';
import {
  type CallName,
  type FromThread,
  type RecordingCalls,
  type RecordingStreams,
  type StreamName,
  type ToThread,
} from './calls.ts';

export interface Recordings extends AsyncDisposable {
  call<K extends CallName>(
    name: K,
    input: RecordingCalls[K]['input'],
    signal?: AbortSignal,
  ): Promise<RecordingCalls[K]['output']>;
  /** The file that the call makes; the thread goes on as it is taken. */
  stream<K extends StreamName>(
    name: K,
    input: RecordingStreams[K],
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (done: number) => void },
  ): AsyncGenerator<Uint8Array, void>;
}

interface Running {
  piece(bytes: Uint8Array): void;
  progress(done: number): void;
  done(output: unknown): void;
  failed(fault: Fault): void;
}

interface Thread {
  readonly worker: Worker;
  readonly running: Map<number, Running>;
}

interface Deps {
  readonly bytes: Pick<BlobStore, 'read'>;
  readonly log: Log;
}

export interface RecordingsOptions {
  readonly threads?: number;
  /** Instead of the thread's own file: for tests. */
  readonly entry?: URL;
}

export function openRecordings(deps: Deps, options: RecordingsOptions = {}): Recordings {
  return new ThreadPool(deps, options);
}

class ThreadPool implements Recordings {
  readonly #deps: Deps;
  readonly #most: number;
  readonly #entry: URL;
  readonly #threads = new Set<Thread>();
  #lastId = 0;
  #isOpen = true;

  constructor(deps: Deps, options: RecordingsOptions) {
    this.#deps = deps;
    this.#most = options.threads ?? recordingThreads;
    this.#entry = options.entry ?? new URL('./thread.ts', import.meta.url);
  }

  async call<K extends CallName>(
    name: K,
    input: RecordingCalls[K]['input'],
    signal?: AbortSignal,
  ): Promise<RecordingCalls[K]['output']> {
    demandGoing(signal);
    const thread = this.#thread();
    const id = (this.#lastId += 1);
    const cancel = (): void => post(thread, { kind: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<RecordingCalls[K]['output']>((resolve, reject) => {
        thread.running.set(id, {
          piece: () => {},
          progress: () => {},
          done: (output) => resolve(output as RecordingCalls[K]['output']),
          failed: reject,
        });
        post(thread, { kind: 'call', id, name, input });
      });
    } finally {
      thread.running.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  }

  async *stream<K extends StreamName>(
    name: K,
    input: RecordingStreams[K],
    options: { readonly signal?: AbortSignal; readonly onProgress?: (done: number) => void } = {},
  ): AsyncGenerator<Uint8Array, void> {
    const { signal, onProgress } = options;
    demandGoing(signal);
    const thread = this.#thread();
    const id = (this.#lastId += 1);
    const cancel = (): void => post(thread, { kind: 'cancel', id });
    const pieces: Uint8Array[] = [];
    let end: { readonly fault?: Fault } | undefined;
    let wake = (): void => {};
    const note = (): void => wake();
    thread.running.set(id, {
      piece: (bytes) => {
        pieces.push(bytes);
        note();
      },
      progress: (done) => onProgress?.(done),
      done: () => {
        end = {};
        note();
      },
      failed: (fault) => {
        end = { fault };
        note();
      },
    });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      post(thread, { kind: 'stream', id, name, input });
      for (;;) {
        const piece = pieces.shift();
        if (piece !== undefined) {
          post(thread, { kind: 'taken', id, bytes: piece.length });
          yield piece;
        } else if (end !== undefined) {
          if (end.fault !== undefined) throw end.fault;
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', cancel);
      if (end === undefined) cancel();
      thread.running.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    await Promise.all([...this.#threads].map(async ({ worker }) => await worker.terminate()));
  }

  #thread(): Thread {
    if (!this.#isOpen) throw new Fault('unavailable', 'the cloud is stopping');
    const idle = [...this.#threads].toSorted((a, b) => a.running.size - b.running.size)[0];
    if (idle !== undefined && (idle.running.size === 0 || this.#threads.size >= this.#most)) {
      if (idle.running.size < maxRecordingCalls) return idle;
      throw new Fault('limited', 'too many clips are being read at this moment', {
        remedy: 'Ask again in a few seconds, for fewer clips at once.',
        retryAfterMs: 2000,
      });
    }
    return this.#start();
  }

  #start(): Thread {
    const worker = new Worker(this.#entry, {
      name: 'recordings',
      resourceLimits: { maxOldGenerationSizeMb: threadHeapMiB },
    });
    const thread: Thread = { worker, running: new Map() };
    this.#threads.add(thread);
    worker.on('message', (said: FromThread) => this.#heard(thread, said));
    worker.on('error', (error) => {
      this.#deps.log.error('a thread that reads recordings died', { cause: error });
    });
    worker.once('exit', () => {
      this.#threads.delete(thread);
      for (const running of thread.running.values()) running.failed(gone());
      thread.running.clear();
    });
    return thread;
  }

  #heard(thread: Thread, said: FromThread): void {
    if (said.kind === 'read') {
      void this.#read(thread, said);
      return;
    }
    const running = thread.running.get(said.id);
    if (said.kind === 'piece') running?.piece(said.bytes);
    else if (said.kind === 'progress') running?.progress(said.done);
    else if (said.kind === 'done') running?.done(said.output);
    else {
      const fault = faultFrom(said.fault);
      if (fault.code === 'internal') {
        this.#deps.log.error('reading a recording met a bug', {
          detail: fault.message,
          stack: fault.cause,
        });
      }
      running?.failed(fault);
    }
  }

  async #read(thread: Thread, asked: Extract<FromThread, { kind: 'read' }>): Promise<void> {
    const { read, sha256, start, end } = asked;
    try {
      const bytes = new Uint8Array(end - start);
      let at = 0;
      for await (const piece of this.#deps.bytes.read(sha256, { start, end })) {
        bytes.set(piece, at);
        at += piece.length;
      }
      post(thread, { kind: 'bytes', read, bytes }, [bytes.buffer]);
    } catch (error) {
      post(thread, { kind: 'unread', read, fault: wordsOf(error) });
    }
  }
}

function post({ worker }: Thread, message: ToThread, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}

const gone = (): Fault =>
  new Fault('unavailable', 'the thread that read this recording ended', {
    remedy: 'Ask again; if it happens again with the same clip, report it with the log.',
  });

function demandGoing(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
}

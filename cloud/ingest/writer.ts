/**
 * The writer as the main thread sees it. What waits for it is bounded in rows and bytes; beyond
 * that `submit` itself waits, and with it whoever reads the sockets. When the thread dies, what
 * was asked of it fails as `unavailable`, nothing was acknowledged, and a new one is started.
 */
import { Worker } from 'node:worker_threads';
import { type Clock, Fault, type Log } from '@fieldloop/core';
import { maxOtherNames, maxQueuedBytes, maxQueuedRows, writerRestartMs } from '../wire-limits.ts';
import type { DatabaseAddress } from '../store/database.ts';
import { faultFrom, type FaultWords } from '../store/fault-words.ts';
import type { CallName, Calls, Writer } from './calls.ts';

export interface WriterOptions {
  readonly database: DatabaseAddress;
}

export interface WriterQuestion {
  readonly id: number;
  readonly name: CallName;
  readonly input: Calls[CallName]['input'];
}

export type WriterAnswer =
  | { readonly id: number; readonly output: unknown; readonly fault?: never }
  | { readonly id: number; readonly fault: FaultWords; readonly output?: never };

/** What nobody asked for, and is worth a line in the log. */
export interface WriterNote {
  readonly otherName: { readonly device: string; readonly written: string };
}

export function openWriter(
  deps: { readonly clock: Clock; readonly log: Log },
  options: WriterOptions,
): Writer {
  return new WriterThread(deps, options);
}

interface Waiting {
  readonly bytes: number;
  resolve(output: unknown): void;
  reject(fault: Fault): void;
}

class WriterThread implements Writer {
  readonly #deps: { readonly clock: Clock; readonly log: Log };
  readonly #options: WriterOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #stop = new AbortController();
  readonly #otherNames = new Set<string>();
  #worker: Worker | undefined;
  #bytes = 0;
  #lastId = 0;
  #room: (() => void)[] = [];

  constructor(deps: { readonly clock: Clock; readonly log: Log }, options: WriterOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#start();
  }

  async submit<K extends CallName>(name: K, input: Calls[K]['input']): Promise<Calls[K]['output']> {
    while (this.#waiting.size >= maxQueuedRows || this.#bytes >= maxQueuedBytes) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    const worker = this.#worker;
    if (worker === undefined) throw gone();
    // A view of a packet would be cloned with the whole buffer behind it.
    const payload = 'payload' in input ? new Uint8Array(input.payload) : undefined;
    const question: WriterQuestion = {
      id: (this.#lastId += 1),
      name,
      input: payload === undefined ? input : { ...(input as Calls['rows']['input']), payload },
    };
    const bytes = payload?.length ?? 0;
    return await new Promise<Calls[K]['output']>((resolve, reject) => {
      this.#bytes += bytes;
      this.#waiting.set(question.id, { bytes, resolve, reject });
      worker.postMessage(question, payload === undefined ? [] : [payload.buffer]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
    });
    worker.postMessage('close', []);
    await ended;
  }

  #start(): void {
    const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), {
      workerData: this.#options,
      name: 'ingest-writer',
    });
    this.#worker = worker;
    worker.on('message', (said: WriterAnswer | WriterNote) => {
      if ('otherName' in said) this.#noted(said);
      else this.#answered(said);
    });
    worker.on('error', (error) => this.#deps.log.error('the writer thread died', { error }));
    worker.once('exit', () => {
      void this.#ended();
    });
  }

  /** A robot sends many clips with its old name: once is enough. */
  #noted({ otherName }: WriterNote): void {
    const { device, written } = otherName;
    const name = `${device} ${written}`;
    if (this.#otherNames.has(name)) return;
    if (this.#otherNames.size >= maxOtherNames) this.#otherNames.clear();
    this.#otherNames.add(name);
    this.#deps.log.info('a clip was written under another name of its device', otherName);
  }

  #answered(answer: WriterAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    this.#bytes -= waiting.bytes;
    if (answer.fault === undefined) {
      waiting.resolve(answer.output);
    } else {
      const fault = faultFrom(answer.fault);
      if (fault.code === 'internal') {
        this.#deps.log.error('a write met a bug', { detail: fault.message, stack: fault.cause });
      }
      waiting.reject(fault);
    }
    this.#wake();
  }

  #wake(): void {
    const room = this.#room;
    this.#room = [];
    for (const resolve of room) resolve();
  }

  async #ended(): Promise<void> {
    this.#worker = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(gone());
    this.#waiting.clear();
    this.#bytes = 0;
    this.#wake();
    try {
      await this.#deps.clock.sleep(writerRestartMs, this.#stop.signal);
      this.#start();
    } catch {
      // Closing: no thread is wanted any more.
    }
  }
}

const gone = (): Fault =>
  new Fault('unavailable', 'the writer is not running', {
    remedy: 'Devices send again by themselves; look into the log of the cloud for the cause.',
  });

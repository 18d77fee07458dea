/**
 * A worker thread that is started again when it dies: with backoff, three times in ten minutes,
 * then its station stays off and the rest goes on. One that says nothing for long is ended, which
 * counts as a death.
 */
import { extname } from 'node:path';
import { type MessagePort, Worker } from 'node:worker_threads';
import { asFault, backoffMs, type Clock, type Log, type Random } from '@fieldloop/core';
import {
  hearFirstMs,
  maxWorkerDeaths,
  threadEndsWithinMs,
  workerBackoff,
  workerDeathsWithinMs,
} from './limits.ts';

export interface ThreadStart {
  readonly data: unknown;
  readonly transfer?: readonly MessagePort[];
}

export interface ThreadOptions<To, From> {
  readonly name: string;
  readonly entry: URL;
  /** Called for each start. */
  readonly start: () => ThreadStart;
  /** `reply` reaches the very thread that spoke, or nobody when it has died since. */
  readonly onMessage: (message: From, reply: (message: To) => void) => void;
  /** The thread died; it starts again unless `gaveUp`. */
  readonly onDeath: (death: { readonly why: string; readonly gaveUp: boolean }) => void;
  /** A thread from which nothing comes for so long hangs; without it, it may be silent. */
  readonly silentMs?: (() => number) | undefined;
  /** MiB of its heap at most; over it, the thread dies. */
  readonly heapMiB?: number | undefined;
  /**
   * The order on which the thread ends by itself. One that runs native code is never ended from
   * outside: Node aborts the process when a native call returns into a thread that was ended. One
   * that hangs is started again once it has ended, so that at most one of them spins.
   */
  readonly farewell?: To;
}

export interface Thread<To> {
  /** False when the thread is not there: whatever starts again is told anew. */
  post(message: To, transfer?: readonly MessagePort[]): boolean;
  /** Monotonic time of its last word or start; undefined once it stays off. */
  readonly heardMs: number | undefined;
  /** Ends it for good. */
  terminate(): Promise<void>;
}

interface ThreadDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The file of a thread: beside this one, as sources or as the bundle's. */
export const workerEntry = (name: string): URL =>
  new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);

/** Those that are there, to be handed over. */
export const portsOf = (...ports: readonly (MessagePort | undefined)[]): readonly MessagePort[] =>
  ports.filter((port) => port !== undefined);

const left = new Set<string>();

/** Threads that hang in native code: with one of them the process cannot end as others do. */
export const leftBehind: ReadonlySet<string> = left;

export function openThread<To, From>(
  options: ThreadOptions<To, From>,
  deps: ThreadDeps,
): Thread<To> {
  return new RunningThread(options, deps);
}

class RunningThread<To, From> implements Thread<To> {
  heardMs: number | undefined;
  readonly #options: ThreadOptions<To, From>;
  readonly #deps: ThreadDeps;
  readonly #closing = new AbortController();
  readonly #deaths: number[] = [];
  #worker: Worker | undefined;

  constructor(options: ThreadOptions<To, From>, deps: ThreadDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#begin();
  }

  post(message: To, transfer: readonly MessagePort[] = []): boolean {
    this.#worker?.postMessage(message, [...transfer]);
    return this.#worker !== undefined;
  }

  async terminate(): Promise<void> {
    this.#closing.abort();
    const worker = this.#worker;
    const { farewell } = this.#options;
    if (worker === undefined) return;
    if (farewell === undefined) {
      await worker.terminate();
      return;
    }
    const ending = new AbortController();
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
    });
    worker.postMessage(farewell);
    const late = this.#deps.clock.sleep(threadEndsWithinMs, ending.signal).then(
      () => void this.#leave(worker),
      () => undefined,
    );
    await Promise.race([ended, late]);
    ending.abort();
  }

  /** Goes on without a thread that does not come back from native code; resolves if it does. */
  #leave(worker: Worker): Promise<void> {
    const { name, farewell } = this.#options;
    worker.removeAllListeners();
    // What it says or how it ends is not heard any more; an error without a listener would be.
    worker.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => {
        left.delete(name);
        resolve();
      });
    });
    worker.postMessage(farewell);
    worker.unref();
    if (this.#worker === worker) this.#worker = undefined;
    left.add(name);
    this.#deps.log.error('a thread hangs in native code and is left behind', { thread: name });
    return ended;
  }

  #begin(): void {
    const { name, entry, start, onMessage, heapMiB, silentMs, farewell } = this.#options;
    const { clock, log } = this.#deps;
    const { data, transfer = [] } = start();
    const fresh = new Worker(entry, {
      name,
      workerData: data,
      transferList: [...transfer],
      ...(heapMiB === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMiB } }),
    });
    this.#worker = fresh;
    this.heardMs = clock.monotonicMs();
    let why = 'it ended';
    const watching = new AbortController();
    const reply = (message: To): void => fresh.postMessage(message);
    fresh.on('message', (message: From) => {
      this.heardMs = clock.monotonicMs();
      onMessage(message, reply);
    });
    fresh.on('error', (error) => {
      why = asFault(error).message;
      log.error('a thread failed', { thread: name, error });
    });
    fresh.on('exit', () => {
      watching.abort();
      this.#worker = undefined;
      if (!this.#closing.signal.aborted) this.#died(why);
    });
    if (silentMs === undefined) return;
    const { signal } = watching;
    void this.#watch(silentMs, signal).then((quietMs) => {
      if (quietMs === undefined) return;
      why = `it said nothing for ${Math.round(quietMs / 1000)} s`;
      log.error('a thread hangs and is ended', { thread: name, why });
      if (farewell === undefined) return fresh.terminate();
      this.#died(`${why}, and is waited for`, this.#leave(fresh));
      return undefined;
    });
  }

  /** For how long nothing came, when that is too long; undefined when the thread ended first. */
  async #watch(silentMs: () => number, signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#deps;
    for (let isLastLook = false; ; ) {
      const quietMs = clock.monotonicMs() - (this.heardMs ?? 0);
      const leftMs = silentMs() - quietMs;
      const isQuiet = leftMs <= 0;
      if (isQuiet && isLastLook) return quietMs;
      // This thread may have stood still itself: what was said meanwhile is heard first.
      await clock.sleep(isQuiet ? hearFirstMs : leftMs, signal).catch(() => undefined);
      if (signal.aborted) return undefined;
      isLastLook = isQuiet;
    }
  }

  /** `ended`: one that hung is not there any more. */
  #died(why: string, ended = Promise.resolve()): void {
    const { clock, random } = this.#deps;
    const now = clock.monotonicMs();
    this.#deaths.push(now);
    const recent = this.#deaths.filter((at) => now - at < workerDeathsWithinMs);
    const gaveUp = recent.length > maxWorkerDeaths;
    if (gaveUp) this.heardMs = undefined;
    this.#options.onDeath({ why, gaveUp });
    if (gaveUp) return;
    const pause = backoffMs(recent.length - 1, workerBackoff, random);
    const { signal } = this.#closing;
    ended
      .then(() => clock.sleep(pause, signal))
      .then(
        () => this.#begin(),
        () => undefined,
      );
  }
}

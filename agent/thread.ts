/**
 * A worker thread that is started again when it dies: with backoff, three times in ten minutes,
 * then its station stays off and the rest goes on.
 */
import { type MessagePort, Worker } from 'node:worker_threads';
import { asFault, backoffMs, type Clock, type Log, type Random } from '@fieldloop/core';
import { maxWorkerDeaths, workerBackoff, workerDeathsWithinMs } from './limits.ts';

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
}

export interface Thread<To> {
  /** Nothing when the thread is not there: whatever starts again is told anew. */
  post(message: To, transfer?: readonly MessagePort[]): void;
  /** Ends it for good. */
  terminate(): Promise<void>;
}

export function openThread<To, From>(
  options: ThreadOptions<To, From>,
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Thread<To> {
  const { name } = options;
  const closing = new AbortController();
  const deaths: number[] = [];
  let worker: Worker | undefined;
  const begin = (): void => {
    const { data, transfer = [] } = options.start();
    const fresh = new Worker(options.entry, {
      name,
      workerData: data,
      transferList: [...transfer],
    });
    worker = fresh;
    let why = 'it ended';
    const reply = (message: To): void => fresh.postMessage(message);
    fresh.on('message', (message: From) => options.onMessage(message, reply));
    fresh.on('error', (error) => {
      why = asFault(error).message;
      deps.log.error('a thread failed', { thread: name, error });
    });
    fresh.on('exit', () => {
      worker = undefined;
      if (!closing.signal.aborted) died(why);
    });
  };
  const died = (why: string): void => {
    const now = deps.clock.monotonicMs();
    deaths.push(now);
    const recent = deaths.filter((at) => now - at < workerDeathsWithinMs);
    const gaveUp = recent.length > maxWorkerDeaths;
    options.onDeath({ why, gaveUp });
    if (gaveUp) return;
    const pause = backoffMs(recent.length - 1, workerBackoff, deps.random);
    deps.clock.sleep(pause, closing.signal).then(begin, () => undefined);
  };
  begin();
  return {
    post: (message, transfer = []) => worker?.postMessage(message, [...transfer]),
    async terminate() {
      closing.abort();
      await worker?.terminate();
    },
  };
}

/**
 * Sessions over threads, as many at once as the machine has processors; then, while nothing else
 * runs, what the rules cost.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Fault } from '@fieldloop/core';
import { costPlans } from './cost.ts';
import {
  farewell,
  type Found,
  type FromBacktest,
  type SessionFound,
  type SessionPlan,
  type ToBacktest,
} from './protocol.ts';

/** More threads than this wait for the disk. */
const mostThreads = 16;

export interface PoolWork {
  readonly sessions: readonly SessionPlan[];
  readonly rules: ToBacktest['rules'];
  readonly sketch: boolean;
  readonly signal: AbortSignal;
  /** Bytes read of all sessions. */
  readonly progress: (bytes: number) => void;
}

/** Sessions in the order of the plan, whichever ended first. */
export async function runSessions(work: PoolWork): Promise<Found> {
  const { sessions, signal, rules, sketch } = work;
  const bytes = sessions.map(() => 0);
  const found = sessions.map((): readonly SessionFound[] => []);
  // The longest first, so that none of them is left alone at the end.
  const queue = sessions
    .map((plan, i) => ({ plan, i, bytes: plan.files.reduce((sum, one) => sum + one.bytes, 0) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const threads = Math.min(availableParallelism(), mostThreads, sessions.length);
  const workers: Worker[] = [];
  const exits: Promise<void>[] = [];
  const runNext = async (): Promise<Worker> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    workers.push(worker);
    exits.push(new Promise((resolve) => worker.once('exit', () => resolve())));
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { plan, i } = next;
      const heard = (read: number): void => {
        bytes[i] = read;
        work.progress(bytes.reduce((sum, one) => sum + one, 0));
      };
      const told = await ask(worker, { rules, asked: { kind: 'session', plan, sketch } }, heard);
      if (told.kind === 'session') found[i] = told.found;
    }
    return worker;
  };
  const stop = (): void => {
    for (const worker of workers) worker.postMessage(farewell);
  };
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    const [free] = await Promise.all(Array.from({ length: threads }, runNext));
    const plans = costPlans(found.flat());
    const told = free && (await ask(free, { rules, asked: { kind: 'costs', plans } }));
    return { sessions: found.flat(), costs: told?.kind === 'costs' ? told.costs : [] };
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    await Promise.all(exits);
  }
}

type Answer = Exclude<FromBacktest, { readonly kind: 'progress' | 'failed' }>;

async function ask(
  worker: Worker,
  asked: ToBacktest,
  progress?: (bytes: number) => void,
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', hear);
      worker.off('error', fail);
      worker.off('exit', gone);
    };
    const hear = (message: FromBacktest): void => {
      if (message.kind === 'progress') {
        progress?.(message.bytes);
        return;
      }
      done();
      if (message.kind === 'failed') {
        const { code, message: text, place, remedy } = message.fault;
        reject(new Fault(code, text, { place, remedy }));
      } else resolve(message);
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    const gone = (): void => fail(new Error('a thread of the backtest ended'));
    worker.on('message', hear);
    worker.on('error', fail);
    worker.on('exit', gone);
    worker.postMessage(asked);
  });
}

/** The door to the thread that does the sums: it lives as long as one piece of work. */
import { Worker } from 'node:worker_threads';
import { Fault } from '@fieldloop/core';
import { faultFrom } from '../store/fault-words.ts';
import type { FromPlanner, PlanCallName, PlanCalls } from './plan-calls.ts';

/** Old generation of the thread, MiB: the columns of 200,000 units stand outside of it. */
const threadHeapMiB = 1024;

export interface Planner extends AsyncDisposable {
  /** One call at a time; the arrays of the call are the thread's from then on. */
  run<Name extends PlanCallName>(
    name: Name,
    input: PlanCalls[Name]['input'],
  ): Promise<PlanCalls[Name]['output']>;
}

export function openPlanner(): Planner {
  const worker = new Worker(new URL('./plan-thread.ts', import.meta.url), {
    name: 'triage',
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMiB },
  });
  let waiting: PromiseWithResolvers<unknown> | undefined;
  let isClosed = false;
  const fail = (cause?: unknown): void => {
    waiting?.reject(
      new Fault('unavailable', 'the thread of triage ended', {
        remedy: 'What it was asked is asked again.',
        cause,
      }),
    );
    waiting = undefined;
  };
  worker.on('message', (said: FromPlanner) => {
    if (said.kind === 'done') waiting?.resolve(said.output);
    else waiting?.reject(faultFrom(said.fault));
    waiting = undefined;
  });
  worker.on('error', fail);
  worker.on('exit', () => fail());
  return {
    async run(name, input) {
      if (waiting !== undefined || isClosed) throw new TypeError('the thread of triage is busy');
      waiting = Promise.withResolvers<unknown>();
      const { promise } = waiting;
      worker.postMessage({ name, input }, buffersIn(input));
      return (await promise) as PlanCalls[typeof name]['output'];
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await worker.terminate();
    },
  };
}

/** Every buffer in a call, however deep; each once. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  return [...new Set(Object.values(value).flatMap(buffersIn))];
}

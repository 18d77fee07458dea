/** Does the long work, one operation after the other in each of a few lanes. */
import { asFault, Fault } from '@fieldloop/core';
import {
  maxOperationAttempts,
  operationLanes,
  operationPollMs,
  operationTouchMs,
} from '../limits.ts';
import { type OperationHandler, operationRows } from '../store/operations.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import type { LongOperation, OperationProblem, Progress } from './operation.ts';

export type OperationKinds = Readonly<Record<string, OperationHandler>>;

/** A worker's part. What a worker before it had begun is begun again. */
export async function openOperationRunner(
  deps: WorkerDeps,
  kinds: OperationKinds,
): Promise<AsyncDisposable> {
  const { write, clock, node } = deps;
  await operationRows(write).requeue(node, clock.now());
  const lanes = Array.from({ length: operationLanes }, () =>
    openLoop(deps, { name: 'operations', everyMs: operationPollMs }, async (signal) => {
      while (!signal.aborted && (await runNext(deps, kinds, signal)));
    }),
  );
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(lanes.map(async (lane) => await lane[Symbol.asyncDispose]()));
    },
  };
}

/** False when nothing waits. */
async function runNext(
  deps: WorkerDeps,
  kinds: OperationKinds,
  stopping: AbortSignal,
): Promise<boolean> {
  const { write, clock, node } = deps;
  const operation = await write
    .transaction()
    .execute(async (trx) => await operationRows(trx).claim(node, clock.now()));
  if (operation === undefined) return false;
  const handler = kinds[operation.kind];
  if (handler === undefined || operation.attempts > maxOperationAttempts) {
    const why = handler === undefined ? 'nobody here knows this kind of work' : 'its worker died';
    await finish(deps, operation, { state: 'failed', problem: hopeless(why, operation.attempts) });
    return true;
  }
  await run(deps, { operation, handler, stopping });
  return true;
}

const hopeless = (why: string, attempts: number): OperationProblem => ({
  code: 'unavailable',
  message: `it cannot be done: ${why} (${attempts} attempts)`,
  remedy: 'Look into the log of the worker, then start it anew.',
});

async function run(
  deps: WorkerDeps,
  work: {
    readonly operation: LongOperation;
    readonly handler: OperationHandler;
    readonly stopping: AbortSignal;
  },
): Promise<void> {
  const { operation, handler, stopping } = work;
  const { read, write, bytes, clock, ids, log } = deps;
  const cancel = new AbortController();
  let progress: Progress = operation.progress;
  const watch = openLoop(deps, { name: 'progress', everyMs: operationTouchMs }, async () => {
    const goesOn = await write
      .transaction()
      .execute(async (trx) => await operationRows(trx).touch(operation.id, progress, clock.now()));
    if (!goesOn) cancel.abort(new Fault('cancelled', 'the operation was cancelled'));
  });
  let outcome: Outcome | undefined;
  try {
    const result = await handler(operation.input, {
      ...{ read, write, bytes, clock, ids, log },
      id: operation.id,
      signal: AbortSignal.any([stopping, cancel.signal]),
      progress(done, total, unit) {
        progress = {
          done,
          ...(total === undefined ? {} : { total }),
          ...(unit === undefined ? {} : { unit }),
        };
      },
    });
    outcome = { state: 'done', result };
  } catch (error) {
    if (cancel.signal.aborted) outcome = { state: 'cancelled' };
    // A worker that stops leaves the work to the next one.
    else if (!stopping.aborted) outcome = failed(deps, operation, error);
  } finally {
    await watch[Symbol.asyncDispose]();
  }
  if (outcome === undefined) return;
  await write
    .transaction()
    .execute(
      async (trx) => void (await operationRows(trx).touch(operation.id, progress, clock.now())),
    );
  await finish(deps, operation, outcome);
}

type Outcome = Parameters<ReturnType<typeof operationRows>['end']>[1];

function failed(deps: WorkerDeps, operation: LongOperation, error: unknown): Outcome {
  const fault = asFault(error);
  const { id, kind } = operation;
  if (fault.code === 'internal') {
    deps.log.error('an operation met a bug', { id, kind, cause: fault.cause ?? fault });
  }
  const isBug = fault.code === 'internal';
  const message = isBug ? 'the cloud met a bug in this work' : fault.message;
  const remedy = isBug ? `Report it with the worker's log of operation ${id}.` : fault.remedy;
  const problem = { code: fault.code, message, ...(remedy === undefined ? {} : { remedy }) };
  return { state: 'failed', problem };
}

async function finish(deps: WorkerDeps, { id }: LongOperation, outcome: Outcome): Promise<void> {
  const { write, clock } = deps;
  await write
    .transaction()
    .execute(async (trx) => await operationRows(trx).end(id, outcome, clock.now()));
}

/** Does the long work, one operation after the other in each of a few lanes. */
import { asFault, backoffMs, Fault } from '@fieldloop/core';
import {
  maxOperationAttempts,
  operationLanes,
  operationPollMs,
  operationRetryMs,
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
  const { write, clock } = deps;
  await operationRows(write).requeue(clock.now());
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
    const problem = hopeless(why, operation.attempts);
    await finish(deps, operation, { outcome: { state: 'failed', problem }, stopping });
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
      read,
      write,
      bytes,
      clock,
      ids,
      log,
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
  if (outcome !== undefined) await finish(deps, operation, { outcome, progress, stopping });
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

/**
 * Tries until it is written: nobody else would end an operation of a worker that lives. One that
 * stops leaves it to the next worker.
 */
async function finish(
  deps: WorkerDeps,
  { id, attempts }: LongOperation,
  end: {
    readonly outcome: Outcome;
    readonly progress?: Progress;
    readonly stopping: AbortSignal;
  },
): Promise<void> {
  const { write, clock, log, random } = deps;
  const { progress, stopping } = end;
  let { outcome } = end;
  for (let failures = 0; ; ) {
    try {
      await write.transaction().execute(async (trx) => {
        const rows = operationRows(trx);
        if (progress !== undefined) await rows.touch(id, progress, clock.now());
        await rows.end(id, outcome, clock.now());
      });
      return;
    } catch (error) {
      if (stopping.aborted) return;
      failures += 1;
      log.warn('the end of an operation was not written', { id, failures, cause: error });
      const { code } = asFault(error);
      // What no database takes would never be written.
      if (code !== 'unavailable' && code !== 'timeout') {
        outcome = { state: 'failed', problem: hopeless('its result cannot be kept', attempts) };
      }
      const waitMs = backoffMs(failures, operationRetryMs, random);
      await clock.sleep(waitMs, stopping).catch(() => undefined);
    }
  }
}

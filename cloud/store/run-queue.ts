/**
 * How runs of workflows begin and are woken, for whoever has a reason: dispatcher, API, a noun. The
 * row is the run; the engine is told of it afterwards, by any worker, until it knows.
 */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import type { Db } from './db.ts';
import { putOutbox } from './outbox.ts';

export interface NewRun {
  readonly id: string;
  readonly workflow: string;
  readonly workflowVersion: number;
  readonly subject: string;
  readonly input: Json;
  /** A person, a key, or `trigger@version`. */
  readonly actor: string;
  readonly trigger?: string | undefined;
  readonly event?: string | undefined;
  readonly parent?: { readonly run: string; readonly step: string } | undefined;
  /** Runs that led to this one, oldest first. */
  readonly cause?: readonly string[];
  readonly at: number;
}

/** Inputs above this stand in a blob and are named by its hash. */
export const maxRunInputBytes = 64 * 1024;

/** Fault `limited` for an input that is too large. */
export async function startRun(trx: Db, run: NewRun): Promise<string> {
  const input = canonicalJson(run.input);
  if (Buffer.byteLength(input) > maxRunInputBytes) {
    throw new Fault('limited', `the input of a run is larger than ${maxRunInputBytes} bytes`, {
      remedy: 'Put what is large into a blob and name its hash in the input.',
    });
  }
  await trx
    .insertInto('run')
    .values({
      id: run.id,
      workflow: run.workflow,
      workflow_version: run.workflowVersion,
      subject: run.subject,
      parent_id: run.parent?.run ?? null,
      parent_step: run.parent?.step ?? null,
      trigger: run.trigger ?? null,
      event: run.event ?? null,
      actor: run.actor,
      cause: JSON.stringify(run.cause ?? []),
      input,
      input_digest: sha256Hex(input),
      state: 'running',
      throws: 0,
      segment: 0,
      waits: 0,
      turn: 0,
      created_at: run.at,
      updated_at: run.at,
      version: 1,
    })
    .execute();
  await wakeRun(trx, run.id, run.at);
  const { workflow, subject } = run;
  await putOutbox(trx, {
    kind: 'run.started',
    subject: run.id,
    at: run.at,
    body: { workflow, subject },
  });
  return run.id;
}

/** The run looks again, soon; a run that is over does not mind. */
export async function wakeRun(trx: Db, runId: string, at: number): Promise<void> {
  await trx
    .insertInto('wake')
    .values({ run_id: runId, n: 1, tries: 0, next_at: at })
    .onConflict((conflict) =>
      conflict
        .column('run_id')
        .doUpdateSet((eb) => ({ n: eb('wake.n', '+', 1), tries: 0, next_at: at })),
    )
    .execute();
}

/** Wakes the runs that wait for what happens to this subject; gives how many. */
export async function wakeWaiters(
  trx: Db,
  event: { readonly kind: string; readonly subject: string },
  at: number,
): Promise<number> {
  const waiting = await trx
    .selectFrom('wait_on')
    .select('run_id')
    .where('kind', '=', event.kind)
    .where('subject', 'in', ['', event.subject])
    .distinct()
    .execute();
  for (const { run_id } of waiting) await wakeRun(trx, run_id, at);
  return waiting.length;
}

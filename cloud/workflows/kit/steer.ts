/** What a person does to a run: each is a row that the run finds when it looks. */
import { Fault } from '@fieldloop/core';
import type { Decider, Gate } from '../../gate/gate.ts';
import { gateStore } from '../../gate/store.ts';
import { demandLive, type Run } from '../../run/run.ts';
import { runStore } from '../../run/store.ts';
import type { Caller } from '../../http/caller.ts';
import type { Db } from '../../store/db.ts';
import { escalationOptions } from './gates.ts';

export interface Steering {
  readonly decider: Decider;
  readonly reason: string;
  readonly at: number;
}

/** Tries the step again where it failed. Fault `conflict` where nothing failed. */
export async function retryRun(trx: Db, run: Run, by: Steering): Promise<void> {
  demandLive(run);
  if (run.state === 'parked') {
    await decideEscalation(trx, run, { ...by, option: escalationOptions.retry });
  } else if (run.state === 'stuck') {
    await runStore(trx).forgive(run, by.at);
  } else if (run.state === 'retrying' || run.state === 'blocked') {
    await runStore(trx).hurry(run, by.at);
  } else {
    throw new Fault('conflict', `nothing of the run ${run.id} failed: it is ${run.state}`, {
      remedy: 'To have it look at once, use `fieldloop runs expedite`.',
    });
  }
}

/** Goes on without the step. Fault `conflict` unless it stands at one that may be skipped. */
export async function skipStep(trx: Db, run: Run, by: Steering): Promise<void> {
  demandLive(run);
  const gate = await escalationOf(trx, run);
  if (!gate.options.includes(escalationOptions.skip)) {
    throw new Fault('conflict', `the step ${gate.subject.id} cannot be left out`, {
      remedy: `What is possible: ${gate.options.join(', ')}.`,
    });
  }
  await decideEscalation(trx, run, { ...by, option: escalationOptions.skip });
}

/** The gate that the run waits at is for another person first. */
export async function reassignRun(
  trx: Db,
  run: Run,
  to: { readonly person: string; readonly by: string; readonly at: number },
): Promise<Gate> {
  demandLive(run);
  const gate = await gateStore(trx).openOf(run.id);
  if (gate === undefined) {
    throw new Fault('conflict', `the run ${run.id} waits for no person`, {
      remedy: 'A run is reassigned while it waits at a gate.',
    });
  }
  return await gateStore(trx).assign(gate, { ...to, isDelegate: false }, to.at);
}

async function escalationOf(trx: Db, run: Run): Promise<Gate> {
  const gate = await gateStore(trx).openOf(run.id);
  if (run.state === 'parked' && gate !== undefined) return gate;
  throw new Fault('conflict', `the run ${run.id} stands at no step that failed`, {
    remedy: `It is ${run.state}; look with \`fieldloop runs show ${run.id}\`.`,
  });
}

async function decideEscalation(
  trx: Db,
  run: Run,
  { decider, reason, at, option }: Steering & { readonly option: string },
): Promise<void> {
  const gate = await escalationOf(trx, run);
  await gateStore(trx).decide(gate, decider, { option, reason, at });
}

/** A person, or the one whom a key stands for. */
export const deciderOf = (caller: Caller | undefined): Decider => ({
  id: caller?.id ?? '',
  userId: caller?.userId,
  role: caller?.role,
  scopes: caller?.scopes ?? [],
});

/** Fault `not_found` unless there is such an account. */
export async function demandAccount(trx: Db, id: string): Promise<void> {
  const row = await trx.selectFrom('person').select('id').where('id', '=', id).executeTakeFirst();
  if (row !== undefined) return;
  throw new Fault('not_found', `there is no account "${id}"`, {
    place: '/body/to',
    remedy: 'List them with `fieldloop users list`.',
  });
}

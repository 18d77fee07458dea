/**
 * What people do to a rollout. Each is one transaction with its decision; the workflow finds the
 * new state at its next look. One person halts; two let a halted rollout go on.
 */
import { Fault, type Json } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { lookAt } from './look.ts';
import { type Answer, demandVerb, type Rollout, type RolloutVerb } from './rollout.ts';
import { type DecisionNote, type RolloutChange, rolloutStore } from './store.ts';

export interface Doing {
  readonly actor: string;
  readonly reason?: string | undefined;
  readonly at: number;
}

type Told = NonNullable<DecisionNote['told']>;

/** Fault `conflict` when the verb means nothing there, or somebody else was quicker. */
export async function doVerb(
  trx: Db,
  rollout: Rollout,
  verb: RolloutVerb,
  by: Doing,
): Promise<Rollout> {
  demandVerb(rollout, verb);
  const { to, told } = changeOf(rollout, verb, by);
  const note: DecisionNote = {
    rule: 'person',
    action: verb,
    inputs: {
      state: rollout.state,
      stage: rollout.stage,
      version: rollout.version,
      ...(await borneBy(trx, rollout, verb, by.at)),
    },
    actor: by.actor,
    reason: by.reason,
    at: by.at,
    told,
  };
  const done = await rolloutStore(trx).decided(rollout, to, note);
  if (done !== undefined) return done;
  throw new Fault('conflict', `${rollout.id} moved on meanwhile`, {
    remedy: 'Look at it again: fieldloop rollouts status.',
  });
}

/** Who lets a halted rollout go on bears what is known against it now. */
async function borneBy(
  trx: Db,
  { id, state }: Rollout,
  verb: RolloutVerb,
  at: number,
): Promise<Readonly<Record<string, Json>>> {
  if (verb !== 'resume' || state !== 'halted') return {};
  const { inputs } = await lookAt(trx, id, at);
  return { borne: { stops: { ...inputs.stops }, e: inputs.verdict?.e ?? 1 } };
}

function changeOf(
  rollout: Rollout,
  verb: RolloutVerb,
  { reason, at, actor }: Doing,
): { readonly to: RolloutChange; readonly told: Told } {
  const why = { reason: reason ?? null };
  switch (verb) {
    case 'pause':
      return { to: { state: 'paused', ...why }, told: 'rollout.paused' };
    case 'resume':
      return {
        to: { state: 'running', haltRequested: false, reason: null },
        told: 'rollout.resumed',
      };
    case 'halt':
      return { to: { state: 'halted', haltRequested: true, ...why }, told: 'rollout.halted' };
    case 'abort': {
      const isOut = rollout.stage >= 0;
      return isOut
        ? { to: { state: 'rolling_back', phase: 'none', ...why }, told: 'rollout.rolling_back' }
        : { to: { state: 'cancelled', endedAt: at, ...why }, told: 'rollout.cancelled' };
    }
    case 'rollback':
      return {
        to: {
          state: 'rolling_back',
          phase: 'none',
          isAnew: rollout.state === 'completed',
          ...why,
        },
        told: 'rollout.rolling_back',
      };
    case 'promote': {
      const { stage } = rollout;
      const answer: Answer = { stage, gate: 'human', option: 'promote', by: actor };
      return {
        to: { state: 'running', reason: null, answers: [...rollout.answers, answer] },
        told: 'rollout.resumed',
      };
    }
    case 'supersede':
      return { to: { state: 'superseded', endedAt: at, ...why }, told: 'rollout.superseded' };
    default:
      return { to: { state: rollout.state }, told: 'rollout.held' };
  }
}

/** What the gate of the plan came to. One that was decided already stays as it is. */
export async function settlePlan(
  trx: Db,
  id: string,
  to: 'scheduled' | 'denied' | 'expired' | 'cancelled',
  by: Doing,
): Promise<Rollout> {
  const store = rolloutStore(trx);
  const rollout = await store.get(id);
  if (rollout.state !== 'waiting_approval') return rollout;
  const isOver = to !== 'scheduled';
  const change = { state: to, reason: by.reason ?? null, ...(isOver ? { endedAt: by.at } : {}) };
  const inputs = { planDigest: rollout.planDigest };
  const { actor, reason, at } = by;
  const told = `rollout.${to}` as const;
  const note = { rule: 'plan_gate', action: to, inputs, actor, reason, at, told };
  return (await store.decided(rollout, change, note)) ?? rollout;
}

/** What people answered at a gate of a stage; `hold` leaves it held until somebody decides. */
export async function answerGate(trx: Db, id: string, answer: Answer, by: Doing): Promise<Rollout> {
  const store = rolloutStore(trx);
  const rollout = await store.get(id);
  if (rollout.stage !== answer.stage || rollout.state !== 'running') return rollout;
  const isHeld = answer.option === 'hold';
  const change: RolloutChange = {
    state: isHeld ? 'held' : 'running',
    phase: 'baking',
    answers: [...rollout.answers, answer],
    ...(isHeld ? { reason: by.reason ?? 'nobody decided' } : {}),
  };
  const { actor, reason, at } = by;
  const inputs = { ...answer };
  const told = isHeld ? ({ told: 'rollout.held' } as const) : {};
  const note = { rule: 'stage_gate', action: answer.option, inputs, actor, reason, at, ...told };
  return (await store.decided(rollout, change, note)) ?? rollout;
}

/**
 * Takes one decision: reads the rows, decides, and commits the change and the decision together.
 * Whoever comes later, or with an old view, finds the version moved on and takes nothing.
 */
import type { Json } from '@fieldloop/core';
import { targetsTogether } from '../release-limits.ts';
import type { Db } from '../store/db.ts';
import { crownModels } from './crown.ts';
import { type Action, decide, type Decision } from './decide.ts';
import { joinLate } from './late.ts';
import { isInStage, type Look, lookAt } from './look.ts';
import type { Answer, Rollout, Target } from './rollout.ts';
import { settleDevice, type SettleRules } from './settle.ts';
import { type DecisionNote, type RolloutChange, rolloutStore } from './store.ts';

/** What became of it, for the workflow's record. */
export type Taken = {
  readonly action: Action;
  readonly rule: string;
  readonly state: Rollout['state'];
  readonly stage: number;
  readonly reason: string | null;
  readonly gate: Answer['gate'] | null;
  /** Somebody was quicker: look again. */
  readonly isStale: boolean;
};

export interface TakeDeps {
  readonly settleRules: SettleRules;
  readonly at: number;
  /** Who decides: the workflow's name. */
  readonly actor: string;
}

/** Run inside a transaction. */
export async function takeStep(trx: Db, id: string, deps: TakeDeps): Promise<Taken> {
  const look = await lookAt(trx, id, deps.at);
  const decision = decide(look.inputs);
  const note: DecisionNote = {
    rule: decision.rule,
    action: decision.action,
    inputs: look.inputs as unknown as Json,
    actor: deps.actor,
    reason: decision.reason,
    at: deps.at,
  };
  const done = await act(trx, { look, decision, note }, deps);
  const { state, stage } = done ?? look.rollout;
  return {
    action: decision.action,
    rule: decision.rule,
    state,
    stage,
    reason: decision.reason ?? null,
    gate: decision.gate ?? null,
    isStale: done === undefined,
  };
}

interface Step {
  readonly look: Look;
  readonly decision: Decision;
  readonly note: DecisionNote;
}

/** Undefined when the rollout moved on meanwhile. */
async function act(trx: Db, step: Step, deps: TakeDeps): Promise<Rollout | undefined> {
  const { look, decision, note } = step;
  const { rollout } = look;
  const set = async (to: Omit<RolloutChange, 'state'>, told?: DecisionNote['told']) =>
    await rolloutStore(trx).decided(rollout, { ...to, state: decision.to }, { ...note, told });
  switch (decision.action) {
    case 'wait':
    case 'over':
      return rollout;
    case 'start':
      return await enter(trx, step, 0, deps);
    case 'promote':
      return await enter(trx, step, rollout.stage + 1, deps);
    case 'offer':
      return await offer(trx, step, deps);
    case 'withdraw':
      return await withdraw(trx, step, deps);
    case 'bake':
      return await set({ phase: 'baking', bakeAt: deps.at, unlessHalted: true });
    case 'ask':
      return await set({ phase: 'deciding' });
    case 'hold':
      return await set({ reason: decision.reason ?? null }, 'rollout.held');
    case 'resume':
      return await set({ reason: null, unlessHalted: true }, 'rollout.resumed');
    case 'halt':
      return await set({ reason: decision.reason ?? null, haltRequested: true }, 'rollout.halted');
    case 'roll_back':
      return await set({ reason: decision.reason ?? null, phase: 'none' }, 'rollout.rolling_back');
    case 'take_back':
      return await takeBack(trx, step, deps);
    case 'complete': {
      const change = { phase: 'none', endedAt: deps.at, unlessHalted: true } as const;
      const done = await set(change, 'rollout.completed');
      if (done !== undefined)
        await crownModels(trx, done.releaseId, { at: deps.at, by: deps.actor });
      return done;
    }
    case 'finish': {
      const isWhole = decision.to === 'rolled_back';
      const told = isWhole ? 'rollout.rolled_back' : 'rollout.rollback_incomplete';
      return await set({ phase: 'none', endedAt: deps.at }, told);
    }
    default:
      return rollout;
  }
}

/** Opens a stage: its frozen devices may be offered the release, a shadow's give it back first. */
async function enter(
  trx: Db,
  { look, decision, note }: Step,
  stage: number,
  deps: TakeDeps,
): Promise<Rollout | undefined> {
  const { rollout, targets } = look;
  const store = rolloutStore(trx);
  const change = {
    state: decision.to,
    stage,
    phase: 'releasing',
    stageAt: deps.at,
    bakeAt: null,
    reason: null,
    unlessHalted: true,
    ...(stage === 0 ? { startedAt: deps.at } : {}),
  } as const;
  const told = stage === 0 ? 'rollout.started' : 'rollout.promoted';
  const entered = await store.decided(rollout, change, { ...note, told });
  if (entered === undefined) return undefined;
  const isLast = stage === rollout.plan.stages.length - 1;
  const joined = isLast ? await joinLate(trx, entered, deps.at) : 0;
  for (const target of joined === 0 ? targets : await store.targets(rollout.id)) {
    const wasShadow = target.role === 'shadow';
    const isNew = isInStage(entered, target) && (target.state === 'frozen' || wasShadow);
    if (!isNew && !wasShadow) continue;
    const state = isNew ? 'eligible' : 'frozen';
    await store.moveTarget(target, { state, role: 'none', activatedAt: null }, deps.at);
    if (wasShadow) await settleDevice(trx, target.deviceId, deps);
  }
  return entered;
}

async function offer(trx: Db, step: Step, deps: TakeDeps): Promise<Rollout | undefined> {
  const { look, decision, note } = step;
  const { rollout, offers } = look;
  const store = rolloutStore(trx);
  const change = { state: decision.to, unlessHalted: true } as const;
  const done = await store.decided(rollout, change, note);
  if (done === undefined) return undefined;
  const role = rollout.plan.stages[rollout.stage]?.name === 'shadow' ? 'shadow' : 'active';
  for (const target of offers.slice(0, targetsTogether)) {
    await offerOne(trx, target, role, deps);
  }
  return done;
}

/** Also the way back in for a device that was away. */
export async function offerOne(
  trx: Db,
  target: Target,
  role: 'active' | 'shadow',
  deps: Pick<TakeDeps, 'at' | 'settleRules'>,
): Promise<void> {
  const to = { state: 'offered', role, attempt: target.attempt + 1, offeredAt: deps.at } as const;
  if (!(await rolloutStore(trx).moveTarget(target, to, deps.at))) return;
  await settleDevice(trx, target.deviceId, deps);
}

/** What no robot began yet is taken back; it is offered anew when the freeze is over. */
async function withdraw(trx: Db, step: Step, deps: TakeDeps): Promise<Rollout | undefined> {
  const { look, decision, note } = step;
  const store = rolloutStore(trx);
  const done = await store.decided(look.rollout, { state: decision.to }, note);
  if (done === undefined) return undefined;
  const open = look.inStage.filter(({ state }) => state === 'offered');
  for (const target of open.slice(0, targetsTogether)) {
    await store.moveTarget(target, { state: 'eligible', role: 'none' }, deps.at);
    await settleDevice(trx, target.deviceId, deps);
  }
  return done;
}

/** The newest stage first, a part at a time: offered and active devices go back. */
async function takeBack(trx: Db, step: Step, deps: TakeDeps): Promise<Rollout | undefined> {
  const { look, decision, note } = step;
  const store = rolloutStore(trx);
  const done = await store.decided(look.rollout, { state: decision.to }, note);
  if (done === undefined) return undefined;
  const holding = look.targets
    .filter(({ role }) => role !== 'none')
    .toSorted((a, b) => b.stage - a.stage || b.position - a.position);
  for (const target of holding.slice(0, targetsTogether)) {
    // A device that refused it, or went back by itself, has nothing to take back.
    const isOut = target.state === 'rejected' || target.state === 'rolled_back';
    const state = isOut ? target.state : 'rollback_pending';
    await store.moveTarget(target, { state, role: 'none' }, deps.at);
    await settleDevice(trx, target.deviceId, deps);
  }
  return done;
}

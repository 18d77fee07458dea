/**
 * A rollout from its plan's approval to its end, one child a stage. The rows decide what is next
 * (`cloud/rollout/decide.ts`); the body looks, takes one decision at a time, and asks people where
 * the decision is theirs. Ends in the state that the rollout ends in, or as `duplicate` when another
 * run has it. An abort takes the release back; robots that cannot be reached follow on contact.
 */
import type { Json } from '@fieldloop/core';
import {
  planGateMs,
  stageGateMs,
  stageLookMs,
  stageSteps,
  stageWatchMs,
} from '../release-limits.ts';
import type { Answer, RolloutState } from '../rollout/rollout.ts';
import type { Taken } from '../rollout/take.ts';
import type {
  Aborted,
  Body,
  Decision,
  EffectContext,
  Evidence,
  Flow,
  Pending,
  ShownEvidence,
} from './kit/flow.ts';

export type RolloutInput = { readonly rollout: string };
export type StageInput = { readonly rollout: string; readonly part: number };

export type RolloutOutcome =
  | { readonly status: RolloutState; readonly reason: string | null }
  | { readonly status: 'duplicate' };

export type StageOutcome =
  | { readonly kind: 'next'; readonly stage: number }
  | { readonly kind: 'over'; readonly state: RolloutState; readonly reason: string | null }
  | { readonly kind: 'aborted'; readonly by: string; readonly reason: string };

/** What approvers of a plan are shown, and who may not be one of them. */
export interface PlanFacts {
  readonly [key: string]: Json;
  /** False: another run has this rollout. */
  readonly isOurs: boolean;
  readonly state: RolloutState;
  readonly release: string;
  readonly planDigest: string;
  /** Robots by arm and stage, and who is out: what approvers look at. */
  readonly shape: Json;
  readonly isEmergency: boolean;
  readonly authors: readonly string[];
}

/** What there is to do, as a look sees it. */
export interface Next {
  readonly [key: string]: Json;
  readonly action: string;
  readonly state: RolloutState;
  readonly reason: string | null;
}

export interface StageDeps {
  /** Pending while robots, time or people are waited for. */
  next(rollout: string, e: EffectContext): Promise<Next | Pending>;
  take(rollout: string, e: EffectContext): Promise<Taken>;
  evidence(rollout: string, e: EffectContext): Promise<readonly ShownEvidence[]>;
  answer(
    rollout: string,
    answer: GateAnswer,
    e: EffectContext,
  ): Promise<{ readonly state: string }>;
  /** A case for what halted it. */
  report(rollout: string, reason: string, e: EffectContext): Promise<{ readonly cases: number }>;
}

export interface GateAnswer extends Answer {
  readonly reason: string;
}

export interface RolloutDeps {
  claim(rollout: string, e: EffectContext): Promise<PlanFacts>;
  evidence(rollout: string, e: EffectContext): Promise<readonly ShownEvidence[]>;
  settlePlan(
    rollout: string,
    to: {
      readonly state: 'scheduled' | 'denied' | 'expired' | 'cancelled';
      readonly by: string;
      readonly reason: string;
    },
    e: EffectContext,
  ): Promise<{ readonly state: RolloutState }>;
  /** Takes everything back as far as one effect can, and says how far that is. */
  abort(
    rollout: string,
    by: { readonly by: string; readonly reason: string },
    e: EffectContext,
  ): Promise<{ readonly state: RolloutState }>;
}

/** Parts that a rollout has at most: stages, and what follows a full one. */
const maxParts = 200;

export const stagedRollout: Body<RolloutInput, RolloutOutcome, RolloutDeps> = async (
  flow,
  deps,
  { rollout },
) => {
  const claimed = await flow.must('claim', async (e) => await deps.claim(rollout, e));
  if (claimed.kind !== 'done') return await takenBack(flow, { deps, rollout, by: claimed });
  const facts = claimed.value;
  if (!facts.isOurs) return { status: 'duplicate' };
  const denied = await approved(flow, deps, { rollout, facts });
  if (denied !== undefined) return denied;
  for (let part = 1; part <= maxParts; part += 1) {
    const input: StageInput = { rollout, part };
    const end = await flow.child<StageOutcome>(`part-${part}`, 'staged-rollout-stage', input);
    if (end.kind === 'aborted') return await takenBack(flow, { deps, rollout, by: end });
    if (end.kind === 'over') return { status: end.state, reason: end.reason };
  }
  const by = { kind: 'skipped', by: 'system', reason: 'it has no end' } as const;
  return await takenBack(flow, { deps, rollout, by });
};

/** Undefined when it may begin; otherwise how it ended before it began. */
async function approved(
  flow: Flow,
  deps: RolloutDeps,
  of: { readonly rollout: string; readonly facts: PlanFacts },
): Promise<RolloutOutcome | undefined> {
  const { rollout, facts } = of;
  if (facts.state !== 'waiting_approval') return undefined;
  const evidence: readonly Evidence[] = [
    { name: 'plan', digest: facts.planDigest, link: `/v1/rollouts/${rollout}`, body: facts.shape },
  ];
  const decision = await flow.gate('plan', {
    kind: 'rollout_plan',
    question: `Roll out ${facts.release} by this plan?`,
    subject: { id: rollout, digest: facts.planDigest },
    evidence,
    options: ['approve', 'reject'],
    who: {
      scope: 'rollouts:write',
      among: { role: 'release_manager', least: 1 },
      not: facts.authors,
    },
    quorum: 2,
    withinMs: planGateMs,
    onDeadline: 'reject',
  });
  if (decision.kind === 'aborted') return await takenBack(flow, { deps, rollout, by: decision });
  const to = planEnd(decision);
  const settled = await flow.must(
    'plan-settled',
    async (e) => await deps.settlePlan(rollout, to, e),
  );
  if (settled.kind !== 'done') return await takenBack(flow, { deps, rollout, by: settled });
  const { state } = settled.value;
  return state === 'scheduled' ? undefined : { status: state, reason: to.reason };
}

function planEnd(decision: Exclude<Decision, Aborted>): {
  readonly state: 'scheduled' | 'denied' | 'expired' | 'cancelled';
  readonly by: string;
  readonly reason: string;
} {
  switch (decision.kind) {
    case 'expired':
      return { state: 'expired', by: 'system', reason: 'nobody decided in time' };
    case 'withdrawn':
      return { state: 'cancelled', by: 'system', reason: decision.reason };
    default: {
      const state = decision.option === 'approve' ? 'scheduled' : 'denied';
      return { state, by: decision.by.join(', '), reason: decision.reason };
    }
  }
}

async function takenBack(
  flow: Flow,
  of: {
    readonly deps: RolloutDeps;
    readonly rollout: string;
    readonly by: { readonly by: string; readonly reason: string };
  },
): Promise<RolloutOutcome> {
  const { by, reason } = of.by;
  const back = await flow.must(
    'abort',
    async (e) => await of.deps.abort(of.rollout, { by, reason }, e),
    { attempts: 10 },
  );
  if (back.kind === 'done') return { status: back.value.state, reason };
  return { status: 'rollback_incomplete', reason: back.reason };
}

/**
 * One stage, or what is left of one: ends when the next begins, when the rollout is over, and after
 * so many steps that a fresh run is due.
 */
export const rolloutStage: Body<StageInput, StageOutcome, StageDeps> = async (
  flow,
  deps,
  { rollout },
) => {
  const on = [
    { kind: 'rollout.moved', subject: rollout },
    { kind: 'rollout.judged', subject: rollout },
    { kind: 'rollout.halted', subject: rollout },
    { kind: 'rollout.paused', subject: rollout },
    { kind: 'rollout.resumed', subject: rollout },
    { kind: 'rollout.rolling_back', subject: rollout },
    { kind: 'rollout.superseded', subject: rollout },
    { kind: 'freeze.set' },
    { kind: 'freeze.lifted' },
    { kind: 'release.withdrawn' },
  ] as const;
  for (let n = 1; n <= stageSteps; n += 1) {
    const limits = { withinMs: stageWatchMs, everyMs: stageLookMs, on };
    const seen = await flow.watch(`look-${n}`, async (e) => await deps.next(rollout, e), limits);
    if (seen.kind === 'aborted') return abortedBy(seen);
    if (seen.kind === 'expired') continue;
    const { action, state, reason } = seen.value;
    if (action === 'over') return { kind: 'over', state, reason };
    const end = await taken(flow, deps, { rollout, n });
    if (end !== undefined) return end;
  }
  return { kind: 'next', stage: -1 };
};

/** Undefined: look again. */
async function taken(
  flow: Flow,
  deps: StageDeps,
  { rollout, n }: { readonly rollout: string; readonly n: number },
): Promise<StageOutcome | undefined> {
  const took = await flow.must(`take-${n}`, async (e) => await deps.take(rollout, e), {
    attempts: 10,
  });
  if (took.kind !== 'done') return abortedBy(took);
  const { action, isStale, stage, reason, state } = took.value;
  if (isStale) return undefined;
  switch (action) {
    case 'promote':
      return { kind: 'next', stage };
    case 'complete':
    case 'finish':
    case 'over':
      return { kind: 'over', state, reason };
    case 'halt':
      // A case that cannot be opened must not keep robots from going back.
      await flow.act(`report-${n}`, async (e) => await deps.report(rollout, reason ?? '', e));
      return undefined;
    case 'ask':
      return await asked(flow, deps, { rollout, n, taken: took.value });
    default:
      return undefined;
  }
}

async function asked(
  flow: Flow,
  deps: StageDeps,
  of: { readonly rollout: string; readonly n: number; readonly taken: Taken },
): Promise<StageOutcome | undefined> {
  const { rollout, n } = of;
  const { stage, gate, rule } = of.taken;
  const kind = gate ?? 'human';
  const question =
    kind === 'human'
      ? 'Let the rollout go on to its next stage?'
      : 'The judge cannot tell. Go on, take it back, or hold it?';
  const shown = await flow.must(`evidence-${n}`, async (e) => [
    ...(await deps.evidence(rollout, e)),
  ]);
  if (shown.kind !== 'done') return abortedBy(shown);
  const decision = await flow.gate(`gate-${n}`, {
    kind: `rollout_${kind}`,
    question: `${question} (${rule.replaceAll('_', ' ')})`,
    subject: { id: rollout, digest: shown.value[0]?.digest ?? '' },
    evidence: shown.value,
    options: ['promote', 'rollback', 'hold'],
    who: { role: 'release_manager' },
    withinMs: stageGateMs,
    onDeadline: 'hold',
  });
  if (decision.kind === 'aborted') return abortedBy(decision);
  // Withdrawn: something else happened to the rollout; the next look sees what.
  if (decision.kind === 'withdrawn') return undefined;
  const answer = answerOf(decision, { stage, gate: kind });
  const told = await flow.must(`answer-${n}`, async (e) => await deps.answer(rollout, answer, e));
  return told.kind === 'done' ? undefined : abortedBy(told);
}

function answerOf(
  decision: Exclude<Decision, Aborted | { readonly kind: 'withdrawn' }>,
  at: Pick<Answer, 'stage' | 'gate'>,
): GateAnswer {
  if (decision.kind === 'expired') {
    return { ...at, option: 'hold', by: 'system', reason: 'nobody decided in time' };
  }
  const option =
    decision.option === 'promote' || decision.option === 'rollback' ? decision.option : 'hold';
  return { ...at, option, by: decision.by.join(', '), reason: decision.reason };
}

const abortedBy = ({
  by,
  reason,
}: {
  readonly by: string;
  readonly reason: string;
}): StageOutcome => ({
  kind: 'aborted',
  by,
  reason,
});

/**
 * Something that is on robots must go: everything is frozen where the policy says so, two people
 * choose the way, an emergency rollout brings it, and what really runs proves it. Ends as
 * `recovered`, `recovered_with_pending`, `not_recovered`, `false_alarm` or `aborted`. Nothing is
 * undone forward: an emergency that halts comes back to the question of what to do.
 */
import type { Json } from '@fieldloop/core';
import { emergencyGateMs, reviewGateMs, stageGateMs, stageLookMs } from '../release-limits.ts';
import type { Body, Evidence, Flow, GateSpec, Pending } from './kit/flow.ts';
import type { EffectContext } from './kit/flow.ts';
import type { RolloutOutcome } from './staged-rollout.ts';

export type HotfixInput = {
  /** Digest of the release that is bad. */
  readonly digest: string;
  readonly reason: string;
  /** What asked for it: an alert, a rollout, a person. */
  readonly cause: string;
  /** Hold everything that goes out until it is over. */
  readonly freeze: boolean;
  /** A release that is to replace it, where there is one already. */
  readonly corrective?: string;
};

export type HotfixOutcome =
  | { readonly status: 'recovered'; readonly devices: number }
  | { readonly status: 'recovered_with_pending'; readonly pending: number }
  | { readonly status: 'not_recovered'; readonly reason: string }
  | { readonly status: 'false_alarm'; readonly reason: string }
  | { readonly status: 'aborted'; readonly by: string; readonly reason: string };

/** Who runs it by what they measured, and what they could have instead. */
export interface Affected {
  readonly [key: string]: Json;
  readonly release: string;
  readonly devices: number;
  /** Of the frozen list. */
  readonly sha256: string;
  /** Releases that may take its place, the best first: the way back, then a correction. */
  readonly options: readonly string[];
}

export interface Verified {
  readonly [key: string]: Json;
  /** Reachable devices that still run it. */
  readonly bad: number;
  /** Out of reach: they get it on contact. */
  readonly pending: number;
}

export interface HotfixDeps {
  open(input: HotfixInput, e: EffectContext): Promise<{ readonly incident: string }>;
  freeze(input: HotfixInput, e: EffectContext): Promise<{ readonly freeze: string | null }>;
  affected(input: HotfixInput, e: EffectContext): Promise<Affected>;
  /** A plan of its own for the devices that run it; `take_back` ends the rollout that brought it. */
  plan(
    of: { readonly input: HotfixInput; readonly option: string; readonly round: number },
    e: EffectContext,
  ): Promise<{ readonly rollout: string }>;
  verify(input: HotfixInput, e: EffectContext): Promise<Verified | Pending>;
  cases(input: HotfixInput, e: EffectContext): Promise<{ readonly cases: number }>;
  lift(freeze: string, by: string, e: EffectContext): Promise<{ readonly lifted: boolean }>;
  close(
    incident: string,
    how: { readonly outcome: string; readonly review: string },
    e: EffectContext,
  ): Promise<{ readonly closed: boolean }>;
}

/** How often people may choose anew after an emergency that halted. */
const maxRounds = 5;
/** Reachable devices have this long to prove that they are well. */
const verifyMs = 6 * 3_600_000;

interface Run {
  readonly flow: Flow;
  readonly deps: HotfixDeps;
  readonly input: HotfixInput;
}

export const hotfix: Body<HotfixInput, HotfixOutcome, HotfixDeps> = async (flow, deps, input) => {
  const run: Run = { flow, deps, input };
  // The freeze comes first: whatever fails behind it, nothing more goes out.
  const frozen = await flow.must('freeze', async (e) => await deps.freeze(input, e));
  if (frozen.kind !== 'done') return abortedBy(frozen);
  const opened = await flow.must('open', async (e) => await deps.open(input, e));
  if (opened.kind !== 'done') return abortedBy(opened);
  const found = await flow.must('affected', async (e) => await deps.affected(input, e));
  if (found.kind !== 'done') return abortedBy(found);
  const affected = found.value;
  const outcome =
    affected.devices === 0
      ? ({ status: 'false_alarm', reason: 'no robot runs it' } as const)
      : await recovered(run, affected);
  return await closed(run, outcome, {
    incident: opened.value.incident,
    freeze: frozen.value.freeze,
  });
};

async function recovered(run: Run, affected: Affected): Promise<HotfixOutcome> {
  const { flow, deps, input } = run;
  for (let round = 1; round <= maxRounds; round += 1) {
    const decision = await flow.gate(`way-${round}`, wayGate(input, affected));
    if (decision.kind === 'aborted') return abortedBy(decision);
    if (decision.kind !== 'decided') {
      return { status: 'not_recovered', reason: `nobody decided: ${decision.kind}` };
    }
    const { option, reason } = decision;
    if (option === 'false_alarm') return { status: 'false_alarm', reason };
    const planned = await flow.must(
      `plan-${round}`,
      async (e) => await deps.plan({ input, option, round }, e),
    );
    if (planned.kind !== 'done') return abortedBy(planned);
    const { rollout } = planned.value;
    const end = await flow.child<RolloutOutcome>(`rollout-${round}`, 'staged-rollout', { rollout });
    const isBack = end.status === 'rolled_back' || end.status === 'rollback_incomplete';
    const isDone = end.status === 'completed' || end.status === 'duplicate';
    if (isDone || (option === 'take_back' && isBack)) return await verified(run);
  }
  return { status: 'not_recovered', reason: 'no emergency rollout came to its end' };
}

/** By what runs, as robots measure it themselves; nothing else counts. */
async function verified({ flow, deps, input }: Run): Promise<HotfixOutcome> {
  const limits = { withinMs: verifyMs, everyMs: stageLookMs };
  const seen = await flow.watch('verify', async (e) => await deps.verify(input, e), limits);
  if (seen.kind === 'aborted') return abortedBy(seen);
  const left = seen.kind === 'seen' ? seen.value : undefined;
  if (left === undefined || left.bad > 0) {
    await flow.act('cases', async (e) => await deps.cases(input, e));
    return { status: 'not_recovered', reason: 'robots that can be reached still run it' };
  }
  if (left.pending === 0) return { status: 'recovered', devices: 0 };
  await flow.act('cases', async (e) => await deps.cases(input, e));
  return { status: 'recovered_with_pending', pending: left.pending };
}

/** The freeze is lifted by two people, the review asks for cause and follow-up. */
async function closed(
  { flow, deps }: Run,
  outcome: HotfixOutcome,
  at: { readonly incident: string; readonly freeze: string | null },
): Promise<HotfixOutcome> {
  const { freeze, incident } = at;
  if (freeze !== null && outcome.status !== 'aborted') {
    const said = await flow.gate('lift', liftGate(freeze, outcome));
    if (said.kind === 'decided' && said.option === 'lift') {
      const by = said.by.join(', ');
      await flow.act('lifted', async (e) => await deps.lift(freeze, by, e));
    }
  }
  const review = await flow.gate('review', reviewGate(incident, outcome));
  const words = review.kind === 'decided' ? review.reason : `no review: ${review.kind}`;
  const how = { outcome: outcome.status, review: words };
  await flow.act('close', async (e) => await deps.close(incident, how, e));
  return outcome;
}

function wayGate(input: HotfixInput, affected: Affected): GateSpec {
  const evidence: readonly Evidence[] = [
    { name: 'affected', digest: affected.sha256, body: { ...affected } },
  ];
  return {
    kind: 'emergency',
    question: `${affected.devices} robots run ${affected.release}: ${input.reason}. What now?`,
    subject: { id: input.digest, digest: affected.sha256 },
    evidence,
    options: [...affected.options, 'take_back', 'false_alarm'],
    who: { scope: 'rollouts:write', among: { role: 'release_manager', least: 1 } },
    quorum: 2,
    withinMs: emergencyGateMs,
    // The freeze stays and nothing is sent while people are looked for.
    onDeadline: 'escalate',
    escalateTo: ['release_manager', 'admin'],
  };
}

const liftGate = (freeze: string, outcome: HotfixOutcome): GateSpec => ({
  kind: 'lift_freeze',
  question: `It ended as ${outcome.status.replaceAll('_', ' ')}. Let other rollouts go on?`,
  subject: { id: freeze, digest: outcome.status },
  evidence: [{ name: 'outcome', digest: outcome.status, body: { ...outcome } }],
  options: ['lift', 'keep'],
  who: { role: 'release_manager' },
  quorum: 2,
  withinMs: stageGateMs,
  onDeadline: 'hold',
});

const reviewGate = (incident: string, outcome: HotfixOutcome): GateSpec => ({
  kind: 'incident_review',
  question: 'What was the cause, and what follows from it?',
  subject: { id: incident, digest: outcome.status },
  evidence: [{ name: 'outcome', digest: outcome.status, body: { ...outcome } }],
  options: ['reviewed'],
  who: { role: 'engineer' },
  withinMs: reviewGateMs,
  onDeadline: 'escalate',
  escalateTo: ['release_manager', 'admin'],
});

const abortedBy = (of: {
  readonly by: string;
  readonly reason: string;
}): Extract<HotfixOutcome, { readonly status: 'aborted' }> => ({
  status: 'aborted',
  by: of.by,
  reason: of.reason,
});

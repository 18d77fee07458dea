/**
 * From a model or rule set that somebody made to a release that robots may run: evaluated on what
 * it never saw, compared with the champion, approved by two people. Ends as `released`, `rejected`
 * (by a gate of numbers or by the person who looked at them), `denied`, `expired` or `aborted`.
 */
import type { Json } from '@fieldloop/core';
import { approvalMs, evaluationLookMs, evaluationMs, inconclusiveMs } from '../loop-limits.ts';
import type {
  Aborted,
  Body,
  EffectContext,
  Evidence,
  Flow,
  GateSpec,
  Pending,
  ShownEvidence,
} from './kit/flow.ts';

export type CandidateInput =
  | { readonly modelVersion: string }
  | { readonly ruleSet: string; readonly version: number };

/** What is decided about, by digests that are measured once. */
export interface Candidate {
  readonly [key: string]: Json;
  readonly id: string;
  readonly name: string;
  readonly kind: 'model' | 'rule_set';
  readonly digest: string;
  /** Who made it may not approve it. */
  readonly author: string;
  readonly champion: string | null;
}

export interface Verdict {
  readonly [key: string]: Json;
  readonly evaluation: string;
  readonly sha256: string;
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly reasons: readonly string[];
  /** A path of the API. */
  readonly link: string;
}

/** A second run beside the one that judged. */
export interface Replay {
  readonly [key: string]: Json;
  /** Of what came out; empty when nothing did. */
  readonly sha256: string;
  readonly same: boolean;
  readonly says: string;
}

export interface Draft {
  readonly [key: string]: Json;
  readonly release: string;
  readonly digest: string;
}

export type CandidateOutcome =
  | { readonly status: 'released'; readonly release: string; readonly digest: string }
  | { readonly status: 'rejected'; readonly gate: string; readonly reason: string }
  | { readonly status: 'denied'; readonly reason: string }
  | { readonly status: 'expired' }
  | { readonly status: 'aborted'; readonly by: string; readonly reason: string };

export interface CandidateDeps {
  bind(input: CandidateInput, e: EffectContext): Promise<Candidate>;
  /** Begins the evaluation on the frozen test split, the slices and the regression set. */
  evaluate(id: string, e: EffectContext): Promise<{ readonly operation: string }>;
  verdict(operation: string, e: EffectContext): Promise<Verdict | Pending>;
  /** Runs it on the same stored clips once more; null: what judged it can be run no second time. */
  replay(judged: Verdict, e: EffectContext): Promise<{ readonly operation: string | null }>;
  replayed(operation: string, e: EffectContext): Promise<Replay | Pending>;
  draft(of: { readonly id: string; readonly evaluation: string }, e: EffectContext): Promise<Draft>;
  /** What approvers see, as it is now. */
  evidence(release: string, e: EffectContext): Promise<readonly ShownEvidence[]>;
  approve(
    release: string,
    votes: { readonly by: readonly string[]; readonly reason: string },
    e: EffectContext,
  ): Promise<{ readonly state: string }>;
  release(release: string, e: EffectContext): Promise<{ readonly state: string }>;
  /** Fails with a conflict when somebody else moved the alias first. */
  alias(id: string, e: EffectContext): Promise<{ readonly alias: string }>;
  aliasBack(id: string, e: EffectContext): Promise<{ readonly alias: string | null }>;
  /** The release that this run drafted, if there is one, whatever became of it. */
  withdraw(id: string, reason: string, e: EffectContext): Promise<{ readonly state: string }>;
}

export const candidateToRelease: Body<CandidateInput, CandidateOutcome, CandidateDeps> = async (
  flow,
  deps,
  input,
) => {
  const bound = await flow.must('bind', async (e) => await deps.bind(input, e));
  if (bound.kind !== 'done') return abortedBy(bound);
  const candidate = bound.value;
  const first = await evaluated(flow, deps, candidate);
  if (first.judged === undefined) return first.ended;
  if (first.judged.outcome === 'fail') {
    return rejected('evaluation', first.judged.reasons.join('; '));
  }
  const again = await replayed(flow, deps, first.judged);
  if (again.kind === 'aborted') return abortedBy(again);
  const { judged, evidence } = again;
  const at = { flow, deps, candidate };
  if (judged.outcome === 'inconclusive') {
    const said = await flow.gate('inconclusive', inconclusiveGate(candidate, judged, evidence));
    if (said.kind === 'aborted') return abortedBy(said);
    if (said.kind !== 'decided' || said.option !== 'go_on') {
      const reason = said.kind === 'decided' ? said.reason : `nobody said go on: ${said.kind}`;
      return rejected('inconclusive', reason);
    }
  }
  return await approved(at, judged);
};

interface At {
  readonly flow: Flow;
  readonly deps: CandidateDeps;
  readonly candidate: Candidate;
}

/** A verdict, or what the run ends with instead. */
type Evaluated =
  | { readonly judged: Verdict; readonly ended?: never }
  | { readonly judged?: never; readonly ended: CandidateOutcome };

async function evaluated(
  flow: Flow,
  deps: CandidateDeps,
  candidate: Candidate,
): Promise<Evaluated> {
  const begun = await flow.must('evaluate', async (e) => await deps.evaluate(candidate.id, e));
  if (begun.kind !== 'done') return { ended: abortedBy(begun) };
  const { operation } = begun.value;
  const watched = await flow.watch('evaluation', async (e) => await deps.verdict(operation, e), {
    withinMs: evaluationMs,
    everyMs: evaluationLookMs,
    on: [
      { kind: 'operation.done', subject: operation },
      { kind: 'operation.failed', subject: operation },
    ],
  });
  if (watched.kind === 'aborted') return { ended: abortedBy(watched) };
  if (watched.kind === 'seen') return { judged: watched.value };
  const reason = 'the evaluation did not end in time';
  return { ended: rejected('evaluation', reason) };
}

interface Replayed {
  readonly kind: 'replayed';
  readonly judged: Verdict;
  readonly evidence: readonly Evidence[];
}

/** What came out of a second run; one that comes out otherwise is for a person to look at. */
async function replayed(
  flow: Flow,
  deps: CandidateDeps,
  judged: Verdict,
): Promise<Replayed | Aborted> {
  const { evaluation, sha256, link } = judged;
  const shown = (replay: Pick<Replay, 'sha256' | 'says'>): readonly Evidence[] => [
    { name: 'evaluation', digest: sha256, link },
    { name: 'replay', digest: replay.sha256, body: replay.says },
  ];
  const doubted = (replay: Pick<Replay, 'sha256' | 'says'>): Replayed => {
    const reasons = [...judged.reasons, `replay: ${replay.says}`];
    const doubt = { ...judged, outcome: 'inconclusive', reasons } as const;
    return { kind: 'replayed', judged: doubt, evidence: shown(replay) };
  };
  const begun = await flow.act('replay', async (e) => await deps.replay(judged, e));
  if (!begun.ok) return doubted({ sha256: '', says: begun.fault.message });
  const { operation } = begun.value;
  if (operation === null) {
    const says = `${evaluation} is a run on stored clips itself`;
    return { kind: 'replayed', judged, evidence: shown({ sha256, says }) };
  }
  const watched = await flow.watch('replayed', async (e) => await deps.replayed(operation, e), {
    withinMs: evaluationMs,
    everyMs: evaluationLookMs,
    on: [
      { kind: 'operation.done', subject: operation },
      { kind: 'operation.failed', subject: operation },
    ],
  });
  if (watched.kind === 'aborted') return watched;
  if (watched.kind === 'expired') return doubted({ sha256: '', says: 'it did not end in time' });
  const { value } = watched;
  return value.same ? { kind: 'replayed', judged, evidence: shown(value) } : doubted(value);
}

/** Two people agree to a digest; then it is what robots may run. */
async function approved(at: At, judged: Verdict): Promise<CandidateOutcome> {
  const { flow, deps, candidate } = at;
  const of = { id: candidate.id, evaluation: judged.evaluation };
  const drafted = await flow.must('draft', async (e) => await deps.draft(of, e));
  if (drafted.kind !== 'done') return await undone(at, drafted);
  const { release, digest } = drafted.value;
  const seen = await flow.must('evidence', async (e) => ({
    evidence: await deps.evidence(release, e),
  }));
  if (seen.kind !== 'done') return await undone(at, seen);
  const said = await flow.gate('approval', {
    ...approvalGate(candidate, { release, digest }),
    evidence: seen.value.evidence,
    refresh: async (e) => await deps.evidence(release, e),
  });
  if (said.kind === 'aborted') return await undone(at, said);
  if (said.kind !== 'decided' || said.option !== 'approve') {
    const reason = said.kind === 'decided' ? said.reason : `the approval is ${said.kind}`;
    await flow.act('withdraw', async (e) => await deps.withdraw(candidate.id, reason, e), back);
    return said.kind === 'decided' ? { status: 'denied', reason } : { status: 'expired' };
  }
  const votes = { by: said.by, reason: said.reason };
  const noted = await flow.must('approve', async (e) => await deps.approve(release, votes, e));
  if (noted.kind !== 'done') return await undone(at, noted);
  const { state } = noted.value;
  if (state === 'withdrawn' || state === 'rejected') {
    return { status: 'denied', reason: `the release was ${state} meanwhile` };
  }
  const out = await flow.must('release', async (e) => await deps.release(release, e));
  if (out.kind !== 'done') return await undone(at, out);
  const named = await flow.must('alias', async (e) => await deps.alias(candidate.id, e), {
    skippable: true,
  });
  if (named.kind === 'aborted') return await undone(at, named);
  return { status: 'released', release, digest };
}

async function undone(
  { flow, deps, candidate }: At,
  abort: { readonly by: string; readonly reason: string },
): Promise<CandidateOutcome> {
  await flow.act('alias-back', async (e) => await deps.aliasBack(candidate.id, e), back);
  await flow.act('withdraw', async (e) => await deps.withdraw(candidate.id, abort.reason, e), back);
  return abortedBy(abort);
}

const rejected = (gate: string, reason: string): CandidateOutcome => ({
  status: 'rejected',
  gate,
  reason,
});

const back = { attempts: 10 } as const;

const abortedBy = ({ by, reason }: Omit<Aborted, 'kind'>): CandidateOutcome => ({
  status: 'aborted',
  by,
  reason,
});

const inconclusiveGate = (
  { id, name, digest }: Candidate,
  { reasons }: Verdict,
  evidence: readonly Evidence[],
): GateSpec => ({
  kind: 'inconclusive',
  question: `The numbers of ${name} say neither yes nor no: ${reasons.join('; ')}. Go on?`,
  subject: { id, digest },
  evidence,
  options: ['go_on', 'reject'],
  who: { role: 'engineer', scope: 'models:write' },
  withinMs: inconclusiveMs,
  onDeadline: 'reject',
});

const approvalGate = (
  { name, author }: Candidate,
  { release, digest }: { readonly release: string; readonly digest: string },
): Omit<GateSpec, 'evidence'> => ({
  kind: 'approval',
  question: `Release ${name}?`,
  subject: { id: release, digest },
  options: ['approve', 'reject'],
  who: {
    role: 'engineer',
    scope: 'releases:write',
    among: { role: 'release_manager', least: 1 },
    not: [author],
  },
  quorum: 2,
  withinMs: approvalMs,
  onDeadline: 'reject',
});

/**
 * What a person corrected on a robot becomes what the next model learns from. Ends as `fed` (a
 * dataset version and an evaluation have it), `dismissed`, `case_opened`, `unrecoverable` (no
 * bytes show it), `merged` (another run has it), `unfed` (nothing took it in its time) or
 * `aborted`; `incomplete` names what could not be taken back.
 */
import type { Json } from '@fieldloop/core';
import { consequence, type Verdict, verdicts } from '../correction/correction.ts';
import { correctionFedMs, correctionPullMs, correctionVerdictMs } from '../care-limits.ts';
import type { Body, EffectContext, Evidence, Flow, GateSpec, Must, Pending } from './kit/flow.ts';
import type { BatchInput, BatchOutcome } from './label-batch.ts';

/** The correction that was reported; `late`: its clip came after the deadline. */
export interface CorrectionInput {
  readonly [key: string]: Json;
  readonly correction: string;
}

export interface CorrectionFacts {
  readonly [key: string]: Json;
  /** Another run takes care of it. */
  readonly joined: boolean;
  readonly device: string;
  readonly deviceId: string;
  /** Whether a person took the command: only then are there phases to cut. */
  readonly isIntervention: boolean;
  /** What is asked about, in sentences. */
  readonly words: string;
  readonly digest: string;
}

export interface Context {
  readonly [key: string]: Json;
  /** Null: no bytes will ever show it. */
  readonly clip: string | null;
  readonly sha256: string;
}

export interface KeptPhases {
  readonly [key: string]: Json;
  readonly source: 'labels' | 'ownership';
  readonly phases: readonly Json[];
  readonly digest: string;
}

/** How far what was learnt has come, when there is something to say. */
export type Fed =
  | { readonly kind: 'fed'; readonly version: string; readonly evaluation: string }
  | { readonly kind: 'revised'; readonly verdict: Verdict; readonly by: string };

export type CorrectionOutcome =
  | {
      readonly status: 'fed';
      readonly correction: string;
      readonly version: string;
      readonly evaluation: string;
    }
  | {
      readonly status: 'dismissed' | 'unrecoverable' | 'merged' | 'unfed';
      readonly correction: string;
      readonly incomplete?: readonly string[];
    }
  | {
      readonly status: 'case_opened';
      readonly correction: string;
      readonly case: string;
      readonly incomplete?: readonly string[];
    }
  | {
      readonly status: 'aborted';
      readonly correction: string;
      readonly by: string;
      readonly reason: string;
      readonly incomplete?: readonly string[];
    };

/** What is taken back, the newest first, when the verdict is revised or the run aborted. */
export const correctionStages = ['phases', 'failure', 'regression', 'labels'] as const;
export type CorrectionStage = (typeof correctionStages)[number];

/** What the body acts on. `e.key` makes each of them one effect. */
export interface CorrectionDeps {
  open(correction: string, e: EffectContext): Promise<CorrectionFacts>;
  /** Finds the clip, or asks the robot for it. */
  ask(correction: string, e: EffectContext): Promise<{ readonly asked: boolean }>;
  context(correction: string, e: EffectContext): Promise<Context | Pending>;
  openPhases(correction: string, e: EffectContext): Promise<{ readonly batch: string }>;
  keepPhases(correction: string, e: EffectContext): Promise<KeptPhases>;
  judge(
    correction: string,
    said: { readonly verdict: Verdict; readonly by: string; readonly reason: string },
    e: EffectContext,
  ): Promise<{ readonly verdict: Verdict }>;
  logFailure(correction: string, e: EffectContext): Promise<{ readonly failure: string }>;
  addRegression(
    correction: string,
    e: EffectContext,
  ): Promise<{ readonly regression: string | null }>;
  openLabels(correction: string, e: EffectContext): Promise<{ readonly batch: string | null }>;
  openCase(correction: string, e: EffectContext): Promise<{ readonly case: string }>;
  fed(correction: string, e: EffectContext): Promise<Fed | Pending>;
  undo(
    correction: string,
    of: { readonly stage: CorrectionStage; readonly reason: string },
    e: EffectContext,
  ): Promise<{ readonly undone: boolean }>;
  end(
    correction: string,
    end: {
      readonly state: 'fed' | 'dismissed' | 'case_opened' | 'unrecoverable' | 'aborted';
      readonly version?: string;
      readonly evaluation?: string;
    },
    e: EffectContext,
  ): Promise<{ readonly state: string }>;
}

interface At {
  readonly flow: Flow;
  readonly deps: CorrectionDeps;
  readonly correction: string;
  /** Begun, in order: each stage stands here before it is acted on. */
  readonly begun: CorrectionStage[];
}

type Stop = { readonly by: string; readonly reason: string };
type Ended = { readonly ended: CorrectionOutcome };

export const correctionLoop: Body<CorrectionInput, CorrectionOutcome, CorrectionDeps> = async (
  flow,
  deps,
  { correction },
) => {
  const at: At = { flow, deps, correction, begun: [] };
  const opened = await flow.must('open', async (e) => await deps.open(correction, e));
  if (opened.kind !== 'done') return await aborted(at, opened);
  if (opened.value.joined) return { status: 'merged', correction };
  const shown = await seen(at, opened.value);
  if ('ended' in shown) return shown.ended;
  const said = await judged(at, { facts: opened.value, ...shown });
  if ('ended' in said) return said.ended;
  return await followed(at, said.verdict);
};

/** The clip, and its phases by people; by command ownership when nobody has the time. */
async function seen(
  at: At,
  { isIntervention }: CorrectionFacts,
): Promise<{ readonly context: Context; readonly phases: KeptPhases } | Ended> {
  const { flow, deps, correction } = at;
  const asked = await flow.must('ask', async (e) => await deps.ask(correction, e));
  if (asked.kind !== 'done') return { ended: await aborted(at, asked) };
  const found = await flow.watch('context', async (e) => await deps.context(correction, e), {
    withinMs: correctionPullMs,
    on: [{ kind: 'clip.stored' }, { kind: 'clip.evicted' }, { kind: 'clip.lost' }],
  });
  if (found.kind === 'aborted') return { ended: await aborted(at, found) };
  if (found.kind === 'expired' || found.value.clip === null) {
    return { ended: await over(at, 'unrecoverable') };
  }
  if (isIntervention) {
    const stopped = await cut(at);
    if (stopped !== undefined) return { ended: await aborted(at, stopped) };
  }
  const kept = await flow.must('phases-kept', async (e) => await deps.keepPhases(correction, e));
  if (kept.kind !== 'done') return { ended: await aborted(at, kept) };
  return { context: found.value, phases: kept.value };
}

/** People cut the time into phases. What stopped it, if something did. */
async function cut(at: At): Promise<Stop | undefined> {
  const { flow, deps, correction } = at;
  at.begun.push('phases');
  const tasks = await flow.must('phases', async (e) => await deps.openPhases(correction, e));
  if (tasks.kind !== 'done') return tasks;
  return await batch(at, 'phases-labels', tasks.value.batch);
}

/** What stopped it, if something did: late labels stop nothing. */
async function batch({ flow }: At, name: string, id: string): Promise<Stop | undefined> {
  const input: BatchInput = { batch: id, dataset: 'corrections' };
  const done = await flow.child<BatchOutcome & Json>(name, 'label-batch', input);
  return done.status === 'aborted' ? done : undefined;
}

interface Shown {
  readonly facts: CorrectionFacts;
  readonly context: Context;
  readonly phases: KeptPhases;
}

async function judged(at: At, shown: Shown): Promise<{ readonly verdict: Verdict } | Ended> {
  const { flow, deps, correction } = at;
  const said = await flow.gate('verdict', verdictGate(correction, shown));
  if (said.kind === 'aborted') return { ended: await aborted(at, said) };
  if (said.kind === 'withdrawn') return { ended: await takenBack(at, said.reason, 'dismissed') };
  const verdict = said.kind === 'decided' ? verdicts.find((one) => one === said.option) : undefined;
  if (verdict === undefined || said.kind !== 'decided') {
    return { ended: await aborted(at, { by: 'system', reason: 'nobody judged it' }) };
  }
  const word = { verdict, by: said.by[0] ?? '', reason: said.reason };
  const kept = await flow.must('judged', async (e) => await deps.judge(correction, word, e));
  if (kept.kind !== 'done') return { ended: await aborted(at, kept) };
  return { verdict };
}

async function followed(at: At, verdict: Verdict): Promise<CorrectionOutcome> {
  const what = consequence(verdict);
  if (what === 'dismiss') return await over(at, 'dismissed');
  if (what === 'case') return await caseOpened(at, []);
  const stopped = await learnt(at);
  if (stopped !== undefined) return await aborted(at, stopped);
  const { flow, deps, correction } = at;
  const fed = await flow.watch<Fed>('fed', async (e) => await deps.fed(correction, e), {
    withinMs: correctionFedMs,
    on: [
      { kind: 'dataset_version.ready' },
      { kind: 'evaluation.finished' },
      { kind: 'correction.revised', subject: correction },
    ],
  });
  if (fed.kind === 'aborted') return await aborted(at, fed);
  if (fed.kind === 'expired') {
    await flow.act('end', async (e) => await deps.end(correction, { state: 'dismissed' }, e));
    return { status: 'unfed', correction };
  }
  const { value } = fed;
  if (value.kind === 'revised') {
    const reason = `the verdict is ${value.verdict} now`;
    if (consequence(value.verdict) !== 'case') return await takenBack(at, reason, 'dismissed');
    return await caseOpened(at, await undone(at, reason));
  }
  const { version, evaluation } = value;
  await flow.act(
    'end',
    async (e) => await deps.end(correction, { state: 'fed', version, evaluation }, e),
  );
  return { status: 'fed', correction, version, evaluation };
}

/** A failure, its regression case, and tasks in the named lane. What stopped it, if something. */
async function learnt(at: At): Promise<Stop | undefined> {
  const { flow, deps, correction, begun } = at;
  begun.push('failure');
  const failure = await flow.must('failure', async (e) => await deps.logFailure(correction, e));
  if (failure.kind !== 'done') return failure;
  begun.push('regression');
  const regression = await flow.must(
    'regression',
    async (e) => await deps.addRegression(correction, e),
    { skippable: true },
  );
  if (regression.kind === 'aborted') return regression;
  begun.push('labels');
  const labels = await flow.must('labels', async (e) => await deps.openLabels(correction, e), {
    skippable: true,
  });
  if (labels.kind === 'aborted') return labels;
  const id = labels.kind === 'done' ? labels.value.batch : null;
  return id === null ? undefined : await batch(at, 'labels-done', id);
}

async function caseOpened(at: At, incomplete: readonly string[]): Promise<CorrectionOutcome> {
  const { flow, deps, correction } = at;
  const made: Must<{ readonly case: string }> = await flow.must(
    'case',
    async (e) => await deps.openCase(correction, e),
  );
  if (made.kind !== 'done') return await aborted(at, made);
  await flow.act('end', async (e) => await deps.end(correction, { state: 'case_opened' }, e));
  return {
    status: 'case_opened',
    correction,
    case: made.value.case,
    ...(incomplete.length === 0 ? {} : { incomplete }),
  };
}

async function over(at: At, state: 'dismissed' | 'unrecoverable'): Promise<CorrectionOutcome> {
  const { flow, deps, correction } = at;
  await flow.act('end', async (e) => await deps.end(correction, { state }, e), back);
  return { status: state, correction };
}

async function takenBack(at: At, reason: string, state: 'dismissed'): Promise<CorrectionOutcome> {
  const incomplete = await undone(at, reason);
  const outcome = await over(at, state);
  return incomplete.length === 0 ? outcome : ({ ...outcome, incomplete } as CorrectionOutcome);
}

/** What could not be taken back: a person was asked for each, and said to go on without. */
async function undone(
  { flow, deps, correction, begun }: At,
  reason: string,
): Promise<readonly string[]> {
  const incomplete: string[] = [];
  for (const stage of begun.splice(0).toReversed()) {
    const done = await flow.must(
      `undo/${stage}`,
      async (e) => await deps.undo(correction, { stage, reason }, e),
      { ...back, skippable: true },
    );
    if (done.kind !== 'done') incomplete.push(stage);
  }
  return incomplete;
}

async function aborted(at: At, { by, reason }: Stop): Promise<CorrectionOutcome> {
  const { flow, deps, correction } = at;
  const incomplete = await undone(at, reason);
  await flow.act(
    'abandoned',
    async (e) => await deps.end(correction, { state: 'aborted' }, e),
    back,
  );
  return {
    status: 'aborted',
    correction,
    by,
    reason,
    ...(incomplete.length === 0 ? {} : { incomplete }),
  };
}

const back = { attempts: 10 } as const;

function verdictGate(correction: string, { facts, context, phases }: Shown): GateSpec {
  const evidence: Evidence[] = [
    { name: 'clip', digest: context.sha256, link: `/v1/clips/${context.clip ?? ''}` },
    { name: 'phases', digest: phases.digest, body: { phases: phases.phases } },
    { name: 'intervention', digest: facts.digest, link: `/v1/corrections/${correction}` },
  ];
  return {
    kind: 'verdict',
    question: `${facts.device}: ${facts.words} Whose fault was it?`,
    subject: { id: correction, digest: phases.digest },
    evidence,
    options: verdicts,
    who: { role: 'engineer' },
    withinMs: correctionVerdictMs,
    onDeadline: 'escalate',
    escalateTo: ['release_manager', 'admin'],
  };
}

/**
 * From what robots sent to a model that nobody has approved yet: a window is frozen, drawn from,
 * labelled, made a dataset version, and trained on. Ends as `trained`, `no_data`, `rejected`,
 * `training_failed` or `aborted`; what was opened and not needed is taken back.
 */
import type { Json } from '@fieldloop/core';
import { signOffMs, trainingLookMs, trainingMs } from '../loop-limits.ts';
import type { BatchOutcome } from './label-batch.ts';
import type {
  Body,
  EffectContext,
  Evidence,
  Flow,
  GateSpec,
  Pending,
  ShownEvidence,
} from './kit/flow.ts';

/** Where the run enters: at a policy's next window, at a drawn window, or at a version. */
export type DataInput =
  | { readonly policy: string; readonly model: string; readonly dataset: string }
  | { readonly window: string; readonly model: string; readonly dataset: string }
  | { readonly version: string; readonly model: string; readonly dataset: string };

export type DataOutcome =
  | {
      readonly status: 'trained';
      readonly version: string;
      readonly training: string;
      readonly modelVersion: string;
    }
  | { readonly status: 'no_data'; readonly reason: string }
  | { readonly status: 'rejected'; readonly version: string; readonly reason: string }
  | { readonly status: 'training_failed'; readonly version: string; readonly reason: string }
  | { readonly status: 'aborted'; readonly by: string; readonly reason: string };

export interface Drawn {
  readonly [key: string]: Json;
  readonly chosen: number;
  /** Batches of tasks, each of a size that one child watches. */
  readonly batches: readonly string[];
}

export interface Snapshot {
  readonly [key: string]: Json;
  readonly version: string;
  readonly items: number;
  readonly gates: 'green' | 'red' | 'inconclusive';
  readonly reasons: readonly string[];
  /** The version before it, from which the difference is shown. */
  readonly parent: string | null;
}

/** How a training stands when there is something to do about it. */
export interface TrainingEnd {
  readonly [key: string]: Json;
  readonly state: 'finished' | 'failed';
  readonly reason: string;
}

export interface DataDeps {
  freeze(
    policy: string,
    e: EffectContext,
  ): Promise<{ readonly window: string; readonly units: number }>;
  /** Units whose clips are unreadable, or not allowed here, leave the window and are listed. */
  validate(
    window: string,
    e: EffectContext,
  ): Promise<{ readonly usable: number; readonly bad: readonly string[] }>;
  draw(window: string, e: EffectContext): Promise<Drawn>;
  openBatch(window: string, batch: string, e: EffectContext): Promise<{ readonly tasks: number }>;
  voidTasks(batch: string, reason: string, e: EffectContext): Promise<{ readonly void: number }>;
  snapshot(dataset: string, e: EffectContext): Promise<Snapshot>;
  /** Gates as they are, the difference to the parent and the two numbers. */
  evidence(version: string, e: EffectContext): Promise<readonly ShownEvidence[]>;
  publish(version: string, by: string, e: EffectContext): Promise<{ readonly state: string }>;
  /** The version that this run made and nobody signed, if there is one. */
  discard(dataset: string, reason: string, e: EffectContext): Promise<{ readonly state: string }>;
  train(
    of: { readonly model: string; readonly version: string },
    e: EffectContext,
  ): Promise<{ readonly training: string }>;
  look(training: string, e: EffectContext): Promise<TrainingEnd | Pending>;
  accept(training: string, e: EffectContext): Promise<{ readonly modelVersion: string }>;
  /** The training that this run started, if there is one that goes on. */
  stop(
    of: { readonly model: string; readonly version: string },
    reason: string,
    e: EffectContext,
  ): Promise<{ readonly state: string }>;
}

export const dataToTraining: Body<DataInput, DataOutcome, DataDeps> = async (flow, deps, input) => {
  if ('version' in input) return await trained({ flow, deps, input }, input.version);
  const labelled = await labels({ flow, deps, input });
  if (labelled !== undefined) return labelled;
  return await versioned({ flow, deps, input });
};

interface At {
  readonly flow: Flow;
  readonly deps: DataDeps;
  readonly input: DataInput;
}

const back = { attempts: 10 } as const;

/** Until every task of the window is over; the outcome when that is the end of the run. */
async function labels(at: At): Promise<DataOutcome | undefined> {
  const { flow, deps, input } = at;
  if ('version' in input) return undefined;
  let window = 'window' in input ? input.window : '';
  if ('policy' in input) {
    const frozen = await flow.must('freeze', async (e) => await deps.freeze(input.policy, e));
    if (frozen.kind !== 'done') return abortedBy(frozen);
    if (frozen.value.units === 0) return { status: 'no_data', reason: 'the window holds no unit' };
    window = frozen.value.window;
  }
  const valid = await flow.act('validate', async (e) => await deps.validate(window, e));
  if (valid.ok && valid.value.usable === 0) {
    return { status: 'no_data', reason: `no clip of the window can be used: ${window}` };
  }
  const drawn = await flow.must('draw', async (e) => await deps.draw(window, e));
  if (drawn.kind !== 'done') return abortedBy(drawn);
  const { batches, chosen } = drawn.value;
  if (chosen === 0) return { status: 'no_data', reason: 'the draw chose nothing' };
  const opened: string[] = [];
  for (const batch of batches) {
    // Noted first: a batch that was opened by half is taken back as well.
    opened.push(batch);
    const done = await flow.must(
      `open/${batch}`,
      async (e) => await deps.openBatch(window, batch, e),
      { skippable: true },
    );
    if (done.kind === 'aborted') return await tookBack(at, opened, done);
  }
  for (const batch of batches) {
    const child = { batch, dataset: input.dataset };
    const outcome = await flow.child<BatchOutcome>(`labels/${batch}`, 'label-batch', child);
    if (outcome.status === 'aborted') return await tookBack(at, opened, outcome);
  }
  return undefined;
}

async function tookBack(
  { flow, deps }: At,
  opened: readonly string[],
  abort: { readonly by: string; readonly reason: string },
): Promise<DataOutcome> {
  for (const batch of opened.toReversed()) {
    await flow.act(
      `void/${batch}`,
      async (e) => await deps.voidTasks(batch, abort.reason, e),
      back,
    );
  }
  return { status: 'aborted', by: abort.by, reason: abort.reason };
}

/** A version with its gates; a person signs one that is not green. */
async function versioned(at: At): Promise<DataOutcome> {
  const { flow, deps, input } = at;
  const made = await flow.must('snapshot', async (e) => await deps.snapshot(input.dataset, e));
  if (made.kind !== 'done') return await discarded(at, made);
  const { version, gates, reasons, items } = made.value;
  if (items === 0) {
    const reason = 'no label was resolved';
    await flow.act('discard', async (e) => await deps.discard(input.dataset, reason, e), back);
    return { status: 'no_data', reason };
  }
  let by = 'policy';
  if (gates !== 'green') {
    const shown = await flow.act('evidence', async (e) => ({
      evidence: await deps.evidence(version, e),
    }));
    const evidence = shown.ok ? shown.value.evidence : [];
    const said = await flow.gate('sign-off', signOffGate(made.value, input, evidence));
    if (said.kind === 'aborted') return await discarded(at, said);
    if (said.kind !== 'decided' || said.option !== 'approve') {
      const reason = said.kind === 'decided' ? said.reason : `${reasons.join('; ')}: ${said.kind}`;
      await flow.act('discard', async (e) => await deps.discard(input.dataset, reason, e), back);
      return { status: 'rejected', version, reason };
    }
    by = said.by.join(', ');
  }
  const published = await flow.must('publish', async (e) => await deps.publish(version, by, e));
  if (published.kind !== 'done') return await discarded(at, published);
  return await trained(at, version);
}

async function discarded(
  { flow, deps, input }: At,
  abort: { readonly by: string; readonly reason: string },
): Promise<DataOutcome> {
  const { by, reason } = abort;
  await flow.act('discard', async (e) => await deps.discard(input.dataset, reason, e), back);
  return abortedBy({ by, reason });
}

async function trained({ flow, deps, input }: At, version: string): Promise<DataOutcome> {
  const of = { model: input.model, version };
  const stopped = async (reason: string): Promise<void> =>
    void (await flow.act('stop', async (e) => await deps.stop(of, reason, e), back));
  const started = await flow.must('train', async (e) => await deps.train(of, e));
  if (started.kind !== 'done') {
    await stopped(started.reason);
    return abortedBy(started);
  }
  const { training } = started.value;
  const watched = await flow.watch('training', async (e) => await deps.look(training, e), {
    withinMs: trainingMs,
    everyMs: trainingLookMs,
    on: [
      { kind: 'training.done', subject: training },
      { kind: 'training.failed', subject: training },
    ],
  });
  if (watched.kind === 'aborted') {
    await stopped(watched.reason);
    return abortedBy(watched);
  }
  if (watched.kind === 'expired') {
    await stopped('the training did not end in time');
    return { status: 'training_failed', version, reason: 'it did not end in time' };
  }
  if (watched.value.state === 'failed') {
    return { status: 'training_failed', version, reason: watched.value.reason };
  }
  const accepted = await flow.must('accept', async (e) => await deps.accept(training, e));
  if (accepted.kind === 'done') {
    return { status: 'trained', version, training, modelVersion: accepted.value.modelVersion };
  }
  return { status: 'training_failed', version, reason: accepted.reason };
}

const abortedBy = ({
  by,
  reason,
}: {
  readonly by: string;
  readonly reason: string;
}): DataOutcome => ({
  status: 'aborted',
  by,
  reason,
});

const signOffGate = (
  { version, gates, reasons }: Snapshot,
  { dataset }: DataInput,
  evidence: readonly Evidence[],
): GateSpec => ({
  kind: 'sign_off',
  question: `${dataset} has a version that is ${gates}: ${reasons.join('; ')}. Train on it?`,
  subject: { id: version, digest: version },
  evidence,
  options: ['approve', 'reject'],
  who: { role: 'engineer', scope: 'datasets:write' },
  withinMs: signOffMs,
  onDeadline: 'hold',
});

/**
 * From what robots sent to a model that nobody has approved yet: a window is frozen, drawn from,
 * labelled, made a dataset version, and trained on. Ends as `trained`, `no_data`, `rejected`,
 * `training_failed` or `aborted`; what was opened and not needed is taken back.
 */
import {
  buildLookMs,
  buildMs,
  drawLookMs,
  drawMs,
  trainingLookMs,
  trainingMs,
} from '../loop-limits.ts';
import type { BatchOutcome } from './label-batch.ts';
import { failedGate, late, signOffGate } from './data-to-training-gates.ts';
import type { DataDeps, DataInput, DataOutcome, Snapshot } from './data-to-training-port.ts';
import type { Body, Flow } from './kit/flow.ts';

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
/** Rounds of trying again, where a person says so. */
const mostRounds = 5;

/** Until every task of the window is over; the outcome when that is the end of the run. */
async function labels(at: At): Promise<DataOutcome | undefined> {
  const { flow, deps, input } = at;
  if ('version' in input) return undefined;
  let window = 'window' in input ? input.window : '';
  if ('policy' in input) {
    const frozen = await flow.must('freeze', async (e) => await deps.freeze(input.policy, e));
    if (frozen.kind !== 'done') return abortedBy(frozen);
    if (frozen.value.units === 0) return { status: 'no_data', reason: 'nothing new came' };
    window = frozen.value.window;
  }
  const drawn = await flow.watch('drawn', async (e) => await deps.drawn(window, e), {
    withinMs: drawMs,
    everyMs: drawLookMs,
    on: [{ kind: 'triage.selected', subject: window }],
  });
  if (drawn.kind === 'aborted') return abortedBy(drawn);
  if (drawn.kind === 'expired') return { status: 'no_data', reason: `${window} was not drawn` };
  const { batches, chosen } = drawn.value;
  if (chosen === 0) return { status: 'no_data', reason: 'the draw chose nothing' };
  const valid = await flow.act('validate', async (e) => await deps.validate(window, e));
  if (valid.ok && valid.value.usable === 0) {
    return { status: 'no_data', reason: `no clip that ${window} chose can be used` };
  }
  const opened: string[] = [];
  for (const batch of batches) {
    // Noted first: a batch that was opened by half is taken back as well.
    opened.push(batch);
    const of = { window, batch, dataset: input.dataset };
    const done = await flow.must(`open/${batch}`, async (e) => await deps.openBatch(of, e), {
      skippable: true,
    });
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
  const { snapshot, ended } = await built(at);
  if (snapshot === undefined) return ended;
  const { version, gates, reasons, items, ready } = snapshot;
  if (items === 0) {
    const reason = 'no label was resolved';
    await flow.act('discard', async (e) => await deps.discard(input.dataset, reason, e), back);
    return { status: 'no_data', reason };
  }
  if (ready) return await trained(at, version);
  const shown = await flow.act('evidence', async (e) => ({
    evidence: await deps.evidence({ model: input.model, version }, e),
  }));
  const evidence = shown.ok ? shown.value.evidence : [];
  const said = await flow.gate('sign-off', signOffGate(snapshot, input, evidence));
  if (said.kind === 'aborted') return await discarded(at, said);
  if (said.kind !== 'decided' || said.option !== 'approve') {
    const reason =
      said.kind === 'decided' ? said.reason : `${gates}: ${reasons.join('; ')}; ${said.kind}`;
    await flow.act('discard', async (e) => await deps.discard(input.dataset, reason, e), back);
    return { status: 'rejected', version, reason };
  }
  const sign = { by: said.by.join(', '), reason: said.reason };
  const published = await flow.must('publish', async (e) => await deps.publish(version, sign, e));
  if (published.kind !== 'done') return await discarded(at, published);
  return await trained(at, version);
}

/** The snapshot, or what the run ends with instead. */
async function built(
  at: At,
): Promise<
  | { readonly snapshot: Snapshot; readonly ended?: never }
  | { readonly snapshot?: never; readonly ended: DataOutcome }
> {
  const { flow, deps, input } = at;
  for (let round = 1; round <= mostRounds; round += 1) {
    const asked = await flow.must(
      `build/${round}`,
      async (e) => await deps.build(input.dataset, e),
    );
    if (asked.kind !== 'done') return { ended: await discarded(at, asked) };
    const { operation } = asked.value;
    const watched = await flow.watch(
      `built/${round}`,
      async (e) => await deps.built(operation, e),
      {
        withinMs: buildMs,
        everyMs: buildLookMs,
        on: [
          { kind: 'operation.done', subject: operation },
          { kind: 'operation.failed', subject: operation },
        ],
      },
    );
    if (watched.kind === 'aborted') return { ended: await discarded(at, watched) };
    if (watched.kind === 'seen' && 'snapshot' in watched.value) {
      return { snapshot: watched.value.snapshot };
    }
    const failure =
      watched.kind === 'seen' && 'failure' in watched.value
        ? watched.value.failure
        : late(operation, `/v1/operations/${operation}`);
    const said = await flow.gate(
      `build-failed/${round}`,
      failedGate(`A version of ${input.dataset} could not be built`, failure, operation),
    );
    if (said.kind === 'aborted') return { ended: await discarded(at, said) };
    if (said.kind !== 'decided' || said.option !== 'retry') {
      await flow.act(
        'discard',
        async (e) => await deps.discard(input.dataset, failure.reason, e),
        back,
      );
      return { ended: { status: 'rejected', version: '', reason: failure.reason } };
    }
  }
  return { ended: { status: 'rejected', version: '', reason: 'no build of it succeeded' } };
}

async function discarded(
  { flow, deps, input }: At,
  abort: { readonly by: string; readonly reason: string },
): Promise<DataOutcome> {
  const { by, reason } = abort;
  await flow.act('discard', async (e) => await deps.discard(input.dataset, reason, e), back);
  return abortedBy({ by, reason });
}

/** Trained on a version; a training that fails waits for a person, with its context. */
async function trained({ flow, deps, input }: At, version: string): Promise<DataOutcome> {
  const of = { model: input.model, version };
  for (let round = 1; round <= mostRounds; round += 1) {
    const stopped = async (reason: string): Promise<void> => {
      await flow.act(`stop/${round}`, async (e) => await deps.stop(of, reason, e), back);
    };
    const free = await flow.watch(`free/${round}`, async (e) => await deps.free(of, e), {
      withinMs: trainingMs,
      everyMs: trainingLookMs,
      on: [{ kind: 'training.done' }, { kind: 'training.failed' }, { kind: 'training.stopped' }],
    });
    if (free.kind === 'aborted') return abortedBy(free);
    const started = await flow.must(`train/${round}`, async (e) => await deps.train(of, e));
    if (started.kind !== 'done') {
      await stopped(started.reason);
      return abortedBy(started);
    }
    const { training } = started.value;
    const watched = await flow.watch(
      `training/${round}`,
      async (e) => await deps.trained(training, e),
      {
        withinMs: trainingMs,
        everyMs: trainingLookMs,
        on: [
          { kind: 'training.done', subject: training },
          { kind: 'training.failed', subject: training },
        ],
      },
    );
    if (watched.kind === 'seen' && 'modelVersion' in watched.value) {
      const { modelVersion } = watched.value;
      await flow.act('teaches', async (e) => await deps.teaches(training, e));
      return { status: 'trained', version, training, modelVersion };
    }
    if (watched.kind !== 'seen') await stopped('the run does not wait for it any more');
    if (watched.kind === 'aborted') return abortedBy(watched);
    const failure =
      watched.kind === 'seen' && 'failure' in watched.value
        ? watched.value.failure
        : late(training, `/v1/trainings/${training}`);
    const said = await flow.gate(
      `training-failed/${round}`,
      failedGate(`The training of ${input.model} failed`, failure, training),
    );
    if (said.kind === 'aborted') return abortedBy(said);
    if (said.kind !== 'decided' || said.option !== 'retry') {
      return { status: 'training_failed', version, reason: failure.reason };
    }
  }
  return { status: 'training_failed', version, reason: `${mostRounds} trainings failed` };
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

/** Corrections for their workflow: each effect is one transaction under its key. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import type { LabelValue } from '../annotation/annotation.ts';
import {
  consequence,
  contextOf,
  type Correction,
  isIntervention,
  phasesOf,
} from '../correction/correction.ts';
import { correctionStore, phasesText } from '../correction/store.ts';
import { measured, relink } from '../failure/link.ts';
import { failureStore } from '../failure/store.ts';
import { overStates } from '../failure/failure.ts';
import { openCase } from '../store/case-queue.ts';
import {
  askForClip,
  clipSeen,
  fedBy,
  labelledPhases,
  phaseOntology,
  sameTasks,
} from '../store/correction-facts.ts';
import type { Db } from '../store/db.ts';
import { once } from '../store/effects.ts';
import { putRegressionCase, withdrawRegressionCase } from '../store/regression.ts';
import { openTasks, voidTasks } from '../store/task-queue.ts';
import {
  type CorrectionDeps,
  type CorrectionInput,
  correctionLoop,
  type CorrectionOutcome,
  type CorrectionStage,
  type KeptPhases,
} from './correction-loop.ts';
import { pending } from './kit/flow.ts';
import { workflow, type WorkflowGround } from './kit/workflow.ts';

const by = 'system';

type Ground = Pick<WorkflowGround, 'read' | 'write' | 'clock' | 'ids'>;

/** Points of a task in the named lane. */
const namedPriority = 50;

export const correctionDeps = (ground: Ground): CorrectionDeps => {
  const { read, write, clock, ids } = ground;
  const how = () => ({ at: clock.now(), by, ids });
  return {
    open: async (correction, e) =>
      await once(write, e.key, async (trx) => {
        const corrections = correctionStore(trx);
        const isOwn = await corrections.claim(correction, e.run, how());
        return factsOf(await corrections.demand(correction), !isOwn);
      }),
    ask: async (correction, e) =>
      await once(write, e.key, async (trx) => ({
        asked: await askForClip(trx, await correctionStore(trx).demand(correction), how()),
      })),
    async context(correction) {
      const seen = await clipSeen(read, await correctionStore(read).demand(correction));
      if (seen !== undefined) return seen;
      // Its manifest may have come after the first look.
      await write
        .transaction()
        .execute(
          async (trx) =>
            await askForClip(trx, await correctionStore(trx).demand(correction), how()),
        );
      return pending;
    },
    openPhases: async (correction, e) =>
      await once(write, e.key, async (trx) => await openPhases(trx, correction, ground)),
    keepPhases: async (correction, e) =>
      await once(write, e.key, async (trx) => await keepPhases(trx, correction, clock.now())),
    judge: async (correction, said, e) =>
      await once(write, e.key, async (trx) => {
        const { verdict, reason } = said;
        const change = { verdict, verdict_by: said.by, verdict_reason: reason };
        const state = consequence(verdict) === 'learn' ? ({ state: 'learning' } as const) : {};
        await correctionStore(trx).change(correction, { ...change, ...state }, how());
        return { verdict };
      }),
    logFailure: async (correction, e) =>
      await once(write, e.key, async (trx) => await logFailure(trx, correction, ground)),
    addRegression: async (correction, e) =>
      await once(write, e.key, async (trx) => await addRegression(trx, correction, how())),
    openLabels: async (correction, e) =>
      await once(write, e.key, async (trx) => await openLabels(trx, correction, ground)),
    openCase: async (correction, e) =>
      await once(write, e.key, async (trx) => await caseOf(trx, correction, how())),
    async fed(correction) {
      const one = await correctionStore(read).demand(correction);
      const { verdict } = one;
      if (verdict !== undefined && consequence(verdict) !== 'learn') {
        return { kind: 'revised', verdict, by: one.verdictBy ?? by };
      }
      return (await fedBy(read, one)) ?? pending;
    },
    undo: async (correction, of, e) =>
      await once(write, e.key, async (trx) => ({
        undone: await undo(trx, correction, { ...of, ...how() }),
      })),
    end: async (correction, end, e) =>
      await once(write, e.key, async (trx) => {
        const { state, version, evaluation } = end;
        const proof = {
          ...(version === undefined ? {} : { dataset_version: version }),
          ...(evaluation === undefined ? {} : { evaluation_id: evaluation }),
        };
        await correctionStore(trx).change(correction, { state, ...proof }, how());
        return { state };
      }),
  };
};

function factsOf(one: Correction, joined: boolean) {
  const timeline = one.timeline.map(({ atNs, owner }) => ({ atNs: String(atNs), owner }));
  return {
    joined,
    device: one.device,
    deviceId: one.deviceId,
    isIntervention: isIntervention(one),
    words: wordsOf(one),
    digest: sha256Hex(canonicalJson({ timeline, words: one.words ?? '' })),
  };
}

/** The figure speaks for itself where nobody took over. */
function wordsOf(one: Correction): string {
  if (!isIntervention(one)) return one.words ?? '';
  const said = one.words === undefined ? '' : ` Said of it: ${one.words}`;
  return `A person took over.${said}`;
}

const phaseBatch = (correction: string): string => `correction:${correction}:phases`;
const labelBatchOf = (correction: string): string => `correction:${correction}:labels`;

async function openPhases(
  trx: Db,
  correction: string,
  { clock, ids }: Ground,
): Promise<{ readonly batch: string }> {
  const at = clock.now();
  const corrections = correctionStore(trx);
  const one = await corrections.demand(correction);
  const seen = await clipSeen(trx, one);
  if (seen === undefined || seen.clip === null) {
    throw new Fault('unavailable', `the clip of ${correction} is not here`, {
      remedy: 'Wait for it, or abort the run.',
    });
  }
  const batch = phaseBatch(correction);
  const ontologySha256 = await phaseOntology(trx, { by, at });
  const range = contextOf(one);
  const prefill: LabelValue = {
    segments: phasesOf(one).map(({ name, startNs, endNs }) => ({
      class: name,
      startNs: String(startNs),
      endNs: String(endNs),
    })),
  };
  const place = { batch, clipId: seen.clip, topic: seen.topic, ...range };
  await openTasks(
    trx,
    [{ ...place, type: 'segments', ontologySha256, priority: namedPriority, prefill }],
    { ids, at },
  );
  const change = { state: 'phases', clip_id: seen.clip, task_batch: batch } as const;
  await corrections.change(correction, change, { at, by });
  return { batch };
}

/** As people cut them; as command ownership tells them where nobody did. */
async function keepPhases(trx: Db, correction: string, at: number): Promise<KeptPhases> {
  const corrections = correctionStore(trx);
  const one = await corrections.demand(correction);
  const labelled = await labelledPhases(trx, phaseBatch(correction));
  const text = phasesText(labelled ?? (isIntervention(one) ? phasesOf(one) : []));
  const clip = one.clip ?? (await clipSeen(trx, one))?.clip ?? undefined;
  const seen = clip === undefined ? {} : { clip_id: clip };
  await corrections.change(correction, { phases: text, state: 'verdict', ...seen }, { at, by });
  return {
    source: labelled === undefined ? 'ownership' : 'labels',
    phases: JSON.parse(text) as Json[],
    digest: sha256Hex(text),
  };
}

async function logFailure(
  trx: Db,
  correction: string,
  { clock, ids }: Ground,
): Promise<{ readonly failure: string }> {
  const at = clock.now();
  const corrections = correctionStore(trx);
  const one = await corrections.demand(correction);
  if (one.failure !== undefined) return { failure: one.failure };
  const failure = ids.ulid('flr');
  const moment = { startNs: one.startNs, endNs: one.endNs };
  await failureStore(trx).create({
    id: failure,
    kind: 'intervention',
    severity: 'warning',
    deviceId: one.deviceId,
    session: one.session,
    ...moment,
    conditions: await measured(trx, one.deviceId, moment),
    note: one.words,
    source: 'intervention',
    createdBy: one.verdictBy ?? by,
    at,
  });
  await relink(trx, await failureStore(trx).demand(failure), { ids, at, actor: by });
  await corrections.change(correction, { failure_id: failure }, { at, by });
  return { failure };
}

/** None until it is known what should have been done; who labels the failure makes it then. */
async function addRegression(
  trx: Db,
  correction: string,
  how: { readonly at: number; readonly by: string; readonly ids: Ground['ids'] },
): Promise<{ readonly regression: string | null }> {
  const { failure } = await correctionStore(trx).demand(correction);
  const put = failure === undefined ? undefined : await putRegressionCase(trx, failure, how);
  if (put === undefined || put.kind === 'refused') return { regression: null };
  await correctionStore(trx).change(correction, { regression_id: put.id }, how);
  return { regression: put.id };
}

async function withdrawRegression(
  trx: Db,
  correction: string,
  how: { readonly why: string; readonly at: number; readonly by: string },
): Promise<boolean> {
  const { failure } = await correctionStore(trx).demand(correction);
  return failure !== undefined && (await withdrawRegressionCase(trx, failure, how));
}

/** Tasks of the kind that people do for this topic, over the time in which a person drove. */
async function openLabels(
  trx: Db,
  correction: string,
  { clock, ids }: Ground,
): Promise<{ readonly batch: string | null }> {
  const one = await correctionStore(trx).demand(correction);
  const kind = one.clip === undefined ? undefined : await sameTasks(trx, one);
  if (one.clip === undefined || kind === undefined) return { batch: null };
  const batch = labelBatchOf(correction);
  const takenOver = (one.phases ?? []).find(({ name }) => name === 'takeover') ?? one;
  const { startNs, endNs } = takenOver;
  const failureId = one.failure;
  const task = { ...kind, batch, clipId: one.clip, startNs, endNs, failureId };
  const at = clock.now();
  const done = await openTasks(trx, [{ ...task, priority: namedPriority }], { ids, at });
  return { batch: done.opened.length + done.known.length === 0 ? null : batch };
}

async function caseOf(
  trx: Db,
  correction: string,
  how: { readonly at: number; readonly by: string },
): Promise<{ readonly case: string }> {
  const one = await correctionStore(trx).demand(correction);
  const { id } = await openCase(
    trx,
    {
      key: `correction:${correction}`,
      device: one.deviceId,
      kind: 'intervention.hardware',
      severity: 'sev2',
      source: 'workflow',
      subject: correction,
      clip: one.clip,
      summary: one.verdictReason ?? 'a person took over because of the hardware',
    },
    how,
  );
  await correctionStore(trx).change(correction, { case_id: id }, how);
  return { case: id };
}

async function undo(
  trx: Db,
  correction: string,
  of: {
    readonly stage: CorrectionStage;
    readonly reason: string;
    readonly at: number;
    readonly by: string;
    readonly ids: Ground['ids'];
  },
): Promise<boolean> {
  const { stage, reason, at, ids } = of;
  switch (stage) {
    case 'phases':
      return (await voidTasks(trx, phaseBatch(correction), { reason, by }, { ids, at })) > 0;
    case 'labels':
      return (await voidTasks(trx, labelBatchOf(correction), { reason, by }, { ids, at })) > 0;
    case 'regression':
      return await withdrawRegression(trx, correction, { why: reason, at, by });
    case 'failure':
      return await dismissFailure(trx, correction, { reason, at });
    default:
      throw new TypeError(`stage ${String(stage)}`);
  }
}

/** A failure that has gone on its way meanwhile stays: a data set has it. */
async function dismissFailure(
  trx: Db,
  correction: string,
  { reason, at }: { readonly reason: string; readonly at: number },
): Promise<boolean> {
  const { failure } = await correctionStore(trx).demand(correction);
  const found = failure === undefined ? undefined : await failureStore(trx).get(failure);
  if (found === undefined || overStates.includes(found.state)) return false;
  if (!['open', 'linked', 'labelled'].includes(found.state)) return false;
  const step = { action: 'dismiss', actor: by, at, why: reason } as const;
  await failureStore(trx).step(found, { ...step, state: 'not_a_failure' });
  return true;
}

function checkInput(input: Json): CorrectionInput {
  const { correction } = (input ?? {}) as { readonly correction?: Json };
  if (typeof correction === 'string' && correction !== '') return { correction };
  throw new Fault('invalid', 'the input names no correction', {
    place: '/input/correction',
    remedy: 'Report one: fieldloop corrections report --help.',
  });
}

export const correctionWorkflow = workflow<CorrectionInput, CorrectionOutcome, CorrectionDeps>({
  name: 'correction-loop',
  version: 1,
  body: correctionLoop,
  deps: correctionDeps,
  check: checkInput,
  triggers: [
    {
      name: 'correction-on-intervention',
      version: 1,
      on: ['correction.opened', 'correction.clip_late'],
      match: ({ kind, subject }) => ({
        input: { correction: subject },
        subject,
        key: `${kind}:${subject}`,
      }),
    },
  ],
});

/** The verbs of a failure's life. */
import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { maxReasonLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { type Failure, type FailureState, reopened } from './failure.ts';
import { demandFailure } from './demand.ts';
import { failureJson, failureSchema, shouldField } from './json.ts';
import { type FailureChange, failureStore } from './store.ts';
import { relink } from './link.ts';

const tag = 'failures';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200, description: 'The failure.', schema: failureSchema } as const;
const refField = z.string().min(1).max(128);
const whyField = z.string().min(1).max(maxReasonLength);
const right = 'failures:write';
export const failureVerbs = (deps: NounDeps): readonly Operation[] => [
  advance(deps),
  close(deps),
  reopen(deps),
  dismiss(deps),
  link(deps),
];

interface Move {
  readonly action: string;
  readonly state: FailureState;
  readonly why?: string | undefined;
  readonly change?: FailureChange;
}

type Verb = Pick<Parameters<Operation['run']>[0], 'caller' | 'audit'>;

/** One step with its audit, answered as the failure is after it. */
async function move(
  trx: Db,
  of: { readonly call: Verb; readonly found: Failure; readonly at: number },
  { action, state, why, change = {} }: Move,
) {
  const { call, found, at } = of;
  const detail = { ...(change as Readonly<Record<string, Json>>) };
  const actor = call.caller?.id ?? 'system';
  const step = { action, actor, at, state, why, detail };
  const after = await failureStore(trx).step(found, step, change);
  await call.audit(trx, {
    action: `failure.${action}`,
    subject: found.id,
    before: { state: found.state },
    after: { state },
    detail: { ...detail, ...(why === undefined ? {} : { why }) },
  });
  return failureJson(after);
}

const advanceBody = z.strictObject({
  to: z.enum(['labelled', 'in_dataset', 'fixed_in', 'released']),
  shouldHaveDone: shouldField
    .optional()
    .openapi({ description: 'For labelled, unless it is known.' }),
  datasetVersion: refField.optional().openapi({ description: 'For in_dataset.' }),
  model: refField.optional().openapi({ description: 'For fixed_in: the model version.' }),
  fix: z.enum(['memorised', 'generalised']).optional().openapi({
    description: 'For fixed_in: this case alone, or its siblings too.',
  }),
  release: refField.optional().openapi({ description: 'For released.' }),
  why: whyField.optional(),
});

type AdvanceBody = z.infer<typeof advanceBody>;

const advance = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'advanceFailure',
      tag,
      method: 'post',
      path: '/v1/failures/{id}:advance',
      summary: 'Take a failure one step on its way to a release',
      description:
        'linked > labelled > in_dataset > fixed_in > released; each names what proves it.',
      right,
      faults: ['conflict'],
    },
    { params, body: advanceBody, answer },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandFailure(trx, call.params.id);
        const { to, why, ...proof } = call.body;
        checkProof(found, call.body);
        const wanted = { action: 'advance', state: to, why, change: proofOf(to, proof) };
        return await move(trx, { call, found, at: deps.clock.now() }, wanted);
      }),
  );

/** Only what belongs to the step is kept. */
function proofOf(to: AdvanceBody['to'], proof: Omit<AdvanceBody, 'to' | 'why'>): FailureChange {
  const { shouldHaveDone, datasetVersion, model, fix, release } = proof;
  switch (to) {
    case 'labelled':
      return shouldHaveDone === undefined ? {} : { shouldHaveDone };
    case 'in_dataset':
      return { datasetVersion };
    case 'fixed_in':
      return { model, fix };
    case 'released':
      return { release };
    default:
      throw new TypeError(`a step to ${String(to)}`);
  }
}

/** Fault `invalid` when what proves the step is missing. */
function checkProof(found: Failure, body: AdvanceBody): void {
  const { to, shouldHaveDone, datasetVersion, model, fix, release } = body;
  const label = shouldHaveDone ?? found.shouldHaveDone;
  const isLabelled = label?.label !== undefined || label?.text !== undefined;
  if (to === 'labelled' && !isLabelled) throw missing('shouldHaveDone', to);
  if (to === 'in_dataset' && datasetVersion === undefined) throw missing('datasetVersion', to);
  if (to === 'fixed_in' && model === undefined) throw missing('model', to);
  if (to === 'fixed_in' && fix === undefined) throw missing('fix', to);
  if (to === 'released' && release === undefined) throw missing('release', to);
}

const missing = (name: string, to: string): Fault =>
  new Fault('invalid', `a failure becomes ${to} only with its ${name}`, {
    place: `/body/${name}`,
    remedy: `Send ${name} as well.`,
  });

const close = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'closeFailure',
      tag,
      method: 'post',
      path: '/v1/failures/{id}:close',
      summary: 'Close a failure that a release fixed',
      right,
      faults: ['conflict'],
    },
    {
      params,
      body: z.strictObject({
        release: refField.openapi({ description: 'The release that fixed it.' }),
        why: whyField.optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandFailure(trx, call.params.id);
        const { release, why } = call.body;
        const wanted = { action: 'close', state: 'closed' as const, why, change: { release } };
        return await move(trx, { call, found, at: deps.clock.now() }, wanted);
      }),
  );

const reopen = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'reopenFailure',
      tag,
      method: 'post',
      path: '/v1/failures/{id}:reopen',
      summary: 'A failure that was fixed has recurred, or was dismissed too soon',
      description: 'It keeps its history.',
      right,
      faults: ['conflict'],
    },
    { params, body: z.strictObject({ why: whyField }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandFailure(trx, call.params.id);
        const state = reopened(found.state, found.link);
        const wanted = { action: 'reopen', state, why: call.body.why };
        return await move(trx, { call, found, at: deps.clock.now() }, wanted);
      }),
  );

const dismiss = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'dismissFailure',
      tag,
      method: 'post',
      path: '/v1/failures/{id}:dismiss',
      summary: 'It will not be fixed, or it is no failure',
      description: 'What is no failure is kept as a negative example.',
      right,
      faults: ['conflict'],
    },
    {
      params,
      body: z.strictObject({ as: z.enum(['wont_fix', 'not_a_failure']), why: whyField }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandFailure(trx, call.params.id);
        const wanted = { action: 'dismiss', state: call.body.as, why: call.body.why };
        return await move(trx, { call, found, at: deps.clock.now() }, wanted);
      }),
  );

const link = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'linkFailure',
      tag,
      method: 'post',
      path: '/v1/failures/{id}:link',
      summary: 'Look for the clip of a failure again',
      description: 'A clip that only the robot has is asked for once more.',
      right,
    },
    { params, body: z.strictObject({}), answer },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandFailure(trx, call.params.id);
        const actor = call.caller?.id ?? 'system';
        // What was given up is looked for as if nobody had.
        const fresh =
          found.link === 'unrecoverable' ? { ...found, link: 'searching' as const } : found;
        const after = await relink(trx, fresh, { ids: deps.ids, at: deps.clock.now(), actor });
        await call.audit(trx, {
          action: 'failure.link',
          subject: found.id,
          before: { link: found.link },
          after: { link: after.version === found.version ? found.link : after.link },
        });
        return failureJson(after.version === found.version ? found : after);
      }),
  );

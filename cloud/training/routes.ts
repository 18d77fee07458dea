/** Operations on trainings: queued here, run by the worker. */
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { operationSchema, startedResponse } from '../http/long-work.ts';
import { trainingSource } from '../http/q/sources/models.ts';
import { maxReasonLength } from '../limits.ts';
import { maxTrainingMs } from '../training-limits.ts';
import { configField, trainingJson, type TrainingJson, trainingSchema } from './json.ts';
import { policyOperations } from './policy-routes.ts';
import { askRetrainValue, notDone } from './retrain.ts';
import { lookAtTraining, startTraining, stopTraining, trainingOfRow } from './store.ts';
import { trainingStates } from './training.ts';

export type { TrainingJson } from './json.ts';
export type TrainingPage = Listing<TrainingJson>;

const tag = 'trainings';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200, description: 'The training.', schema: trainingSchema } as const;
const ref = z.string().min(1).max(64);

export const trainingOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  stop(deps),
  value(deps),
  ...policyOperations(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTrainings',
      tag,
      method: 'get',
      path: '/v1/trainings',
      summary: 'Trainings, the newest first',
      right: 'trainings:read',
    },
    {
      query: listQuery(trainingSource, {
        model: ref.optional(),
        state: z.enum(trainingStates).optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TrainingPage', trainingSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTrainings',
        source: trainingSource,
        rows: deps.read.selectFrom('training').selectAll('training'),
        schema: trainingSchema,
        is: { model: query.model, state: query.state },
        items: (rows) => rows.map((row) => trainingJson(trainingOfRow(row))),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createTraining',
      tag,
      method: 'post',
      path: '/v1/trainings',
      summary: 'Train a model on a dataset version',
      description:
        'The same work asked for again is the same training: its job key is a hash of everything ' +
        'that decides the weights. One training of a model is at work at a time.',
      right: 'trainings:write',
      faults: ['conflict', 'not_found'],
    },
    {
      body: z.strictObject({
        model: ref.openapi({ description: 'Name or id of a model.' }),
        datasetVersion: ref.openapi({ description: 'A dataset version that is ready.' }),
        base: ref.nullable().optional().openapi({
          description: 'Id, number or alias of a version; null: none. Absent: the champion.',
        }),
        trainer: ref.default('builtin'),
        config: configField.default({}),
        seed: z
          .int()
          .min(0)
          .max(2 ** 31)
          .default(0),
        breaking: z.boolean().default(false).openapi({
          description: 'Other shapes or classes than the base are wanted.',
        }),
        withinMs: z.int().min(1000).max(maxTrainingMs).optional(),
        reason: z.string().min(1).max(maxReasonLength).optional(),
      }),
      answer: { status: 201, description: 'The training.', schema: trainingSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const act = { at: deps.clock.now(), by: call.caller?.id ?? 'system', ids: deps.ids };
        const { training, isNew } = await startTraining(trx, call.body, act);
        if (isNew) {
          const { model, datasetVersion, trainer, seed } = training;
          const after = { model, datasetVersion, trainer, seed };
          await call.audit(trx, { action: 'training.start', subject: training.id, after });
        }
        return trainingJson(training);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTraining',
      tag,
      method: 'get',
      path: '/v1/trainings/{id}',
      summary: 'One training, with its progress or what went wrong',
      right: 'trainings:read',
    },
    { params, answer },
    async ({ params: { id } }) => trainingJson(await lookAtTraining(deps.read, id)),
  );

const value = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'measureRetrainValue',
      tag,
      method: 'post',
      path: '/v1/trainings/{id}:retrainValue',
      summary: 'Measure what the labels of each lane taught, beside as many of the audit',
      description:
        'Trains the same recipe on the base data and equally many labels of each lane, five seeds ' +
        'each, and judges all on the frozen test split; `GET /v1/triage/values` has the figures. ' +
        'Below 50 labels of a lane or of the audit nothing is trained and the figure is withheld.',
      right: 'trainings:write',
      faults: ['conflict'],
    },
    { params, answer: { status: 202, description: 'The work.', schema: operationSchema } },
    async (call) =>
      startedResponse(
        await call.change(async (trx) => {
          const { id, state } = await lookAtTraining(trx, call.params.id);
          if (state !== 'done') throw notDone(id, state);
          const by = call.caller?.id ?? 'system';
          const asked = { id: deps.ids.ulid('op'), by, at: deps.clock.now() };
          const started = await askRetrainValue(trx, id, asked);
          await call.audit(trx, { action: 'training.retrain_value', subject: id });
          return started;
        }),
      ),
  );

const stop = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'stopTraining',
      tag,
      method: 'post',
      path: '/v1/trainings/{id}:stop',
      summary: 'End a training; nothing of it is registered',
      description: 'Its process gets SIGTERM, and SIGKILL 30 s later.',
      right: 'trainings:write',
      faults: ['conflict'],
    },
    { params, answer },
    async (call) =>
      await call.change(async (trx) => {
        const { id } = call.params;
        const act = { at: deps.clock.now(), by: call.caller?.id ?? 'system' };
        const stopped = await stopTraining(trx, id, act);
        await call.audit(trx, { action: 'training.stop', subject: id });
        return trainingJson(stopped);
      }),
  );

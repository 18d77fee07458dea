/** Operations on evaluations and on the regression set. */
import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { operationSchema, startedResponse } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { evaluationSource, regressionCaseSource } from '../http/q/sources/models.ts';
import { maxReasonLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { demandModelVersion } from '../store/model-registry.ts';
import { startOperation } from '../store/operations.ts';
import { putRegressionCase, withdrawRegressionCase } from '../store/regression.ts';
import {
  evaluationJson,
  type EvaluationJson,
  evaluationSchema,
  regressionCaseJson,
  type RegressionCaseJson,
  regressionCaseSchema,
} from './json.ts';
import { demandEvaluation, evaluationOfRow } from './store.ts';
import { evaluateKind, verifyEvaluationKind } from './work.ts';

export type { EvaluationJson } from './json.ts';
export type EvaluationPage = Listing<EvaluationJson>;

const tag = 'models';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const ref = z.string().min(1).max(64);
const work = { status: 202, description: 'The work.', schema: operationSchema } as const;

export const evaluationOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  verify(deps),
  listCases(deps),
  createCase(deps),
  withdraw(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listEvaluations',
      tag,
      method: 'get',
      path: '/v1/evaluations',
      summary: 'Evaluations, the newest first',
      right: 'models:read',
    },
    {
      query: listQuery(evaluationSource, { model: ref.optional(), modelVersion: ref.optional() }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('EvaluationPage', evaluationSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listEvaluations',
        source: evaluationSource,
        rows: deps.read.selectFrom('evaluation').selectAll('evaluation'),
        schema: evaluationSchema,
        is: { model: query.model, modelVersion: query.modelVersion },
        items: (rows) => rows.map((row) => evaluationJson(evaluationOfRow(row))),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createEvaluation',
      tag,
      method: 'post',
      path: '/v1/evaluations',
      summary: 'Measure a model version on the frozen test split and the regression set',
      description:
        'Beside the champion unless another version is named. The result of the operation names ' +
        'the evaluation; the same inputs again give the same one.',
      right: 'models:write',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        modelVersion: ref,
        against: ref.nullable().optional().openapi({ description: 'null: nothing.' }),
        datasetVersion: ref.optional().openapi({
          description: 'Whose test split; absent: of the one it was trained on.',
        }),
        clusters: z.array(z.string().min(1).max(128)).max(100).optional().openapi({
          description: 'Of failures it was trained for: all their cases must be right.',
        }),
      }),
      answer: work,
    },
    async (call) => {
      const { modelVersion, against } = call.body;
      await demandModelVersion(deps.read, modelVersion);
      if (against !== undefined && against !== null) await demandModelVersion(deps.read, against);
      return startedResponse(
        await call.change(async (trx) => {
          const by = call.caller?.id ?? 'nobody';
          const input = { ...call.body, by } as Json;
          return await begin(trx, deps, { kind: evaluateKind, input, by });
        }),
      );
    },
  );

async function begin(
  trx: Db,
  deps: NounDeps,
  of: { readonly kind: string; readonly input: Json; readonly by: string },
) {
  return await startOperation(trx, { id: deps.ids.ulid('op'), ...of, at: deps.clock.now() });
}

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getEvaluation',
      tag,
      method: 'get',
      path: '/v1/evaluations/{id}',
      summary: 'One evaluation: figures, slices, cases, and gates with their reasons',
      right: 'models:read',
    },
    {
      params,
      answer: { status: 200, description: 'The evaluation.', schema: evaluationSchema },
    },
    async ({ params: { id } }) => evaluationJson(await demandEvaluation(deps.read, id)),
  );

const verify = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'verifyEvaluation',
      tag,
      method: 'post',
      path: '/v1/evaluations/{id}:verify',
      summary: 'Run an evaluation again on its recorded input, and compare the hashes',
      right: 'models:write',
    },
    { params, answer: work },
    async (call) => {
      const { id } = await demandEvaluation(deps.read, call.params.id);
      return startedResponse(
        await call.change(async (trx) => {
          const by = call.caller?.id ?? 'nobody';
          const started = { kind: verifyEvaluationKind, input: { evaluation: id }, by };
          await call.audit(trx, { action: 'evaluation.verify', subject: id });
          return await begin(trx, deps, started);
        }),
      );
    },
  );

const listCases = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listRegressionCases',
      tag,
      method: 'get',
      path: '/v1/regressionCases',
      summary: 'The regression set: one case a failure',
      right: 'models:read',
    },
    {
      query: listQuery(regressionCaseSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('RegressionCasePage', regressionCaseSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listRegressionCases',
        source: regressionCaseSource,
        rows: deps.read.selectFrom('regression_case').selectAll('regression_case'),
        schema: regressionCaseSchema,
        items: (rows) => rows.map(regressionCaseJson),
      }),
  );

const createCase = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createRegressionCase',
      tag,
      method: 'post',
      path: '/v1/regressionCases',
      summary: 'Take a failure into the regression set',
      description: 'Labelled failures with a clip come by themselves. Once is once.',
      right: 'models:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({ failure: ref }),
      answer: { status: 201, description: 'The case.', schema: regressionCaseSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { failure } = call.body;
        const act = { at: deps.clock.now(), by: call.caller?.id ?? 'system', ids: deps.ids };
        const put = await putRegressionCase(trx, failure, act);
        if (put.kind === 'refused') {
          throw new Fault('conflict', `${failure} cannot be a case: ${put.why}`, {
            place: '/body/failure',
            remedy: 'Link its clip and say what should have been done: `fieldloop failures`.',
          });
        }
        if (put.kind === 'put') {
          await call.audit(trx, { action: 'regression_case.create', subject: put.id });
        }
        return await demandCase(trx, put.id);
      }),
  );

const withdraw = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'withdrawRegressionCase',
      tag,
      method: 'post',
      path: '/v1/regressionCases/{id}:withdraw',
      summary: 'Take a case out: what it rested on was revised',
      right: 'models:write',
      faults: ['conflict'],
    },
    {
      params,
      body: z.strictObject({ why: z.string().min(1).max(maxReasonLength) }),
      answer: { status: 200, description: 'The case.', schema: regressionCaseSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { id, failure } = await demandCase(trx, call.params.id);
        const { why } = call.body;
        const act = { at: deps.clock.now(), by: call.caller?.id ?? 'system' };
        if (!(await withdrawRegressionCase(trx, failure, { ...act, why }))) {
          throw new Fault('conflict', `the case ${id} is withdrawn already`, {
            remedy: 'Nothing is left to do.',
          });
        }
        await call.audit(trx, { action: 'regression_case.withdraw', subject: id, detail: { why } });
        return await demandCase(trx, id);
      }),
  );

async function demandCase(db: Db, id: string): Promise<RegressionCaseJson> {
  const row = await db
    .selectFrom('regression_case')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row !== undefined) return regressionCaseJson(row);
  throw new Fault('not_found', `there is no regression case "${id}"`, {
    remedy: 'List them with `fieldloop evaluations cases`.',
  });
}

/** Operations on training policies and on what their looks came to. */
import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { trainingCheckSource, trainingPolicySource } from '../http/q/sources/models.ts';
import { demandVersion } from '../http/version.ts';
import { demandModel } from '../store/model-registry.ts';
import { policyCooldownMs } from '../training-limits.ts';
import { checkRecipe } from './builtin/config.ts';
import {
  checkJson,
  checkSchema,
  configField,
  policyJson,
  type PolicyJson,
  policySchema,
  retrainField,
  triggersSchema,
} from './json.ts';
import { checkOfRow, policyOfRow, policyStore } from './policy-store.ts';
import { builtinTrainer, type Config } from './training.ts';

export type TrainingPolicyPage = Listing<PolicyJson>;

const tag = 'trainings';
const params = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Id of a policy, or its model.' }),
});
const answer = { status: 200, description: 'The policy.', schema: policySchema } as const;
const ref = z.string().min(1).max(64);
const cooldown = z
  .int()
  .min(0)
  .max(365 * 86_400_000);

export const policyOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
  checks(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTrainingPolicies',
      tag,
      method: 'get',
      path: '/v1/trainingPolicies',
      summary: 'When trainings begin by themselves',
      right: 'trainings:read',
    },
    {
      query: listQuery(trainingPolicySource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TrainingPolicyPage', policySchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTrainingPolicies',
        source: trainingPolicySource,
        rows: deps.read.selectFrom('training_policy').selectAll('training_policy'),
        schema: policySchema,
        items: (rows) => rows.map((row) => policyJson(policyOfRow(row))),
      }),
  );

const checkedConfig = (trainer: string, config: Config): Config =>
  trainer === builtinTrainer ? checkRecipe(config) : config;

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createTrainingPolicy',
      tag,
      method: 'post',
      path: '/v1/trainingPolicies',
      summary: 'Let trainings of a model begin by themselves',
      description: 'One policy a model. Each look at it leaves its answer and why.',
      right: 'trainings:write',
      faults: ['conflict', 'not_found'],
    },
    {
      body: z.strictObject({
        model: ref,
        dataset: ref.openapi({ description: 'Name of the data set whose versions train it.' }),
        triggers: triggersSchema,
        config: configField.default({}),
        trainer: ref.default(builtinTrainer),
        cooldownMs: cooldown.default(policyCooldownMs),
        enabled: z.boolean().default(true),
        retrainValue: retrainField.default(true),
      }),
      answer: { status: 201, description: 'The policy.', schema: policySchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { body } = call;
        const model = await demandModel(trx, body.model);
        const config = checkedConfig(body.trainer, body.config);
        const act = { at: deps.clock.now(), by: call.caller?.id ?? 'system', ids: deps.ids };
        const made = await policyStore(trx).create({ ...body, config, model: model.name }, act);
        if (made === undefined) {
          throw new Fault('conflict', `the model ${model.name} has a policy already`, {
            place: '/body/model',
            remedy: 'Change that one.',
          });
        }
        await call.audit(trx, { action: 'training_policy.create', subject: made.id, after: body });
        return policyJson(made);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTrainingPolicy',
      tag,
      method: 'get',
      path: '/v1/trainingPolicies/{id}',
      summary: 'One policy',
      right: 'trainings:read',
    },
    { params, answer },
    async ({ params: { id } }) => policyJson(await policyStore(deps.read).demand(id)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateTrainingPolicy',
      tag,
      method: 'patch',
      path: '/v1/trainingPolicies/{id}',
      summary: 'Change a policy, or switch it off',
      right: 'trainings:write',
    },
    {
      params,
      body: z.strictObject({
        dataset: ref.optional(),
        triggers: triggersSchema.optional(),
        config: configField.optional(),
        trainer: ref.optional(),
        cooldownMs: cooldown.optional(),
        enabled: z.boolean().optional(),
        retrainValue: retrainField.optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const store = policyStore(trx);
        const found = await store.demand(call.params.id);
        demandVersion(call, found);
        const given = Object.fromEntries(
          Object.entries(call.body).filter(([, value]) => value !== undefined),
        ) as Partial<typeof found>;
        const after = { ...found, ...given };
        const config = checkedConfig(after.trainer, after.config);
        await store.change(found, { ...given, config }, deps.clock.now());
        await call.audit(trx, {
          action: 'training_policy.update',
          subject: found.id,
          before: { enabled: found.enabled, dataset: found.dataset },
          after: call.body,
        });
        return policyJson(await store.demand(found.id));
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteTrainingPolicy',
      tag,
      method: 'delete',
      path: '/v1/trainingPolicies/{id}',
      summary: 'Forget a policy and its answers',
      right: 'trainings:write',
    },
    { params, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const store = policyStore(trx);
        const found = await store.demand(call.params.id);
        demandVersion(call, found);
        await store.remove(found, deps.clock.now());
        const before = { model: found.model, dataset: found.dataset };
        await call.audit(trx, { action: 'training_policy.delete', subject: found.id, before });
      });
    },
  );

const checks = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTrainingChecks',
      tag,
      method: 'get',
      path: '/v1/trainingChecks',
      summary: 'What looks at policies came to: started, due or held, and why',
      right: 'trainings:read',
    },
    {
      query: listQuery(trainingCheckSource, { policy: ref.optional() }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TrainingCheckPage', checkSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTrainingChecks',
        source: trainingCheckSource,
        rows: deps.read.selectFrom('training_check').selectAll('training_check'),
        schema: checkSchema,
        is: { policy: query.policy },
        items: (rows) => rows.map((row) => checkJson(checkOfRow(row))),
      }),
  );

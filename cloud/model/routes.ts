/** Operations on models: what robots call by one id, its aliases and what it takes and gives. */
import { Fault } from '@fieldloop/core';
import { jsonRecord } from '../http/json-record.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { modelSource } from '../http/q/sources/models.ts';
import { demandVersion } from '../http/version.ts';
import { maxNoteLength } from '../limits.ts';
import { checkDeclaration } from '../store/model-declaration.ts';
import {
  aliasesOf,
  createModel,
  demandModel,
  getAlias,
  modelOfRow,
  modelVersionNamed,
  moveAlias,
} from '../store/model-registry.ts';
import type { Db } from '../store/db.ts';
import type { ModelDeps } from './deps.ts';
import { aliasJson, aliasSchema, modelJson, type ModelJson, modelSchema } from './json.ts';
import { type Alias, aliases, modelNamePattern } from './model.ts';
import { changeModel } from './store.ts';
import { modelVersionOperations } from './version-routes.ts';

export type { ModelJson } from './json.ts';
export type ModelPage = Listing<ModelJson>;

const tag = 'models';
const params = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of a model.' }),
});
const noteField = z.string().min(1).max(maxNoteLength);
const declarationField = jsonRecord({
  description: 'model.yaml without `golden` and `version`: classes, input and output.',
});
const answer = { status: 200, description: 'The model.', schema: modelSchema } as const;

export const modelOperations = (deps: ModelDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  getOneAlias(deps),
  setAlias(deps),
  ...modelVersionOperations(deps),
];

const shown = async (db: Db, ref: string): Promise<ModelJson> => {
  const model = await demandModel(db, ref);
  return modelJson(model, await aliasesOf(db, model.name));
};

const list = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'listModels',
      tag,
      method: 'get',
      path: '/v1/models',
      summary: 'Models with their aliases',
      right: 'models:read',
    },
    {
      query: listQuery(modelSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('ModelPage', modelSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listModels',
        source: modelSource,
        rows: deps.read.selectFrom('model').selectAll('model'),
        schema: modelSchema,
        items: async (rows) => {
          const items: ModelJson[] = [];
          for (const row of rows) {
            items.push(modelJson(modelOfRow(row), await aliasesOf(deps.read, row.name)));
          }
          return items;
        },
      }),
  );

const create = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'createModel',
      tag,
      method: 'post',
      path: '/v1/models',
      summary: 'Name a model, and declare what it takes and gives',
      description:
        'With a declaration a first training can make its first version; without one, import it.',
      right: 'models:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        name: z
          .string()
          .regex(modelNamePattern, 'is not a name: use up to 64 of A-z, 0-9 and _ . -')
          .openapi({ example: 'classifier' }),
        note: noteField.optional(),
        declaration: declarationField.optional(),
      }),
      answer: { status: 201, description: 'The model.', schema: modelSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { name, declaration } = call.body;
        if (declaration !== undefined) checkDeclaration(declaration, name);
        const act = { at: deps.clock.now(), by: call.caller?.id ?? 'system', ids: deps.ids };
        const made = await createModel(trx, call.body, act);
        if (made === undefined) {
          throw new Fault('conflict', `there is a model "${name}" already`, {
            place: '/body/name',
            remedy: 'Choose another name, or use that one.',
          });
        }
        await call.audit(trx, { action: 'model.create', subject: made.id, after: call.body });
        return modelJson(made, []);
      }),
  );

const get = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'getModel',
      tag,
      method: 'get',
      path: '/v1/models/{id}',
      summary: 'One model',
      right: 'models:read',
    },
    { params, answer },
    async ({ params: { id } }) => await shown(deps.read, id),
  );

const update = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'updateModel',
      tag,
      method: 'patch',
      path: '/v1/models/{id}',
      summary: 'Change the note of a model, or its declaration',
      description: 'A declaration counts for trainings without a base; versions keep their own.',
      right: 'models:write',
    },
    {
      params,
      body: z.strictObject({
        note: noteField.nullable().optional(),
        declaration: declarationField.optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandModel(trx, call.params.id);
        demandVersion(call, found);
        const { declaration } = call.body;
        if (declaration !== undefined) checkDeclaration(declaration, found.name);
        await changeModel(trx, found, call.body, deps.clock.now());
        await call.audit(trx, {
          action: 'model.update',
          subject: found.id,
          before: { note: found.note ?? null },
          after: call.body,
        });
        return await shown(trx, found.id);
      }),
  );

const aliasParams = z.strictObject({ ...params.shape, alias: z.enum(aliases) });
const aliasAnswer = { status: 200, description: 'The alias.', schema: aliasSchema } as const;

async function shownAlias(db: Db, ref: string, alias: Alias) {
  const model = await demandModel(db, ref);
  return aliasJson(model, alias, await getAlias(db, model.name, alias));
}

const getOneAlias = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'getModelAlias',
      tag,
      method: 'get',
      path: '/v1/models/{id}/aliases/{alias}',
      summary: 'What an alias names; version 0 as long as it names nothing',
      right: 'models:read',
    },
    { params: aliasParams, answer: aliasAnswer },
    async ({ params: { id, alias } }) => await shownAlias(deps.read, id, alias),
  );

const setAlias = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'setModelAlias',
      tag,
      method: 'put',
      path: '/v1/models/{id}/aliases/{alias}',
      summary: 'Let an alias name another version',
      description:
        'The champion that gives way becomes the rollback. Robots follow rollouts, not aliases.',
      right: 'models:approve',
      faults: ['conflict', 'not_found'],
    },
    {
      params: aliasParams,
      body: z.strictObject({
        modelVersion: z
          .string()
          .min(1)
          .max(64)
          .openapi({ description: 'Id or number of a version of this model.' }),
      }),
      answer: aliasAnswer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const { id, alias } = call.params;
        const model = await demandModel(trx, id);
        const to = await modelVersionNamed(trx, model.name, call.body.modelVersion);
        const known = await getAlias(trx, model.name, alias);
        demandVersion(call, aliasJson(model, alias, known));
        const act = { at: deps.clock.now(), by: call.caller?.id ?? 'system' };
        await moveAlias(trx, { model: model.name, alias, to: to.id, expects: 'any' }, act);
        await call.audit(trx, {
          action: 'alias.move',
          subject: model.id,
          before: { alias, modelVersion: known?.modelVersion ?? null },
          after: { alias, modelVersion: to.id },
        });
        return await shownAlias(trx, model.id, alias);
      }),
  );

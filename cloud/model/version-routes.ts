/** Operations on versions of models: import, files, and making one again from its records. */
import { answerBytes } from '../blob/answer.ts';
import { jsonRecord } from '../http/json-record.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { operationSchema, startedResponse } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { modelVersionSource } from '../http/q/sources/models.ts';
import { importVersion } from '../store/model-import.ts';
import {
  aliasesOf,
  createModel,
  demandModel,
  demandModelVersion,
  getModel,
  modelVersionNamed,
  moveAlias,
  registerVersion,
  versionOfRow,
} from '../store/model-registry.ts';
import { startOperation } from '../store/operations.ts';
import type { ModelDeps } from './deps.ts';
import { modelVersionJson, type ModelVersionJson, modelVersionSchema } from './json.ts';
import { aliases, modelNamePattern } from './model.ts';

/** The work that makes a version again. */
export const verifyModelKind = 'models.verify';

const tag = 'models';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200, description: 'The version.', schema: modelVersionSchema } as const;

export const modelVersionOperations = (deps: ModelDeps): readonly Operation[] => [
  list(deps),
  bring(deps),
  named(deps),
  get(deps),
  file(deps, 'onnx'),
  file(deps, 'document'),
  verify(deps),
];

const list = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'listModelVersions',
      tag,
      method: 'get',
      path: '/v1/modelVersions',
      summary: 'Versions of models, the newest first',
      right: 'models:read',
    },
    {
      query: listQuery(modelVersionSource, { model: z.string().min(1).max(64).optional() }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('ModelVersionPage', modelVersionSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listModelVersions',
        source: modelVersionSource,
        rows: deps.read.selectFrom('model_version').selectAll('model_version'),
        schema: modelVersionSchema,
        is: { model: query.model },
        items: async (rows) => {
          const items: ModelVersionJson[] = [];
          for (const row of rows) {
            const moved = await aliasesOf(deps.read, row.model);
            items.push(modelVersionJson(versionOfRow(row), moved));
          }
          return items;
        },
      }),
  );

const bring = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'importModelVersion',
      tag,
      method: 'post',
      path: '/v1/models/{id}/versions',
      summary: 'Bring a version that was trained elsewhere',
      description:
        'model.onnx is uploaded first (`POST /v1/artifacts`). ONNX Runtime must load it, and its ' +
        'golden pairs must come out. A model that is not there yet is made; its first version is ' +
        'the champion unless another alias is named. The same two files again are the same version.',
      right: 'models:write',
      faults: ['conflict', 'not_found', 'corrupt'],
    },
    {
      params: z.strictObject({
        id: z.string().regex(modelNamePattern).openapi({ description: 'The id in model.yaml.' }),
      }),
      body: z.strictObject({
        onnx: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex'),
        document: jsonRecord({ description: 'model.yaml' }),
        alias: z.enum(aliases).optional(),
      }),
      answer: { status: 201, description: 'The version.', schema: modelVersionSchema },
    },
    async (call) => {
      const name = call.params.id;
      const made = await importVersion(deps, { ...call.body, model: name }, call.request.signal);
      return await call.change(async (trx) => {
        const at = deps.clock.now();
        const by = call.caller?.id ?? 'system';
        const act = { at, by, ids: deps.ids };
        const known = await getModel(trx, name);
        if (known === undefined) await createModel(trx, { name }, act);
        const version = await registerVersion(trx, made, act);
        const alias = call.body.alias ?? (known === undefined ? 'champion' : undefined);
        if (alias !== undefined) {
          const move = { model: name, alias, to: version.id, expects: 'any' } as const;
          await moveAlias(trx, move, { at, by });
        }
        const after = { number: version.number, onnx: version.onnx.sha256, alias: alias ?? null };
        await call.audit(trx, { action: 'model.import', subject: version.id, after });
        return modelVersionJson(version, await aliasesOf(trx, name));
      });
    },
  );

const named = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'getNamedModelVersion',
      tag,
      method: 'get',
      path: '/v1/models/{id}/versions/{ref}',
      summary: 'The version of a model that a number or an alias names',
      right: 'models:read',
      faults: ['not_found'],
    },
    {
      params: z.strictObject({
        ...params.shape,
        ref: z.string().min(1).max(64).openapi({ description: 'Number, alias or id.' }),
      }),
      answer,
    },
    async ({ params: { id, ref } }) => {
      const model = await demandModel(deps.read, id);
      const version = await modelVersionNamed(deps.read, model.name, ref);
      return modelVersionJson(version, await aliasesOf(deps.read, model.name));
    },
  );

const get = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'getModelVersion',
      tag,
      method: 'get',
      path: '/v1/modelVersions/{id}',
      summary: 'One version of a model',
      right: 'models:read',
    },
    { params, answer },
    async ({ params: { id } }) => {
      const version = await demandModelVersion(deps.read, id);
      return modelVersionJson(version, await aliasesOf(deps.read, version.model));
    },
  );

const names = {
  onnx: { id: 'getModelOnnx', file: 'model.onnx', mediaType: 'application/octet-stream' },
  document: { id: 'getModelDocument', file: 'model.yaml', mediaType: 'application/yaml' },
} as const;

const file = (deps: ModelDeps, which: 'onnx' | 'document'): Operation =>
  operation(
    {
      id: names[which].id,
      tag,
      method: 'get',
      path: `/v1/modelVersions/{id}/${which}`,
      summary: `The ${names[which].file} of a version`,
      right: 'models:read',
      description: 'Takes Range, If-Range and If-None-Match, and HEAD.',
      faults: ['unavailable'],
      statuses: {
        206: 'The part of the file that Range asked for.',
        304: 'The caller has this file already.',
        416: 'The range lies outside the file, or there are several.',
      },
    },
    {
      params,
      answer: { status: 200, description: 'The file.', bytes: names[which].mediaType },
    },
    async (call) => {
      const version = await demandModelVersion(deps.read, call.params.id);
      const { file: name, mediaType } = names[which];
      const fileName = `${version.model}-${version.number}-${name}`;
      return await answerBytes({ ...version[which], mediaType, fileName }, deps.bytes, call);
    },
  );

const verify = (deps: ModelDeps): Operation =>
  operation(
    {
      id: 'verifyModelVersion',
      tag,
      method: 'post',
      path: '/v1/modelVersions/{id}:verify',
      summary: 'Train a version again from what was recorded, and compare the hashes',
      description: 'The result is in the operation: recorded and reproduced hashes of both files.',
      right: 'models:write',
    },
    {
      params,
      answer: { status: 202, description: 'The work.', schema: operationSchema },
    },
    async (call) => {
      const version = await demandModelVersion(deps.read, call.params.id);
      const at = deps.clock.now();
      const by = call.caller?.id ?? 'nobody';
      const wanted = {
        id: deps.ids.ulid('op'),
        kind: verifyModelKind,
        input: { modelVersion: version.id },
      };
      return startedResponse(
        await call.change(async (trx) => {
          const started = await startOperation(trx, { ...wanted, by, at });
          await call.audit(trx, { action: 'model.verify', subject: version.id });
          return started;
        }),
      );
    },
  );

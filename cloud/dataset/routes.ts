import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { operationSchema, startedResponse } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { datasetSource } from '../http/q/sources/datasets.ts';
import { demandVersion } from '../http/version.ts';
import { operationRows } from '../store/operations.ts';
import { ontologyNamed } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import { askBuild } from './build.ts';
import { type DatasetDeps, datasetExportOperations } from './export-routes.ts';
import { datasetImportOperations } from './import-routes.ts';
import {
  datasetJson,
  datasetSchema,
  descriptionField,
  gateFields,
  hashField,
  licencesField,
  nameField,
  selectionFields,
  settingsOf,
  splitRuleFields,
  tagJson,
  tagSchema,
} from './json.ts';
import { datasetOfRow, datasetStore, tagOfRow } from './store.ts';
import { datasetVersionOperations } from './version-routes.ts';

const tag = 'datasets';
const path = z.strictObject({ id: z.string().max(64) });
const tagPath = z.strictObject({ id: z.string().max(64), name: z.string().max(64) });

export const datasetOperations = (deps: DatasetDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  change(deps),
  build(deps),
  getTag(deps),
  putTag(deps),
  dropTag(deps),
  ...datasetVersionOperations(deps),
  ...datasetExportOperations(deps),
  ...datasetImportOperations(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listDatasets',
      tag,
      method: 'get',
      path: '/v1/datasets',
      summary: 'Data sets, the newest first',
      right: 'datasets:read',
    },
    {
      query: listQuery(datasetSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('DatasetPage', datasetSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listDatasets',
        source: datasetSource,
        schema: datasetSchema,
        rows: deps.read.selectFrom('dataset').selectAll('dataset'),
        items: (rows) => rows.map((row) => datasetJson(datasetOfRow(row))),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createDataset',
      tag,
      method: 'post',
      path: '/v1/datasets',
      summary: 'Say which labels make a data set, how it is split, and what it must meet',
      description:
        'Nothing is built yet. Groups are drawn into splits by a hash of salt and group: a drive ' +
        'is on one side for good. Test holds only what the audit lane drew.',
      right: 'datasets:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        name: nameField,
        description: descriptionField.optional(),
        selection: selectionFields,
        splitRule: splitRuleFields.default(splitRuleFields.parse({})),
        gates: gateFields.default(gateFields.parse({})),
        licences: licencesField.default([]),
      }),
      answer: { status: 201, description: 'The data set.', schema: datasetSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { name, description, selection } = call.body;
        await demandOntology(trx, selection.ontology);
        const id = deps.ids.ulid('dst');
        const by = { by: call.caller?.id ?? 'nobody', at: deps.clock.now() };
        const wanted = { id, name, description, settings: settingsOf(name, call.body) };
        const made = await datasetStore(trx).create(wanted, by);
        if (made === undefined) {
          throw new Fault('conflict', `there is a data set "${name}" already`, {
            place: '/body/name',
            remedy: 'Choose another name, or change that one.',
          });
        }
        await call.audit(trx, { action: 'dataset.create', subject: id, after: datasetJson(made) });
        return datasetJson(made);
      }),
  );

async function demandOntology(db: Db, name: string): Promise<void> {
  if ((await ontologyNamed(db, name)) !== undefined) return;
  throw new Fault('invalid', `there is no ontology "${name}"`, {
    place: '/body/selection/ontology',
    remedy: 'List them with GET /v1/ontologies.',
  });
}

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDataset',
      tag,
      method: 'get',
      path: '/v1/datasets/{id}',
      summary: 'One data set, by id or name, with its tags',
      right: 'datasets:read',
    },
    { params: path, answer: { status: 200, description: 'The data set.', schema: datasetSchema } },
    async ({ params }) => {
      const found = await datasetStore(deps.read).demand(params.id);
      const tags = await deps.read
        .selectFrom('dataset_tag')
        .selectAll()
        .where('dataset_id', '=', found.id)
        .orderBy('name')
        .orderBy('id')
        .execute();
      return datasetJson(found, tags.map(tagOfRow));
    },
  );

const change = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'changeDataset',
      tag,
      method: 'patch',
      path: '/v1/datasets/{id}',
      summary: 'Change what the next versions of a data set are made of',
      description: 'Versions that are there stay. The split rule stays once there is a version.',
      right: 'datasets:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        description: descriptionField.nullable().optional(),
        selection: selectionFields.optional(),
        splitRule: splitRuleFields.optional(),
        gates: gateFields.optional(),
        licences: licencesField.optional(),
      }),
      answer: { status: 200, description: 'The data set.', schema: datasetSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const store = datasetStore(trx);
        const before = await store.demand(call.params.id);
        demandVersion(call, before);
        const { description, selection, splitRule, gates, licences } = call.body;
        if (selection !== undefined) await demandOntology(trx, selection.ontology);
        if (splitRule !== undefined) await demandNoVersion(trx, before.id);
        const settings = {
          ...before.settings,
          ...settingsOf(before.name, {
            selection: selectionFields.parse(selection ?? before.settings.selection),
            splitRule: splitRuleFields.parse(splitRule ?? before.settings.splitRule),
            gates: gateFields.parse(gates ?? before.settings.gates),
            licences: licences ?? before.settings.licences,
          }),
        };
        const changes = { settings, ...(description === undefined ? {} : { description }) };
        const after = await store.change(before, changes, deps.clock.now());
        await call.audit(trx, {
          action: 'dataset.change',
          subject: before.id,
          before: datasetJson(before),
          after: datasetJson(after),
        });
        return datasetJson(after);
      }),
  );

async function demandNoVersion(db: Db, datasetId: string): Promise<void> {
  const row = await db
    .selectFrom('dataset_version')
    .select('id')
    .where('dataset_id', '=', datasetId)
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return;
  throw new Fault('conflict', 'the split rule of a data set with versions cannot change', {
    place: '/body/splitRule',
    remedy: 'Groups never move: begin another data set.',
  });
}

const build = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'buildDatasetVersion',
      tag,
      method: 'post',
      path: '/v1/datasets/{id}/versions',
      summary: 'Build a version of the labels that are resolved now',
      description:
        'The answer is an Operation; its result names the version, or the parent where nothing ' +
        'changed. With `publish` a version whose gates are green needs no sign-off.',
      right: 'datasets:write',
    },
    {
      params: path,
      body: z.strictObject({
        batches: z
          .array(z.string().min(1).max(128))
          .min(1)
          .max(100)
          .optional()
          .openapi({ description: 'Labels of these batches of tasks alone.' }),
        publish: z.boolean().default(false),
      }),
      answer: { status: 202, description: 'The work that builds it.', schema: operationSchema },
    },
    async (call) => {
      const operationId = deps.ids.ulid('op');
      return startedResponse(
        await call.change(async (trx) => {
          const found = await datasetStore(trx).demand(call.params.id);
          const by = call.caller?.id ?? 'nobody';
          const { batches, publish } = call.body;
          const input = { dataset: found.id, asOf: deps.clock.now(), batches, publish, by };
          await askBuild(trx, input, operationId);
          const detail = { operation: operationId, publish };
          await call.audit(trx, { action: 'dataset.build', subject: found.id, detail });
          const started = await operationRows(trx).get(operationId);
          if (started === undefined) throw new TypeError('an operation that was not written');
          return started;
        }),
      );
    },
  );

const demandTag = async (db: Db, id: string, name: string) => {
  const dataset = await datasetStore(db).demand(id);
  const found = await datasetStore(db).getTag(dataset.id, name);
  return { dataset, found };
};

const unknownTag = (dataset: string, name: string): Fault =>
  new Fault('not_found', `${dataset} has no tag "${name}"`, {
    remedy: 'Read the data set: it shows its tags.',
  });

const getTag = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getDatasetTag',
      tag,
      method: 'get',
      path: '/v1/datasets/{id}/tags/{name}',
      summary: 'Which version a tag names',
      right: 'datasets:read',
    },
    { params: tagPath, answer: { status: 200, description: 'The tag.', schema: tagSchema } },
    async ({ params }) => {
      const { dataset, found } = await demandTag(deps.read, params.id, params.name);
      if (found === undefined) throw unknownTag(dataset.name, params.name);
      return tagJson(found);
    },
  );

const putTag = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'putDatasetTag',
      tag,
      method: 'put',
      path: '/v1/datasets/{id}/tags/{name}',
      summary: 'Move a tag to a version',
      description: 'If-Match names the tag as it was read; `*` makes a new one.',
      right: 'datasets:write',
      faults: ['conflict'],
    },
    {
      params: z.strictObject({ id: z.string().max(64), name: nameField }),
      body: z.strictObject({ versionId: hashField }),
      answer: { status: 200, description: 'The tag.', schema: tagSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { id, name } = call.params;
        const { dataset, found } = await demandTag(trx, id, name);
        if (found !== undefined) demandVersion(call, found);
        else if (call.expects !== 'any') throw unknownTag(dataset.name, name);
        const by = { by: call.caller?.id ?? 'nobody', at: deps.clock.now() };
        const to = { name, to: call.body.versionId, id: deps.ids.ulid('dtg') };
        const moved = await datasetStore(trx).tag(dataset, to, by);
        await call.audit(trx, {
          action: 'dataset.tag',
          subject: dataset.id,
          ...(found === undefined ? {} : { before: tagJson(found) }),
          after: tagJson(moved),
        });
        return tagJson(moved);
      }),
  );

const dropTag = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteDatasetTag',
      tag,
      method: 'delete',
      path: '/v1/datasets/{id}/tags/{name}',
      summary: 'Take a tag away; the version stays',
      right: 'datasets:write',
    },
    { params: tagPath, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const { dataset, found } = await demandTag(trx, call.params.id, call.params.name);
        if (found === undefined) throw unknownTag(dataset.name, call.params.name);
        demandVersion(call, found);
        await datasetStore(trx).dropTag(dataset, found, deps.clock.now());
        await call.audit(trx, {
          action: 'dataset.untag',
          subject: dataset.id,
          before: tagJson(found),
        });
      });
    },
  );

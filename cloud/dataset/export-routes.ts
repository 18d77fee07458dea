import { splits } from '@fieldloop/learning';
import { answerBytes } from '../blob/answer.ts';
import type { BlobStore } from '../blob/blob.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { operationSchema, startedResponse } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { datasetExportSource } from '../http/q/sources/datasets.ts';
import { demandVersion } from '../http/version.ts';
import { eraseBlobs } from '../store/erasure.ts';
import { startOperation } from '../store/operations.ts';
import {
  type DatasetExport,
  datasetExportName,
  datasetExportState,
  datasetFormats,
} from './export.ts';
import { datasetExportOfRow, datasetExportStore } from './export-store.ts';
import { datasetExportKind } from './export-work.ts';
import { hashField } from './json.ts';
import { datasetStore } from './store.ts';

export interface DatasetDeps extends NounDeps {
  readonly bytes: BlobStore;
}

const tag = 'datasets';
const path = z.strictObject({ id: z.string().max(64) });

export const datasetExportOperations = (deps: DatasetDeps): readonly Operation[] => [
  start(deps),
  list(deps),
  get(deps),
  data(deps),
  drop(deps),
];

const schema = z
  .object({
    id: z.string().openapi({ example: 'dxp_01JC0000000000000000000000' }),
    state: z
      .enum(['making', 'ready', 'gone'])
      .openapi({ description: '`gone`: its time is over, or a clip in it was erased.' }),
    versionId: hashField.openapi({ description: 'Of the dataset version.' }),
    operation: z.string().openapi({ description: 'The long work that makes it.' }),
    format: z.enum(datasetFormats),
    splits: z.array(z.enum(splits)),
    fileName: z.string(),
    sizeBytes: z.int().optional(),
    sha256: z.string().optional(),
    readyAt: instantField.optional(),
    expiresAt: instantField.optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('DatasetExport');

const json = (made: DatasetExport): z.infer<typeof schema> => ({
  id: made.id,
  state: datasetExportState(made),
  versionId: made.versionId,
  operation: made.operationId,
  format: made.format,
  splits: [...made.options.splits],
  fileName: datasetExportName(made),
  ...(made.sizeBytes === undefined ? {} : { sizeBytes: made.sizeBytes }),
  ...(made.sha256 === undefined ? {} : { sha256: made.sha256 }),
  ...(made.readyAt === undefined ? {} : { readyAt: instantText(made.readyAt) }),
  ...(made.expiresAt === undefined ? {} : { expiresAt: instantText(made.expiresAt) }),
  createdBy: made.createdBy,
  createdAt: instantText(made.createdAt),
  updatedAt: instantText(made.updatedAt),
  version: made.version,
});

const topicField = z.string().min(1).max(256);

const start = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'exportDatasetVersion',
      tag,
      method: 'post',
      path: '/v1/datasetVersions/{id}:export',
      summary: 'Make a file of a version for other programs',
      description:
        '`bundle`: clips, labels, manifest and hashes. `croissant`: the same with a description in ' +
        'Croissant 1.1. `lerobot`: the table part of LeRobot v3.0, pictures as images, no MP4. ' +
        '`coco`: boxes with their pictures. `openlineage`: events of spec 2-0-2. Kept for 24 h.',
      right: 'datasets:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        format: z.enum(datasetFormats),
        splits: z
          .array(z.enum(splits))
          .min(1)
          .max(4)
          .default(['train', 'calibration'])
          .openapi({ description: 'Test is exported only where it is asked for by name.' }),
        withText: z
          .boolean()
          .default(false)
          .openapi({ description: 'With labels of type text, which people wrote.' }),
        signals: z
          .array(z.strictObject({ topic: topicField, path: z.string().min(1).max(256) }))
          .max(64)
          .default([])
          .openapi({ description: 'Of lerobot: the numbers of observation.state.' }),
        images: z
          .array(topicField)
          .max(16)
          .default([])
          .openapi({ description: 'Of lerobot: topics of compressed images.' }),
        fps: z.number().min(0.01).max(1000).default(10),
        robot: z.string().min(1).max(64).default('unknown'),
      }),
      answer: { status: 202, description: 'The work that makes it.', schema: operationSchema },
    },
    async (call) => {
      const by = call.caller?.id ?? 'nobody';
      const at = deps.clock.now();
      const [id, operationId] = [deps.ids.ulid('dxp'), deps.ids.ulid('op')];
      return startedResponse(
        await call.change(async (trx) => {
          const version = await datasetStore(trx).demandVersion(call.params.id);
          const { format, ...options } = call.body;
          const input = { export: id, format, version: version.id };
          const wanted = { id: operationId, kind: datasetExportKind, input, by, at };
          const started = await startOperation(trx, wanted);
          const made = { id, versionId: version.id, operationId, format, options };
          await datasetExportStore(trx).add({ ...made, dataset: version.dataset, by, at });
          const detail = { export: id, format, splits: [...options.splits] };
          await call.audit(trx, { action: 'dataset.export', subject: version.id, detail });
          return started;
        }),
      );
    },
  );

const list = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'listDatasetExports',
      tag,
      method: 'get',
      path: '/v1/datasetExports',
      summary: 'Files of dataset versions, the newest first',
      right: 'datasets:read',
    },
    {
      query: listQuery(datasetExportSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('DatasetExportPage', schema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listDatasetExports',
        source: datasetExportSource,
        schema,
        rows: deps.read.selectFrom('dataset_export').selectAll('dataset_export'),
        items: (rows) => rows.map((row) => json(datasetExportOfRow(row))),
      }),
  );

const get = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'getDatasetExport',
      tag,
      method: 'get',
      path: '/v1/datasetExports/{id}',
      summary: 'One file of a dataset version, and whether it is ready',
      right: 'datasets:read',
    },
    { params: path, answer: { status: 200, description: 'The export.', schema } },
    async ({ params }) => json(await datasetExportStore(deps.read).demand(params.id)),
  );

const data = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'getDatasetExportData',
      tag,
      method: 'get',
      path: '/v1/datasetExports/{id}/data',
      summary: 'The file of a dataset version',
      description: 'Takes Range, If-Range and If-None-Match, and HEAD.',
      right: 'datasets:read',
      faults: ['conflict'],
      statuses: {
        206: 'The part of the file that Range asked for.',
        304: 'The caller has this file already.',
        416: 'The range lies outside the file, or there are several.',
      },
    },
    {
      params: path,
      answer: { status: 200, description: 'The file.', bytes: 'application/octet-stream' },
    },
    async (call) => {
      const served = await datasetExportStore(deps.read).served(call.params.id);
      return await answerBytes(served, deps.bytes, call);
    },
  );

const drop = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'deleteDatasetExport',
      tag,
      method: 'delete',
      path: '/v1/datasetExports/{id}',
      summary: 'Remove the file of a dataset version before its time',
      right: 'datasets:write',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      const object = await call.change(async (trx) => {
        const made = await datasetExportStore(trx).demand(call.params.id);
        demandVersion(call, made);
        const gone = await datasetExportStore(trx).drop(made.id, deps.clock.now());
        await call.audit(trx, { action: 'dataset.export_delete', subject: made.id });
        return gone;
      });
      await eraseBlobs(deps, object === undefined ? [] : [object]);
      return undefined;
    },
  );

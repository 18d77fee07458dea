/** Operations on versions: what they are, their sign-off, their proofs and what changed. */
import { type DiffEntry, diffItems, diffSummary, splits } from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { diffEntries, maxDiffEntries, shownOffenders } from '../dataset-limits.ts';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { operationSchema, startedResponse } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { datasetVersionSource } from '../http/q/sources/datasets.ts';
import { maxReasonLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { startOperation } from '../store/operations.ts';
import { type DatasetDiffJson, diffSchema, versionJson, versionSchema } from './json.ts';
import { itemsOf, linesOf } from './lines.ts';
import { datasetStore, versionOfRow, versionRows } from './store.ts';
import { rebuildKind, verifyKind } from './work.ts';

type Deps = NounDeps & { readonly bytes: BlobStore };

const tag = 'datasets';
const path = z.strictObject({ id: z.string().max(64) });

export const datasetVersionOperations = (deps: Deps): readonly Operation[] => [
  list(deps),
  get(deps),
  manifest(deps),
  items(deps),
  diff(deps),
  signOff(deps),
  proof(deps, {
    id: 'verifyDatasetVersion',
    verb: 'verify',
    kind: verifyKind,
    summary: 'Read manifest, items and every clip again and compare them with their hashes',
  }),
  proof(deps, {
    id: 'rebuildDatasetVersion',
    verb: 'rebuild',
    kind: rebuildKind,
    summary: 'Make a version of its recorded inputs again: the same id, or what differs',
  }),
];

const list = (deps: Deps): Operation =>
  operation(
    {
      id: 'listDatasetVersions',
      tag,
      method: 'get',
      path: '/v1/datasetVersions',
      summary: 'Dataset versions, the newest first',
      right: 'datasets:read',
    },
    {
      query: listQuery(datasetVersionSource, { dataset: z.string().max(64).optional() }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('DatasetVersionPage', versionSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listDatasetVersions',
        source: datasetVersionSource,
        schema: versionSchema,
        is: { dataset: query.dataset },
        rows: versionRows(deps.read),
        items: async (rows) => {
          const tags = await datasetStore(deps.read).tagsOf(rows.map(({ id }) => id));
          return rows.map((row) =>
            versionJson(versionOfRow(row), { tags: tags.get(row.id) ?? [] }),
          );
        },
      }),
  );

const answer = { status: 200, description: 'The version.', schema: versionSchema } as const;

async function shown(db: Db, id: string) {
  const store = datasetStore(db);
  const version = await store.demandVersion(id);
  const tags = (await store.tagsOf([version.id])).get(version.id) ?? [];
  return versionJson(version, { tags, gone: await store.goneClips(version.id, shownOffenders) });
}

const get = (deps: Deps): Operation =>
  operation(
    {
      id: 'getDatasetVersion',
      tag,
      method: 'get',
      path: '/v1/datasetVersions/{id}',
      summary: 'One version, by its id or at least 12 digits of it: counts, gates and sign-off',
      right: 'datasets:read',
    },
    { params: path, answer },
    async ({ params }) => await shown(deps.read, params.id),
  );

const manifest = (deps: Deps): Operation =>
  operation(
    {
      id: 'getDatasetVersionManifest',
      tag,
      method: 'get',
      path: '/v1/datasetVersions/{id}/manifest',
      summary: 'The manifest: the SHA-256 of these bytes is the id',
      right: 'datasets:read',
    },
    { params: path, answer: { status: 200, description: 'JSON.', bytes: 'application/json' } },
    async ({ params }) => {
      const { manifestText } = await datasetStore(deps.read).demandVersion(params.id);
      return new Response(manifestText, { headers: { 'content-type': 'application/json' } });
    },
  );

const items = (deps: Deps): Operation =>
  operation(
    {
      id: 'getDatasetVersionItems',
      tag,
      method: 'get',
      path: '/v1/datasetVersions/{id}/items',
      summary: 'The items, one JSON document a line',
      description: 'All of them are the bytes whose SHA-256 the manifest names.',
      right: 'datasets:read',
    },
    {
      params: path,
      query: z.strictObject({ split: z.enum(splits).optional() }),
      answer: { status: 200, description: 'NDJSON.', bytes: 'application/x-ndjson' },
    },
    async ({ params, query }) => {
      const { itemsSha256 } = await datasetStore(deps.read).demandVersion(params.id);
      async function* lines(): AsyncGenerator<string, void> {
        for await (const { text, item } of linesOf(deps.bytes, itemsSha256)) {
          if (query.split === undefined || item.split === query.split) yield `${text}\n`;
        }
      }
      const body = ReadableStream.from(lines()).pipeThrough(new TextEncoderStream());
      return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
    },
  );

const diff = (deps: Deps): Operation =>
  operation(
    {
      id: 'diffDatasetVersions',
      tag,
      method: 'get',
      path: '/v1/datasetVersions/{id}/diff',
      summary: 'What a version has that another one has not',
      right: 'datasets:read',
    },
    {
      params: path,
      query: z.strictObject({
        before: z
          .string()
          .max(64)
          .optional()
          .openapi({ description: 'The other version; the parent unless said.' }),
        limit: z
          .string()
          .regex(/^\d{1,4}$/, 'is not a number')
          .transform(Number)
          .refine((n) => n <= maxDiffEntries, `is not from 0 to ${maxDiffEntries}`)
          .default(diffEntries)
          .openapi({ type: 'integer', minimum: 0, maximum: maxDiffEntries }),
      }),
      answer: { status: 200, description: 'The difference.', schema: diffSchema },
    },
    async ({ params, query }) => {
      const store = datasetStore(deps.read);
      const after = await store.demandVersion(params.id);
      const other = query.before ?? after.parent;
      const before = other === undefined ? undefined : await store.demandVersion(other);
      const entries: DatasetDiffJson['entries'] = [];
      const old = before === undefined ? none() : itemsOf(deps.bytes, before.itemsSha256);
      const walk = diffItems(old, itemsOf(deps.bytes, after.itemsSha256));
      const summary = await diffSummary(noted(walk, entries, query.limit));
      const plain = JSON.parse(JSON.stringify(summary)) as Omit<
        DatasetDiffJson,
        'before' | 'after' | 'entries'
      >;
      return { before: before?.id ?? '0'.repeat(64), after: after.id, ...plain, entries };
    },
  );

async function* none(): AsyncGenerator<never, void> {}

async function* noted(
  walk: AsyncIterable<DiffEntry>,
  entries: DatasetDiffJson['entries'],
  limit: number,
): AsyncGenerator<DiffEntry, void> {
  for await (const entry of walk) {
    yield entry;
    const { kind, before, after } = entry;
    const item = after ?? before;
    if (kind === 'same' || item === undefined || entries.length >= limit) continue;
    entries.push({
      kind,
      clip: item.clip,
      ...item.range,
      topic: item.topic,
      ...(before?.class === undefined ? {} : { beforeClass: before.class }),
      ...(after?.class === undefined ? {} : { afterClass: after.class }),
      ...(before === undefined ? {} : { beforeSplit: before.split }),
      ...(after === undefined ? {} : { afterSplit: after.split }),
    });
  }
}

const signOff = (deps: Deps): Operation =>
  operation(
    {
      id: 'signOffDatasetVersion',
      tag,
      method: 'post',
      path: '/v1/datasetVersions/{id}:signOff',
      summary: 'Say that a version may train models, or that it must not',
      description: 'A version whose gates are red takes a reason. A decision is not taken back.',
      right: 'datasets:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        decision: z.enum(['ready', 'rejected']),
        reason: z.string().trim().min(1).max(maxReasonLength).optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const by = { by: call.caller?.id ?? 'nobody', at: deps.clock.now() };
        const { decision, reason } = call.body;
        const decided = await datasetStore(trx).decide(call.params.id, { decision, reason }, by);
        const detail = { decision, ...(reason === undefined ? {} : { reason }) };
        await call.audit(trx, { action: 'dataset.sign_off', subject: decided.id, detail });
        return await shown(trx, decided.id);
      }),
  );

const proof = (
  deps: Deps,
  of: {
    readonly id: string;
    readonly verb: string;
    readonly kind: string;
    readonly summary: string;
  },
): Operation =>
  operation(
    {
      id: of.id,
      tag,
      method: 'post',
      path: `/v1/datasetVersions/{id}:${of.verb}`,
      summary: of.summary,
      description: 'The answer is an Operation; its result says what was found.',
      right: 'datasets:read',
    },
    {
      params: path,
      answer: { status: 202, description: 'The work that looks.', schema: operationSchema },
    },
    async (call) => {
      const id = deps.ids.ulid('op');
      return startedResponse(
        await call.change(async (trx) => {
          const version = await datasetStore(trx).demandVersion(call.params.id);
          const by = call.caller?.id ?? 'nobody';
          const input = { version: version.id };
          const at = deps.clock.now();
          const started = await startOperation(trx, { id, kind: of.kind, input, by, at });
          const detail = { operation: id };
          await call.audit(trx, { action: of.kind, subject: version.id, detail });
          return started;
        }),
      );
    },
  );

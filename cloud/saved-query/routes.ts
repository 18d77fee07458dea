import { didYouMean, Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { queryTree } from '../http/q/filter.ts';
import { savedQuerySource } from '../http/q/sources/saved-queries.ts';
import { sources } from '../http/q/sources/list.ts';
import { demandVersion } from '../http/version.ts';
import { maxNoteLength, maxQueryLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { type SavedQuery, savedQueryNamePattern } from './saved-query.ts';
import { getQueryFields } from './fields-routes.ts';
import { savedQueryOfRow, savedQueryStore } from './store.ts';

const schema = z
  .object({
    id: z.string().openapi({ example: 'qry_01JC0000000000000000000000' }),
    source: z.string().openapi({ example: 'clips' }),
    name: z.string(),
    q: z.string(),
    note: z.string().optional(),
    shared: z.boolean().openapi({ description: 'Others see it in their list.' }),
    owner: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('SavedQuery');

type SavedQueryJson = z.infer<typeof schema>;

const bodyFields = {
  name: z
    .string()
    .regex(savedQueryNamePattern, 'is not a name: use 2 to 63 of a-z, 0-9 and -')
    .openapi({ example: 'wet-near-misses' }),
  q: z.string().min(1).max(maxQueryLength).openapi({ example: 'rule:near-miss tag:rain' }),
  note: z.string().min(1).max(maxNoteLength),
};
const path = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200 as const, description: 'The saved query.', schema };
const tag = 'savedQueries';

export const savedQueryOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
  getQueryFields(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listSavedQueries',
      tag,
      method: 'get',
      path: '/v1/savedQueries',
      summary: 'Saved queries: your own, and those that are shared',
      right: 'savedQueries:read',
    },
    {
      query: listQuery(savedQuerySource, { source: z.string().max(64).optional() }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('SavedQueryPage', schema),
      },
    },
    async ({ query, caller }) =>
      await listPage(deps, query, {
        operation: 'listSavedQueries',
        source: savedQuerySource,
        rows: deps.read.selectFrom('saved_query').selectAll('saved_query'),
        schema,
        is: { source: query.source },
        where: () => [
          sql<boolean>`(saved_query.shared = 1 or saved_query.owner = ${caller?.id ?? ''})`,
        ],
        items: (rows) => rows.map((row) => savedQueryJson(savedQueryOfRow(row))),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createSavedQuery',
      tag,
      method: 'post',
      path: '/v1/savedQueries',
      summary: 'Give a query a name',
      description:
        'Lists take it as `saved=<name>`. A query that is wrong is refused with its place.',
      right: 'savedQueries:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        ...bodyFields,
        source: z.string().max(64).openapi({ example: 'clips' }),
        note: bodyFields.note.optional(),
        shared: z.boolean().default(true),
      }),
      answer: { status: 201, description: 'The saved query.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { source, name, q, note, shared } = call.body;
        demandRight(q, source, deps.clock.now());
        const id = deps.ids.ulid('qry');
        const owner = call.caller?.id ?? 'system';
        const at = deps.clock.now();
        const fields = { source, name, q, note, shared };
        const made = await savedQueryStore(trx).create({ ...fields, id, owner, at });
        if (made === undefined) throw nameTaken(name, source);
        await call.audit(trx, { action: 'saved_query.create', subject: id, after: call.body });
        return savedQueryJson(made);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getSavedQuery',
      tag,
      method: 'get',
      path: '/v1/savedQueries/{id}',
      summary: 'One saved query',
      right: 'savedQueries:read',
    },
    { params: path, answer },
    async ({ params, caller }) => savedQueryJson(await found(deps.read, params.id, caller?.id)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateSavedQuery',
      tag,
      method: 'patch',
      path: '/v1/savedQueries/{id}',
      summary: 'Change a saved query, its name, or who sees it',
      right: 'savedQueries:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        name: bodyFields.name.optional(),
        q: bodyFields.q.optional(),
        note: bodyFields.note.nullable().optional(),
        shared: z.boolean().optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const before = await found(trx, call.params.id, call.caller?.id);
        demandVersion(call, before);
        const { q, name } = call.body;
        if (q !== undefined) demandRight(q, before.source, deps.clock.now());
        const after = await savedQueryStore(trx).change(before, call.body, deps.clock.now());
        if (after === undefined) throw nameTaken(name ?? '', before.source);
        await call.audit(trx, {
          action: 'saved_query.change',
          subject: before.id,
          before: savedQueryJson(before),
          after: savedQueryJson(after),
        });
        return savedQueryJson(after);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteSavedQuery',
      tag,
      method: 'delete',
      path: '/v1/savedQueries/{id}',
      summary: 'Forget a saved query',
      right: 'savedQueries:write',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const before = await found(trx, call.params.id, call.caller?.id);
        demandVersion(call, before);
        await savedQueryStore(trx).remove(before, deps.clock.now());
        await call.audit(trx, {
          action: 'saved_query.delete',
          subject: before.id,
          before: savedQueryJson(before),
        });
      });
    },
  );

/** One that is not shared is there for its owner alone. */
async function found(db: Db, id: string, caller: string | undefined): Promise<SavedQuery> {
  const saved = await savedQueryStore(db).get(id);
  if (saved !== undefined && (saved.shared || saved.owner === caller)) return saved;
  throw new Fault('not_found', `there is no saved query "${id}"`, {
    remedy: 'List the saved queries with GET /v1/savedQueries.',
  });
}

/** Faults `invalid` for an unknown source, and for a query that its lists would refuse. */
function demandRight(q: string, name: string, now: number): void {
  const source = sources.find((one) => one.name === name);
  if (source !== undefined) {
    queryTree(q, source, { now, pointer: '/body/q' });
    return;
  }
  const names = sources.map((one) => one.name);
  throw new Fault('invalid', `nothing is called "${name}".${didYouMean(name, names)}`, {
    place: '/body/source',
    remedy: `Choose from: ${names.join(', ')}.`,
  });
}

const nameTaken = (name: string, source: string): Fault =>
  new Fault('conflict', `there is a saved query "${name}" for ${source} already`, {
    place: '/body/name',
    remedy: 'Choose another name, or change that one.',
  });

const savedQueryJson = (saved: SavedQuery): SavedQueryJson => ({
  ...saved,
  createdAt: instantText(saved.createdAt),
  updatedAt: instantText(saved.updatedAt),
});

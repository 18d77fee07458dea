/** Queues of cases: who is asked for which kinds in which regions. */
import { Fault, type Json } from '@fieldloop/core';
import { maxQueueItems, maxQueues } from '../care-limits.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { caseQueueSource } from '../http/q/sources/cases.ts';
import { demandVersion } from '../http/version.ts';
import type { Db } from '../store/db.ts';
import { type CaseQueueJson, queueSchema } from './json.ts';
import {
  dropQueue,
  findQueue,
  type KeptQueue,
  listQueues,
  putQueue,
  queueOfRow,
} from './queue-store.ts';

const tag = 'cases';
const path = z.strictObject({ name: z.string().min(1).max(64) });
const answer = { status: 200, description: 'The queue.', schema: queueSchema } as const;
const listOf = (max: number, example: string) =>
  z.array(z.string().min(1).max(max).openapi({ example })).max(maxQueueItems);

const fields = {
  skill: z.string().min(1).max(64).openapi({ description: 'What its people can do.' }),
  kinds: listOf(96, 'drive.*').min(1).openapi({ description: 'Globs of kinds; * is any text.' }),
  regions: listOf(64, 'eu').openapi({ description: 'Names; none: every region.' }),
  people: listOf(64, 'usr_01JC0000000000000000000000').openapi({
    description: 'Ids; the one with the fewest live cases is asked first.',
  }),
};
const nameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name: use up to 63 of a-z, 0-9 and -')
  .openapi({ example: 'drives' });

export const caseQueueOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
];

export const queueJson = ({ createdAt, updatedAt, ...same }: KeptQueue): CaseQueueJson => ({
  ...same,
  kinds: [...same.kinds],
  regions: [...same.regions],
  people: [...same.people],
  createdAt: instantText(createdAt),
  updatedAt: instantText(updatedAt),
});

async function demandQueue(db: Db, name: string): Promise<KeptQueue> {
  const found = await findQueue(db, name);
  if (found !== undefined) return found;
  throw new Fault('not_found', `there is no queue "${name}"`, {
    remedy: 'List them with `fieldloop cases queues`.',
  });
}

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCaseQueues',
      tag,
      method: 'get',
      path: '/v1/caseQueues',
      summary: 'Queues of cases, by name',
      right: 'cases:read',
    },
    {
      query: listQuery(caseQueueSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('CaseQueuePage', queueSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listCaseQueues',
        source: caseQueueSource,
        rows: deps.read.selectFrom('case_queue').selectAll('case_queue'),
        schema: queueSchema,
        items: (rows) => rows.map((row) => queueJson(queueOfRow(row))),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createCaseQueue',
      tag,
      method: 'post',
      path: '/v1/caseQueues',
      summary: 'Say who is asked for cases of some kinds',
      description:
        'A case goes to the queue whose glob says the most of its kind; one for its region first.',
      right: 'cases:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        name: nameField,
        skill: fields.skill.optional(),
        kinds: fields.kinds,
        regions: fields.regions.default([]),
        people: fields.people.default([]),
      }),
      answer: { status: 201, description: 'The queue.', schema: queueSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { body } = call;
        const all = await listQueues(trx);
        if (all.some(({ name }) => name === body.name)) {
          throw new Fault('conflict', `there is a queue "${body.name}"`, {
            place: '/body/name',
            remedy: 'Change that one, or choose another name.',
          });
        }
        if (all.length >= maxQueues) {
          throw new Fault('limited', `there are ${maxQueues} queues`, {
            remedy: 'Delete one that nobody needs.',
          });
        }
        const how = { at: deps.clock.now(), by: call.caller?.id ?? 'system' };
        const { skill, ...rest } = body;
        const queue = { ...rest, ...(skill === undefined ? {} : { skill }) };
        const made = await putQueue(trx, queue, { id: deps.ids.ulid('cqu'), ...how });
        await call.audit(trx, { action: 'case_queue.create', subject: made.id, after: queue });
        return queueJson(made);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getCaseQueue',
      tag,
      method: 'get',
      path: '/v1/caseQueues/{name}',
      summary: 'One queue of cases',
      right: 'cases:read',
    },
    { params: path, answer },
    async ({ params }) => queueJson(await demandQueue(deps.read, params.name)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateCaseQueue',
      tag,
      method: 'patch',
      path: '/v1/caseQueues/{name}',
      summary: 'Change a queue of cases',
      right: 'cases:write',
    },
    {
      params: path,
      body: z.strictObject({
        skill: fields.skill.nullable().optional(),
        kinds: fields.kinds.optional(),
        regions: fields.regions.optional(),
        people: fields.people.optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandQueue(trx, call.params.name);
        demandVersion(call, found);
        const { skill, kinds, regions, people } = call.body;
        const said = skill === undefined ? found.skill : (skill ?? undefined);
        const queue = {
          name: found.name,
          ...(said === undefined ? {} : { skill: said }),
          kinds: kinds ?? found.kinds,
          regions: regions ?? found.regions,
          people: people ?? found.people,
        };
        const how = { at: deps.clock.now(), by: call.caller?.id ?? 'system' };
        const after = await putQueue(trx, queue, { id: found.id, ...how });
        await call.audit(trx, {
          action: 'case_queue.update',
          subject: found.id,
          after: { ...(call.body as Readonly<Record<string, Json>>) },
        });
        return queueJson(after);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteCaseQueue',
      tag,
      method: 'delete',
      path: '/v1/caseQueues/{name}',
      summary: 'Remove a queue; its cases stay with their people',
      right: 'cases:write',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandQueue(trx, call.params.name);
        demandVersion(call, found);
        await dropQueue(trx, found, deps.clock.now());
        await call.audit(trx, { action: 'case_queue.delete', subject: found.id });
        return undefined;
      }),
  );

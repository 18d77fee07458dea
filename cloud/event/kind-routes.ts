import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listName } from '../http/deps.ts';
import { instantField, instantText, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { demandVersion } from '../http/version.ts';
import { maxDataBytes } from '../device-limits.ts';
import { checkDataSchema } from './data-schema.ts';
import { type EventKind, eventShapes } from './event.ts';
import { eventKindStore } from './kind-store.ts';

export const eventNameField = z
  .string()
  .regex(/^[A-Za-z0-9][\w./-]{0,63}$/, 'is not a name: use up to 64 of A-z, 0-9 and _ . / -')
  .openapi({ example: 'near-miss' });
const colourField = z
  .string()
  .regex(/^#[0-9a-f]{6}$/, 'is not a colour such as #d94f2b')
  .openapi({ example: '#d94f2b' });
/** JSON whose text stays small. */
export const smallJson = z
  .record(z.string().max(128), z.unknown())
  .refine((value) => JSON.stringify(value).length <= maxDataBytes, {
    error: `has more than ${maxDataBytes} characters of JSON`,
  });
const descriptionField = z.string().min(1).max(240);

const schema = z
  .object({
    id: z.string().openapi({ example: 'evk_01JC0000000000000000000000' }),
    name: z.string(),
    description: z.string().optional(),
    colour: z.string(),
    shape: z.enum(eventShapes),
    schema: z.unknown().optional().openapi({
      description: 'JSON Schema of the data of its events; absent: they have none.',
    }),
    isFailure: z.boolean().openapi({
      description: 'Whether each of its events is written into the failure log.',
    }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('EventKind');

export type EventKindJson = z.infer<typeof schema>;

const page = z
  .object({ items: z.array(schema), nextCursor: z.string().optional() })
  .openapi('EventKindPage');

export type EventKindPage = z.infer<typeof page>;

const path = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of an event kind.' }),
});
const tag = 'eventKinds';

export const eventKindOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listEventKinds',
      tag,
      method: 'get',
      path: '/v1/eventKinds',
      summary: 'How events of a name look and what their data is, by name',
      right: 'events:read',
    },
    {
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query: { limit, cursor } }) => {
      const name = listName('listEventKinds', {});
      const [after] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await eventKindStore(deps.read).list({ after, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: kindJson,
        cursor: (last) => deps.cursors.encode(name, [last.name]),
      }) as EventKindPage;
    },
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createEventKind',
      tag,
      method: 'post',
      path: '/v1/eventKinds',
      summary: 'Say how events of a name look and what their data is',
      right: 'events:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        name: eventNameField,
        description: descriptionField.optional(),
        colour: colourField,
        shape: z.enum(eventShapes),
        schema: smallJson.optional(),
        isFailure: z.boolean().default(false),
      }),
      answer: { status: 201, description: 'The kind.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const wanted = call.body;
        const dataSchema = wanted.schema as Json | undefined;
        if (dataSchema !== undefined) checkDataSchema(dataSchema, '/body/schema');
        const id = deps.ids.ulid('evk');
        const at = deps.clock.now();
        const made = await eventKindStore(trx).create({ ...wanted, schema: dataSchema, id, at });
        if (made === undefined) {
          throw new Fault('conflict', `there is an event kind "${wanted.name}" already`, {
            place: '/body/name',
            remedy: 'Change that one, or choose another name.',
          });
        }
        await call.audit(trx, { action: 'eventKind.create', subject: id, after: wanted as Json });
        return kindJson(made);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getEventKind',
      tag,
      method: 'get',
      path: '/v1/eventKinds/{id}',
      summary: 'One event kind',
      right: 'events:read',
    },
    { params: path, answer: { status: 200, description: 'The kind.', schema } },
    async ({ params }) => {
      const found = await eventKindStore(deps.read).get(params.id);
      if (found === undefined) throw unknownKind(params.id);
      return kindJson(found);
    },
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateEventKind',
      tag,
      method: 'patch',
      path: '/v1/eventKinds/{id}',
      summary: 'Change looks or schema of an event kind',
      description: 'Events that are there stay as they are.',
      right: 'events:write',
    },
    {
      params: path,
      body: z.strictObject({
        description: descriptionField.nullable().optional(),
        colour: colourField.optional(),
        shape: z.enum(eventShapes).optional(),
        schema: smallJson.nullable().optional(),
        isFailure: z.boolean().optional(),
      }),
      answer: { status: 200, description: 'The kind.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const kinds = eventKindStore(trx);
        const found = await kinds.get(call.params.id);
        if (found === undefined) throw unknownKind(call.params.id);
        demandVersion(call, found);
        const dataSchema = call.body.schema as Json | undefined;
        if (dataSchema !== undefined && dataSchema !== null) {
          checkDataSchema(dataSchema, '/body/schema');
        }
        const patch = { ...call.body, schema: dataSchema };
        const made = await kinds.change(found, patch, deps.clock.now());
        await call.audit(trx, {
          action: 'eventKind.update',
          subject: found.id,
          before: kindJson(found) as Json,
          after: call.body as Json,
        });
        return kindJson(made);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteEventKind',
      tag,
      method: 'delete',
      path: '/v1/eventKinds/{id}',
      summary: 'Forget an event kind; its events stay as they are',
      right: 'events:write',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const kinds = eventKindStore(trx);
        const found = await kinds.get(call.params.id);
        if (found === undefined) throw unknownKind(call.params.id);
        demandVersion(call, found);
        await kinds.remove(found, deps.clock.now());
        const before = kindJson(found) as Json;
        await call.audit(trx, { action: 'eventKind.delete', subject: found.id, before });
      });
    },
  );

function unknownKind(id: string): Fault {
  return new Fault('not_found', `there is no event kind "${id}"`, {
    remedy: 'List them with GET /v1/eventKinds.',
  });
}

const kindJson = ({ createdAt, updatedAt, ...same }: EventKind): EventKindJson => ({
  ...same,
  createdAt: instantText(createdAt),
  updatedAt: instantText(updatedAt),
});

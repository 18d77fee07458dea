import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listName } from '../http/deps.ts';
import { instantField, instantText, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { demandVersion } from '../http/version.ts';
import { maxPropertyText, maxPropertyValues } from '../device-limits.ts';
import {
  checkDefinition,
  type PropertyDefinition,
  propertyKinds,
  propertyNamePattern,
} from './property.ts';
import { propertyDefinitionStore } from './store.ts';

const valueField = z.union([z.string().max(maxPropertyText), z.number(), z.boolean()]);
const nameField = z
  .string()
  .regex(propertyNamePattern, 'is not a name: use up to 40 of A-z, 0-9 and _, a small letter first')
  .openapi({ example: 'payloadKg' });
const unitField = z.string().min(1).max(32);
const allowedField = z.array(valueField).min(1).max(maxPropertyValues);
const descriptionField = z.string().min(1).max(240);

const schema = z
  .object({
    id: z.string().openapi({ example: 'prp_01JC0000000000000000000000' }),
    name: z.string(),
    kind: z.enum(propertyKinds),
    unit: z.string().optional(),
    allowed: z
      .array(valueField)
      .optional()
      .openapi({ description: 'The values that may be given; absent: any of the kind.' }),
    description: z.string().optional(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('PropertyDefinition');

export type PropertyDefinitionJson = z.infer<typeof schema>;

const page = z
  .object({ items: z.array(schema), nextCursor: z.string().optional() })
  .openapi('PropertyDefinitionPage');

export type PropertyDefinitionPage = z.infer<typeof page>;

const path = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of a definition.' }),
});
const tag = 'propertyDefinitions';
const answer = { status: 200, description: 'The definition.', schema } as const;

export const propertyOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listPropertyDefinitions',
      tag,
      method: 'get',
      path: '/v1/propertyDefinitions',
      summary: 'What properties devices may have, by name',
      right: 'devices:read',
    },
    {
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query: { limit, cursor } }) => {
      const name = listName('listPropertyDefinitions', {});
      const [after] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await propertyDefinitionStore(deps.read).list({ after, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: definitionJson,
        cursor: (last) => deps.cursors.encode(name, [last.name]),
      }) as PropertyDefinitionPage;
    },
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createPropertyDefinition',
      tag,
      method: 'post',
      path: '/v1/propertyDefinitions',
      summary: 'Define a property that devices may have',
      right: 'devices:write',
      faults: ['conflict'],
    },
    {
      body: z.strictObject({
        name: nameField,
        kind: z.enum(propertyKinds),
        unit: unitField.optional(),
        allowed: allowedField.optional(),
        description: descriptionField.optional(),
      }),
      answer: { status: 201, description: 'The definition.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        checkDefinition(call.body);
        const at = deps.clock.now();
        const id = deps.ids.ulid('prp');
        const made = await propertyDefinitionStore(trx).create({ ...call.body, id, at });
        if (made === undefined) {
          throw new Fault('conflict', `the property "${call.body.name}" is defined already`, {
            place: '/body/name',
            remedy: 'Change that one, or choose another name.',
          });
        }
        const after = call.body as Json;
        await call.audit(trx, { action: 'propertyDefinition.create', subject: id, after });
        return definitionJson(made);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getPropertyDefinition',
      tag,
      method: 'get',
      path: '/v1/propertyDefinitions/{id}',
      summary: 'One definition',
      right: 'devices:read',
    },
    { params: path, answer },
    async ({ params }) => {
      const found = await propertyDefinitionStore(deps.read).get(params.id);
      if (found === undefined) throw unknownDefinition(params.id);
      return definitionJson(found);
    },
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updatePropertyDefinition',
      tag,
      method: 'patch',
      path: '/v1/propertyDefinitions/{id}',
      summary: 'Change unit, allowed values or description of a property',
      description: 'Its kind and its name stay: what devices hold would lose its meaning.',
      right: 'devices:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        unit: unitField.nullable().optional(),
        allowed: allowedField.nullable().optional(),
        description: descriptionField.nullable().optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const store = propertyDefinitionStore(trx);
        const found = await store.get(call.params.id);
        if (found === undefined) throw unknownDefinition(call.params.id);
        demandVersion(call, found);
        const allowed = call.body.allowed ?? undefined;
        checkDefinition({ ...found, allowed });
        const holders =
          allowed === undefined ? [] : await store.holders(found.name, { allowed, limit: 5 });
        if (holders.length > 0) throw inUse(found, holders, 'another value of');
        const made = await store.change(found, call.body, deps.clock.now());
        await call.audit(trx, {
          action: 'propertyDefinition.update',
          subject: found.id,
          before: definitionJson(found),
          after: call.body,
        });
        return definitionJson(made);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deletePropertyDefinition',
      tag,
      method: 'delete',
      path: '/v1/propertyDefinitions/{id}',
      summary: 'Forget a definition that no device uses',
      description: 'What devices had of it in the past stays known.',
      right: 'devices:write',
      faults: ['conflict'],
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const store = propertyDefinitionStore(trx);
        const found = await store.get(call.params.id);
        if (found === undefined) throw unknownDefinition(call.params.id);
        demandVersion(call, found);
        const holders = await store.holders(found.name, { limit: 5 });
        if (holders.length > 0) throw inUse(found, holders, 'a value of');
        await store.remove(found, deps.clock.now());
        await call.audit(trx, {
          action: 'propertyDefinition.delete',
          subject: found.id,
          before: definitionJson(found),
        });
      });
    },
  );

function inUse(found: PropertyDefinition, holders: readonly string[], what: string): Fault {
  return new Fault('conflict', `devices have ${what} "${found.name}": ${holders.join(', ')}`, {
    remedy: 'Take the value from them first: PATCH /v1/devices/{id} with null.',
  });
}

function unknownDefinition(id: string): Fault {
  return new Fault('not_found', `there is no property "${id}"`, {
    remedy: 'List them with GET /v1/propertyDefinitions.',
  });
}

function definitionJson(definition: PropertyDefinition): PropertyDefinitionJson {
  const { allowed, createdAt, updatedAt, ...same } = definition;
  return {
    ...same,
    ...(allowed === undefined ? {} : { allowed: [...allowed] }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

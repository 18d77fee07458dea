import { Fault } from '@fieldloop/core';
import { roleScopes, scopeBeyond } from '../auth/rights.ts';
import type { Caller } from '../http/caller.ts';
import type { NounDeps } from '../http/deps.ts';
import { listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { demandVersion } from '../http/version.ts';
import { keyGraceMs, maxKeyGraceMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import {
  apiKeyJson,
  apiKeyPageSchema,
  apiKeySchema,
  newApiKeySchema,
  roleField,
  scopesField,
} from './json.ts';
import { type ApiKey, isLive, rotatedExpiry } from './key.ts';
import { type KeyMaker, newApiKey } from './make.ts';
import { apiKeySource } from '../http/q/sources/api-keys.ts';
import { apiKeyStore } from './store.ts';

export type ApiKeyDeps = NounDeps & KeyMaker;

const dayMs = 86_400_000;

const nameField = z.string().min(1).max(64);
const cohortsField = z.array(z.string().min(1).max(64)).min(1).max(16);
const daysField = z.int().min(1).max(3650);
const path = z.strictObject({ id: z.string().max(64) });

export const apiKeyOperations = (deps: ApiKeyDeps): readonly Operation[] => [
  create(deps),
  list(deps),
  get(deps),
  change(deps),
  rotate(deps),
  revoke(deps),
];

const create = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'createApiKey',
      tag: 'apiKeys',
      method: 'post',
      path: '/v1/apiKeys',
      summary: 'A key for a program',
      description: 'A key gives no more rights than the one who makes it has.',
      right: 'apiKeys:admin',
      secret: true,
    },
    {
      body: z.strictObject({
        name: nameField,
        scopes: scopesField.optional().openapi({ description: '`*:read` unless said.' }),
        role: roleField.optional().openapi({ description: 'The scopes of a role, instead.' }),
        cohorts: cohortsField.optional(),
        expiresInDays: daysField.optional(),
      }),
      answer: { status: 201, description: 'The key.', schema: newApiKeySchema },
    },
    async (call) => {
      const { name, role, cohorts, expiresInDays, scopes: said } = call.body;
      if (role !== undefined && said !== undefined) {
        throw new Fault('invalid', 'role and scopes are both given', {
          place: '/body/role',
          remedy: 'Keep one of them: a role is a set of scopes.',
        });
      }
      const scopes = role === undefined ? (said ?? ['*:read']) : roleScopes[role];
      demandRights(call.caller, scopes, '/body/scopes');
      return await call.change(async (trx) => {
        await demandCohorts(trx, cohorts);
        const { key, text } = await newApiKey(trx, deps, {
          name,
          scopes,
          cohorts,
          createdBy: call.caller?.id,
          makerId: call.caller?.userId,
          expiresAt:
            expiresInDays === undefined ? undefined : deps.clock.now() + expiresInDays * dayMs,
        });
        await call.audit(trx, {
          action: 'apiKey.create',
          subject: key.id,
          after: { name, scopes: [...scopes], cohorts },
        });
        return { ...apiKeyJson(key), key: text };
      });
    },
  );

const list = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'listApiKeys',
      tag: 'apiKeys',
      method: 'get',
      path: '/v1/apiKeys',
      summary: 'Keys, the newest first, without their secrets',
      right: 'apiKeys:read',
    },
    {
      query: listQuery(apiKeySource, {}),
      answer: { status: 200, description: 'One page.', schema: apiKeyPageSchema },
    },
    async ({ query }) => await listPage(deps, query, listOf(deps, 'listApiKeys')),
  );

const get = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'getApiKey',
      tag: 'apiKeys',
      method: 'get',
      path: '/v1/apiKeys/{id}',
      summary: 'One key, without its secret',
      right: 'apiKeys:read',
    },
    { params: path, answer: { status: 200, description: 'The key.', schema: apiKeySchema } },
    async ({ params }) => apiKeyJson(await keyOf(deps.read, params.id)),
  );

const change = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'updateApiKey',
      tag: 'apiKeys',
      method: 'patch',
      path: '/v1/apiKeys/{id}',
      summary: 'Another name, other scopes, cohorts or an earlier end',
      right: 'apiKeys:admin',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        name: nameField.optional(),
        scopes: scopesField.optional(),
        cohorts: cohortsField.nullable().optional().openapi({
          description: 'null: every device.',
        }),
        expiresInDays: daysField.optional(),
      }),
      answer: { status: 200, description: 'The key.', schema: apiKeySchema },
    },
    async (call) => {
      const { name, scopes, cohorts, expiresInDays } = call.body;
      if (scopes !== undefined) demandRights(call.caller, scopes, '/body/scopes');
      return await call.change(async (trx) => {
        const at = deps.clock.now();
        const before = await keyOf(trx, call.params.id);
        demandVersion(call, before);
        // A secret that was given up must not open anything again.
        demandLive(before, at);
        // To widen a key is to give its rights anew.
        demandRights(call.caller, scopes ?? before.scopes, '/body');
        await demandCohorts(trx, cohorts ?? undefined);
        const expiresAt = expiresInDays === undefined ? undefined : at + expiresInDays * dayMs;
        const after = await apiKeyStore(trx).change(
          before,
          { name, scopes, cohorts, expiresAt },
          at,
        );
        await call.audit(trx, {
          action: 'apiKey.update',
          subject: before.id,
          before: audited(before),
          after: audited(after),
        });
        return apiKeyJson(after);
      });
    },
  );

const rotate = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'rotateApiKey',
      tag: 'apiKeys',
      method: 'post',
      path: '/v1/apiKeys/{id}:rotate',
      summary: 'A new key with the same rights; the old one ends after a grace time',
      right: 'apiKeys:admin',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        graceS: z
          .int()
          .min(0)
          .max(maxKeyGraceMs / 1000)
          .default(keyGraceMs / 1000)
          .openapi({ description: 'How long the old key still works.' }),
      }),
      answer: { status: 200, description: 'The new key.', schema: newApiKeySchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const at = deps.clock.now();
        const old = await keyOf(trx, call.params.id);
        demandLive(old, at);
        demandRights(call.caller, old.scopes, '/path/id');
        demandOwn(call.caller, old);
        const { key, text } = await newApiKey(trx, deps, {
          name: old.name,
          scopes: old.scopes,
          cohorts: old.cohorts,
          personId: old.personId,
          makerId: call.caller?.userId ?? old.makerId,
          createdBy: call.caller?.id,
          rotatedFrom: old.id,
          expiresAt: rotatedExpiry(old, at),
        });
        const ends = Math.min(at + call.body.graceS * 1000, old.expiresAt ?? Infinity);
        await apiKeyStore(trx).change(old, { expiresAt: ends }, at);
        await call.audit(trx, {
          action: 'apiKey.rotate',
          subject: old.id,
          after: { rotatedTo: key.id, expiresAt: ends },
        });
        return { ...apiKeyJson(key), key: text };
      }),
  );

const revoke = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'revokeApiKey',
      tag: 'apiKeys',
      method: 'post',
      path: '/v1/apiKeys/{id}:revoke',
      summary: 'Make a key worthless at once',
      right: 'apiKeys:admin',
    },
    { params: path, answer: { status: 200, description: 'The key.', schema: apiKeySchema } },
    async (call) =>
      await call.change(async (trx) => {
        await keyOf(trx, call.params.id);
        if (await apiKeyStore(trx).revoke(call.params.id, deps.clock.now())) {
          await call.audit(trx, { action: 'apiKey.revoke', subject: call.params.id });
        }
        return apiKeyJson(await keyOf(trx, call.params.id));
      }),
  );

/** How lists of keys are read. */
export const listOf = (deps: Pick<ApiKeyDeps, 'read'>, name: string) => ({
  operation: name,
  source: apiKeySource,
  rows: deps.read.selectFrom('api_key').select('api_key.id'),
  items: async (rows: readonly { readonly id: string }[]) =>
    (await apiKeyStore(deps.read).some(rows.map((row) => row.id))).map(apiKeyJson),
  schema: apiKeySchema,
});

/** Fault `not_found`. */
export async function keyOf(db: Db, id: string): Promise<ApiKey> {
  const key = await apiKeyStore(db).get(id);
  if (key !== undefined) return key;
  throw new Fault('not_found', `there is no key "${id}"`, {
    remedy: 'List the keys with `fieldloop keys list`.',
  });
}

/** Nobody gives rights that they do not have. */
export function demandRights(
  caller: Caller | undefined,
  scopes: readonly string[],
  place: string,
): void {
  const own = caller?.scopes ?? [];
  const more = scopeBeyond(own, scopes);
  if (more === undefined) return;
  throw new Fault('forbidden', `you do not have ${more} to give`, {
    place,
    remedy: `Leave it out, or ask who has it; you have ${own.join(', ') || 'no rights'}.`,
  });
}

function demandLive(key: ApiKey, at: number): void {
  if (isLive(key, at)) return;
  throw new Fault('conflict', `the key "${key.name}" has ended already`, {
    remedy: 'Make a new one with POST /v1/apiKeys.',
  });
}

/** Who held another person's key could decide in their place. */
function demandOwn(caller: Caller | undefined, key: ApiKey): void {
  if (key.personId === undefined || key.personId === caller?.userId) return;
  throw new Fault('forbidden', `the key "${key.name}" stands for another person`, {
    remedy: 'Revoke it; only that person gets a new one.',
  });
}

/** A key for a cohort that does not exist would see nothing, and nobody would know why. */
async function demandCohorts(trx: Db, cohorts: readonly string[] | undefined): Promise<void> {
  if (cohorts === undefined) return;
  const rows = await trx.selectFrom('cohort').select('id').where('id', 'in', cohorts).execute();
  const known = new Set(rows.map((row) => row.id));
  const strange = cohorts.find((id) => !known.has(id));
  if (strange === undefined) return;
  throw new Fault('invalid', `there is no cohort "${strange}"`, {
    place: '/body/cohorts',
    remedy: 'Give ids of cohorts; list them with `fieldloop cohorts list`.',
  });
}

const audited = ({ name, scopes, cohorts, expiresAt }: ApiKey) => ({
  name,
  scopes: [...scopes],
  ...(cohorts === undefined ? {} : { cohorts: [...cohorts] }),
  ...(expiresAt === undefined ? {} : { expiresAt }),
});

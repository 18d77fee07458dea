/** Keys that a person makes for themselves: they stand for the person, and end with them. */
import { Fault } from '@fieldloop/core';
import { meetScopes } from '../auth/rights.ts';
import type { Caller } from '../http/caller.ts';
import { listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { apiKeySource } from '../http/q/sources/api-keys.ts';
import { maxPersonKeys, personKeyMs } from '../limits.ts';
import { sql } from '../store/kysely.ts';
import {
  apiKeyJson,
  apiKeyPageSchema,
  apiKeySchema,
  newApiKeySchema,
  scopesField,
} from './json.ts';
import { newApiKey } from './make.ts';
import { type ApiKeyDeps, demandRights, keyOf, listOf } from './routes.ts';
import { apiKeyStore } from './store.ts';

const dayMs = 86_400_000;

export const myApiKeyOperations = (deps: ApiKeyDeps): readonly Operation[] => [
  create(deps),
  list(deps),
  revoke(deps),
];

/** The person for whom this caller acts. Fault `forbidden` for a key that stands for none. */
export function personOf(caller: Caller | undefined): string {
  if (caller?.role !== undefined && caller.userId !== undefined) return caller.userId;
  throw new Fault('forbidden', 'this key stands for no person', {
    remedy: 'Log in as a person: `fieldloop login`, or POST /v1/login.',
  });
}

const create = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'createMyApiKey',
      tag: 'me',
      method: 'post',
      path: '/v1/me/apiKeys',
      summary: 'A key that stands for you, such as for a command line',
      description:
        'It has the rights of your role at most, also when that changes, and ends with your account.',
      right: 'any',
      secret: true,
      faults: ['forbidden'],
    },
    {
      body: z.strictObject({
        name: z.string().min(1).max(64),
        scopes: scopesField.optional().openapi({ description: 'Your own unless said.' }),
        expiresInDays: z
          .int()
          .min(1)
          .max(365)
          .default(personKeyMs / dayMs),
      }),
      answer: { status: 201, description: 'The key.', schema: newApiKeySchema },
    },
    async (call) => {
      const personId = personOf(call.caller);
      const own = call.caller?.scopes ?? [];
      const { name, expiresInDays } = call.body;
      const scopes = call.body.scopes ?? own;
      demandRights(call.caller, scopes, '/body/scopes');
      return await call.change(async (trx) => {
        const at = deps.clock.now();
        if ((await apiKeyStore(trx).liveOf(personId, at)) >= maxPersonKeys) {
          throw new Fault('limited', `you have ${maxPersonKeys} keys that work`, {
            remedy: 'Revoke some: GET /v1/me/apiKeys, POST /v1/me/apiKeys/{id}:revoke.',
          });
        }
        const { key, text } = await newApiKey(trx, deps, {
          name,
          scopes: meetScopes(scopes, own),
          personId,
          makerId: personId,
          createdBy: call.caller?.id,
          expiresAt: at + expiresInDays * dayMs,
        });
        await call.audit(trx, {
          action: 'apiKey.create',
          subject: key.id,
          after: { name, scopes: [...key.scopes], user: personId },
        });
        return { ...apiKeyJson(key), key: text };
      });
    },
  );

const list = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'listMyApiKeys',
      tag: 'me',
      method: 'get',
      path: '/v1/me/apiKeys',
      summary: 'The keys that stand for you, the newest first',
      right: 'any',
      faults: ['forbidden'],
    },
    {
      query: listQuery(apiKeySource, {}),
      answer: { status: 200, description: 'One page.', schema: apiKeyPageSchema },
    },
    async ({ query, caller }) => {
      const personId = personOf(caller);
      return await listPage(deps, query, {
        ...listOf(deps, 'listMyApiKeys'),
        where: () => [
          sql<boolean>`api_key.person_id is not null and api_key.person_id = ${personId}`,
        ],
      });
    },
  );

const revoke = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'revokeMyApiKey',
      tag: 'me',
      method: 'post',
      path: '/v1/me/apiKeys/{id}:revoke',
      summary: 'Make a key of yours worthless at once',
      right: 'any',
      faults: ['forbidden'],
    },
    {
      params: z.strictObject({ id: z.string().max(64) }),
      answer: { status: 200, description: 'The key.', schema: apiKeySchema },
    },
    async (call) => {
      const personId = personOf(call.caller);
      return await call.change(async (trx) => {
        const key = await keyOf(trx, call.params.id);
        if (key.personId !== personId) {
          throw new Fault('not_found', `you have no key "${key.id}"`, {
            remedy: 'GET /v1/me/apiKeys lists yours.',
          });
        }
        if (await apiKeyStore(trx).revoke(key.id, deps.clock.now())) {
          await call.audit(trx, { action: 'apiKey.revoke', subject: key.id });
        }
        return apiKeyJson(await keyOf(trx, key.id));
      });
    },
  );

import { Fault, type RandomBytes } from '@fieldloop/core';
import { allows, allScopes } from '../auth/rights.ts';
import { listName, type NounDeps } from '../http/deps.ts';
import { instantField, instantText, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { putAudit } from '../store/audit-chain.ts';
import { type ApiKey, apiKeySecretHash, apiKeyText } from './key.ts';
import { apiKeyStore } from './store.ts';

export interface ApiKeyDeps extends NounDeps {
  readonly randomBytes: RandomBytes;
}

const scope = z.enum(allScopes).openapi({ example: 'clips:read' });

export const apiKeySchema = z
  .object({
    id: z.string().openapi({ example: 'key_01JC0000000000000000000000' }),
    name: z.string(),
    scopes: z.array(scope),
    createdAt: instantField,
    expiresAt: instantField.optional(),
    lastUsedAt: instantField.optional(),
    revokedAt: instantField.optional(),
  })
  .openapi('ApiKey');

const created = apiKeySchema
  .extend({
    key: z.string().openapi({ description: 'The text to send: shown only this once.' }),
  })
  .openapi('NewApiKey');

const page = z
  .object({ items: z.array(apiKeySchema), nextCursor: z.string().optional() })
  .openapi('ApiKeyPage');

export type ApiKeyJson = z.infer<typeof apiKeySchema>;
export type NewApiKeyJson = z.infer<typeof created>;
export type ApiKeyPage = z.infer<typeof page>;

const dayMs = 86_400_000;

const body = z.strictObject({
  name: z.string().min(1).max(64),
  scopes: z.array(scope).min(1).max(allScopes.length).default(['*:read']),
  expiresInDays: z.int().min(1).max(3650).optional(),
});

export const apiKeyOperations = (deps: ApiKeyDeps): readonly Operation[] => [
  create(deps),
  list(deps),
  revoke(deps),
];

/** A fresh key and its text. Only the hash of its secret is kept. */
export async function makeApiKey(
  deps: Pick<ApiKeyDeps, 'write' | 'ids' | 'randomBytes' | 'clock'>,
  wanted: {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly expiresInDays?: number | undefined;
    readonly by: string;
    readonly requestId?: string | undefined;
    /** Runs before the key counts, so that its text can be kept where it will be looked for. */
    readonly keep?: (text: string) => Promise<void>;
  },
): Promise<{ readonly key: ApiKey; readonly text: string }> {
  const at = deps.clock.now();
  const id = deps.ids.ulid('key');
  const secret = Buffer.from(deps.randomBytes(32)).toString('base64url');
  const key = await deps.write.transaction().execute(async (trx) => {
    const made = await apiKeyStore(trx).create({
      id,
      name: wanted.name,
      secretSha256: apiKeySecretHash(secret),
      scopes: wanted.scopes,
      at,
      expiresAt: wanted.expiresInDays === undefined ? undefined : at + wanted.expiresInDays * dayMs,
    });
    await putAudit(trx, {
      at,
      actor: wanted.by,
      via: wanted.requestId === undefined ? 'process' : 'api',
      action: 'apiKey.create',
      subject: id,
      detail: { scopes: [...wanted.scopes] },
      requestId: wanted.requestId,
    });
    await wanted.keep?.(apiKeyText(id, secret));
    return made;
  });
  return { key, text: apiKeyText(id, secret) };
}

const create = (deps: ApiKeyDeps): Operation =>
  operation(
    {
      id: 'createApiKey',
      tag: 'apiKeys',
      method: 'post',
      path: '/v1/apiKeys',
      summary: 'A key for a program or a person',
      description: 'A key gives no more rights than the key that makes it has.',
      right: 'apiKeys:admin',
    },
    { body, answer: { status: 201, description: 'The key.', schema: created } },
    async ({ body: wanted, caller, requestId }) => {
      const own = caller?.scopes ?? [];
      const more = wanted.scopes.find((one) => !allows(own, one));
      if (more !== undefined) {
        throw new Fault('forbidden', `your key does not have ${more} to give`, {
          place: '/body/scopes',
          remedy: `Leave it out; yours has ${own.join(', ')}.`,
        });
      }
      const { key, text } = await makeApiKey(deps, { ...wanted, by: caller?.id ?? '', requestId });
      return { ...apiKeyJson(key), key: text };
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
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query: { limit, cursor } }) => {
      const name = listName('listApiKeys', {});
      const [before] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await apiKeyStore(deps.read).list({ before, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: apiKeyJson,
        cursor: (last) => deps.cursors.encode(name, [last.id]),
      }) as ApiKeyPage;
    },
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
    {
      params: z.strictObject({ id: z.string().max(64) }),
      answer: { status: 200, description: 'The key.', schema: apiKeySchema },
    },
    async ({ params, caller, requestId }) => {
      const at = deps.clock.now();
      const key = await deps.write.transaction().execute(async (trx) => {
        const keys = apiKeyStore(trx);
        if (await keys.revoke(params.id, at)) {
          await putAudit(trx, {
            at,
            actor: caller?.id ?? 'system',
            via: 'api',
            action: 'apiKey.revoke',
            subject: params.id,
            requestId,
          });
        }
        return await keys.get(params.id);
      });
      if (key !== undefined) return apiKeyJson(key);
      throw new Fault('not_found', `there is no key "${params.id}"`, {
        remedy: 'List the keys with `fieldloop keys list`.',
      });
    },
  );

export function apiKeyJson(key: ApiKey): ApiKeyJson {
  const { scopes, createdAt, expiresAt, lastUsedAt, revokedAt, ...same } = key;
  return {
    ...same,
    scopes: [...scopes],
    createdAt: instantText(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: instantText(expiresAt) }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: instantText(lastUsedAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: instantText(revokedAt) }),
  };
}

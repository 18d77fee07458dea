import { Fault, type RandomBytes } from '@fieldloop/core';
import { listName, type NounDeps } from '../http/deps.ts';
import { deviceNameField, instantField, instantText, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { claimTokenMs, maxClaimTokenMs } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import { claimTokenStore } from './store.ts';
import { type ClaimToken, claimSecretHash, claimTokenState, encodeClaimToken } from './token.ts';

export interface ClaimTokenDeps extends NounDeps {
  readonly randomBytes: RandomBytes;
  /** Where robots enrol, and the SHA-256 of the root certificate they pin. */
  enrolment(): { readonly url: string; readonly caSha256: string };
}

const schema = z
  .object({
    id: z.string().openapi({ example: 'tok_01JC0000000000000000000000' }),
    state: z.enum(['open', 'used', 'expired', 'revoked']),
    device: z
      .string()
      .optional()
      .openapi({ description: 'The name the robot gets; else it proposes one.' }),
    site: z.string().optional(),
    note: z.string().optional(),
    createdBy: z.string(),
    createdAt: instantField,
    expiresAt: instantField,
    usedAt: instantField.optional(),
    deviceId: z.string().optional(),
    revokedAt: instantField.optional(),
  })
  .openapi('ClaimToken');

const created = schema
  .extend({
    token: z.string().openapi({ description: 'The text for the robot: shown only this once.' }),
  })
  .openapi('NewClaimToken');

const page = z
  .object({ items: z.array(schema), nextCursor: z.string().optional() })
  .openapi('ClaimTokenPage');

export type ClaimTokenJson = z.infer<typeof schema>;
export type NewClaimTokenJson = z.infer<typeof created>;
export type ClaimTokenPage = z.infer<typeof page>;

const maxSeconds = maxClaimTokenMs / 1000;
const body = z.strictObject({
  device: deviceNameField.optional(),
  site: z.string().min(1).max(64).optional(),
  note: z.string().max(120).optional(),
  expiresInS: z
    .int()
    .min(60)
    .max(maxSeconds)
    .default(claimTokenMs / 1000),
});

export const claimTokenOperations = (deps: ClaimTokenDeps): readonly Operation[] => [
  create(deps),
  list(deps),
  revoke(deps),
];

const create = (deps: ClaimTokenDeps): Operation =>
  operation(
    {
      id: 'createClaimToken',
      tag: 'claimTokens',
      method: 'post',
      path: '/v1/claimTokens',
      summary: 'A token with which one robot enrols once',
      right: 'claimTokens:write',
    },
    { body, answer: { status: 201, description: 'The token.', schema: created } },
    async ({ body: wanted, caller, requestId }) => {
      const at = deps.clock.now();
      const secret = Buffer.from(deps.randomBytes(32)).toString('base64url');
      const createdBy = caller?.id ?? 'system';
      const { url, caSha256 } = deps.enrolment();
      const token = await deps.write.transaction().execute(async (trx) => {
        const row = await claimTokenStore(trx).create({
          id: deps.ids.ulid('tok'),
          secretSha256: claimSecretHash(secret),
          deviceName: wanted.device,
          site: wanted.site,
          note: wanted.note,
          createdBy,
          at,
          expiresAt: at + wanted.expiresInS * 1000,
        });
        await putAudit(trx, {
          at,
          actor: createdBy,
          via: 'api',
          action: 'claimToken.create',
          subject: row.id,
          requestId,
        });
        return row;
      });
      return {
        ...tokenJson(token, at),
        token: encodeClaimToken({ url, ca: caSha256, secret }),
      };
    },
  );

const list = (deps: ClaimTokenDeps): Operation =>
  operation(
    {
      id: 'listClaimTokens',
      tag: 'claimTokens',
      method: 'get',
      path: '/v1/claimTokens',
      summary: 'Claim tokens, the newest first, without their secrets',
      right: 'claimTokens:read',
    },
    {
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query: { limit, cursor } }) => {
      const name = listName('listClaimTokens', {});
      const [before] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await claimTokenStore(deps.read).list({ before, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: (token) => tokenJson(token, deps.clock.now()),
        cursor: (last) => deps.cursors.encode(name, [last.id]),
      }) as ClaimTokenPage;
    },
  );

const revoke = (deps: ClaimTokenDeps): Operation =>
  operation(
    {
      id: 'revokeClaimToken',
      tag: 'claimTokens',
      method: 'post',
      path: '/v1/claimTokens/{id}:revoke',
      summary: 'Make an open claim token worthless',
      description: 'A used one stays used: revoke its device instead. Twice is once.',
      right: 'claimTokens:write',
      faults: ['conflict'],
    },
    {
      params: z.strictObject({ id: z.string().max(64) }),
      answer: { status: 200, description: 'The token.', schema },
    },
    async ({ params, caller, requestId }) => {
      const at = deps.clock.now();
      const token = await deps.write.transaction().execute(async (trx) => {
        const tokens = claimTokenStore(trx);
        if (await tokens.revoke(params.id, at)) {
          await putAudit(trx, {
            at,
            actor: caller?.id ?? 'system',
            via: 'api',
            action: 'claimToken.revoke',
            subject: params.id,
            requestId,
          });
        }
        return await tokens.get(params.id);
      });
      if (token === undefined) {
        throw new Fault('not_found', `there is no claim token "${params.id}"`, {
          remedy: 'List the tokens with `fieldloop tokens list`.',
        });
      }
      if (token.usedAt !== undefined) {
        throw new Fault('conflict', `the claim token ${token.id} was used already`, {
          remedy: `Revoke its device instead: \`fieldloop devices revoke ${token.deviceId ?? ''}\`.`,
        });
      }
      return tokenJson(token, at);
    },
  );

function tokenJson(token: ClaimToken, now: number): ClaimTokenJson {
  const { usedKeySha256: _key, deviceName, ...rest } = token;
  const { createdAt, expiresAt, usedAt, revokedAt, ...same } = rest;
  return {
    ...same,
    ...(deviceName === undefined ? {} : { device: deviceName }),
    state: claimTokenState(token, now),
    createdAt: instantText(createdAt),
    expiresAt: instantText(expiresAt),
    ...(usedAt === undefined ? {} : { usedAt: instantText(usedAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: instantText(revokedAt) }),
  };
}

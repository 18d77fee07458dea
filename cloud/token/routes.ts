import { Fault, type Json, type RandomBytes } from '@fieldloop/core';
import { authorize } from '../http/caller.ts';
import { listName, type NounDeps } from '../http/deps.ts';
import { deviceNameField, instantField, instantText, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { claimTokenMs, maxClaimTokenMs } from '../limits.ts';
import { isKnownLiving } from '../store/device-ref.ts';
import { type OutboxEntry, putOutbox } from '../store/outbox.ts';
import { claimTokenStore } from './store.ts';
import {
  type ClaimToken,
  claimSecretHash,
  claimTokenState,
  claimTokenVersion,
  encodeClaimToken,
} from './token.ts';

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
    updatedAt: instantField,
    version: z.int(),
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
  get(deps),
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
      description:
        'Bound to the name of a device that is there, it moves that name to another robot, whose ' +
        'certificate replaces the one in use: that takes devices:admin, like revoke.',
      right: 'claimTokens:write',
      secret: true,
    },
    { body, answer: { status: 201, description: 'The token.', schema: created } },
    async (call) =>
      await call.change(async (trx) => {
        const at = deps.clock.now();
        const secret = Buffer.from(deps.randomBytes(32)).toString('base64url');
        const { url, caSha256 } = deps.enrolment();
        const { device, site, note, expiresInS } = call.body;
        if (
          device !== undefined &&
          (await isKnownLiving(trx, device)) &&
          call.caller !== undefined
        ) {
          authorize(call.caller, 'devices:admin');
        }
        const row = await claimTokenStore(trx).create({
          id: deps.ids.ulid('tok'),
          secretSha256: claimSecretHash(secret),
          deviceName: device,
          site,
          note,
          createdBy: call.caller?.id ?? 'system',
          at,
          expiresAt: at + expiresInS * 1000,
        });
        await putOutbox(trx, tokenTold(row, 'created', at));
        const after = call.body as Json;
        await call.audit(trx, { action: 'claimToken.create', subject: row.id, after });
        const token = encodeClaimToken({ url, ca: caSha256, secret });
        return { ...tokenJson(row, at), token };
      }),
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

const path = z.strictObject({ id: z.string().min(1).max(64) });

const get = (deps: ClaimTokenDeps): Operation =>
  operation(
    {
      id: 'getClaimToken',
      tag: 'claimTokens',
      method: 'get',
      path: '/v1/claimTokens/{id}',
      summary: 'One claim token, without its secret',
      right: 'claimTokens:read',
    },
    { params: path, answer: { status: 200, description: 'The token.', schema } },
    async ({ params }) => {
      const token = await claimTokenStore(deps.read).get(params.id);
      if (token === undefined) throw unknownToken(params.id);
      return tokenJson(token, deps.clock.now());
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
    { params: path, answer: { status: 200, description: 'The token.', schema } },
    async (call) =>
      await call.change(async (trx) => {
        const at = deps.clock.now();
        const { id } = call.params;
        const tokens = claimTokenStore(trx);
        const revoked = await tokens.revoke(id, at);
        const token = await tokens.get(id);
        if (token === undefined) throw unknownToken(id);
        if (token.usedAt !== undefined) {
          throw new Fault('conflict', `the claim token ${token.id} was used already`, {
            remedy: `Revoke its device instead: \`fieldloop devices revoke ${token.deviceId ?? ''}\`.`,
          });
        }
        if (revoked) {
          await putOutbox(trx, tokenTold(token, 'revoked', at));
          await call.audit(trx, { action: 'claimToken.revoke', subject: id });
        }
        return tokenJson(token, at);
      }),
  );

function unknownToken(id: string): Fault {
  return new Fault('not_found', `there is no claim token "${id}"`, {
    remedy: 'List the tokens with `fieldloop tokens list`.',
  });
}

const tokenTold = (token: ClaimToken, verb: 'created' | 'revoked', at: number): OutboxEntry => ({
  kind: verb === 'created' ? 'claim_token.created' : 'claim_token.revoked',
  subject: token.id,
  at,
  body: token.deviceName === undefined ? {} : { device: token.deviceName },
});

function tokenJson(token: ClaimToken, now: number): ClaimTokenJson {
  const { usedKeySha256: _key, deviceName, ...rest } = token;
  const { createdAt, expiresAt, usedAt, revokedAt, ...same } = rest;
  const { version, updatedAt } = claimTokenVersion(token);
  return {
    ...same,
    ...(deviceName === undefined ? {} : { device: deviceName }),
    state: claimTokenState(token, now),
    createdAt: instantText(createdAt),
    expiresAt: instantText(expiresAt),
    ...(usedAt === undefined ? {} : { usedAt: instantText(usedAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: instantText(revokedAt) }),
    updatedAt: instantText(updatedAt),
    version,
  };
}

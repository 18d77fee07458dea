import { didYouMean, Fault, type RandomBytes } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { allows } from '../auth/rights.ts';
import type { Caller } from '../http/caller.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { webhookSource } from '../http/q/sources/webhooks.ts';
import { demandVersion } from '../http/version.ts';
import { maxKindGlobs, maxWebhooks, oldSecretMs } from '../alert-limits.ts';
import { kindMatches } from '../outgoing/delivery.ts';
import { outcomeSchema, tried } from '../outgoing/json.ts';
import { type DeliveryOptions, sendDeps } from '../outgoing/options.ts';
import { deliveryQueue } from '../outgoing/queue.ts';
import { deliveryOperations } from '../outgoing/routes.ts';
import { checkUrl, urlField, hiddenUrl } from '../outgoing/url.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { outboxKinds } from '../store/outbox-kinds.ts';
import { outboxEnd } from '../store/tail.ts';
import { sendEvent } from './sender.ts';
import { webhookOfRow, webhookStore } from './store.ts';
import { kindGlobPattern, secretOf, type Webhook, webhookStates } from './webhook.ts';

export interface WebhookDeps extends NounDeps {
  readonly randomBytes: RandomBytes;
  readonly outgoing?: DeliveryOptions | undefined;
}

const schema = z
  .object({
    id: z.string().openapi({ example: 'whk_01JC0000000000000000000000' }),
    name: z.string(),
    url: z.string(),
    kinds: z.array(z.string()),
    state: z.enum(webhookStates).openapi({
      description: 'disabled: switched off after three days in which nothing arrived.',
    }),
    disabledWhy: z.string().optional(),
    failingSince: instantField.optional().openapi({ description: 'Nothing arrived since then.' }),
    lastOkAt: instantField.optional(),
    lastError: z.string().optional(),
    oldSecretUntil: instantField.optional().openapi({
      description: 'Until then the secret before the rotation signs too.',
    }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Webhook');

const withSecret = schema
  .extend({
    secret: z.string().openapi({ description: 'Signs every message: shown only this once.' }),
  })
  .openapi('NewWebhook');

export type WebhookJson = z.infer<typeof schema>;
export type NewWebhookJson = z.infer<typeof withSecret>;
export type WebhookPage = Listing<WebhookJson>;

const nameField = z.string().min(1).max(64);
const kindsField = z
  .array(
    z
      .string()
      .max(101)
      .regex(kindGlobPattern, 'is no kind: write noun.verb, noun.* or *')
      .openapi({ example: 'clip.*' }),
  )
  .min(1)
  .max(maxKindGlobs);
const stateField = z.enum(['enabled', 'paused']);
const path = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of a webhook.' }),
});
const tag = 'webhooks';

export const webhookOperations = (deps: WebhookDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
  rotate(deps),
  test(deps),
  ...deliveryOperations(deps, {
    kind: 'webhook',
    name: 'Webhook',
    noun: 'webhooks',
    idOf: async (db, id) => (await demandWebhook(db, id)).id,
  }),
];

const list = (deps: WebhookDeps): Operation =>
  operation(
    {
      id: 'listWebhooks',
      tag,
      method: 'get',
      path: '/v1/webhooks',
      summary: 'Webhooks, without their secrets',
      right: 'webhooks:read',
    },
    {
      query: listQuery(webhookSource, {}),
      answer: { status: 200, description: 'One page.', schema: listAnswer('WebhookPage', schema) },
    },
    async ({ query, caller }) =>
      await listPage(deps, query, {
        operation: 'listWebhooks',
        source: webhookSource,
        rows: deps.read.selectFrom('webhook').selectAll('webhook'),
        schema,
        items: (rows) => rows.map((row) => seenBy(caller, webhookJson(webhookOfRow(row)))),
      }),
  );

const create = (deps: WebhookDeps): Operation =>
  operation(
    {
      id: 'createWebhook',
      tag,
      method: 'post',
      path: '/v1/webhooks',
      summary: 'Send what happens to a URL, signed, from now on',
      description: 'At least once, in no promised order: keep the ids that you have seen.',
      right: 'webhooks:admin',
      faults: ['conflict', 'limited'],
      secret: true,
    },
    {
      body: z.strictObject({
        name: nameField,
        url: urlField,
        kinds: kindsField.default(['*']),
        state: stateField.default('enabled'),
      }),
      answer: { status: 201, description: 'The webhook and its secret.', schema: withSecret },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { name, url, kinds, state } = call.body;
        checkUrl(url, '/body/url', deps.outgoing?.allowPrivate ?? false);
        checkKinds(kinds);
        const at = deps.clock.now();
        const id = deps.ids.ulid('whk');
        const secret = secretOf(deps.randomBytes(32));
        const webhooks = webhookStore(trx);
        if ((await webhooks.all()).length >= maxWebhooks) throw tooMany();
        const cursor = await outboxEnd(trx);
        const made = await webhooks.create({ id, name, url, kinds, state, secret, cursor, at });
        if (made === undefined) throw nameTaken(name);
        await putOutbox(trx, { kind: 'webhook.created', subject: id, at, body: { name } });
        await call.audit(trx, {
          action: 'webhook.create',
          subject: id,
          after: { name, url: hiddenUrl(url), kinds, state },
        });
        return { ...webhookJson(made), secret };
      }),
  );

const get = (deps: WebhookDeps): Operation =>
  operation(
    {
      id: 'getWebhook',
      tag,
      method: 'get',
      path: '/v1/webhooks/{id}',
      summary: 'One webhook',
      right: 'webhooks:read',
    },
    { params: path, answer: { status: 200, description: 'The webhook.', schema } },
    async ({ params, caller }) =>
      seenBy(caller, webhookJson(await demandWebhook(deps.read, params.id))),
  );

function seenBy<T extends { readonly url: string }>(caller: Caller | undefined, webhook: T): T {
  const isTheirs = allows(caller?.scopes ?? [], 'webhooks:admin');
  return isTheirs ? webhook : { ...webhook, url: hiddenUrl(webhook.url) };
}

const update = (deps: WebhookDeps): Operation =>
  operation(
    {
      id: 'updateWebhook',
      tag,
      method: 'patch',
      path: '/v1/webhooks/{id}',
      summary: 'Change, pause or switch on a webhook',
      description:
        'A paused one keeps its place: what happened meanwhile is sent when it is enabled, as far as the outbox reaches back.',
      right: 'webhooks:admin',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        name: nameField.optional(),
        url: urlField.optional(),
        kinds: kindsField.optional(),
        state: stateField.optional(),
      }),
      answer: { status: 200, description: 'The webhook.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandWebhook(trx, call.params.id);
        demandVersion(call, found);
        const { name, url, kinds } = call.body;
        if (url !== undefined) checkUrl(url, '/body/url', deps.outgoing?.allowPrivate ?? false);
        if (kinds !== undefined) checkKinds(kinds);
        const webhooks = webhookStore(trx);
        if (name !== undefined && name !== found.name && (await webhooks.get(name)) !== undefined) {
          throw nameTaken(name);
        }
        const at = deps.clock.now();
        const changed = await webhooks.change(found, call.body, at);
        const body = { name: changed.name };
        await putOutbox(trx, { kind: 'webhook.changed', subject: found.id, at, body });
        await call.audit(trx, {
          action: 'webhook.update',
          subject: found.id,
          before: {
            name: found.name,
            url: hiddenUrl(found.url),
            kinds: found.kinds,
            state: found.state,
          },
          after:
            call.body.url === undefined
              ? call.body
              : { ...call.body, url: hiddenUrl(call.body.url) },
        });
        return webhookJson(changed);
      }),
  );

const remove = (deps: WebhookDeps): Operation =>
  operation(
    {
      id: 'deleteWebhook',
      tag,
      method: 'delete',
      path: '/v1/webhooks/{id}',
      summary: 'Delete a webhook with its delivery log',
      right: 'webhooks:admin',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const found = await demandWebhook(trx, call.params.id);
        demandVersion(call, found);
        const at = deps.clock.now();
        await deliveryQueue(trx).forget(found.id);
        await webhookStore(trx).delete(found.id);
        const body = { name: found.name };
        await putOutbox(trx, { kind: 'webhook.deleted', subject: found.id, at, body });
        const before = { name: found.name, url: found.url };
        await call.audit(trx, { action: 'webhook.delete', subject: found.id, before });
      });
      return undefined;
    },
  );

const rotate = (deps: WebhookDeps): Operation =>
  operation(
    {
      id: 'rotateWebhookSecret',
      tag,
      method: 'post',
      path: '/v1/webhooks/{id}:rotate',
      summary: 'A new secret; for 24 hours the old one signs too',
      right: 'webhooks:admin',
    },
    {
      params: path,
      answer: { status: 200, description: 'The webhook and its new secret.', schema: withSecret },
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandWebhook(trx, call.params.id);
        const at = deps.clock.now();
        const secret = secretOf(deps.randomBytes(32));
        const times = { at, oldUntil: at + oldSecretMs };
        const changed = await webhookStore(trx).rotate(found, secret, times);
        const body = { name: found.name };
        await putOutbox(trx, { kind: 'webhook.changed', subject: found.id, at, body });
        await call.audit(trx, { action: 'webhook.rotate', subject: found.id });
        return { ...webhookJson(changed), secret };
      }),
  );

const test = (deps: WebhookDeps): Operation =>
  operation(
    {
      id: 'testWebhook',
      tag,
      method: 'post',
      path: '/v1/webhooks/{id}:test',
      summary: 'Send a webhook.test now, and see what the receiver answers',
      right: 'webhooks:admin',
    },
    {
      params: path,
      answer: { status: 200, description: 'How it went.', schema: outcomeSchema },
    },
    async (call) => {
      const webhook = await demandWebhook(deps.read, call.params.id);
      const send = { ...sendDeps(deps.clock, deps.outgoing ?? {}), read: deps.read };
      const kind = 'webhook.test';
      const at = instantText(deps.clock.now());
      const data = { by: call.caller?.id ?? '' };
      const body = { seq: '0', kind, subject: webhook.id, at, data };
      const event = { id: deps.ids.ulid('dlv'), kind, body, attempts: 0 };
      const outcome = await tried(deps.clock, async () => await sendEvent(webhook, event, send));
      await call.change(async (trx) => {
        const detail = { ok: outcome.ok };
        await call.audit(trx, { action: 'webhook.test', subject: webhook.id, detail });
      });
      return outcome;
    },
  );

/** Faults `invalid` for a pattern that no kind will ever match. */
function checkKinds(globs: readonly string[]): void {
  const known = Object.keys(outboxKinds);
  const lost = globs.findIndex((glob) => !known.some((kind) => kindMatches(glob, kind)));
  if (lost === -1) return;
  const glob = globs[lost] ?? '';
  throw new Fault('invalid', `nothing is called "${glob}".${didYouMean(glob, known)}`, {
    place: `/body/kinds/${lost}`,
    remedy: 'The kinds are listed in docs/reference/webhooks.md.',
  });
}

async function demandWebhook(db: Db, idOrName: string): Promise<Webhook> {
  const webhook = await webhookStore(db).get(idOrName);
  if (webhook !== undefined) return webhook;
  throw new Fault('not_found', `there is no webhook "${idOrName}"`, {
    remedy: 'List the webhooks with `fieldloop webhooks list`.',
  });
}

const nameTaken = (name: string): Fault =>
  new Fault('conflict', `there is a webhook "${name}" already`, {
    place: '/body/name',
    remedy: 'Choose another name, or change that webhook.',
  });

const tooMany = (): Fault =>
  new Fault('limited', `there are ${maxWebhooks} webhooks already`, {
    remedy: 'Delete one that nobody needs, or give one more kinds.',
  });

function webhookJson(webhook: Webhook): WebhookJson {
  const { cursor: _cursor, failingSince, lastOkAt, oldSecretUntil, ...same } = webhook;
  const { createdAt, updatedAt, ...shown } = same;
  return {
    ...shown,
    kinds: [...webhook.kinds],
    ...(failingSince === undefined ? {} : { failingSince: instantText(failingSince) }),
    ...(lastOkAt === undefined ? {} : { lastOkAt: instantText(lastOkAt) }),
    ...(oldSecretUntil === undefined ? {} : { oldSecretUntil: instantText(oldSecretUntil) }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

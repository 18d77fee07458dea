import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantText } from '../http/fields.ts';
import { allows } from '../auth/rights.ts';
import type { Caller } from '../http/caller.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { channelSource } from '../http/q/sources/channels.ts';
import { demandVersion } from '../http/version.ts';
import { maxChannels } from '../alert-limits.ts';
import { type DeliveryOptions, sendDeps } from '../outgoing/options.ts';
import { hiddenUrl } from '../outgoing/url.ts';
import { outcomeSchema, tried } from '../outgoing/json.ts';
import { deliveryQueue } from '../outgoing/queue.ts';
import { deliveryOperations } from '../outgoing/routes.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Channel } from './channel.ts';
import {
  channelJson,
  type ChannelJson,
  channelSchema as schema,
  configField,
  configOf,
} from './json.ts';
import { tell } from './send.ts';
import { channelOfRow, channelStore } from './store.ts';

export interface ChannelDeps extends NounDeps {
  readonly outgoing?: DeliveryOptions | undefined;
}

export type ChannelPage = Listing<ChannelJson>;

const nameField = z.string().min(1).max(64);
const path = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of a channel.' }),
});
const tag = 'channels';

export const channelOperations = (deps: ChannelDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
  test(deps),
  ...deliveryOperations(deps, {
    kind: 'channel',
    name: 'Channel',
    noun: 'channels',
    idOf: async (db, id) => (await demandChannel(db, id)).id,
  }),
];

const list = (deps: ChannelDeps): Operation =>
  operation(
    {
      id: 'listChannels',
      tag,
      method: 'get',
      path: '/v1/channels',
      summary: 'Channels that alerts are told by, without their secrets',
      right: 'channels:read',
    },
    {
      query: listQuery(channelSource, {}),
      answer: { status: 200, description: 'One page.', schema: listAnswer('ChannelPage', schema) },
    },
    async ({ query, caller }) =>
      await listPage(deps, query, {
        operation: 'listChannels',
        source: channelSource,
        rows: deps.read.selectFrom('channel').selectAll('channel'),
        schema,
        items: async (rows) => {
          const items: ChannelJson[] = [];
          for (const row of rows) {
            items.push(seenBy(caller, await shown(deps.read, channelOfRow(row))));
          }
          return items;
        },
      }),
  );

const create = (deps: ChannelDeps): Operation =>
  operation(
    {
      id: 'createChannel',
      tag,
      method: 'post',
      path: '/v1/channels',
      summary: 'A channel: webhook, mail or a Slack-compatible webhook',
      right: 'channels:admin',
      faults: ['conflict', 'limited'],
    },
    {
      body: z.strictObject({
        name: nameField,
        enabled: z.boolean().default(true),
        config: configField,
      }),
      answer: { status: 201, description: 'The channel.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { name, enabled, config: said } = call.body;
        const at = deps.clock.now();
        const id = deps.ids.ulid('chn');
        const kept = configOf(said, undefined, deps.outgoing?.allowPrivate ?? false);
        const channels = channelStore(trx);
        if ((await channels.all()).length >= maxChannels) throw tooMany();
        const made = await channels.create({ id, name, enabled, ...kept, at });
        if (made === undefined) throw nameTaken(name);
        await putOutbox(trx, { kind: 'channel.created', subject: id, at, body: { name } });
        const after = { name, enabled, config: toldConfig(kept.config) } as unknown as Json;
        await call.audit(trx, { action: 'channel.create', subject: id, after });
        return await shown(trx, made);
      }),
  );

const get = (deps: ChannelDeps): Operation =>
  operation(
    {
      id: 'getChannel',
      tag,
      method: 'get',
      path: '/v1/channels/{id}',
      summary: 'One channel',
      right: 'channels:read',
    },
    { params: path, answer: { status: 200, description: 'The channel.', schema } },
    async ({ params, caller }) =>
      seenBy(caller, await shown(deps.read, await demandChannel(deps.read, params.id))),
  );

function seenBy(caller: Caller | undefined, channel: ChannelJson): ChannelJson {
  const isTheirs = allows(caller?.scopes ?? [], 'channels:admin');
  return isTheirs ? channel : { ...channel, config: toldConfig(channel.config) };
}

/** As the audit and those who may not change it see a channel. */
const toldConfig = <T extends { readonly kind: string }>(config: T): T =>
  'url' in config && typeof config.url === 'string'
    ? { ...config, url: hiddenUrl(config.url) }
    : config;

const update = (deps: ChannelDeps): Operation =>
  operation(
    {
      id: 'updateChannel',
      tag,
      method: 'patch',
      path: '/v1/channels/{id}',
      summary: 'Change a channel',
      description:
        'A config is given whole; a secret that is left out stays, unless it would go to another server.',
      right: 'channels:admin',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        name: nameField.optional(),
        enabled: z.boolean().optional(),
        config: configField.optional(),
      }),
      answer: { status: 200, description: 'The channel.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandChannel(trx, call.params.id);
        demandVersion(call, found);
        const { name, enabled, config: said } = call.body;
        const channels = channelStore(trx);
        if (name !== undefined && name !== found.name && (await channels.get(name)) !== undefined) {
          throw nameTaken(name);
        }
        const known = { config: found.config, secret: await channels.secret(found.id) };
        const allowPrivate = deps.outgoing?.allowPrivate ?? false;
        const kept = said === undefined ? {} : configOf(said, known, allowPrivate);
        const at = deps.clock.now();
        const changed = await channels.change(found, { name, enabled, ...kept }, at);
        const body = { name: changed.name };
        await putOutbox(trx, { kind: 'channel.changed', subject: found.id, at, body });
        const { name: wasName, enabled: wasEnabled, config } = found;
        await call.audit(trx, {
          action: 'channel.update',
          subject: found.id,
          before: { name: wasName, enabled: wasEnabled, config: toldConfig(config) },
          after: { name, enabled, config: toldConfig(changed.config) },
        });
        return await shown(trx, changed);
      }),
  );

const remove = (deps: ChannelDeps): Operation =>
  operation(
    {
      id: 'deleteChannel',
      tag,
      method: 'delete',
      path: '/v1/channels/{id}',
      summary: 'Delete a channel that no policy tells, with its delivery log',
      right: 'channels:admin',
      faults: ['conflict'],
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const found = await demandChannel(trx, call.params.id);
        demandVersion(call, found);
        const channels = channelStore(trx);
        const user = await channels.userOf(found.id);
        if (user !== undefined) {
          throw new Fault('conflict', `the policy "${user}" tells this channel`, {
            remedy: 'Give the policy another channel first.',
          });
        }
        const at = deps.clock.now();
        await deliveryQueue(trx).forget(found.id);
        await channels.delete(found.id);
        const body = { name: found.name };
        await putOutbox(trx, { kind: 'channel.deleted', subject: found.id, at, body });
        await call.audit(trx, { action: 'channel.delete', subject: found.id, before: body });
      });
      return undefined;
    },
  );

const test = (deps: ChannelDeps): Operation =>
  operation(
    {
      id: 'testChannel',
      tag,
      method: 'post',
      path: '/v1/channels/{id}:test',
      summary: 'Send a test message now, and see what the receiver answers',
      right: 'channels:admin',
    },
    {
      params: path,
      answer: { status: 200, description: 'How it went.', schema: outcomeSchema },
    },
    async (call) => {
      const channel = await demandChannel(deps.read, call.params.id);
      const secret = await channelStore(deps.read).secret(channel.id);
      const send = sendDeps(deps.clock, deps.outgoing ?? {});
      const notification = {
        reason: 'test' as const,
        at: instantText(deps.clock.now()),
        severity: 'info',
        policy: { id: 'pol_test', name: channel.name },
        condition: 'somebody asked for a test message',
        alerts: [],
        total: 0,
      };
      const id = deps.ids.ulid('dlv');
      const outcome = await tried(
        deps.clock,
        async () => await tell(channel, secret, { id, notification }, send),
      );
      await call.change(async (trx) => {
        const detail = { ok: outcome.ok };
        await call.audit(trx, { action: 'channel.test', subject: channel.id, detail });
      });
      return outcome;
    },
  );

const shown = async (db: Db, channel: Channel): Promise<ChannelJson> =>
  channelJson(channel, await channelStore(db).secret(channel.id));

async function demandChannel(db: Db, idOrName: string): Promise<Channel> {
  const channel = await channelStore(db).get(idOrName);
  if (channel !== undefined) return channel;
  throw new Fault('not_found', `there is no channel "${idOrName}"`, {
    remedy: 'List the channels with `fieldloop channels list`.',
  });
}

const nameTaken = (name: string): Fault =>
  new Fault('conflict', `there is a channel "${name}" already`, {
    place: '/body/name',
    remedy: 'Choose another name, or change that channel.',
  });

const tooMany = (): Fault =>
  new Fault('limited', `there are ${maxChannels} channels already`, {
    remedy: 'Delete one that nobody needs.',
  });

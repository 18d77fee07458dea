/** Channels as the API shows and takes them: secrets go in, and never come out. */
import { Fault } from '@fieldloop/core';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxMailAddresses } from '../alert-limits.ts';
import { checkUrl, urlField } from '../outgoing/url.ts';
import type { Channel, ChannelConfig, ChannelSecret } from './channel.ts';

const secretField = z
  .string()
  .min(16)
  .max(256)
  .regex(/^[\x21-\x7e]+$/, 'has characters that are not visible ASCII');

const hostField = z
  .string()
  .max(253)
  .regex(/^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[?[0-9a-fA-F:.]+\]?)$/, {
    error: 'is not the name or address of a server',
  });

const mailField = z
  .string()
  .max(254)
  .regex(/^[^\s@<>(),;:"\\]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/, {
    error: 'is not a mail address: write name@example.com',
  })
  .openapi({ example: 'on-call@example.com' });

const mailFields = {
  kind: z.literal('mail'),
  host: hostField.openapi({ example: 'smtp.example.com' }),
  port: z.int().min(1).max(65_535).default(587),
  security: z.enum(['starttls', 'tls', 'none']).default('starttls').openapi({
    description: 'starttls refuses a server that does not offer it.',
  }),
  username: z.string().min(1).max(256).optional(),
  from: mailField,
  to: z.array(mailField).min(1).max(maxMailAddresses),
};

/** What a person says of a channel. */
export const configField = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('webhook'),
    url: urlField,
    secret: secretField.optional().openapi({ description: 'Signs every message. Never shown.' }),
  }),
  z.strictObject({
    ...mailFields,
    password: z.string().min(1).max(256).optional().openapi({ description: 'Never shown.' }),
  }),
  z.strictObject({
    kind: z.literal('slack'),
    url: urlField.optional().openapi({
      description: 'Of the incoming webhook. It is a secret and never shown.',
    }),
  }),
]);

export type ConfigSaid = z.infer<typeof configField>;

const shownConfig = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('webhook'), url: z.string(), hasSecret: z.boolean() }),
  z.object({ ...mailFields, hasSecret: z.boolean() }),
  z.object({ kind: z.literal('slack'), host: z.string(), hasSecret: z.boolean() }),
]);

export const channelSchema = z
  .object({
    id: z.string().openapi({ example: 'chn_01JC0000000000000000000000' }),
    name: z.string(),
    enabled: z.boolean(),
    config: shownConfig,
    failingSince: instantField.optional().openapi({ description: 'Nothing arrived since then.' }),
    lastOkAt: instantField.optional(),
    lastError: z.string().optional(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Channel');

export type ChannelJson = z.infer<typeof channelSchema>;

export function channelJson(channel: Channel, secret: ChannelSecret): ChannelJson {
  const { failingSince, lastOkAt, config, createdAt, updatedAt, ...same } = channel;
  const hasSecret = Object.values(secret).some((one) => one !== undefined);
  return {
    ...same,
    config: {
      ...(config.kind === 'mail' ? { ...config, to: [...config.to] } : config),
      hasSecret,
    },
    ...(failingSince === undefined ? {} : { failingSince: instantText(failingSince) }),
    ...(lastOkAt === undefined ? {} : { lastOkAt: instantText(lastOkAt) }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

/**
 * What is kept of what a person said. A secret that is left out stays, but never goes to another
 * server than the one it was given for. Faults `invalid`.
 */
export function configOf(
  said: ConfigSaid,
  known: { readonly config: ChannelConfig; readonly secret: ChannelSecret } | undefined,
  allowPrivate: boolean,
): { readonly config: ChannelConfig; readonly secret: ChannelSecret } {
  switch (said.kind) {
    case 'webhook': {
      const { secret, ...config } = said;
      checkUrl(config.url, '/body/config/url', allowPrivate);
      const kept = known?.config.kind === 'webhook' ? known.secret.secret : undefined;
      return {
        config,
        secret: secret === undefined && kept === undefined ? {} : { secret: secret ?? kept },
      };
    }
    case 'slack':
      return slackOf(said, known, allowPrivate);
    case 'mail':
      return mailOf(said, known);
  }
}

function slackOf(
  { url: given }: Extract<ConfigSaid, { kind: 'slack' }>,
  known: { readonly config: ChannelConfig; readonly secret: ChannelSecret } | undefined,
  allowPrivate: boolean,
) {
  const url = given ?? (known?.config.kind === 'slack' ? known.secret.url : undefined);
  if (url === undefined) {
    throw new Fault('invalid', 'a slack channel needs the URL of its incoming webhook', {
      place: '/body/config/url',
      remedy: 'Make one in Slack (or Mattermost) and give its URL.',
    });
  }
  const { host } = checkUrl(url, '/body/config/url', allowPrivate);
  return { config: { kind: 'slack' as const, host }, secret: { url } };
}

function mailOf(
  { password: given, ...config }: Extract<ConfigSaid, { kind: 'mail' }>,
  known: { readonly config: ChannelConfig; readonly secret: ChannelSecret } | undefined,
) {
  const before = known?.config.kind === 'mail' ? known.config : undefined;
  const isSame = before?.host === config.host && before.username === config.username;
  const password = given ?? (isSame ? known?.secret.password : undefined);
  if (config.username !== undefined && password === undefined) {
    throw new Fault('invalid', 'a user name without its password', {
      place: '/body/config/password',
      remedy: 'Give the password; it is asked for again when host or user name change.',
    });
  }
  if (password !== undefined && config.security === 'none') {
    throw new Fault('invalid', 'a password would travel in the clear', {
      place: '/body/config/security',
      remedy: 'Use starttls or tls, or leave user name and password out.',
    });
  }
  return { config, secret: password === undefined ? {} : { password } };
}

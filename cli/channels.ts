/** `fieldloop channels`: where alerts are told: webhooks, mail, Slack. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { deliveryCommands } from './deliveries.ts';
import { readDocument } from './document.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Channel = Schemas['Channel'];

export function channelsCommand(io: CliIo): Command {
  const channels = new Command('channels').description('Where alerts are told.');
  queryOptions(channels.command('list').description('Channels, by name.')).action(
    async (options: QueryOptions) => {
      await printList<Channel>(options, io, {
        path: '/v1/channels',
        query: queryOf(options),
        columns,
        none: 'no channels; `fieldloop channels create FILE` makes one',
      });
    },
  );
  getCommand<Channel>(channels, io, {
    argument: 'channel',
    says: 'One channel, by name or id; its secrets are never shown.',
    read: async (client, id) =>
      await answer(client.GET('/v1/channels/{id}', { params: { path: { id } } })),
    text: channelText,
  });
  apiOptions(channels.command('create <file>').description('A channel from YAML or JSON.'))
    .addHelpText('after', examples)
    .action(async (file: string, options: ApiOptions) => {
      const body = (await readDocument(file, io)) as never;
      const made = await answer(clientOf(options, io).POST('/v1/channels', { body }));
      printOne(made, options, io, () => channelText(made, showOf(options)));
    });
  apiOptions(
    channels.command('edit <channel> <file>').description('Change what the document names.'),
  ).action(async (id: string, file: string, options: ApiOptions) => {
    const path = `/v1/channels/${encodeURIComponent(id)}`;
    const body = await readDocument(file, io);
    const channel = await patchEntity<Channel>(clientOf(options, io), path, body);
    printOne(channel, options, io, () => channelText(channel, showOf(options)));
  });
  deliveryCommands(channels, io, { path: '/v1/channels', one: 'channel' });
  deleteCommand(channels, io, {
    argument: 'channel',
    says: 'Forget a channel; policies that name it tell nobody there.',
    path: '/v1/channels',
  });
  return channels;
}

const columns: readonly Column<Channel>[] = [
  { title: 'CHANNEL', of: (one) => one.name, shrinks: true },
  { title: 'KIND', of: (one) => one.config.kind },
  { title: 'TO', of: toText, shrinks: true },
  { title: 'ON', of: (one) => (one.enabled ? 'yes' : 'no') },
  timeColumn('LAST OK', (one) => one.lastOkAt),
  { title: 'LAST ERROR', of: (one) => one.lastError ?? '-', shrinks: true, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

function toText({ config }: Channel): string {
  if (config.kind === 'webhook') return config.url;
  return config.kind === 'mail' ? config.to.join(', ') : config.host;
}

const channelText = (one: Channel, show: Show): string =>
  facts([
    ['channel', one.name],
    ['id', one.id],
    ['kind', one.config.kind],
    ['to', toText(one)],
    ['secret', one.config.hasSecret ? 'kept, never shown' : 'none'],
    ['on', one.enabled ? 'yes' : 'no'],
    ['last ok', show.time(one.lastOkAt)],
    ['failing', one.failingSince === undefined ? undefined : show.time(one.failingSince)],
    ['last error', one.lastError],
  ]);

const examples = `
A channel, as YAML:
  name: ops-mail
  config: {kind: mail, host: smtp.example.com, from: fleet@example.com, to: [ops@example.com]}

Others: {kind: webhook, url: https://…, secret: …}, {kind: slack, url: https://hooks.slack.com/…}
Send a test afterwards: fieldloop channels test ops-mail
`;

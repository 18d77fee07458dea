/** `fieldloop keys`: keys of the API. */
import { Fault } from '@fieldloop/core';
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { facts } from './show.ts';

type ApiKey = Schemas['ApiKey'];

interface CreateOptions extends ApiOptions {
  readonly name: string;
  readonly scope?: Schemas['ApiKey']['scopes'];
  readonly expiresInDays?: string;
}

export function keysCommand(io: CliIo): Command {
  const keys = new Command('keys').description('Keys of the API, for people and programs.');
  apiOptions(keys.command('create').description('A key; its text is shown this once.'))
    .requiredOption('--name <name>', 'for whom or what it is')
    .option('--scope <scope...>', 'what it may do: *:read (the default), clips:read, …')
    .option('--expires-in-days <n>', 'how long it works; else until it is revoked')
    .addHelpText('after', createExamples)
    .action(async (options: CreateOptions) => {
      const { name, scope: scopes } = options;
      const expiresInDays = daysOf(options.expiresInDays);
      const body = { name, ...given({ scopes, expiresInDays }) };
      const client = clientOf(options, io);
      const key = await answer(client.POST('/v1/apiKeys', { body }));
      printOne(key, options, io, () => `${key.key}\n`);
      if (options.json !== true) io.err(`${key.id}: may ${key.scopes.join(', ')}\n`);
    });
  queryOptions(keys.command('list').description('Keys, the newest first.')).action(
    async (options: QueryOptions) => {
      const query = queryOf(options);
      await printList(options, io, {
        path: '/v1/apiKeys',
        query,
        columns,
        none: 'no keys',
      });
    },
  );
  getCommand<ApiKey>(keys, io, {
    argument: 'id',
    says: 'One key, without its secret.',
    read: async (client, id) =>
      await answer(client.GET('/v1/apiKeys/{id}', { params: { path: { id } } })),
    text: keyText,
  });
  apiOptions(
    keys
      .command('rotate <id>')
      .description('A new key with the same rights; the old one ends soon.'),
  )
    .option('--grace <seconds>', 'how long the old one still works')
    .action(async (id: string, options: ApiOptions & { readonly grace?: string }) => {
      const client = clientOf(options, io);
      const graceS = options.grace === undefined ? undefined : Number(options.grace);
      const params = { path: { id } };
      const key = await answer(
        client.POST('/v1/apiKeys/{id}:rotate', { params, body: given({ graceS }) }),
      );
      printOne(key, options, io, () => `${key.key}\n`);
      if (options.json !== true) io.err(`${key.id} takes the place of ${id}\n`);
    });
  verbCommand<ApiKey, ConfirmOptions>(keys, io, {
    usage: 'revoke <id>',
    says: 'Make a key worthless at once.',
    run: async (client, id) =>
      await answer(client.POST('/v1/apiKeys/{id}:revoke', { params: { path: { id } } })),
    text: ({ id }) => `${id} is revoked\n`,
  });
  return keys;
}

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Fault('invalid', `"${text}" is not a number of days`, {
    place: '--expires-in-days',
    remedy: 'Write a whole number from 1 to 3650.',
  });
}

const columns: readonly Column<ApiKey>[] = [
  { title: 'ID', of: (key) => key.id },
  { title: 'NAME', of: (key) => key.name, shrinks: true },
  { title: 'STATE', of: (key) => (key.revokedAt === undefined ? 'live' : 'revoked') },
  { title: 'MAY', of: (key) => key.scopes.join(', '), shrinks: true },
  { title: 'MADE', of: (key, show) => show.time(key.createdAt) },
  { title: 'LAST USED', of: (key, show) => show.time(key.lastUsedAt) },
  { title: 'EXPIRES', of: (key, show) => show.time(key.expiresAt) },
];

const keyText = (key: ApiKey, show: Show): string =>
  facts([
    ['key', key.id],
    ['name', key.name],
    ['may', key.scopes.join(', ')],
    ['state', key.revokedAt === undefined ? 'live' : 'revoked'],
    ['made', show.time(key.createdAt)],
    ['last used', show.time(key.lastUsedAt)],
    ['expires', key.expiresAt === undefined ? 'never' : show.time(key.expiresAt)],
  ]);

const createExamples = `
Examples:
  fieldloop keys create --name ci --scope clips:read devices:read
  export FIELDLOOP_API_KEY=$(fieldloop keys create --name ann --scope '*:write')
`;

/** `fieldloop keys`: keys of the API. */
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  formatOf,
  given,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, getCommand, patchEntity, verbCommand } from './noun.ts';
import { secondsOf, wholeNumber } from './option-values.ts';
import { facts, showOf, timeColumn } from './show.ts';

type ApiKey = Schemas['ApiKey'];
type Role = NonNullable<Schemas['Me']['role']>;

interface CreateOptions extends ApiOptions {
  readonly name: string;
  readonly scope?: ApiKey['scopes'];
  readonly role?: Role;
  readonly cohort?: string[];
  readonly expiresInDays?: number;
  readonly mine?: boolean;
}

interface EditOptions extends ApiOptions {
  readonly name?: string;
  readonly scope?: ApiKey['scopes'];
  readonly cohort?: string[];
  readonly everyCohort?: boolean;
  readonly expiresInDays?: number;
}

interface MineOptions extends ConfirmOptions {
  readonly mine?: boolean;
}

const roles: readonly Role[] = ['viewer', 'annotator', 'engineer', 'release_manager', 'admin'];
const mine = ['--mine', 'of your own account, for which no admin is needed'] as const;
const days = wholeNumber('--expires-in-days', { least: 1, most: 3650 });

export function keysCommand(io: CliIo): Command {
  const keys = new Command('keys').description('Keys of the API, for people and programs.');
  create(keys, io);
  queryOptions(keys.command('list').description('Keys, the newest first.'))
    .option(...mine)
    .action(async (options: QueryOptions & MineOptions) => {
      await printList<ApiKey>(options, io, {
        path: options.mine === true ? '/v1/me/apiKeys' : '/v1/apiKeys',
        query: queryOf(options),
        columns,
        none: 'no keys; `fieldloop keys create` makes one',
      });
    });
  getCommand<ApiKey>(keys, io, {
    argument: 'id',
    says: 'One key, without its secret.',
    read: async (client, id) =>
      await answer(client.GET('/v1/apiKeys/{id}', { params: { path: { id } } })),
    text: keyText,
  });
  edit(keys, io);
  rotate(keys, io);
  verbCommand<ApiKey>(keys, io, {
    usage: 'revoke <id>',
    says: 'Make a key worthless at once.',
    options: (command) => command.option(...mine),
    run: async (client, id, options: MineOptions) => {
      const params = { path: { id } };
      return options.mine === true
        ? await answer(client.POST('/v1/me/apiKeys/{id}:revoke', { params }))
        : await answer(client.POST('/v1/apiKeys/{id}:revoke', { params }));
    },
    text: ({ id }) => `${id} is revoked\n`,
  });
  return keys;
}

function create(keys: Command, io: CliIo): void {
  apiOptions(keys.command('create').description('A key; its text is shown this once.'))
    .requiredOption('--name <name>', 'for whom or what it is')
    .option('--scope <scope...>', 'what it may do: *:read (the default), clips:read, …')
    .addOption(new Option('--role <role>', 'what this role may do, instead').choices(roles))
    .option('--cohort <cohort...>', 'for devices of these cohorts alone')
    .option('--expires-in-days <n>', 'how long it works; else until it is revoked', days)
    .option(...mine)
    .addHelpText('after', createExamples)
    .action(async (options: CreateOptions) => {
      const { name, scope: scopes, role, expiresInDays } = options;
      const client = clientOf(options, io);
      const cohorts = await cohortIds(client, options.cohort);
      const body = { name, ...given({ scopes, expiresInDays }) };
      if (options.mine === true) refuseForMine(options);
      const key = await answer(
        options.mine === true
          ? client.POST('/v1/me/apiKeys', { body })
          : client.POST('/v1/apiKeys', { body: { ...body, ...given({ role, cohorts }) } }),
      );
      printOne(key, options, io, () => `${key.key}\n`);
      if (formatOf(options) === 'table') io.err(`${key.id}: may ${key.scopes.join(', ')}\n`);
    });
}

/** A key keeps ids, so that it stays with a cohort that gets another name. */
async function cohortIds(
  client: Client,
  names: readonly string[] | undefined,
): Promise<string[] | undefined> {
  if (names === undefined) return undefined;
  return await Promise.all(
    names.map(async (id) => {
      const found = await answer(client.GET('/v1/cohorts/{id}', { params: { path: { id } } }));
      return found.id;
    }),
  );
}

/** A person's own key has rights of that person: neither those of a role nor a cohort. */
function refuseForMine({ role, cohort }: CreateOptions): void {
  if (role === undefined && cohort === undefined) return;
  throw new Fault('invalid', 'your own key takes scopes alone', {
    place: role === undefined ? '--cohort' : '--role',
    remedy: 'Leave --mine out (an admin makes such a key), or name --scope.',
  });
}

function edit(keys: Command, io: CliIo): void {
  apiOptions(keys.command('edit <id>').description('Name, rights, cohorts or end of a key.'))
    .option('--name <name>', 'for whom or what it is')
    .option('--scope <scope...>', 'what it may do, instead of before')
    .option('--cohort <cohort...>', 'for devices of these cohorts alone')
    .option('--every-cohort', 'for all devices')
    .option('--expires-in-days <n>', 'from now', days)
    .addHelpText('after', editExamples)
    .action(async (id: string, options: EditOptions) => {
      const { name, scope: scopes } = options;
      const client = clientOf(options, io);
      const body = given({
        name,
        scopes,
        cohorts: options.everyCohort === true ? null : await cohortIds(client, options.cohort),
        expiresInDays: options.expiresInDays,
      });
      const path = `/v1/apiKeys/${encodeURIComponent(id)}`;
      const key = await patchEntity<ApiKey>(client, path, body);
      printOne(key, options, io, () => keyText(key, showOf(options)));
    });
}

function rotate(keys: Command, io: CliIo): void {
  apiOptions(
    keys
      .command('rotate <id>')
      .description('A new key with the same rights; the old one ends soon.'),
  )
    .option('--grace <duration>', 'how long the old one still works', graceOf)
    .addHelpText('after', rotateExamples)
    .action(async (id: string, options: ApiOptions & { readonly grace?: number }) => {
      const client = clientOf(options, io);
      const params = { path: { id } };
      const body = given({ graceS: options.grace });
      const key = await answer(client.POST('/v1/apiKeys/{id}:rotate', { params, body }));
      printOne(key, options, io, () => `${key.key}\n`);
      if (formatOf(options) === 'table') io.err(`${key.id} takes the place of ${id}\n`);
    });
}

const graceOf = secondsOf('--grace', { least: 0, most: 30 * 86_400 });

const columns: readonly Column<ApiKey>[] = [
  { title: 'ID', of: (key) => key.id },
  { title: 'NAME', of: (key) => key.name, shrinks: true },
  { title: 'STATE', of: (key) => (key.revokedAt === undefined ? 'live' : 'revoked') },
  { title: 'MAY', of: (key) => key.scopes.join(', '), shrinks: true },
  timeColumn('MADE', (key) => key.createdAt, 1),
  timeColumn('LAST USED', (key) => key.lastUsedAt, 3),
  timeColumn('EXPIRES', (key) => key.expiresAt, 2),
];

const keyText = (key: ApiKey, show: Show): string =>
  facts([
    ['key', key.id],
    ['name', key.name],
    ['may', key.scopes.join(', ')],
    ['cohorts', key.cohorts === undefined ? 'all devices' : key.cohorts.join(', ')],
    ['person', key.user],
    ['state', key.revokedAt === undefined ? 'live' : 'revoked'],
    ['made', show.time(key.createdAt)],
    ['last used', show.time(key.lastUsedAt)],
    ['expires', key.expiresAt === undefined ? 'never' : show.time(key.expiresAt)],
  ]);

const createExamples = `
Examples:
  fieldloop keys create --name ci --scope clips:read devices:read --expires-in-days 90
  fieldloop keys create --name hall-2-screen --role viewer --cohort hall-2
  export FIELDLOOP_API_KEY=$(fieldloop keys create --mine --name laptop --scope '*:read')
`;

const editExamples = `
Examples:
  fieldloop keys edit key_01J… --scope clips:read --expires-in-days 30
`;

const rotateExamples = `
Examples:
  fieldloop keys rotate key_01J… --grace 2h
`;

/** `fieldloop users`: the people of this cloud and what they may do. */
import { answer, type Client, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
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
import { getCommand, patchEntity, verbCommand } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type User = Schemas['User'];
type Role = User['role'];
const roles: readonly Role[] = ['viewer', 'annotator', 'engineer', 'release_manager', 'admin'];

interface UserOptions extends ApiOptions {
  readonly name?: string;
  readonly role?: Role;
}

interface InviteOptions extends ApiOptions {
  readonly name: string;
  readonly role: Role;
}

export function usersCommand(io: CliIo): Command {
  const users = new Command('users').description('The people of this cloud, and their roles.');
  queryOptions(users.command('list').description('Accounts.')).action(
    async (options: QueryOptions) => {
      await printList<User>(options, io, {
        path: '/v1/users',
        query: queryOf(options),
        columns,
        none: 'no people; `fieldloop users invite` makes an account',
      });
    },
  );
  getCommand<User>(users, io, {
    argument: 'user',
    says: 'One account, by id or address.',
    read: async (client, id) =>
      await answer(client.GET('/v1/users/{id}', { params: { path: { id } } })),
    text: userText,
  });
  who(users, io);
  invite(users, io);
  edit(users, io);
  verbs(users, io);
  return users;
}

function who(users: Command, io: CliIo): void {
  apiOptions(
    users.command('who <ids...>').description('Who stands behind ids such as usr_… and key_….'),
  ).action(async (ids: readonly string[], options: ApiOptions) => {
    const query = { ids: ids.join(',') };
    const found = await answer(clientOf(options, io).GET('/v1/actors', { params: { query } }));
    printOne(found, options, io, () =>
      found.items.length === 0
        ? { none: 'none of them is known here' }
        : table(found.items, actorColumns, { width: io.columns, show: showOf(options) }),
    );
  });
}

const actorColumns: readonly Column<Schemas['Actor']>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'NAME', of: ({ name }) => name, shrinks: true },
  { title: 'PERSON', of: ({ person }) => person ?? '-', drops: 1 },
];

const roleOption = (): Option => new Option('--role <role>', 'what they may do').choices(roles);

function invite(users: Command, io: CliIo): void {
  apiOptions(
    users.command('invite <address>').description('An account; its one-time link sets a password.'),
  )
    .requiredOption('--name <name>', 'what to call them')
    .addOption(roleOption().makeOptionMandatory())
    .addHelpText('after', inviteExamples)
    .action(async (email: string, options: InviteOptions) => {
      const { name, role } = options;
      const body = { email, name, role };
      const user = await answer(clientOf(options, io).POST('/v1/users', { body }));
      printLink(user, options, io);
    });
}

/** The link alone on stdout, so that a script can hand it on. */
function printLink(user: Schemas['UserWithLink'], options: ApiOptions, io: CliIo): void {
  printOne(user, options, io, () => `${user.link.url}\n`);
  const until = showOf(options).time(user.link.expiresAt);
  io.err(`${user.email}: hand over this link; it works once, until ${until}\n`);
}

function edit(users: Command, io: CliIo): void {
  apiOptions(users.command('edit <user>').description('Another name or role.'))
    .option('--name <name>', 'what to call them')
    .addOption(roleOption())
    .action(async (id: string, options: UserOptions) => {
      const path = `/v1/users/${encodeURIComponent(id)}`;
      const body = given({ name: options.name, role: options.role });
      const user = await patchEntity<User>(clientOf(options, io), path, body);
      printOne(user, options, io, () => userText(user, showOf(options)));
    });
}

function verbs(users: Command, io: CliIo): void {
  const at = (id: string) => ({ params: { path: { id } } });
  const all: readonly (readonly [
    usage: string,
    says: string,
    confirm: string | undefined,
    run: (client: Client, id: string) => Promise<User>,
  ])[] = [
    [
      'deactivate <user>',
      'End their logins and keys; nothing that they did goes.',
      'Deactivate',
      async (client, id) => await answer(client.POST('/v1/users/{id}:deactivate', at(id))),
    ],
    [
      'activate <user>',
      'Let them log in again.',
      undefined,
      async (client, id) => await answer(client.POST('/v1/users/{id}:activate', at(id))),
    ],
    [
      'end-logins <user>',
      'End every login of theirs, here and now.',
      undefined,
      async (client, id) => await answer(client.POST('/v1/users/{id}:endLogins', at(id))),
    ],
  ];
  for (const [usage, says, confirm, run] of all) {
    const asking = confirm === undefined ? {} : { confirm };
    verbCommand(users, io, { usage, says, ...asking, run, text: userText });
  }
  apiOptions(
    users.command('reset-password <user>').description('A one-time link for a new password.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    printLink(await answer(client.POST('/v1/users/{id}:resetPassword', at(id))), options, io);
  });
}

const columns: readonly Column<User>[] = [
  { title: 'NAME', of: (user) => user.name, shrinks: true },
  { title: 'ADDRESS', of: (user) => user.email, shrinks: true },
  { title: 'ROLE', of: (user) => user.role },
  { title: 'STATE', of: (user) => user.state },
  timeColumn('LAST LOGIN', (user) => user.lastLoginAt, 1),
  { title: 'ID', of: (user) => user.id },
];

const userText = (user: User, show: Show): string =>
  facts([
    ['name', user.name],
    ['address', user.email],
    ['role', user.role],
    ['state', user.state],
    ['login', user.issuer ?? (user.hasPassword ? 'password' : 'no password yet')],
    ['last login', show.time(user.lastLoginAt)],
    ['made', `${show.time(user.createdAt)} by ${user.createdBy}`],
    ['id', user.id],
  ]);

const inviteExamples = `
Examples:
  fieldloop users invite ada@example.com --name Ada --role engineer

Roles: viewer reads; engineer also tags, pulls, writes rules and halts; release_manager also
approves and publishes; admin also manages people, keys and channels. annotator labels.
`;

/** `fieldloop logins`, `password`, `join`: a person's own account. */
import { Fault } from '@fieldloop/core';
import { answer, openClient, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { type CliIo, type Column, table } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, printOne } from './list.ts';
import { asked } from './login.ts';
import { verbCommand } from './noun.ts';
import { showOf, timeColumn } from './show.ts';

type Login = Schemas['Login'];

export function loginsCommand(io: CliIo): Command {
  const logins = new Command('logins').description('Where you are logged in.');
  apiOptions(logins.command('list').description('Your logins; end those you do not know.')).action(
    async (options: ApiOptions) => {
      const found = await answer(clientOf(options, io).GET('/v1/me/sessions', {}));
      if (found.items.length === 0) io.err('you are logged in by no browser\n');
      const show = showOf(options);
      printOne(found, options, io, () =>
        found.items.length === 0 ? '' : table(found.items, columns, { width: io.columns, show }),
      );
    },
  );
  verbCommand<Login>(logins, io, {
    usage: 'end <id>',
    says: 'End one of them.',
    run: async (client, id) =>
      await answer(client.POST('/v1/me/sessions/{id}:revoke', { params: { path: { id } } })),
    text: ({ id }) => `${id} is over\n`,
  });
  return logins;
}

const columns: readonly Column<Login>[] = [
  { title: 'ID', of: (one) => one.id },
  { title: 'BY', of: (one) => one.method },
  { title: 'THIS ONE', of: (one) => (one.current ? 'yes' : '') },
  timeColumn('SINCE', (one) => one.createdAt),
  { title: 'FROM', of: (one) => one.ip, drops: 2 },
  timeColumn('LAST USED', (one) => one.seenAt, 1),
];

export function passwordCommand(io: CliIo): Command {
  const command = new Command('password').description(
    'Change your password; every other login of yours ends.',
  );
  return apiOptions(command)
    .addHelpText('after', passwordExamples)
    .action(async (options: ApiOptions) => {
      const current = await asked(io, 'Password now: ', true);
      const password = await newPassword(io);
      const body = { current, password };
      const user = await answer(clientOf(options, io).POST('/v1/me:changePassword', { body }));
      printOne(user, options, io, () => `the password of ${user.email} is changed\n`);
    });
}

/** From the environment, or typed twice. */
async function newPassword(io: CliIo): Promise<string> {
  const given = io.env['FIELDLOOP_NEW_PASSWORD'];
  if (given !== undefined && given !== '') return given;
  if (io.ask === undefined) {
    throw new Fault('invalid', 'there is no terminal to ask for the new password', {
      remedy: 'Set FIELDLOOP_NEW_PASSWORD.',
    });
  }
  const first = await io.ask('New password: ', true);
  if (first === (await io.ask('The same again: ', true))) return first;
  throw new Fault('invalid', 'the two are not the same', { remedy: 'Type it again, twice.' });
}

interface JoinOptions extends ApiOptions {
  readonly email?: string;
  readonly name?: string;
}

export function joinCommand(io: CliIo): Command {
  return new Command('join')
    .description('Use a one-time link: set the password of your account.')
    .argument('<link>', 'what an admin, or the first start of the cloud, gave you')
    .option('--email <address>', 'yours; needed only for the first person')
    .option('--name <name>', 'what to call you; needed only for the first person')
    .option('--json', 'the account as one JSON document')
    .addHelpText('after', joinExamples)
    .action(async (link: string, options: JoinOptions) => {
      const { url, token } = partsOf(link);
      const { email, name } = options;
      const password = await newPassword(io);
      const body = {
        token,
        password,
        ...(email === undefined ? {} : { email }),
        ...(name === undefined ? {} : { name }),
      };
      const client = openClient({ url, key: undefined });
      const user = await answer(client.POST('/v1/links:redeem', { body }));
      printOne(user, options, io, () => `${user.email} is ${user.role} here\n`);
      io.err(`next: fieldloop login --url ${url} --email ${user.email}\n`);
    });
}

/** `https://fleet.example/v1/join#TOKEN`. */
function partsOf(link: string): { readonly url: string; readonly token: string } {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url !== undefined && url.hash.length > 1) {
    return { url: url.origin, token: url.hash.slice(1) };
  }
  throw new Fault('invalid', 'this is not a one-time link', {
    remedy: 'Give the whole link, with quotes around it: https://…/v1/join#…',
  });
}

const passwordExamples = `
Examples:
  fieldloop password
  FIELDLOOP_PASSWORD=… FIELDLOOP_NEW_PASSWORD=… fieldloop password     without a terminal
`;

const joinExamples = `
Examples:
  fieldloop join 'https://fleet.example/v1/join#…'
  fieldloop join 'http://127.0.0.1:7400/v1/join#…' --email ada@example.com --name Ada
`;

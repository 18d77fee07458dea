/** `fieldloop login`, `logout`, `whoami`: the person behind a command line. */
import { hostname } from 'node:os';
import { Fault } from '@fieldloop/core';
import { answer, openClient } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, printOne } from './list.ts';
import { findCloud, homeFile, profileFiles, standsBefore, writeProfiles } from './profile.ts';
import { facts, showOf } from './show.ts';

interface LoginOptions extends ApiOptions {
  readonly email?: string;
}

const usualProfile = 'default';

export function loginCommand(io: CliIo): Command {
  return new Command('login')
    .description('Log in with address and password; later commands act as that person.')
    .option('--url <url>', 'the cloud, such as https://fleet.example')
    .option('--email <address>', 'who logs in; asked for when not said')
    .option('--profile <name>', 'keep it under this name, beside others', usualProfile)
    .addHelpText('after', loginExamples)
    .action(async (options: LoginOptions) => await login(options, io));
}

async function login(options: LoginOptions, io: CliIo): Promise<void> {
  const name = options.profile ?? usualProfile;
  const { url } = findCloud({ url: options.url }, io);
  const email = options.email ?? (await asked(io, 'Address: ', false));
  const password = await asked(io, 'Password: ', true);
  const client = openClient({ url, key: undefined });
  const body = { email, password, kind: 'token' as const, name: `cli ${hostname()}`.slice(0, 64) };
  const started = await answer(client.POST('/v1/login', { body }));
  if (started.key === undefined) throw new TypeError('a login that asked for a key has none');
  const path = homeFile(io);
  const known = profileFiles(io).find((file) => file.path === path);
  const profiles = { ...known?.profiles, [name]: { url, key: started.key } };
  writeProfiles({ path, profiles, current: name });
  const until = showOf(options).time(started.expiresAt);
  io.err(`logged in as ${started.user.name} (${started.user.role}) until ${until}\n`);
  io.err(`kept as profile "${name}" in ${path}\n`);
  const before = standsBefore(name, io);
  if (before !== '') io.err(`commands now act as ${started.user.name}, ${before}`);
}

/** What the person types. Fault `invalid` where nobody can be asked. */
export async function asked(io: CliIo, question: string, isSecret: boolean): Promise<string> {
  const fromEnv = isSecret ? io.env['FIELDLOOP_PASSWORD'] : undefined;
  if (fromEnv !== undefined && fromEnv !== '') return fromEnv;
  if (io.ask !== undefined) return await io.ask(question, isSecret);
  throw new Fault('invalid', `there is no terminal to ask for: ${question.replace(/: $/, '')}`, {
    remedy: isSecret
      ? 'Set FIELDLOOP_PASSWORD, or use an API key instead of a login.'
      : 'Give --email.',
  });
}

export function logoutCommand(io: CliIo): Command {
  return new Command('logout')
    .description('End the login of a profile: its key is revoked and forgotten.')
    .option('--profile <name>', 'of this name instead of the current one')
    .action(async (options: ApiOptions) => {
      const path = homeFile(io);
      const file = profileFiles(io).find((one) => one.path === path);
      const name = options.profile ?? file?.current ?? usualProfile;
      const kept = file?.profiles[name];
      if (file === undefined || kept === undefined) {
        throw new Fault('not_found', `nobody is logged in as "${name}" here`, {
          place: path,
          remedy: '`fieldloop config list` shows the profiles.',
        });
      }
      await revoke(kept.url, kept.key, io);
      const { [name]: _gone, ...profiles } = file.profiles;
      const current = Object.keys(profiles)[0] ?? usualProfile;
      writeProfiles({ path, profiles, current: file.current === name ? current : file.current });
      io.err(`logged out of ${kept.url}\n`);
    });
}

/** The profile goes even when the cloud cannot be reached: then the key ends by itself. */
async function revoke(url: string, key: string, io: CliIo): Promise<void> {
  try {
    await openClient({ url, key }).send('/v1/logout', { method: 'POST' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    io.err(`the cloud did not end the key: ${why}\n`);
  }
}

export function whoamiCommand(io: CliIo): Command {
  const command = new Command('whoami').description('Who asks, at which cloud, with which rights.');
  return apiOptions(command).action(async (options: ApiOptions) => {
    const client = clientOf(options, io);
    const me = await answer(client.GET('/v1/me', {}));
    const { version } = await answer(client.GET('/v1/version', {}));
    printOne(me, options, io, () =>
      facts([
        [me.kind, `${me.name} (${me.id})`],
        ['person', me.userId],
        ['cloud', `${client.url}, version ${version}`],
        ['role', me.role],
        ['rights', me.scopes.join(', ')],
        ['cohorts', me.cohorts?.join(', ')],
      ]),
    );
  });
}

const loginExamples = `
Examples:
  fieldloop login --url https://fleet.example --email ada@example.com
  FIELDLOOP_PASSWORD=… fieldloop login --url http://127.0.0.1:7400 --email ada@example.com

The first person is made through the one-time link that the first start of the cloud prints.
`;

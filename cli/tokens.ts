/** `fieldloop tokens`: claim tokens, with which robots enrol. */
import { Fault, parseDurationNs } from '@fieldloop/core';
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
} from './list.ts';
import { getCommand } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type ClaimToken = Schemas['ClaimToken'];

interface CreateOptions extends ApiOptions {
  readonly device?: string;
  readonly site?: string;
  readonly note?: string;
  readonly expires: string;
}

export function tokensCommand(io: CliIo): Command {
  const tokens = new Command('tokens').description('Claim tokens, with which robots enrol.');
  apiOptions(tokens.command('create').description('A token with which one robot enrols once.'))
    .option('--device <name>', 'the name the robot gets; else it proposes one')
    .option('--site <site>', 'where the robot works')
    .option('--note <text>', 'for whom or what it is')
    .option('--expires <duration>', 'how long it works, at most 24h', '1h')
    .addHelpText('after', createExamples)
    .action(async (options: CreateOptions) => {
      const { device, site, note } = options;
      const expiresInS = secondsOf(options.expires);
      const body = { ...given({ device, site, note }), expiresInS };
      const client = clientOf(options, io);
      const token = await answer(client.POST('/v1/claimTokens', { body }));
      printOne(token, options, io, () => `${token.token}\n`);
      if (options.json !== true) {
        io.err(`${token.id}: works once, until ${showOf(options).time(token.expiresAt)}\n`);
        io.err('next, on the robot: fieldloop-agent enroll --token flc_…\n');
      }
    });
  listOptions(tokens.command('list').description('Tokens, the newest first.')).action(
    async (options: ListOptions) => {
      await printList(options, io, {
        path: '/v1/claimTokens',
        query: {},
        columns,
        none: 'no claim tokens',
      });
    },
  );
  getCommand<ClaimToken>(tokens, io, {
    argument: 'id',
    says: 'One token: whether it was used, and by whom.',
    read: async (client, id) =>
      await answer(client.GET('/v1/claimTokens/{id}', { params: { path: { id } } })),
    text: tokenText,
  });
  apiOptions(tokens.command('revoke <id>').description('Make an open token worthless.')).action(
    async (id: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      const params = { path: { id } };
      const token = await answer(client.POST('/v1/claimTokens/{id}:revoke', { params }));
      printOne(token, options, io, () => `${id} is revoked\n`);
    },
  );
  return tokens;
}

function secondsOf(text: string): number {
  try {
    const seconds = Number(parseDurationNs(text) / 1_000_000_000n);
    if (seconds >= 60 && seconds <= 86_400) return seconds;
    throw new Fault('invalid', `${text} is not from 1m to 24h`, {
      remedy: 'A claim token is for one robot, soon: give it a life of at most a day.',
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault('invalid', error.message, { place: '--expires', remedy: error.remedy });
  }
}

const columns: readonly Column<ClaimToken>[] = [
  { title: 'ID', of: (token) => token.id },
  { title: 'STATE', of: (token) => token.state },
  { title: 'DEVICE', of: (token) => token.device ?? '-', shrinks: true },
  { title: 'SITE', of: (token) => token.site ?? '-', shrinks: true },
  timeColumn('EXPIRES', (token) => token.expiresAt),
  { title: 'NOTE', of: (token) => token.note ?? '-', shrinks: true },
];

const tokenText = (token: ClaimToken, show: Show): string =>
  facts([
    ['token', token.id],
    ['state', token.state],
    ['device', token.device ?? 'the robot proposes its name'],
    ['site', token.site],
    ['note', token.note],
    ['made', `${show.time(token.createdAt)} by ${token.createdBy}`],
    ['expires', show.time(token.expiresAt)],
    ['used', token.usedAt === undefined ? undefined : show.time(token.usedAt)],
    ['by', token.deviceId],
  ]);

const createExamples = `
Examples:
  fieldloop tokens create --device amr-04 --site hall-2
  fieldloop tokens create --expires 24h --json | jq -r .token
`;

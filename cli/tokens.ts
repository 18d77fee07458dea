/** `fieldloop tokens`: claim tokens, with which robots enrol. */
import type { ClaimTokenJson } from '@fieldloop/cloud';
import { Fault, parseDurationNs } from '@fieldloop/core';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  type ListOptions,
  listOptions,
  localTime,
  printList,
  printOne,
} from './list.ts';

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
      const body = { device, site, note, expiresInS };
      const token = await clientOf(options, io).createClaimToken(body);
      printOne(token, options, io, () => `${token.token}\n`);
      if (options.json !== true) {
        io.err(`${token.id}: works once, until ${localTime(token.expiresAt)}\n`);
        io.err('next, on the robot: fieldloop-agent enroll --token flc_…\n');
      }
    });
  listOptions(tokens.command('list').description('Tokens, the newest first.')).action(
    async (options: ListOptions) => {
      const client = clientOf(options, io);
      await printList(options, io, {
        fetch: async (query) => await client.claimTokens(query),
        query: {},
        columns,
        none: 'no claim tokens',
      });
    },
  );
  apiOptions(tokens.command('revoke <id>').description('Make an open token worthless.')).action(
    async (id: string, options: ApiOptions) => {
      const token = await clientOf(options, io).revokeClaimToken(id);
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

const columns: readonly Column<ClaimTokenJson>[] = [
  { title: 'ID', of: (token) => token.id },
  { title: 'STATE', of: (token) => token.state },
  { title: 'DEVICE', of: (token) => token.device ?? '-', shrinks: true },
  { title: 'SITE', of: (token) => token.site ?? '-', shrinks: true },
  { title: 'EXPIRES', of: (token) => localTime(token.expiresAt) },
  { title: 'NOTE', of: (token) => token.note ?? '-', shrinks: true },
];

const createExamples = `
Examples:
  fieldloop tokens create --device amr-04 --site hall-2
  fieldloop tokens create --expires 24h --json | jq -r .token
`;

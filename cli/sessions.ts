/** `fieldloop sessions`: runs of recording. */
import type { SessionJson } from '@fieldloop/cloud';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  facts,
  type ListOptions,
  listOptions,
  localTime,
  printList,
  printOne,
  shortNumber,
} from './list.ts';

interface SessionListOptions extends ListOptions {
  readonly device?: string;
}

export function sessionsCommand(io: CliIo): Command {
  const sessions = new Command('sessions').description('Continuous runs of recording.');
  listOptions(sessions.command('list').description('Sessions, the newest first.'))
    .option('--device <name>', 'of this robot')
    .action(async (options: SessionListOptions) => {
      const client = clientOf(options, io);
      await printList(options, io, {
        fetch: async (query) => await client.sessions(query),
        query: { device: options.device },
        columns,
        none: 'no sessions match',
      });
    });
  apiOptions(sessions.command('get <id>').description('One session.')).action(
    async (id: string, options: ApiOptions) => {
      const session = await clientOf(options, io).session(id);
      printOne(session, options, io, () =>
        facts([
          ['session', session.id],
          ['device', session.device],
          ['source', session.source],
          ['log time', `${session.startNs} to ${session.endNs} ns, ${lengthText(session)}`],
          ['clips', String(session.clips)],
          ['known since', localTime(session.createdAt)],
        ]),
      );
    },
  );
  return sessions;
}

const columns: readonly Column<SessionJson>[] = [
  { title: 'BEGAN', of: (session) => localTime(wallOf(session.startNs)) },
  { title: 'DEVICE', of: (session) => session.device, shrinks: true },
  { title: 'LENGTH', of: lengthText, right: true },
  { title: 'CLIPS', of: (session) => String(session.clips), right: true },
  { title: 'SOURCE', of: (session) => session.source, shrinks: true },
  { title: 'ID', of: (session) => session.id },
];

function lengthText({ startNs, endNs }: SessionJson): string {
  return `${shortNumber(Math.round(Number(BigInt(endNs) - BigInt(startNs)) / 1e8) / 10)} s`;
}

const wallOf = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();

/** `fieldloop sessions`: runs of recording. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
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
import { facts, shortNumber, showOf } from './show.ts';

type Session = Schemas['Session'];

interface SessionListOptions extends QueryOptions {
  readonly device?: string;
}

export function sessionsCommand(io: CliIo): Command {
  const sessions = new Command('sessions').description('Continuous runs of recording.');
  queryOptions(sessions.command('list').description('Sessions, the newest first.'))
    .option('--device <name>', 'of this robot')
    .action(async (options: SessionListOptions) => {
      const query = { ...queryOf(options), device: options.device };
      await printList(options, io, {
        path: '/v1/sessions',
        query,
        columns,
        none: 'no sessions match',
      });
    });
  apiOptions(sessions.command('get <id>').description('One session.')).action(
    async (id: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      const params = { path: { id } };
      const session = await answer(client.GET('/v1/sessions/{id}', { params }));
      printOne(session, options, io, () =>
        facts([
          ['session', session.id],
          ['device', session.device],
          ['source', session.source],
          ['log time', `${session.startNs} to ${session.endNs} ns, ${lengthText(session)}`],
          ['clips', String(session.clips)],
          ['known since', showOf(options).time(session.createdAt)],
        ]),
      );
    },
  );
  return sessions;
}

const columns: readonly Column<Session>[] = [
  { title: 'BEGAN', of: (session, show) => show.time(wallOf(session.startNs)) },
  { title: 'DEVICE', of: (session) => session.device, shrinks: true },
  { title: 'LENGTH', of: lengthText, right: true },
  { title: 'CLIPS', of: (session) => String(session.clips), right: true },
  { title: 'SOURCE', of: (session) => session.source, shrinks: true },
  { title: 'ID', of: (session) => session.id },
];

function lengthText({ startNs, endNs }: Session): string {
  return `${shortNumber(Math.round(Number(BigInt(endNs) - BigInt(startNs)) / 1e8) / 10)} s`;
}

const wallOf = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();

/** `fieldloop sessions`: runs of recording. */
import { formatSize } from '@fieldloop/core';
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { eventColumns } from './events.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
import { printList, type QueryOptions, queryOf, queryOptions } from './list.ts';
import { getCommand } from './noun.ts';
import { facts, instantOf, lengthText, timeColumn } from './show.ts';

type Session = Schemas['Session'];
type SessionDetail = Schemas['SessionDetail'];

interface SessionListOptions extends QueryOptions {
  readonly device?: string;
}

export function sessionsCommand(io: CliIo): Command {
  const sessions = new Command('sessions').description('Continuous runs of recording.');
  queryOptions(sessions.command('list').description('Sessions, the newest first.'))
    .option('--device <name>', 'of this robot')
    .addHelpText('after', listExamples)
    .action(async (options: SessionListOptions) => {
      const query = { ...queryOf(options), device: options.device };
      await printList(options, io, {
        path: '/v1/sessions',
        query,
        columns,
        none: 'no sessions match',
      });
    });
  getCommand<SessionDetail>(sessions, io, {
    argument: 'id',
    says: 'One session: its files, its clips, and which parts of it are here.',
    read: async (client, id) =>
      await answer(client.GET('/v1/sessions/{id}', { params: { path: { id } } })),
    text: (session, show) => sessionText(session, io, show),
  });
  queryOptions(
    sessions.command('events <id>').description('What happened in it, the newest log time first.'),
  ).action(async (id: string, options: QueryOptions) => {
    await printList(options, io, {
      path: `/v1/sessions/${encodeURIComponent(id)}/events`,
      query: queryOf(options),
      columns: eventColumns,
      none: 'nothing happened in it that was written down',
    });
  });
  return sessions;
}

function sessionText(one: SessionDetail, io: CliIo, show: Show): string {
  const clips = Object.entries(one.clipStates)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  const inside = clips.length === 0 ? '' : `: ${clips.join(', ')}`;
  return [
    facts([
      ['session', one.id],
      ['device', one.device],
      ['began', show.time(instantOf(one.startNs))],
      ['length', sessionLength(one)],
      ['clips', `${one.clips}${inside}`],
      ['stored', one.storedBytes === 0 ? undefined : formatSize(one.storedBytes)],
      ['events', `${one.events}, ${one.markers} markers, ${one.failures} failures`],
      ['known since', show.time(one.createdAt)],
      ['log time', `${one.startNs} to ${one.endNs} ns`],
    ]),
    one.recordings.length === 0
      ? ''
      : `\n${table(one.recordings, recordingColumns, { width: io.columns, show })}`,
    coverageText(one, io, show),
    `\nnext: fieldloop clips list --session ${one.id}\n`,
  ].join('');
}

function coverageText({ coverage }: SessionDetail, io: CliIo, show: Show): string {
  if (coverage === undefined) return '\nit has too many clips to tell which parts of it are here\n';
  if (coverage.length === 0) return '';
  return `\n${table(coverage, coverageColumns, { width: io.columns, show })}`;
}

const recordingColumns: readonly Column<SessionDetail['recordings'][number]>[] = [
  { title: 'RECORDING', of: (one) => one.source, shrinks: true },
  timeColumn('FROM', (one) => instantOf(one.startNs)),
  { title: 'LENGTH', of: sessionLength, right: true },
];

type Range = NonNullable<SessionDetail['coverage']>[number];

const coverageColumns: readonly Column<Range>[] = [
  timeColumn('FROM', (range) => instantOf(range.startNs)),
  { title: 'LENGTH', of: sessionLength, right: true },
  { title: 'STATE', of: (range) => range.state },
];

const columns: readonly Column<Session>[] = [
  timeColumn('BEGAN', (session) => instantOf(session.startNs)),
  { title: 'DEVICE', of: (session) => session.device, shrinks: true },
  { title: 'LENGTH', of: sessionLength, right: true },
  { title: 'CLIPS', of: (session) => String(session.clips), right: true },
  { title: 'SOURCE', of: (session) => session.source, shrinks: true, drops: 1 },
  { title: 'ID', of: (session) => session.id },
];

function sessionLength({ startNs, endNs }: Pick<Session, 'startNs' | 'endNs'>): string {
  return lengthText(BigInt(endNs) - BigInt(startNs));
}

const listExamples = `
Examples:
  fieldloop sessions list --device amr-01
  fieldloop sessions list --q 'startNs>-7d' --sort -startNs
`;

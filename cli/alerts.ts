/** `fieldloop alerts`: what needs a look, and who has looked. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { type BulkOptions, bulkOptions, runBulk } from './bulk.ts';
import type { CliIo, Column, Show } from './io.ts';
import { apiOptions, given, printList, type QueryOptions, queryOf, queryOptions } from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { facts, severityColumn, timeColumn } from './show.ts';

type Alert = Schemas['Alert'];
type Timeline = Schemas['AlertWithTimeline'];

interface AlertListOptions extends QueryOptions {
  readonly state?: string;
  readonly severity?: string;
  readonly device?: string;
}

interface NoteOptions extends BulkOptions {
  readonly note?: string;
}

interface AssignOptions extends ConfirmOptions {
  readonly to: string;
  readonly note?: string;
}

export function alertsCommand(io: CliIo): Command {
  const alerts = new Command('alerts').description('What needs a look, and who has looked.');
  queryOptions(alerts.command('list').description('Alerts, the newest first.'))
    .option('--state <state>', 'pending, firing, acknowledged or resolved')
    .option('--severity <level>', 'critical, warning or info')
    .option('--device <name>', 'of this robot')
    .addHelpText('after', listExamples)
    .action(async (options: AlertListOptions) => {
      const { state, severity, device } = options;
      await printList<Alert>(options, io, {
        path: '/v1/alerts',
        query: { ...queryOf(options), state, severity, device },
        columns,
        none: 'no alerts',
      });
    });
  getCommand<Timeline>(alerts, io, {
    argument: 'id',
    says: 'One alert: since when, why, and everything that happened to it.',
    read: async (client, id) =>
      await answer(client.GET('/v1/alerts/{id}', { params: { path: { id } } })),
    text: timelineText,
  });
  bulk(alerts, io, 'acknowledge', 'You have seen them and take care.');
  bulk(alerts, io, 'resolve', 'They are over; one whose condition still holds comes again.');
  verbCommand<Alert>(alerts, io, {
    usage: 'assign <id>',
    says: 'Somebody is to take care of it.',
    options: (command) =>
      command
        .requiredOption('--to <user>', 'id or address of the person')
        .option('--note <text>', 'what they should know'),
    run: async (client, id, { to, note }: AssignOptions) =>
      await answer(
        client.POST('/v1/alerts/{id}:assign', {
          params: { path: { id } },
          body: { to, ...given({ note }) },
        }),
      ),
    text: alertText,
  });
  return alerts;
}

function bulk(alerts: Command, io: CliIo, verb: string, says: string): void {
  bulkOptions(apiOptions(alerts.command(`${verb} [id...]`).description(says)))
    .option('--note <text>', 'what you found')
    .action(async (ids: readonly string[], options: NoteOptions) => {
      const body = given({ note: options.note });
      await runBulk(ids, options, io, { path: `/v1/alerts:${verb}`, body });
    });
}

const columns: readonly Column<Alert>[] = [
  timeColumn('SINCE', (one) => one.firedAt ?? one.pendingAt),
  severityColumn((one) => one.severity),
  { title: 'STATE', of: stateText },
  { title: 'POLICY', of: (one) => one.policy.name, shrinks: true },
  { title: 'WHAT', of: (one) => one.summary, shrinks: true },
  { title: 'WHO', of: (one) => one.assignee ?? one.acknowledgedBy ?? '-', drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

function stateText({ state, silencedBy }: Alert): string {
  return silencedBy === undefined ? state : `${state}, silent`;
}

const alertText = (one: Alert, show: Show): string =>
  facts([
    ['alert', one.id],
    ['policy', `${one.policy.name} (${one.policy.id})`],
    ['what', one.summary],
    ['severity', one.severity],
    ['state', stateText(one)],
    ['device', one.device],
    ['value', valueText(one)],
    ['since', show.time(one.firedAt ?? one.pendingAt)],
    ['seen by', one.acknowledgedBy],
    ['assigned to', one.assignee],
    ['over', one.resolvedAt === undefined ? undefined : show.time(one.resolvedAt)],
    ['joined', one.flaps === 0 ? undefined : `${one.flaps} times again within minutes`],
    ['note', one.note],
  ]);

function valueText({ value, threshold }: Alert): string | undefined {
  if (value === undefined) return undefined;
  return threshold === undefined ? String(value) : `${value}, threshold ${threshold}`;
}

const timelineText = (one: Timeline, show: Show): string =>
  [
    alertText(one, show),
    '\n',
    facts(
      one.timeline.map(({ at, kind, by, note }): [string, string] => [
        show.time(at),
        [kind, by, note].filter((word) => word !== undefined).join(', '),
      ]),
    ),
  ].join('');

const listExamples = `
Examples:
  fieldloop alerts list --state firing
  fieldloop alerts acknowledge --q 'severity=warning and device:amr-0*' --note 'moved to hall 2'
`;

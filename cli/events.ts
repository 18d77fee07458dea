/** `fieldloop events`: what happened on the robots. */
import { Fault } from '@fieldloop/core';
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import { importEvents } from './event-import.ts';
import type { CliIo, Column, Show } from './io.ts';
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
  timeOptions,
} from './list.ts';
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { type JsonObject, jsonObject, logTime } from './option-values.ts';
import {
  facts,
  instantOf,
  rangeText,
  severityColumn,
  showOf,
  valuesText,
  whenColumn,
} from './show.ts';

type Event = Schemas['Event'];

interface EventListOptions extends QueryOptions {
  readonly device?: string;
  readonly clip?: string;
  readonly kind?: Event['kind'];
  readonly name?: string;
  readonly severity?: Event['severity'];
  readonly since?: string;
  readonly until?: string;
  readonly startNs?: string;
  readonly endNs?: string;
}

export function eventsCommand(io: CliIo): Command {
  const events = new Command('events').description('What happened on the robots.');
  const list = events
    .command('list')
    .description('Events and markers, the newest log time first.')
    .option('--device <name>', 'of this robot')
    .option('--clip <id>', 'of this clip')
    .option('--kind <kind>', 'event, or marker (on the timeline of a clip)')
    .option('--name <name>', 'with this name')
    .option('--severity <level>', 'critical, warning or info');
  queryOptions(timeOptions(list))
    .addHelpText('after', listExamples)
    .action(async (options: EventListOptions) => {
      const { device, clip, kind, name, severity, since, until, startNs, endNs } = options;
      const narrow = { device, clip, kind, name, severity, since, until, startNs, endNs };
      await printList(options, io, {
        path: '/v1/events',
        query: { ...queryOf(options), ...narrow },
        columns: eventColumns,
        none: 'no events match',
      });
    });
  getCommand<Event>(events, io, {
    argument: 'id',
    says: 'One event or marker.',
    read: async (client, id) =>
      await answer(client.GET('/v1/events/{id}', { params: { path: { id } } })),
    text: eventText,
  });
  create(events, io);
  importEvents(events, io);
  edit(events, io);
  deleteCommand(events, io, {
    argument: 'id',
    says: 'Remove an event that a person or a program wrote.',
    path: '/v1/events',
  });
  return events;
}

interface WriteOptions extends ApiOptions {
  readonly device?: string;
  readonly clip?: string;
  readonly at?: string;
  readonly startNs?: string;
  readonly endNs?: string;
  readonly kind?: Event['kind'];
  readonly severity?: Event['severity'];
  readonly label?: string;
  readonly data?: JsonObject;
  readonly tag?: string[];
  readonly externalId?: string;
}

const writeOptions = (command: Command): Command =>
  command
    .addOption(new Option('--severity <level>', 'how much it matters').choices(severities))
    .option('--start-ns <ns>', 'when, as log time')
    .option('--end-ns <ns>', 'until when; an instant when not said')
    .option('--label <text>', 'a few words, at most 120 letters')
    .option(
      '--data <json>',
      'what the kind of the name asks for',
      jsonObject('--data', '{"load": 12}'),
    )
    .option('--tag <tag...>', 'tags');

const severities = ['critical', 'warning', 'info'];

function create(events: Command, io: CliIo): void {
  const command = events
    .command('create <name>')
    .description('An event of a device, or a marker on the timeline of a clip.');
  writeOptions(apiOptions(command))
    .option('--device <name>', 'of this robot')
    .option('--clip <id>', 'on the timeline of this clip')
    .option('--at <time>', 'when: RFC 3339, now, or an age such as -5m', logTime('--at'))
    .addOption(new Option('--kind <kind>', 'which of both').choices(['event', 'marker']))
    .option('--external-id <id>', 'your own id: the same one again makes nothing')
    .addHelpText('after', createExamples)
    .action(async (name: string, options: WriteOptions) => {
      const { device, clip, kind, severity, endNs, label, data, externalId } = options;
      const body = {
        name,
        atNs: atOf(options),
        ...given({ device, clip, kind, severity, endNs, label, data, externalId }),
        ...given({ tags: options.tag }),
      };
      const event = await answer(clientOf(options, io).POST('/v1/events', { body }));
      printOne(event, options, io, () => eventText(event, showOf(options)));
    });
}

function atOf({ startNs, at }: WriteOptions): string {
  const atNs = startNs ?? at;
  if (atNs !== undefined) return atNs;
  throw new Fault('invalid', 'when was it?', {
    place: '--at',
    remedy: 'Give --at as RFC 3339 or an age such as -5m, or --start-ns as log time.',
  });
}

function edit(events: Command, io: CliIo): void {
  const command = events.command('edit <id>').description('Change what a person wrote.');
  writeOptions(apiOptions(command)).action(async (id: string, options: WriteOptions) => {
    const { severity, startNs: atNs, endNs, label, data, tag: tags } = options;
    const body = given({ severity, atNs, endNs, label, data, tags });
    const path = `/v1/events/${encodeURIComponent(id)}`;
    const event = await patchEntity<Event>(clientOf(options, io), path, body);
    printOne(event, options, io, () => eventText(event, showOf(options)));
  });
}

const eventText = (event: Event, show: Show): string =>
  facts([
    [event.kind, event.id],
    ['name', event.name],
    ['device', event.device],
    ['when', show.time(instantOf(event.atNs))],
    ['log time', rangeText(event.atNs, event.endNs)],
    ['severity', event.severity],
    ['label', event.label],
    ['what', event.text ?? (valuesText(event.values) || undefined)],
    ['clip', event.clip],
    ['session', event.session],
    ['rule', event.rule],
    ['tags', event.tags.length === 0 ? undefined : event.tags.join(', ')],
    ['data', event.data === undefined ? undefined : JSON.stringify(event.data)],
    ['by', event.createdBy],
  ]);

const listExamples = `
Examples:
  fieldloop events list --device amr-01 --since -1h
  fieldloop events list --q 'severity=critical and name:near-*'
`;

const createExamples = `
Examples:
  fieldloop events create pallet-moved --device amr-01 --at 2026-11-02T08:00:00Z
  fieldloop events create door-open --device amr-01 --at -5m --data '{"door": 4}'
  fieldloop events create blocked --clip clp_01J… --start-ns 1717171717000000000 --label 'door shut'
`;

export const eventColumns: readonly Column<Event>[] = [
  whenColumn((event) => instantOf(event.atNs)),
  { title: 'DEVICE', of: (event) => event.device, shrinks: true },
  severityColumn((event) => event.severity),
  { title: 'KIND', of: (event) => event.kind, drops: 1 },
  { title: 'NAME', of: (event) => event.name, shrinks: true },
  { title: 'WHAT', of: (event) => event.text ?? valuesText(event.values), shrinks: true },
  { title: 'CLIP', of: (event) => event.clip ?? '-', drops: 2 },
  { title: 'ID', of: (event) => event.id },
];

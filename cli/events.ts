/** `fieldloop events`: what happened on the robots. */
import type { Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
import { printList, type QueryOptions, queryOf, queryOptions, timeOptions } from './list.ts';
import { severityColumn, valuesText, whenColumn } from './show.ts';

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
  queryOptions(timeOptions(list)).action(async (options: EventListOptions) => {
    const { device, clip, kind, name, severity, since, until, startNs, endNs } = options;
    const given = { device, clip, kind, name, severity, since, until, startNs, endNs };
    const query = { ...queryOf(options), ...given };
    await printList(options, io, {
      path: '/v1/events',
      query,
      columns,
      none: 'no events match',
    });
  });
  return events;
}

const columns: readonly Column<Event>[] = [
  whenColumn((event) => wallOf(event.atNs)),
  { title: 'DEVICE', of: (event) => event.device, shrinks: true },
  severityColumn((event) => event.severity),
  { title: 'KIND', of: (event) => event.kind, drops: 1 },
  { title: 'NAME', of: (event) => event.name, shrinks: true },
  { title: 'WHAT', of: (event) => event.text ?? valuesText(event.values), shrinks: true },
  { title: 'CLIP', of: (event) => event.clip ?? '-' },
];

const wallOf = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();

/** `fieldloop events`: what happened on the robots. */
import type { EventJson } from '@fieldloop/cloud';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
import {
  clientOf,
  type ListOptions,
  listOptions,
  printList,
  severityColumn,
  timeOptions,
  valuesText,
  whenColumn,
} from './list.ts';

interface EventListOptions extends ListOptions {
  readonly device?: string;
  readonly clip?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly severity?: string;
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
  listOptions(timeOptions(list)).action(async (options: EventListOptions) => {
    const client = clientOf(options, io);
    const { device, clip, kind, name, severity, since, until, startNs, endNs } = options;
    await printList(options, io, {
      fetch: async (query) => await client.events(query),
      query: { device, clip, kind, name, severity, since, until, startNs, endNs },
      columns,
      none: 'no events match',
    });
  });
  return events;
}

const columns: readonly Column<EventJson>[] = [
  whenColumn((event) => wallOf(event.atNs)),
  { title: 'DEVICE', of: (event) => event.device, shrinks: true },
  severityColumn((event) => event.severity),
  { title: 'KIND', of: (event) => event.kind, drops: 1 },
  { title: 'NAME', of: (event) => event.name, shrinks: true },
  { title: 'WHAT', of: (event) => event.text ?? valuesText(event.values), shrinks: true },
  { title: 'CLIP', of: (event) => event.clip ?? '-' },
];

const wallOf = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();

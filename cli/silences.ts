/** `fieldloop silences`: alerts that are quiet for a time. */
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
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
} from './list.ts';
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { laterTime } from './option-values.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Silence = Schemas['Silence'];

interface WriteOptions extends ApiOptions {
  readonly reason?: string;
  readonly until?: string;
  readonly from?: string;
  readonly policy?: string;
  readonly device?: string;
  readonly severity?: NonNullable<Silence['severity']>;
  readonly q?: string;
}

export function silencesCommand(io: CliIo): Command {
  const silences = new Command('silences').description('Alerts that are quiet for a time.');
  queryOptions(silences.command('list').description('Silences, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Silence>(options, io, {
        path: '/v1/silences',
        query: queryOf(options),
        columns,
        none: 'no silences',
      });
    },
  );
  getCommand<Silence>(silences, io, {
    argument: 'id',
    says: 'One silence: which alerts, until when, and why.',
    read: async (client, id) =>
      await answer(client.GET('/v1/silences/{id}', { params: { path: { id } } })),
    text: silenceText,
  });
  create(silences, io);
  edit(silences, io);
  deleteCommand(silences, io, {
    argument: 'id',
    says: 'End a silence now.',
    path: '/v1/silences',
  });
  return silences;
}

const whichOptions = (command: Command): Command =>
  command
    .option('--from <time>', 'from when; else from now', laterTime('--from'))
    .option('--policy <policy>', 'alerts of this policy')
    .option('--device <name>', 'alerts of this robot')
    .addOption(
      new Option('--severity <level>', 'alerts of this severity').choices([
        'critical',
        'warning',
        'info',
      ]),
    )
    .option('--q <query>', 'alerts that match');

const whichOf = ({ from, policy, device, severity, q }: WriteOptions) =>
  given({ from, policy, device, severity, q });

const untilWords = ['--until <time>', 'until when: RFC 3339, or in such as 2h'] as const;

function create(silences: Command, io: CliIo): void {
  const command = silences.command('create').description('Keep some alerts quiet for a time.');
  whichOptions(apiOptions(command))
    .requiredOption('--reason <text>', 'why')
    .requiredOption(...untilWords, laterTime('--until'))
    .addHelpText('after', createExamples)
    .action(async (options: WriteOptions & { readonly reason: string; readonly until: string }) => {
      const { reason, until } = options;
      const body = { reason, until, ...whichOf(options) };
      const made = await answer(clientOf(options, io).POST('/v1/silences', { body }));
      printOne(made, options, io, () => silenceText(made, showOf(options)));
    });
}

function edit(silences: Command, io: CliIo): void {
  const command = silences.command('edit <id>').description('Another end, reason or selection.');
  whichOptions(apiOptions(command))
    .option('--reason <text>', 'why')
    .option(...untilWords, laterTime('--until'))
    .addHelpText('after', editExamples)
    .action(async (id: string, options: WriteOptions) => {
      const { reason, until } = options;
      const body = { ...given({ reason, until }), ...whichOf(options) };
      const path = `/v1/silences/${encodeURIComponent(id)}`;
      const changed = await patchEntity<Silence>(clientOf(options, io), path, body);
      printOne(changed, options, io, () => silenceText(changed, showOf(options)));
    });
}

const columns: readonly Column<Silence>[] = [
  timeColumn('FROM', (one) => one.from, 1),
  timeColumn('UNTIL', (one) => one.until),
  { title: 'STATE', of: (one) => one.state },
  { title: 'WHICH', of: whichText, shrinks: true },
  { title: 'WHY', of: (one) => one.reason, shrinks: true },
  { title: 'ID', of: (one) => one.id },
];

function whichText({ policy, device, severity, q }: Silence): string {
  const words = [policy, device, severity, q].filter((word) => word !== undefined);
  return words.length === 0 ? 'all' : words.join(', ');
}

const silenceText = (one: Silence, show: Show): string =>
  facts([
    ['silence', one.id],
    ['state', one.state],
    ['which', whichText(one)],
    ['why', one.reason],
    ['from', show.time(one.from)],
    ['until', show.time(one.until)],
    ['made', `${show.time(one.createdAt)} by ${one.createdBy}`],
  ]);

const createExamples = `
Examples:
  fieldloop silences create --device amr-01 --until 2h --reason 'in the workshop'
  fieldloop silences create --q 'policy:disk*' --until 2026-12-01T08:00:00Z --reason 'new disks come'
`;

const editExamples = `
Examples:
  fieldloop silences edit sil_01J… --until 1d
`;

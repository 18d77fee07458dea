/** Windows of triage: what was chosen from, and what each lane took. */
import { answer, type Schemas } from './client.ts';
import { type Command, Option } from './commander.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
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
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { facts, shortNumber, showOf, timeColumn } from './show.ts';

type Window = Schemas['TriageWindow'];
type Draw = Schemas['TriageDraw'];

interface WindowOptions extends QueryOptions {
  readonly policy?: string;
  readonly state?: Window['state'];
}

export function triageWindows(triage: Command, io: CliIo): void {
  queryOptions(triage.command('windows').description('What was chosen from, the newest first.'))
    .option('--policy <name>', 'only of this policy')
    .addOption(
      new Option('--state <state>', 'only in this state').choices(['frozen', 'drawn', 'void']),
    )
    .action(async (options: WindowOptions) => {
      const { policy, state } = options;
      await printList<Window>(options, io, {
        path: '/v1/triage/windows',
        query: { ...queryOf(options), policy, state },
        columns,
        none: 'no windows; `fieldloop triage freeze POLICY` makes one',
      });
    });
  getCommand<Window>(triage, io, {
    argument: 'id',
    name: 'window',
    says: 'One window: its salt, who held the lane, and what was chosen.',
    read: async (client, id) =>
      await answer(client.GET('/v1/triage/windows/{id}', { params: { path: { id } } })),
    text: (one, show) => windowText(one, io, show),
  });
  freeze(triage, io);
  verbCommand<Window>(triage, io, {
    usage: 'void <window>',
    says: 'Take back a window that is not drawn yet.',
    options: (command) => command.requiredOption('--reason <text>', 'why'),
    run: async (client, id, { reason }: ConfirmOptions & { readonly reason: string }) =>
      await answer(
        client.POST('/v1/triage/windows/{id}:void', {
          params: { path: { id } },
          body: { reason },
        }),
      ),
    text: (one, show) => windowText(one, io, show),
  });
}

function freeze(triage: Command, io: CliIo): void {
  apiOptions(
    triage.command('freeze <policy>').description('Freeze a window now; a worker draws it.'),
  )
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', freezeExamples)
    .action(async (policy: string, options: ApiOptions & { readonly reason: string }) => {
      const body = { policy, reason: options.reason };
      const made = await answer(clientOf(options, io).POST('/v1/triage/windows', { body }));
      printOne(made, options, io, () => windowText(made, io, showOf(options)));
    });
}

const columns: readonly Column<Window>[] = [
  timeColumn('FROZEN', (one) => one.createdAt),
  { title: 'POLICY', of: (one) => one.policy },
  { title: 'STATE', of: (one) => one.state },
  { title: 'UNITS', of: (one) => String(one.units) },
  {
    title: 'CHOSEN',
    of: (one) => (one.result === undefined ? '-' : String(chosenOf(one.result))),
  },
  { title: 'WHY', of: (one) => one.reason, shrinks: true },
  { title: 'ID', of: (one) => one.id },
];

const chosenOf = ({ lanes }: Draw): number =>
  Object.values(lanes).reduce((sum, { units }) => sum + units, 0);

function windowText(window: Window, io: CliIo, show: Show): string {
  const holders = Object.entries(window.holder).map(
    ([sha, scorer]) => `${scorer} (${sha.slice(0, 8)})`,
  );
  return [
    facts([
      ['window', window.id],
      ['policy', window.policy],
      ['state', window.state],
      ['units', String(window.units)],
      ['capture lane', holders.join(', ')],
      ['salt', window.salt],
      ['why', window.reason],
      ['frozen', show.time(window.createdAt)],
    ]),
    window.result === undefined
      ? `next: fieldloop triage window ${window.id}\n`
      : drawText(window.result, io, show),
  ].join('\n');
}

/** What each lane takes, and what it costs. */
export function drawText(draw: Draw, io: CliIo, show: Show): string {
  const rows = Object.entries(draw.lanes).map(([lane, of]) => ({ lane, ...of }));
  return [
    table(rows, laneColumns, { width: io.columns, show }),
    `the audit drew each unit with π = ${shortNumber(draw.audit.propensity)}\n`,
    `${draw.suppressed} near-duplicates stay out\n`,
    ...draw.notes.map((note) => `${note}\n`),
  ].join('');
}

const laneColumns: readonly Column<Draw['lanes']['audit'] & { readonly lane: string }>[] = [
  { title: 'LANE', of: (one) => one.lane },
  { title: 'UNITS', of: (one) => String(one.units) },
  { title: 'MINUTES', of: (one) => shortNumber(one.minutes) },
  { title: 'BYTES', of: (one) => String(one.bytes) },
];

const freezeExamples = `
Examples:
  fieldloop triage freeze frames --reason 'labels before Friday'
`;

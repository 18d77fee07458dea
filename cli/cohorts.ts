/** `fieldloop cohorts`: named selections of devices. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { deviceColumns } from './devices.ts';
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
import { facts, showOf, timeColumn } from './show.ts';

type Cohort = Schemas['Cohort'];

interface CohortOptions extends ApiOptions {
  readonly name?: string;
  readonly q?: string;
  readonly device?: string[];
  readonly note?: string;
  readonly freeze?: boolean;
}

export function cohortsCommand(io: CliIo): Command {
  const cohorts = new Command('cohorts').description('Named selections of devices.');
  queryOptions(cohorts.command('list').description('Cohorts, by name.')).action(
    async (options: QueryOptions) => {
      const none = 'no cohorts; `fieldloop cohorts create` makes one';
      await printList<Cohort>(options, io, {
        path: '/v1/cohorts',
        query: queryOf(options),
        columns,
        none,
      });
    },
  );
  getCommand<Cohort>(cohorts, io, {
    argument: 'cohort',
    says: 'One cohort, by name or id.',
    read: async (client, id) =>
      await answer(client.GET('/v1/cohorts/{id}', { params: { path: { id } } })),
    text: cohortText,
  });
  create(cohorts, io);
  edit(cohorts, io);
  preview(cohorts, io);
  devices(cohorts, io);
  deleteCommand(cohorts, io, {
    argument: 'cohort',
    says: 'Forget a cohort that nothing uses.',
    path: '/v1/cohorts',
  });
  return cohorts;
}

/** By selector or by list, as it is now or as it is from moment to moment. */
const memberOptions = (command: Command): Command =>
  command
    .option('--q <query>', "devices that match: 'site=hall-2 and device.properties.hw=orin'")
    .option('--device <name...>', 'these devices')
    .option('--note <text>', 'what it is for')
    .option('--freeze', 'keep who is in now, whatever changes later');

const bodyOf = ({ q, device: devices, note, freeze }: CohortOptions) =>
  given({ q, devices, note, freeze });

function create(cohorts: Command, io: CliIo): void {
  const command = cohorts.command('create <name>').description('A cohort by selector or by list.');
  memberOptions(apiOptions(command))
    .addHelpText('after', createExamples)
    .action(async (name: string, options: CohortOptions) => {
      const client = clientOf(options, io);
      const body = { name, ...bodyOf(options) };
      const cohort = await answer(client.POST('/v1/cohorts', { body }));
      printOne(cohort, options, io, () => cohortText(cohort, showOf(options)));
    });
}

function edit(cohorts: Command, io: CliIo): void {
  const command = cohorts.command('edit <cohort>').description('Other members, name or note.');
  memberOptions(apiOptions(command))
    .option('--name <name>', 'call it so from now on')
    .action(async (id: string, options: CohortOptions) => {
      const body = { ...given({ name: options.name }), ...bodyOf(options) };
      const path = `/v1/cohorts/${encodeURIComponent(id)}`;
      const cohort = await patchEntity<Cohort>(clientOf(options, io), path, body);
      printOne(cohort, options, io, () => cohortText(cohort, showOf(options)));
    });
}

function preview(cohorts: Command, io: CliIo): void {
  const command = cohorts
    .command('preview [cohort]')
    .description('Who would be in: of a selector, or of a cohort after a change.');
  apiOptions(command)
    .option('--q <query>', 'with this selector')
    .option('--device <name...>', 'with these devices')
    .action(async (id: string | undefined, options: CohortOptions) => {
      const client = clientOf(options, io);
      const body = given({ q: options.q, devices: options.device });
      const asked =
        id === undefined
          ? client.POST('/v1/cohorts:preview', { body })
          : client.POST('/v1/cohorts/{id}:preview', { params: { path: { id } }, body });
      const found = await answer(asked);
      printOne(found, options, io, () => previewText(found));
    });
}

function devices(cohorts: Command, io: CliIo): void {
  queryOptions(
    cohorts.command('devices <cohort>').description('The robots that are in it now, by name.'),
  ).action(async (id: string, options: QueryOptions) => {
    await printList(options, io, {
      path: `/v1/cohorts/${encodeURIComponent(id)}/devices`,
      query: queryOf(options),
      columns: deviceColumns,
      none: 'nobody is in it',
    });
  });
}

const columns: readonly Column<Cohort>[] = [
  { title: 'COHORT', of: (cohort) => cohort.name },
  { title: 'MEMBERS', of: (cohort) => membersText(cohort), shrinks: true },
  { title: 'NOTE', of: (cohort) => cohort.note ?? '-', shrinks: true, drops: 1 },
  timeColumn('CHANGED', (cohort) => cohort.updatedAt, 2),
  { title: 'ID', of: (cohort) => cohort.id },
];

/** How many, and how they are chosen. */
function membersText({ size, q, frozenAt }: Cohort): string {
  if (frozenAt !== undefined) return `${size}, frozen`;
  return q === undefined ? `${size}, listed` : `${size}, ${q}`;
}

function cohortText(cohort: Cohort, show: Show): string {
  return [
    facts([
      ['cohort', cohort.name],
      ['id', cohort.id],
      ['members', membersText(cohort)],
      ['note', cohort.note],
      ['used by', usersText(cohort)],
      ['made', show.time(cohort.createdAt)],
      ['changed', show.time(cohort.updatedAt)],
    ]),
    `\nnext: fieldloop cohorts devices ${cohort.name}\n`,
  ].join('');
}

const usersText = ({ usedBy }: Cohort): string | undefined =>
  usedBy.length === 0
    ? undefined
    : usedBy.map(({ kind, name, id }) => `${kind} ${name} (${id})`).join(', ');

/** Who is in, and what a change would do. */
function previewText({ now, after, joins, leaves }: Schemas['CohortPreview']): string {
  const who = (part: Schemas['CohortPreview']['now'] | undefined): string | undefined =>
    part === undefined
      ? undefined
      : `${part.count}${part.count === 0 ? '' : `: ${part.sample.map(({ name }) => name).join(', ')}`}`;
  return facts([
    ['now', who(now)],
    ['after', who(after)],
    ['joins', who(joins)],
    ['leaves', who(leaves)],
  ]);
}

const createExamples = `
Examples:
  fieldloop cohorts create berlin --q 'site=ber1 and state=active'
  fieldloop cohorts create canary --device amr-01 amr-02 --note 'first to get new rules'
`;

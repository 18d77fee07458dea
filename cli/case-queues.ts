/** Queues of cases, and what cases ask for together. */
import { answer, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
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
import { confirmed, confirmOption, type ConfirmOptions, getCommand, patchEntity } from './noun.ts';
import { facts, showOf, whenColumn } from './show.ts';

type Queue = Schemas['CaseQueue'];
type Proposal = Schemas['CaseProposal'];

interface WriteOptions extends ApiOptions {
  readonly skill?: string;
  readonly kinds?: string[];
  readonly regions?: string[];
  readonly people?: string[];
}

export function caseQueueCommands(cases: Command, io: CliIo): void {
  queryOptions(cases.command('queues').description('Who is asked for which kinds.')).action(
    async (options: QueryOptions) => {
      await printList<Queue>(options, io, {
        path: '/v1/caseQueues',
        query: queryOf(options),
        columns,
        none: 'no queues: every engineer is asked; `fieldloop cases queue-create` makes one',
      });
    },
  );
  getCommand<Queue>(cases, io, {
    argument: 'name',
    name: 'queue-show',
    says: 'One queue.',
    read: async (client, name) =>
      await answer(client.GET('/v1/caseQueues/{name}', { params: { path: { name } } })),
    text: queueText,
  });
  create(cases, io);
  edit(cases, io);
  remove(cases, io);
  proposals(cases, io);
}

const fieldOptions = (command: Command): Command =>
  apiOptions(command)
    .option('--skill <skill>', 'what its people can do')
    .option('--kinds <globs...>', 'kinds of cases, such as drive.*')
    .option('--regions <names...>', 'regions; else every one')
    .option('--people <users...>', 'ids; the one with the least to do is asked first');

const fieldsOf = ({ skill, kinds, regions, people }: WriteOptions) =>
  given({ skill, kinds, regions, people });

function create(cases: Command, io: CliIo): void {
  fieldOptions(
    cases.command('queue-create <name>').description('Say who is asked for cases of some kinds.'),
  )
    .addHelpText('after', createExamples)
    .action(async (name: string, options: WriteOptions) => {
      const body = { kinds: ['*'], ...fieldsOf(options), name };
      const made = await answer(clientOf(options, io).POST('/v1/caseQueues', { body }));
      printOne(made, options, io, () => queueText(made, showOf(options)));
    });
}

function edit(cases: Command, io: CliIo): void {
  fieldOptions(cases.command('queue-edit <name>').description('Change a queue.'))
    .addHelpText('after', editExamples)
    .action(async (name: string, options: WriteOptions) => {
      const path = `/v1/caseQueues/${encodeURIComponent(name)}`;
      const made = await patchEntity<Queue>(clientOf(options, io), path, fieldsOf(options));
      printOne(made, options, io, () => queueText(made, showOf(options)));
    });
}

function remove(cases: Command, io: CliIo): void {
  const command = cases
    .command('queue-delete <name>')
    .description('Remove a queue; its cases stay with their people.');
  confirmOption(apiOptions(command)).action(async (name: string, options: ConfirmOptions) => {
    await confirmed(`Delete ${name}?`, options, io);
    const client = clientOf(options, io);
    const path = `/v1/caseQueues/${encodeURIComponent(name)}`;
    const { headers } = await client.send(path);
    const etag = headers.get('etag') ?? '*';
    await client.send(path, { method: 'DELETE', headers: { 'if-match': etag } });
    io.err(`${name} is deleted\n`);
  });
}

function proposals(cases: Command, io: CliIo): void {
  queryOptions(
    cases.command('proposals').description('What many cases of one kind ask for together.'),
  ).action(async (options: QueryOptions) => {
    await printList<Proposal>(options, io, {
      path: '/v1/caseProposals',
      query: queryOf(options),
      columns: [
        whenColumn((one) => one.createdAt),
        { title: 'KIND', of: (one) => one.kind, shrinks: true },
        { title: 'PROPOSAL', of: (one) => one.proposal },
        { title: 'SUBJECT', of: (one) => one.subject ?? '-', shrinks: true },
        { title: 'CASES', of: (one) => String(one.cases.length) },
        { title: 'DEVICES', of: (one) => String(one.devices) },
      ],
      none: 'nothing: no kind had three cases on two robots in 30 days',
    });
  });
}

const columns: readonly Column<Queue>[] = [
  { title: 'NAME', of: (one) => one.name },
  { title: 'SKILL', of: (one) => one.skill ?? '-' },
  { title: 'KINDS', of: (one) => one.kinds.join(' '), shrinks: true },
  { title: 'REGIONS', of: (one) => one.regions.join(' ') || 'every', shrinks: true },
  { title: 'PEOPLE', of: (one) => String(one.people.length) },
];

const queueText = (one: Queue, show: Show): string =>
  facts([
    ['queue', one.name],
    ['skill', one.skill],
    ['kinds', one.kinds.join(' ')],
    ['regions', one.regions.join(' ') || 'every'],
    ['people', one.people.join(' ') || 'every engineer'],
    ['changed', show.time(one.updatedAt)],
  ]);

const editExamples = `
Examples:
  fieldloop cases queue-edit drives --regions eu --people usr_01J… usr_01K…
`;

const createExamples = `
Examples:
  fieldloop cases queue-create drives --kinds 'drive.*' --people usr_01J… --skill drives
`;

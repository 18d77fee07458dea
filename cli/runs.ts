/** `fieldloop runs`: what workflows do, one history each, and where a person steers. */
import { answer, type Client, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
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
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { jsonValue } from './option-values.ts';
import { watchRun } from './run-watch.ts';
import { type RunHistory, runHistoryText, runText } from './run-views.ts';
import { showOf, timeColumn } from './show.ts';
import { triggerCommands } from './triggers.ts';

type Run = Schemas['Run'];
type RunDetail = Schemas['RunDetail'];

interface WhyOptions extends ConfirmOptions {
  readonly why: string;
}

const states = ['running', 'waiting', 'retrying', 'parked', 'stuck', 'blocked', 'ended'] as const;

export function runsCommand(io: CliIo): Command {
  const runs = new Command('runs').description('What workflows do, and what they wait for.');
  listCommand(runs, io);
  startCommand(runs, io);
  getCommand<RunHistory>(runs, io, {
    argument: 'id',
    name: 'show',
    says: 'One run with its history: each step with attempts, outcome and time.',
    read: readHistory,
    text: runHistoryText,
  });
  watchRun(runs, io, readHistory);
  explainCommand(runs, io);
  verbs(runs, io);
  triggerCommands(runs, io);
  return runs;
}

const readHistory = async (client: Client, id: string): Promise<RunHistory> =>
  await answer(client.GET('/v1/runs/{id}/history', { params: { path: { id } } }));

interface RunListOptions extends QueryOptions {
  readonly state?: (typeof states)[number];
  readonly workflow?: string;
}

function listCommand(runs: Command, io: CliIo): void {
  const list = runs.command('list').description('Runs, the newest first.');
  queryOptions(
    list
      .addOption(new Option('--state <state>', 'only those in this state').choices(states))
      .option('--workflow <name>', 'only those of this workflow'),
  ).action(async (options: RunListOptions) => {
    const { state, workflow } = options;
    await printList<Run>(options, io, {
      path: '/v1/runs',
      query: { ...queryOf(options), state, workflow },
      columns,
      none: 'no workflow has run',
    });
  });
}

interface StartOptions extends ApiOptions {
  readonly subject: string;
  readonly input?: string;
}

function startCommand(runs: Command, io: CliIo): void {
  const start = runs.command('start <workflow>').description('Start a workflow by hand.');
  apiOptions(
    start
      .requiredOption('--subject <id>', 'what it is about')
      .option('--input <json>', 'what it works on, as the workflow takes it'),
  ).action(async (workflow: string, options: StartOptions) => {
    const { subject } = options;
    const input = options.input === undefined ? null : jsonValue('--input', options.input);
    const client = clientOf(options, io);
    const made = await answer(client.POST('/v1/runs', { body: { workflow, subject, input } }));
    printOne(made, options, io, () => runText(made, showOf(options)));
  });
}

function explainCommand(runs: Command, io: CliIo): void {
  getCommand<Schemas['RunExplanation']>(runs, io, {
    argument: 'id',
    name: 'explain',
    says: 'Replay a run on what it recorded: it must come to where it stands.',
    read: async (client, id) =>
      await answer(client.GET('/v1/runs/{id}/explanation', { params: { path: { id } } })),
    text: (one) =>
      [
        ...one.path.map((step, n) => `${n + 1}. ${step}`),
        one.lastStep === undefined ? 'it came to its end' : `it stands at ${one.lastStep}`,
        one.agrees ? 'the replay agrees with the record' : `it does NOT agree: ${one.why ?? ''}`,
        '',
      ].join('\n'),
  });
}

const at = (id: string) => ({ params: { path: { id } } });
const why = (command: Command): Command =>
  command.requiredOption('--why <text>', 'the reason; it is kept');

function verbs(runs: Command, io: CliIo): void {
  verbCommand<RunDetail>(runs, io, {
    usage: 'retry <id>',
    says: 'Try again at the step that failed; nothing is done twice.',
    options: why,
    run: async (client, id, { why: reason }: WhyOptions) =>
      await answer(client.POST('/v1/runs/{id}:retry', { ...at(id), body: { reason } })),
    text: runText,
  });
  verbCommand<RunDetail>(runs, io, {
    usage: 'skip <id>',
    says: 'Go on without the step that failed, where that is allowed.',
    options: why,
    run: async (client, id, { why: reason }: WhyOptions) =>
      await answer(client.POST('/v1/runs/{id}:skip', { ...at(id), body: { reason } })),
    text: runText,
  });
  verbCommand<RunDetail>(runs, io, {
    usage: 'abort <id>',
    says: 'Stop a run and what it started; it takes back what it did.',
    confirm: 'Stop and take back',
    options: why,
    run: async (client, id, { why: reason }: WhyOptions) =>
      await answer(client.POST('/v1/runs/{id}:abort', { ...at(id), body: { reason } })),
    text: runText,
  });
  verbCommand<RunDetail>(runs, io, {
    usage: 'expedite <id>',
    says: 'Let it look now, whatever it waits for.',
    options: why,
    run: async (client, id, { why: reason }: WhyOptions) =>
      await answer(client.POST('/v1/runs/{id}:expedite', { ...at(id), body: { reason } })),
    text: runText,
  });
  verbCommand<RunDetail>(runs, io, {
    usage: 'reassign <id>',
    says: 'Ask another person first at the gate where it waits.',
    options: (command) => why(command).requiredOption('--to <user>', 'id of an account'),
    run: async (client, id, { why: reason, to }: WhyOptions & { readonly to: string }) =>
      await answer(client.POST('/v1/runs/{id}:reassign', { ...at(id), body: { to, reason } })),
    text: runText,
  });
}

const columns: readonly Column<Run>[] = [
  timeColumn('BEGAN', (one) => one.createdAt),
  { title: 'STATE', of: (one) => one.state },
  { title: 'WORKFLOW', of: (one) => one.workflow },
  { title: 'SUBJECT', of: (one) => one.subject, shrinks: true },
  { title: 'WAITS FOR', of: (one) => one.waitingFor?.what ?? one.status ?? '-', shrinks: true },
  { title: 'ID', of: (one) => one.id },
];

/** `fieldloop tasks`: moments that people are asked about, and answering them from a terminal. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { readDocument } from './document.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { getCommand } from './noun.ts';
import { counted, facts, instantOf, rangeText, timeColumn } from './show.ts';
import { answerTasks } from './task-work.ts';

type Task = Schemas['Task'];
type Said = Schemas['Annotation'];

export function tasksCommand(io: CliIo): Command {
  const tasks = new Command('tasks').description(
    'Moments that people are asked about; answer yours.',
  );
  answerTasks(tasks, io);
  queryOptions(tasks.command('list').description('Tasks, the newest first.'))
    .option('--state <state>', 'open, leased, submitted, needs_more, adjudication, resolved, void')
    .addHelpText('after', listExamples)
    .action(async (options: QueryOptions & { readonly state?: string }) => {
      await printList<Task>(options, io, {
        path: '/v1/tasks',
        query: { ...queryOf(options), state: options.state },
        columns,
        none: 'no tasks match; `fieldloop tasks open FILE` opens some',
      });
    });
  getCommand<Task>(tasks, io, {
    argument: 'id',
    says: 'One task, and where it stands.',
    read: async (client, id) =>
      await answer(client.GET('/v1/tasks/{id}', { params: { path: { id } } })),
    text: taskText,
  });
  listOptions(
    tasks.command('history <id>').description('Every word that was said of it: who, when, before.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Said>(options, io, {
      path: `/v1/tasks/${encodeURIComponent(id)}/history`,
      query: {},
      columns: [
        timeColumn('WHEN', (one) => one.at),
        { title: 'WHO', of: (one) => one.annotator, shrinks: true },
        { title: 'DID', of: (one) => one.action },
        { title: 'SAID', of: (one) => valueText(one.value) ?? one.reason ?? '-', shrinks: true },
        { title: 'SECONDS', of: (one) => String(one.seconds ?? '-'), drops: 1 },
      ],
      none: 'nobody said anything of it yet',
    });
  });
  openTasks(tasks, io);
  voidTasks(tasks, io);
  return tasks;
}

function openTasks(tasks: Command, io: CliIo): void {
  apiOptions(
    tasks
      .command('open <file>')
      .description('Ask people about moments of clips, from a YAML or JSON file.'),
  )
    .addHelpText('after', openExamples)
    .action(async (file: string, options: ApiOptions) => {
      const body = (await readDocument(file, io)) as never;
      const done = await answer(clientOf(options, io).POST('/v1/tasks', { body }));
      printOne(done, options, io, () =>
        [
          `${counted(done.opened.length, 'task')} opened, ${done.known.length} known before`,
          ...(done.accepted.length === 0
            ? []
            : [`${counted(done.accepted.length, 'label')} taken from a trusted machine`]),
          ...done.refused.map(({ clipId, why }) => `refused ${clipId}: ${why}`),
          '',
        ].join('\n'),
      );
    });
}

function voidTasks(tasks: Command, io: CliIo): void {
  apiOptions(
    tasks.command('void [task]').description('Ask nobody any more: one task, or a whole batch.'),
  )
    .option('--batch <batch>', 'what is open of this batch')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', voidExamples)
    .action(
      async (
        task: string | undefined,
        options: ApiOptions & { readonly batch?: string; readonly reason: string },
      ) => {
        const { batch, reason } = options;
        const body = { ...given({ task, batch }), reason };
        const done = await answer(clientOf(options, io).POST('/v1/tasks:void', { body }));
        printOne(done, options, io, () => `${counted(done.tasks, 'task')} asked no more\n`);
      },
    );
}

const columns: readonly Column<Task>[] = [
  timeColumn('OPENED', (one) => one.createdAt),
  { title: 'STATE', of: (one) => one.state },
  { title: 'TYPE', of: (one) => one.type },
  { title: 'PEOPLE', of: (one) => `${one.people}/${one.wanted}` },
  { title: 'LANE', of: (one) => one.lane ?? '-', drops: 2 },
  { title: 'BATCH', of: (one) => one.batch, shrinks: true, drops: 1 },
  { title: 'DEVICE', of: (one) => one.device, shrinks: true },
  { title: 'ID', of: (one) => one.id },
];

/** A value on one line. */
export function valueText(value: Schemas['LabelValue'] | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value.class !== undefined) return value.class;
  if (value.text !== undefined) return value.text;
  const parts = value.boxes ?? value.segments ?? [];
  const kind = value.boxes === undefined ? 'segment' : 'box';
  const names = parts.map((part) => part.class).join(', ');
  return `${counted(parts.length, kind, kind === 'box' ? 'boxes' : 'segments')} ${names}`.trim();
}

const taskText = (one: Task, show: Show): string =>
  facts([
    ['task', one.id],
    ['state', one.voidReason === undefined ? one.state : `${one.state}: ${one.voidReason}`],
    ['asks for', `${one.type} of ${one.ontology}`],
    ['clip', one.clip],
    ['device', one.device],
    ['topic', one.topic],
    ['when', show.time(instantOf(one.startNs))],
    ['log time', rangeText(one.startNs, one.endNs)],
    ['why', one.why],
    ['batch', one.batch],
    ['lane', one.lane],
    ['people', `${one.people} of ${one.wanted}`],
    ['machine', one.band],
    ['label', one.label],
  ]);

const listExamples = `
Examples:
  fieldloop tasks list --state adjudication
  fieldloop tasks list --q 'lane = audit and people < 2' --count
`;

const openExamples = `
Examples:
  fieldloop tasks open ask.yaml

with, in ask.yaml:
  batch: near-misses
  ontology: wall
  type: classification
  priority: 50
  moments:
    - {clip: clp_01J…, topic: /camera, startNs: '1717171717000000000'}
`;

const voidExamples = `
Examples:
  fieldloop tasks void tsk_01J… --reason 'the camera was covered'
  fieldloop tasks void --batch near-misses --reason 'wrong ontology'
`;

/** `fieldloop annotators`: who answers tasks, how good they are, and the gold that shows it. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
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
} from './list.ts';
import { type ConfirmOptions, getCommand, patchEntity, verbCommand } from './noun.ts';
import { anyNumber } from './option-values.ts';
import { counted, facts, timeColumn, showOf } from './show.ts';
import { valueText } from './tasks.ts';
import { parseYaml } from './yaml.ts';

type Annotator = Schemas['Annotator'];
type Quality = Schemas['AnnotatorQuality'];
type Gold = Schemas['GoldQuestion'];

export function annotatorsCommand(io: CliIo): Command {
  const annotators = new Command('annotators').description(
    'Who answers tasks, how good they are, and gold questions.',
  );
  listOptions(annotators.command('list').description('In the order in which they began.')).action(
    async (options: ListOptions) => {
      await printList<Annotator>(options, io, {
        path: '/v1/annotators',
        query: {},
        columns,
        none: 'nobody took a task yet',
      });
    },
  );
  getCommand<Annotator>(annotators, io, {
    argument: 'id',
    says: 'One annotator, and what they are given.',
    read: async (client, id) =>
      await answer(client.GET('/v1/annotators/{id}', { params: { path: { id } } })),
    text: annotatorText,
  });
  getCommand<Quality>(annotators, io, {
    argument: 'id',
    name: 'quality',
    says: 'How good they are: against labels, gold and others, and how fast.',
    read: async (client, id) =>
      await answer(client.GET('/v1/annotators/{id}/quality', { params: { path: { id } } })),
    text: qualityText,
  });
  edit(annotators, io);
  verbCommand<Annotator>(annotators, io, {
    usage: 'pause <id>',
    says: 'Give them nothing for now.',
    options: (command) =>
      command
        .requiredOption('--reason <text>', 'why; they are told')
        .addHelpText('after', editExamples),
    run: async (client, id, { reason }: ConfirmOptions & { readonly reason: string }) => {
      const params = { path: { id } };
      return await answer(client.POST('/v1/annotators/{id}:pause', { params, body: { reason } }));
    },
    text: annotatorText,
  });
  verbCommand<Annotator>(annotators, io, {
    usage: 'resume <id>',
    says: 'Give them tasks again; gold answers of before count no more.',
    run: async (client, id) => {
      const params = { path: { id } };
      return await answer(client.POST('/v1/annotators/{id}:resume', { params, body: {} }));
    },
    text: annotatorText,
  });
  gold(annotators, io);
  return annotators;
}

interface EditOptions extends ApiOptions {
  readonly name?: string;
  readonly skills?: string;
  readonly sites?: string;
  readonly senior?: boolean;
  readonly goldShare?: number;
}

const namesOf = (text: string | undefined): string[] | undefined =>
  text === undefined ? undefined : text.split(',').filter((name) => name !== '');

function edit(annotators: Command, io: CliIo): void {
  apiOptions(annotators.command('edit <id>').description('Say what they are given.'))
    .option('--name <name>', 'as lists show them')
    .option('--skills <names>', 'ontologies, by comma; empty for all')
    .option('--sites <names>', 'sites whose clips they may see, by comma; empty for all')
    .option('--senior', 'they decide where people cannot agree')
    .option('--no-senior', 'they do not')
    .option('--gold-share <n>', '.05 to .15', anyNumber('--gold-share', { most: 1 }))
    .addHelpText('after', editExamples)
    .action(async (id: string, options: EditOptions) => {
      const { name, skills, sites, senior, goldShare } = options;
      const more = { skills: namesOf(skills), sites: namesOf(sites) };
      const body = given({ name, ...more, senior, goldShare });
      const path = `/v1/annotators/${encodeURIComponent(id)}`;
      const after = await patchEntity<Annotator>(clientOf(options, io), path, body);
      printOne(after, options, io, () => annotatorText(after, showOf(options)));
    });
}

function gold(annotators: Command, io: CliIo): void {
  listOptions(
    annotators.command('gold').description('Gold questions: asked again of everybody, unmarked.'),
  ).action(async (options: ListOptions) => {
    await printList<Gold>(options, io, {
      path: '/v1/goldQuestions',
      query: {},
      columns: [
        timeColumn('SINCE', (one) => one.createdAt),
        { title: 'ONTOLOGY', of: (one) => one.ontology },
        { title: 'RIGHT', of: (one) => valueText(one.value) ?? '-', shrinks: true },
        { title: 'STATE', of: (one) => (one.retired ? 'retired' : 'asked') },
        { title: 'TASK', of: (one) => one.task, drops: 1 },
        { title: 'ID', of: (one) => one.id },
      ],
      none: 'there is no gold yet; what a senior decides becomes gold',
    });
  });
  apiOptions(
    annotators.command('gold-add <task>').description('Ask a task again as a gold question.'),
  )
    .option('--value <json>', 'what is right, such as {"class": "left"}; else its label')
    .addHelpText('after', editExamples)
    .action(async (task: string, options: ApiOptions & { readonly value?: string }) => {
      const value =
        options.value === undefined
          ? undefined
          : (parseYaml(options.value, '--value') as Schemas['LabelValue']);
      const body = { task, ...given({ value }) };
      const made = await answer(clientOf(options, io).POST('/v1/goldQuestions', { body }));
      printOne(made, options, io, () => goldText(made));
    });
  verbCommand<Gold>(annotators, io, {
    usage: 'gold-retire <id>',
    says: 'Ask a gold question no more.',
    run: async (client, id) => {
      const params = { path: { id } };
      return await answer(client.POST('/v1/goldQuestions/{id}:retire', { params, body: {} }));
    },
    text: goldText,
  });
}

const columns: readonly Column<Annotator>[] = [
  { title: 'NAME', of: (one) => one.name, shrinks: true },
  { title: 'STATE', of: (one) => one.state },
  { title: 'SENIOR', of: (one) => (one.senior ? 'yes' : 'no') },
  { title: 'GIVEN', of: (one) => String(one.given) },
  { title: 'SKILLS', of: (one) => one.skills.join(', ') || 'all', shrinks: true, drops: 1 },
  { title: 'SITES', of: (one) => one.sites.join(', ') || 'all', shrinks: true, drops: 2 },
  { title: 'ID', of: (one) => one.id },
];

const annotatorText = (one: Annotator, show: Show): string =>
  facts([
    ['annotator', one.id],
    ['name', one.name],
    ['state', one.pausedReason === undefined ? one.state : `${one.state}: ${one.pausedReason}`],
    ['senior', one.senior ? 'yes' : 'no'],
    ['skills', one.skills.join(', ') || 'all'],
    ['sites', one.sites.join(', ') || 'all'],
    ['given', `${counted(one.given, 'task')}, ${one.goldGiven} of them gold`],
    ['last seen', show.time(one.seenAt)],
  ]);

const qualityText = (one: Quality): string =>
  facts([
    ['annotator', one.annotator],
    ['answers', `${one.answers}, ${one.undone} taken back, ${one.skips} skipped`],
    ['as labelled', `${one.right} of ${one.labelled}`],
    ['gold', `${one.gold.correct} of ${one.gold.answered}; ${one.gold.share} of the last 20`],
    ['alpha', `${one.alpha?.toFixed(3) ?? 'undefined'} on ${counted(one.alphaTasks, 'task')}`],
    ['a decision', one.secondsMedian === undefined ? undefined : `${one.secondsMedian} s`],
    ...one.confusion
      .filter(({ label, said }) => label !== said)
      .map(({ label, said, n }): [string, string] => ['said', `${said} of ${label}, ${n} times`]),
  ]);

const goldText = (one: Gold): string =>
  facts([
    ['gold', one.id],
    ['task', one.task],
    ['right', valueText(one.value) ?? '-'],
    ['state', one.retired ? 'retired' : 'asked'],
  ]);

const editExamples = `
Examples:
  fieldloop annotators edit usr_01J… --senior
  fieldloop annotators edit usr_01J… --skills wall,doors --sites hall-2
  fieldloop annotators pause usr_01J… --reason 'on leave'
  fieldloop annotators gold-add tsk_01J… --value '{"class": "left"}'
`;

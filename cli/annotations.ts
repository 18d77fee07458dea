/** `fieldloop annotations`: what was agreed on, how far people agree, files of other tools. */
import { writeFile } from 'node:fs/promises';
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import { readText } from './document.ts';
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
import { type ConfirmOptions, confirmed, confirmOption, getCommand } from './noun.ts';
import { wholeNumber } from './option-values.ts';
import { counted, facts, instantOf, shortNumber, timeColumn } from './show.ts';
import { valueText } from './tasks.ts';

type Label = Schemas['Label'];
type Format = 'cvat' | 'label_studio';
type Type = Label['type'];

const types = ['classification', 'boxes', 'segments', 'text'];
const formats = ['cvat', 'label_studio'];

export function annotationsCommand(io: CliIo): Command {
  const annotations = new Command('annotations').description(
    'Resolved labels, how far people agree, files of other tools.',
  );
  queryOptions(annotations.command('list').description('Resolved labels, the newest first.'))
    .addHelpText('after', listExamples)
    .action(async (options: QueryOptions) => {
      await printList<Label>(options, io, {
        path: '/v1/labels',
        query: queryOf(options),
        columns,
        none: 'no labels match; `fieldloop tasks list` shows what is being asked',
      });
    });
  getCommand<Label>(annotations, io, {
    argument: 'id',
    says: 'One label: what it says, and how it was agreed on.',
    read: async (client, id) =>
      await answer(client.GET('/v1/labels/{id}', { params: { path: { id } } })),
    text: labelText,
  });
  agreement(annotations, io);
  bands(annotations, io);
  exportLabels(annotations, io);
  importLabels(annotations, io);
  return annotations;
}

interface AgreementOptions extends ApiOptions {
  readonly type: Type;
  readonly batch?: string;
}

function agreement(annotations: Command, io: CliIo): void {
  apiOptions(
    annotations
      .command('agreement <ontology>')
      .description('Krippendorff’s alpha, class by class, and what a data set makes of it.'),
  )
    .addOption(new Option('--type <type>', 'of tasks').choices(types).default('classification'))
    .option('--batch <batch>', 'of this batch alone')
    .addHelpText('after', listExamples)
    .action(async (ontology: string, { type, batch, ...options }: AgreementOptions) => {
      const query = { ontology, type, ...given({ batch }) };
      const found = await answer(clientOf(options, io).GET('/v1/agreement', { params: { query } }));
      printOne(found, options, io, () => {
        if (found.tasks === 0) return { none: 'no task has two blind answers yet' };
        const rows = found.classes.map((one) => {
          return [one.class ?? 'all classes', agreedText(one)] as [string, string];
        });
        return facts(rows);
      });
    });
}

function agreedText(one: Schemas['Agreement']['classes'][number]): string {
  const { alpha, low, high, gate, tasks } = one;
  if (alpha === undefined) return `undefined, ${counted(tasks, 'task')}`;
  const interval =
    low === undefined || high === undefined ? '' : ` (${low.toFixed(3)} to ${high.toFixed(3)})`;
  const says = gate === 'few' ? 'too few to tell' : gate;
  return `${alpha.toFixed(3)}${interval}  ${says}, ${counted(tasks, 'task')}`;
}

function bands(annotations: Command, io: CliIo): void {
  apiOptions(
    annotations.command('bands').description('How far each model is trusted with each class.'),
  ).action(async (options: ApiOptions) => {
    const found = await answer(clientOf(options, io).GET('/v1/labelBands', {}));
    printOne(found, options, io, () => {
      if (found.items.length === 0) return { none: 'no audit label tells of any model yet' };
      return facts(
        found.items.map((one) => [
          `${one.model.slice(0, 12)} ${one.class}`,
          `${one.band}: ${one.correct} of ${one.n} right, at least ${shortNumber(one.lower)}`,
        ]),
      );
    });
  });
}

interface ExportOptions extends ApiOptions {
  readonly format: Format;
  readonly type?: Type;
  readonly batch?: string;
  readonly width?: number;
  readonly height?: number;
  readonly file?: string;
}

function exportLabels(annotations: Command, io: CliIo): void {
  apiOptions(
    annotations.command('export <ontology>').description('Labels as a file of another tool.'),
  )
    .addOption(new Option('--format <format>', 'which').choices(formats).makeOptionMandatory())
    .addOption(new Option('--type <type>', 'these alone').choices(types))
    .option('--batch <batch>', 'of this batch alone')
    .option('--width <px>', 'of the images of boxes', wholeNumber('--width', { least: 1 }))
    .option('--height <px>', 'of the images of boxes', wholeNumber('--height', { least: 1 }))
    .option('--file <file>', 'write it there, not on stdout')
    .addHelpText('after', exchangeExamples)
    .action(async (ontology: string, { file, ...options }: ExportOptions) => {
      const { format, type, batch, width, height } = options;
      const query = { format, ontology, ...given({ type, batch, width, height }) };
      const found = await answer(
        clientOf(options, io).GET('/v1/labels/export', { params: { query } }),
      );
      for (const { what, n } of found.dropped) io.err(`left out: ${what}, ${n} times\n`);
      if (file === undefined) io.out(found.content);
      else {
        await writeFile(file, found.content);
        io.err(`${counted(found.labels, 'label')} in ${file}\n`);
      }
    });
}

interface ImportOptions extends ConfirmOptions {
  readonly format: Format;
  readonly annotator: string;
}

function importLabels(annotations: Command, io: CliIo): void {
  const command = apiOptions(
    annotations
      .command('import <file>')
      .description('Answers of another tool to open tasks: shows what would be done, then asks.'),
  );
  confirmOption(command)
    .addOption(new Option('--format <format>', 'which').choices(formats).makeOptionMandatory())
    .option('--annotator <name>', 'whose answers they are', 'file')
    .addHelpText('after', exchangeExamples)
    .action(async (file: string, options: ImportOptions) => {
      const { format, annotator } = options;
      const client = clientOf(options, io);
      const asked = { format, annotator, content: await readText(file, io) };
      const tried = await answer(
        client.POST('/v1/labels:import', { body: { ...asked, dryRun: true } }),
      );
      for (const { place, message } of tried.problems) io.err(`${file} ${place}: ${message}\n`);
      for (const { what, n } of tried.dropped) io.err(`left out: ${what}, ${n} times\n`);
      const sum = `${counted(tried.answers, 'answer')} new, ${tried.known} known before`;
      if (tried.answers === 0) {
        printOne(tried, options, io, () => `${sum}\n`);
        return;
      }
      await confirmed(`${sum}. Write them?`, options, io);
      const body = { ...asked, dryRun: false, plan: tried.plan };
      const done = await answer(client.POST('/v1/labels:import', { body }));
      printOne(done, options, io, () => `${counted(done.answers, 'answer')} written\n`);
    });
}

const columns: readonly Column<Label>[] = [
  timeColumn('WHEN', (one) => one.createdAt),
  { title: 'SAYS', of: (one) => valueText(one.value) ?? '-', shrinks: true },
  { title: 'METHOD', of: (one) => one.method },
  { title: 'SURE', of: (one) => one.posterior?.toFixed(3) ?? '-', drops: 2 },
  { title: 'PEOPLE', of: (one) => String(one.annotators), drops: 1 },
  { title: 'DEVICE', of: (one) => one.device, shrinks: true },
  { title: 'ID', of: (one) => one.id },
];

const labelText = (one: Label, show: Show): string =>
  facts([
    ['label', one.id],
    ['says', valueText(one.value) ?? '-'],
    ['agreed', `${one.method}, ${counted(one.annotators, 'person', 'people')}`],
    ['posterior', one.posterior?.toFixed(3)],
    ['alpha', one.alpha?.toFixed(3)],
    ['clip', one.clip],
    ['topic', one.topic],
    ['when', show.time(instantOf(one.startNs))],
    ['task', one.task],
    ['sha256', one.sha256],
    ['superseded', one.supersededBy],
  ]);

const listExamples = `
Examples:
  fieldloop annotations list --q 'class = left and posterior < 0.97'
  fieldloop annotations agreement wall
`;

const exchangeExamples = `
Images and tasks are named after the task: tsk_01J…/LOGTIME.jpg.

Examples:
  fieldloop annotations export wall --format cvat --width 640 --height 480 --file wall.xml
  fieldloop annotations import annotations.xml --format cvat --annotator vendor
`;

/** What labels say: how often models fail, which scorers find that, what lanes are worth. */
import { answer, type Schemas } from './client.ts';
import { type Command, Option } from './commander.ts';
import { readDocument } from './document.ts';
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
import { facts, shortNumber, showOf, timeColumn } from './show.ts';

type Estimates = Schemas['TriageEstimates'];
type Model = Estimates['models'][number];
type Figure = Schemas['Figure'];
type Value = Schemas['TriageValue'];

interface ValueOptions extends QueryOptions {
  readonly kind?: Value['kind'];
  readonly lane?: Value['lane'];
}

export function triageFigures(triage: Command, io: CliIo): void {
  apiOptions(
    triage
      .command('estimates <policy>')
      .description('How often the models fail, and what each lane found.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found = await answer(
      client.GET('/v1/triage/policies/{id}/estimates', { params: { path: { id } } }),
    );
    printOne(found, options, io, () => estimatesText(found, io, showOf(options)));
  });
  queryOptions(
    triage
      .command('values')
      .description('The two numbers of each lane with their history: capture and retrain value.'),
  )
    .addOption(new Option('--kind <kind>', 'only this number').choices(['capture', 'retrain']))
    .addOption(
      new Option('--lane <name>', 'only of this lane').choices(['named', 'capture', 'diversity']),
    )
    .action(async (options: ValueOptions) => {
      const { kind, lane } = options;
      await printList<Value>(options, io, {
        path: '/v1/triage/values',
        query: { ...queryOf(options), kind, lane },
        columns: valueColumns,
        none: 'no values yet: they come with labels',
      });
    });
  apiOptions(
    triage
      .command('value <file>')
      .description('Write a retrain value that a training measured, from YAML or JSON.'),
  )
    .addHelpText('after', valueExamples)
    .action(async (file: string, options: ApiOptions) => {
      const body = (await readDocument(file, io)) as never;
      const made = await answer(clientOf(options, io).POST('/v1/triage/values', { body }));
      printOne(made, options, io, () => valueText(made));
    });
}

function estimatesText(found: Estimates, io: CliIo, show: Show): string {
  if (found.models.length === 0) return 'nothing was chosen yet\n';
  const models = found.models.map((model) => modelText(model, io, show));
  const history = found.history.map(
    (step) => `${show.time(step.createdAt)}  ${step.scorer} ${step.event}: ${step.why}\n`,
  );
  return [...models, ...(history.length === 0 ? [] : ['\n', ...history])].join('');
}

function modelText(model: Model, io: CliIo, show: Show): string {
  const rates = model.failureRates.map((rate): readonly [string, string] => [
    `fails (${rate.population})`,
    rate.figure === undefined
      ? (rate.withheld ?? '-')
      : `${figureText(rate.figure)}, ${rate.labelled} of ${rate.drawn} audit units labelled`,
  ]);
  const options = { width: io.columns, show };
  const { census } = model;
  const all =
    census.figure === undefined
      ? (census.withheld ?? '-')
      : `${figureText(census.figure)}, ${census.chosen} chosen and ${census.audit} of the audit`;
  return [
    facts([
      ['model', model.modelSha256],
      ['capture lane', model.holder],
      ...rates,
      ['fails (inbox, all labels)', all],
    ]),
    '\n',
    table(model.scorers, scorerColumns, options),
    '\n',
    table(model.captureValues, captureColumns, options),
  ].join('');
}

const figureText = ({ value, low, high, n }: Figure): string =>
  `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}, n ${n})`;

const scorerColumns: readonly Column<Model['scorers'][number]>[] = [
  { title: 'SCORER', of: (one) => one.scorer },
  { title: 'LABELS', of: (one) => String(one.labels) },
  { title: 'AUROC', of: (one) => one.auroc?.toFixed(3) ?? '-' },
  {
    title: 'OVER ENTROPY',
    of: (one) => (one.lead === undefined ? '-' : figureText(one.lead)),
  },
];

const captureColumns: readonly Column<Model['captureValues'][number]>[] = [
  { title: 'LANE', of: (one) => one.lane },
  { title: 'BY', of: (one) => one.scorer },
  { title: 'FAILED', of: (one) => `${one.failed} of ${one.n}` },
  {
    title: 'LIFT',
    of: (one) => (one.lift === undefined ? (one.withheld ?? '-') : figureText(one.lift)),
    shrinks: true,
  },
  { title: 'PER MIN', of: (one) => shortNumber(one.perMinute) },
  { title: 'PER MB', of: (one) => shortNumber(one.perMegabyte), drops: 1 },
];

const valueColumns: readonly Column<Value>[] = [
  timeColumn('WHEN', (one) => one.createdAt),
  { title: 'NUMBER', of: (one) => one.kind },
  { title: 'LANE', of: (one) => one.lane },
  { title: 'BY', of: (one) => one.scorer },
  { title: 'LABELS', of: (one) => `${one.n} / ${one.nAudit}` },
  { title: 'VALUE', of: boundsText, shrinks: true },
  { title: 'ID', of: (one) => one.id, drops: 1 },
];

function boundsText({ value, low, high, withheld }: Value): string {
  if (value === undefined) return withheld ?? '-';
  return `${value.toFixed(3)} (${low?.toFixed(3) ?? '-'} to ${high?.toFixed(3) ?? '-'})`;
}

const valueText = (value: Value): string =>
  facts([
    ['value', value.id],
    ['number', value.kind],
    ['lane', `${value.lane} by ${value.scorer}`],
    ['labels', `${value.n} against ${value.nAudit} of the audit`],
    ['figure', boundsText(value)],
  ]);

const valueExamples = `
Examples:
  fieldloop triage value retrain.yaml
`;

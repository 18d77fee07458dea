/** `fieldloop evaluations`: candidates beside the champion, and the regression set. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column } from './io.ts';
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
import { getCommand, verbCommand } from './noun.ts';
import { waitFor } from './operations.ts';
import { type Compared, comparedText, demandSame } from './reproduce.ts';
import { facts, timeColumn } from './show.ts';

type Evaluation = Schemas['Evaluation'];
type Case = Schemas['RegressionCase'];

interface RunOptions extends ApiOptions {
  readonly against?: string;
  readonly data?: string;
  readonly cluster?: string[];
}

export function evaluationsCommand(io: CliIo): Command {
  const evaluations = new Command('evaluations').description('How good model versions are.');
  queryOptions(evaluations.command('list').description('Evaluations, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Evaluation>(options, io, {
        path: '/v1/evaluations',
        query: queryOf(options),
        columns,
        none: 'no evaluations; `fieldloop evaluations run` makes one',
      });
    },
  );
  getCommand<Evaluation>(evaluations, io, {
    argument: 'id',
    says: 'Figures, slices, cases, and gates with their reasons.',
    read: async (client, id) =>
      await answer(client.GET('/v1/evaluations/{id}', { params: { path: { id } } })),
    text: evaluationText,
  });
  run(evaluations, io);
  apiOptions(
    evaluations
      .command('verify <id>')
      .alias('reproduce')
      .description('Run it again on its recorded input: the same hash must come out.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const started = await answer(client.POST('/v1/evaluations/{id}:verify', { params }));
    const { result } = await waitFor(client, started.id, io);
    const found = result as Compared;
    printOne(found, options, io, () => comparedText('result', found));
    demandSame(found.same, `${id} does not come out of its recorded input`);
  });
  cases(evaluations, io);
  return evaluations;
}

function run(evaluations: Command, io: CliIo): void {
  const command = evaluations
    .command('run <version>')
    .description('Measure a model version beside the champion, on units it never saw.');
  apiOptions(command)
    .option('--against <version>', 'beside this one; none: alone')
    .option('--data <dataset-version>', 'whose test split; that of its training unless said')
    .option('--cluster <name...>', 'failures it was trained for: all of them must be right')
    .addHelpText('after', runExamples)
    .action(async (modelVersion: string, options: RunOptions) => {
      const client = clientOf(options, io);
      const { against, data: datasetVersion, cluster: clusters } = options;
      const body = {
        modelVersion,
        ...given({ datasetVersion, clusters }),
        ...(against === undefined ? {} : { against: against === 'none' ? null : against }),
      };
      const started = await answer(client.POST('/v1/evaluations', { body }));
      const done = await waitFor(client, started.id, io);
      const { evaluation: id } = done.result as { readonly evaluation: string };
      const made = await answer(client.GET('/v1/evaluations/{id}', { params: { path: { id } } }));
      printOne(made, options, io, () => evaluationText(made));
    });
}

function cases(evaluations: Command, io: CliIo): void {
  queryOptions(
    evaluations.command('cases').description('The regression set: one case a failure.'),
  ).action(async (options: QueryOptions) => {
    await printList<Case>(options, io, {
      path: '/v1/regressionCases',
      query: queryOf(options),
      columns: caseColumns,
      none: 'no cases; labelled failures with a clip become some by themselves',
    });
  });
  verbCommand<Case>(evaluations, io, {
    usage: 'add-case <failure>',
    says: 'Take a failure into the regression set.',
    run: async (client, failure) =>
      await answer(client.POST('/v1/regressionCases', { body: { failure } })),
    text: caseText,
  });
  const withdraw = evaluations
    .command('withdraw-case <case>')
    .description('Take a case out: what it rested on was revised.');
  apiOptions(withdraw)
    .requiredOption('--why <text>', 'the reason; it stays with the case')
    .addHelpText('after', withdrawExamples)
    .action(async (id: string, options: ApiOptions & { readonly why: string }) => {
      const { why } = options;
      const made = await answer(
        clientOf(options, io).POST('/v1/regressionCases/{id}:withdraw', {
          params: { path: { id } },
          body: { why },
        }),
      );
      printOne(made, options, io, () => caseText(made));
    });
}

const accuracyText = ({ metrics: { accuracy, n } }: Evaluation): string =>
  accuracy === null ? 'no units' : `${(100 * accuracy).toFixed(1)} % of ${n}`;

const columns: readonly Column<Evaluation>[] = [
  timeColumn('WHEN', (one) => one.createdAt),
  { title: 'MODEL', of: (one) => one.model },
  { title: 'OUTCOME', of: (one) => one.outcome },
  { title: 'RIGHT', of: accuracyText, drops: 1 },
  { title: 'VERSION', of: (one) => one.modelVersion, drops: 2 },
  { title: 'ID', of: (one) => one.id },
];

const caseColumns: readonly Column<Case>[] = [
  { title: 'CLASS', of: (one) => one.class },
  { title: 'STATE', of: (one) => one.state },
  { title: 'HELD OUT', of: (one) => (one.heldOut ? 'yes' : 'no') },
  { title: 'CLUSTER', of: (one) => one.cluster ?? '-', shrinks: true, drops: 1 },
  { title: 'FAILURE', of: (one) => one.failure },
  { title: 'ID', of: (one) => one.id, drops: 2 },
];

const evaluationText = (one: Evaluation): string =>
  [
    facts([
      ['evaluation', one.id],
      ['outcome', one.outcome],
      ['version', one.modelVersion],
      ['beside', one.against],
      ['right', accuracyText(one)],
      ['data', one.datasetVersion],
      ['machine', `${one.measured.machine}, ${one.measured.runtime}`],
      ['sha256', one.sha256],
    ]),
    '\n',
    ...one.gates.map(({ name, outcome, reason }) => `${outcome.padEnd(13)}${name}: ${reason}\n`),
  ].join('');

const caseText = (one: Case): string =>
  facts([
    ['case', one.id],
    ['failure', one.failure],
    ['class', one.class],
    ['clip', one.clip],
    ['held out', one.heldOut ? 'yes' : 'no'],
    ['state', one.state],
    ['why', one.why],
  ]);

const runExamples = `
Examples:
  fieldloop evaluations run mdv_01JC0000000000000000000000
  fieldloop evaluations run mdv_01JC0000000000000000000000 --against none --cluster fog
`;

const withdrawExamples = `
Examples:
  fieldloop evaluations withdraw-case rgc_01JC0000000000000000000000 --why 'the operator drove'
`;

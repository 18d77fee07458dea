/** `fieldloop trainings`: model versions made of dataset versions, by hand or by policy. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
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
import { getCommand, verbCommand } from './noun.ts';
import { waitFor } from './operations.ts';
import { secondsOf, wholeNumber } from './option-values.ts';
import { facts, showOf, timeColumn } from './show.ts';
import { configOf, postTo } from './trainer-config.ts';

type Training = Schemas['Training'];

interface StartOptions extends ApiOptions {
  readonly config?: string;
  readonly seed?: number;
  readonly base?: string;
  readonly trainer?: string;
  readonly breaking?: boolean;
  readonly within?: number;
  readonly reason?: string;
}

export function trainingsCommand(io: CliIo): Command {
  const trainings = new Command('trainings').description('Model versions in the making.');
  queryOptions(trainings.command('list').description('Trainings, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Training>(options, io, {
        path: '/v1/trainings',
        query: queryOf(options),
        columns,
        none: 'no trainings; `fieldloop trainings start` begins one',
      });
    },
  );
  getCommand<Training>(trainings, io, {
    argument: 'id',
    says: 'How far it is, or what went wrong and what the trainer said.',
    read: async (client, id) =>
      await answer(client.GET('/v1/trainings/{id}', { params: { path: { id } } })),
    text: trainingText,
  });
  start(trainings, io);
  verbCommand<Training>(trainings, io, {
    usage: 'stop <id>',
    says: 'End it; nothing of it is registered.',
    run: async (client, id) =>
      await answer(client.POST('/v1/trainings/{id}:stop', { params: { path: { id } } })),
    text: trainingText,
  });
  value(trainings, io);
  return trainings;
}

function value(trainings: Command, io: CliIo): void {
  apiOptions(
    trainings
      .command('retrain-value <training>')
      .description('Measure what the labels of each lane taught; `triage values` keeps it.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const started = await answer(client.POST('/v1/trainings/{id}:retrainValue', { params }));
    const { result } = await waitFor(client, started.id, io);
    const found = result as Taught;
    printOne(found, options, io, () => taughtText(found));
  });
}

/** What the work answers. */
interface Taught {
  readonly training: string;
  /** Of each arm. */
  readonly labels?: number;
  readonly why?: string;
  readonly lanes: readonly {
    readonly lane: string;
    readonly scorer: string;
    readonly figure: { readonly value: number; readonly low: number; readonly high: number } | null;
    readonly withheld: string | null;
  }[];
}

function taughtText({ lanes, labels, why }: Taught): string {
  if (lanes.length === 0) return `nothing to measure: ${why ?? 'no lane has labels'}\n`;
  const lines = lanes.map(({ lane, scorer, figure, withheld }) => {
    const said =
      figure === null
        ? `no figure: ${withheld ?? ''}`
        : `${signed(figure.value)} accuracy (${signed(figure.low)} to ${signed(figure.high)}) ` +
          `over as many of the audit, ${labels ?? 0} labels each`;
    return `${lane} by ${scorer}: ${said}\n`;
  });
  return lines.join('');
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;

function start(trainings: Command, io: CliIo): void {
  const command = trainings
    .command('start <model> <dataset-version>')
    .description('Train a model; the same work again is the same training.');
  apiOptions(command)
    .option('--config <file|json>', 'what the trainer is told, such as {epochs: 40}')
    .option('--seed <n>', 'same seed, same weights', wholeNumber('--seed'))
    .option('--base <version>', 'id, number or alias to begin with; none: fresh (the champion)')
    .option('--trainer <name>', 'builtin, or a program of the worker')
    .option('--breaking', 'other shapes or classes than the base are wanted')
    .option('--within <duration>', 'it must be done by then, such as 2h', secondsOf('--within'))
    .option('--reason <text>', 'why')
    .addHelpText('after', startExamples)
    .action(async (model: string, datasetVersion: string, options: StartOptions) => {
      const { seed, trainer, breaking, reason, base, within } = options;
      const body = {
        model,
        datasetVersion,
        ...given({ seed, trainer, breaking, reason, config: await configOf(options.config) }),
        ...(base === undefined ? {} : { base: base === 'none' ? null : base }),
        ...(within === undefined ? {} : { withinMs: within * 1000 }),
      };
      const made = await postTo<Training>(clientOf(options, io), '/v1/trainings', body);
      printOne(made, options, io, () => trainingText(made, showOf(options)));
    });
}

const progressText = ({ progress, problem }: Training): string => {
  if (problem !== undefined) return problem.code;
  return progress === undefined ? '-' : `${progress.step} of ${progress.of}`;
};

const columns: readonly Column<Training>[] = [
  { title: 'MODEL', of: (one) => one.model },
  { title: 'STATE', of: (one) => one.state },
  { title: 'PROGRESS', of: progressText },
  { title: 'DATA', of: (one) => one.datasetVersion.slice(0, 12), drops: 1 },
  timeColumn('ASKED', (one) => one.createdAt, 2),
  { title: 'ID', of: (one) => one.id },
];

const trainingText = (one: Training, show: Show): string =>
  [
    facts([
      ['training', one.id],
      ['model', one.model],
      ['state', `${one.state}, attempt ${one.attempt}`],
      ['progress', progressText(one)],
      ['data', one.datasetVersion],
      ['base', one.base],
      ['made', one.modelVersion],
      ['why', one.reason],
      ['until', show.time(one.deadlineAt)],
      ['problem', one.problem?.message],
      ['remedy', one.problem?.remedy],
    ]),
    one.problem?.stderr === undefined ? '' : `\n${one.problem.stderr}\n`,
  ].join('');

const startExamples = `
Examples:
  fieldloop trainings start classifier 3f0c… --config '{epochs: 40, warmStart: true}'
  fieldloop trainings start wall 9a11… --base none --config wall.yaml --seed 7
`;

/** `fieldloop trainings`: model versions made of dataset versions, by hand or by policy. */
import { readFile } from 'node:fs/promises';
import { answer, type Client, type Schemas } from './client.ts';
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
import { deleteCommand, getCommand, patchEntity, verbCommand } from './noun.ts';
import { secondsOf, wholeNumber } from './option-values.ts';
import { facts, showOf, timeColumn } from './show.ts';
import { parseYaml } from './yaml.ts';

type Training = Schemas['Training'];
type Policy = Schemas['TrainingPolicy'];
type Check = Schemas['TrainingCheck'];

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
  policies(trainings, io);
  return trainings;
}

/** A file, or JSON or YAML as it stands. */
async function configOf(text: string | undefined): Promise<Record<string, unknown> | undefined> {
  if (text === undefined) return undefined;
  const isText = /^\s*\{/.test(text);
  const content = isText ? text : await readFile(text, 'utf8');
  return parseYaml(content, isText ? '--config' : text) as Record<string, unknown>;
}

async function post<T>(client: Client, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await client.send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as T;
}

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
      const made = await post<Training>(clientOf(options, io), '/v1/trainings', body);
      printOne(made, options, io, () => trainingText(made, showOf(options)));
    });
}

interface PolicyOptions extends ApiOptions {
  readonly dataset?: string;
  readonly newLabels?: number;
  readonly cluster?: number;
  readonly failureRate?: boolean;
  readonly drift?: boolean;
  readonly config?: string;
  readonly trainer?: string;
  readonly cooldown?: number;
  readonly on?: boolean;
  readonly off?: boolean;
}

function policies(trainings: Command, io: CliIo): void {
  const policy = trainings.command('policies').description('When trainings begin by themselves.');
  queryOptions(policy.command('list').description('Policies, one a model.')).action(
    async (options: QueryOptions) => {
      await printList<Policy>(options, io, {
        path: '/v1/trainingPolicies',
        query: queryOf(options),
        columns: policyColumns,
        none: 'no policies; `fieldloop trainings policies create` makes one',
      });
    },
  );
  getCommand<Policy>(policy, io, {
    argument: 'policy',
    says: 'One policy, by id or model.',
    read: async (client, id) =>
      await answer(client.GET('/v1/trainingPolicies/{id}', { params: { path: { id } } })),
    text: policyText,
  });
  policyOptions(apiOptions(policy.command('create <model> <dataset>').description('Let it begin.')))
    .addHelpText('after', policyExamples)
    .action(async (model: string, dataset: string, options: PolicyOptions) => {
      const body = { model, dataset, triggers: {}, ...(await policyBody(options)) };
      const made = await post<Policy>(clientOf(options, io), '/v1/trainingPolicies', body);
      printOne(made, options, io, () => policyText(made));
    });
  policyOptions(apiOptions(policy.command('edit <policy>').description('Change it.')))
    .option('--dataset <name>', 'whose versions train')
    .option('--on', 'switch it on')
    .option('--off', 'switch it off')
    .action(async (id: string, options: PolicyOptions) => {
      const path = `/v1/trainingPolicies/${encodeURIComponent(id)}`;
      const body = await policyBody(options);
      const made = await patchEntity<Policy>(clientOf(options, io), path, body);
      printOne(made, options, io, () => policyText(made));
    });
  deleteCommand(policy, io, {
    argument: 'policy',
    says: 'Forget a policy and its answers.',
    path: '/v1/trainingPolicies',
  });
  queryOptions(
    policy.command('checks').description('What looks at policies came to, and why.'),
  ).action(async (options: QueryOptions) => {
    await printList<Check>(options, io, {
      path: '/v1/trainingChecks',
      query: queryOf(options),
      columns: checkColumns,
      none: 'no policy was looked at yet',
    });
  });
}

const policyOptions = (command: Command): Command =>
  command
    .option('--new-labels <n>', 'so many new labels', wholeNumber('--new-labels', { least: 1 }))
    .option('--cluster <n>', 'failures of a cluster', wholeNumber('--cluster', { least: 1 }))
    .option('--failure-rate', 'audited failures above those at release')
    .option('--drift', 'scores that moved')
    .option('--config <file|json>', 'what the trainer is told')
    .option('--trainer <name>', 'builtin, or a program of the worker')
    .option(
      '--cooldown <duration>',
      'between two trainings',
      secondsOf('--cooldown', { least: 0 }),
    );

async function policyBody(options: PolicyOptions): Promise<object> {
  const { newLabels, cluster, failureRate, drift, dataset, trainer, cooldown } = options;
  const triggers = given({ newLabels, cluster, failureRate, drift });
  return {
    ...(Object.keys(triggers).length === 0 ? {} : { triggers }),
    ...given({ dataset, trainer, config: await configOf(options.config) }),
    ...(cooldown === undefined ? {} : { cooldownMs: cooldown * 1000 }),
    ...(options.on === true ? { enabled: true } : {}),
    ...(options.off === true ? { enabled: false } : {}),
  };
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

const policyColumns: readonly Column<Policy>[] = [
  { title: 'MODEL', of: (one) => one.model },
  { title: 'DATA', of: (one) => one.dataset },
  { title: 'WHEN', of: (one) => JSON.stringify(one.triggers), shrinks: true },
  { title: 'ON', of: (one) => (one.enabled ? 'yes' : 'no') },
  { title: 'ID', of: (one) => one.id },
];

const checkColumns: readonly Column<Check>[] = [
  timeColumn('LAST', (one) => one.lastAt),
  { title: 'OUTCOME', of: (one) => one.outcome },
  { title: 'WHY', of: (one) => one.why, shrinks: true },
  { title: 'TIMES', of: (one) => String(one.times) },
  { title: 'POLICY', of: (one) => one.policy, drops: 1 },
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

const policyText = (one: Policy): string =>
  facts([
    ['policy', one.id],
    ['model', one.model],
    ['data', one.dataset],
    ['when', JSON.stringify(one.triggers)],
    ['on', one.enabled ? 'yes' : 'no'],
    ['cooldown', `${one.cooldownMs / 1000} s`],
    ['config', JSON.stringify(one.config)],
  ]);

const startExamples = `
Examples:
  fieldloop trainings start classifier 3f0c… --config '{epochs: 40, warmStart: true}'
  fieldloop trainings start wall 9a11… --base none --config wall.yaml --seed 7
`;

const policyExamples = `
Examples:
  fieldloop trainings policies create classifier halls --new-labels 300 --cluster 10
  fieldloop trainings policies checks
`;

/** `fieldloop training-policies`: when trainings begin by themselves, and what each look came to. */
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
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { secondsOf, wholeNumber } from './option-values.ts';
import { facts, timeColumn } from './show.ts';
import { configOf, postTo } from './trainer-config.ts';

type Policy = Schemas['TrainingPolicy'];
type Check = Schemas['TrainingCheck'];

interface PolicyOptions extends ApiOptions {
  readonly dataset?: string;
  readonly newLabels?: number;
  readonly cluster?: number;
  readonly failureRate?: boolean;
  readonly drift?: boolean;
  readonly retrainValue?: boolean;
  readonly config?: string;
  readonly trainer?: string;
  readonly cooldown?: number;
  readonly on?: boolean;
  readonly off?: boolean;
}

export function trainingPoliciesCommand(io: CliIo): Command {
  const policy = new Command('training-policies').description(
    'When trainings begin by themselves.',
  );
  queryOptions(policy.command('list').description('Policies, one a model.')).action(
    async (options: QueryOptions) => {
      await printList<Policy>(options, io, {
        path: '/v1/trainingPolicies',
        query: queryOf(options),
        columns: policyColumns,
        none: 'no policies; `fieldloop training-policies create` makes one',
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
      const made = await postTo<Policy>(clientOf(options, io), '/v1/trainingPolicies', body);
      printOne(made, options, io, () => policyText(made));
    });
  policyOptions(apiOptions(policy.command('edit <policy>').description('Change it.')))
    .option('--dataset <name>', 'whose versions train')
    .option('--on', 'switch it on')
    .option('--off', 'switch it off')
    .addHelpText('after', editExamples)
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
  return policy;
}

const policyOptions = (command: Command): Command =>
  command
    .option('--new-labels <n>', 'so many new labels', wholeNumber('--new-labels', { least: 1 }))
    .option('--cluster <n>', 'failures of a cluster', wholeNumber('--cluster', { least: 1 }))
    .option('--failure-rate', 'audited failures above those at release')
    .option('--drift', 'scores that moved')
    .option('--retrain-value', 'measure after each training what the labels of each lane taught')
    .option('--no-retrain-value', 'do not: it takes up to fifteen trainings more')
    .option('--config <file|json>', 'what the trainer is told')
    .option('--trainer <name>', 'builtin, or a program of the worker')
    .option(
      '--cooldown <duration>',
      'between two trainings',
      secondsOf('--cooldown', { least: 0 }),
    );

async function policyBody(options: PolicyOptions): Promise<object> {
  const { newLabels, cluster, failureRate, drift, dataset, trainer, cooldown, retrainValue } =
    options;
  const triggers = given({ newLabels, cluster, failureRate, drift });
  return {
    ...(Object.keys(triggers).length === 0 ? {} : { triggers }),
    ...given({ dataset, trainer, config: await configOf(options.config) }),
    ...(cooldown === undefined ? {} : { cooldownMs: cooldown * 1000 }),
    ...given({ retrainValue }),
    ...(options.on === true ? { enabled: true } : {}),
    ...(options.off === true ? { enabled: false } : {}),
  };
}

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

const policyText = (one: Policy): string =>
  facts([
    ['policy', one.id],
    ['model', one.model],
    ['data', one.dataset],
    ['when', JSON.stringify(one.triggers)],
    ['on', one.enabled ? 'yes' : 'no'],
    ['retrain value', one.retrainValue ? 'measured after each training' : 'not measured'],
    ['cooldown', `${one.cooldownMs / 1000} s`],
    ['config', JSON.stringify(one.config)],
  ]);

const editExamples = `
Examples:
  fieldloop training-policies edit classifier --off
`;

const policyExamples = `
Examples:
  fieldloop training-policies create classifier halls --new-labels 300 --cluster 10
  fieldloop training-policies checks
`;

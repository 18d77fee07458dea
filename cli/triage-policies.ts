/** Policies of triage: whose moments are chosen, by which budget. */
import { answer, type Schemas } from './client.ts';
import { type Command, Option } from './commander.ts';
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
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { anyNumber, wholeNumber } from './option-values.ts';
import { facts, shortNumber, showOf } from './show.ts';
import { drawText } from './triage-windows.ts';

type Policy = Schemas['TriagePolicy'];
type Definition = Policy['definition'];

interface PolicyOptions extends ApiOptions {
  readonly grain?: Definition['grain'];
  readonly population?: Definition['population'];
  readonly cohort?: string;
  readonly windowHours?: number;
  readonly minUnits?: number;
  readonly bytes?: number;
  readonly labelMinutes?: number;
  readonly labelSeconds?: number;
  readonly audit?: number;
  readonly diversity?: Definition['diversity'];
  readonly scorers?: readonly string[];
  readonly auto?: boolean;
}

export function triagePolicies(triage: Command, io: CliIo): void {
  queryOptions(
    triage.command('policies').description('Whose moments are chosen, by which budget.'),
  ).action(async (options: QueryOptions) => {
    await printList<Policy>(options, io, {
      path: '/v1/triage/policies',
      query: queryOf(options),
      columns,
      none: 'no policies; `fieldloop triage create NAME --model ID` makes one',
    });
  });
  getCommand<Policy>(triage, io, {
    argument: 'policy',
    name: 'policy',
    says: 'One policy, by name or id.',
    read: async (client, id) =>
      await answer(client.GET('/v1/triage/policies/{id}', { params: { path: { id } } })),
    text: policyText,
  });
  create(triage, io);
  edit(triage, io);
  dryRun(triage, io);
  deleteCommand(triage, io, {
    argument: 'policy',
    says: 'Forget a policy that drew nothing yet.',
    path: '/v1/triage/policies',
  });
}

const policyOptions = (command: Command): Command =>
  apiOptions(command)
    .addOption(
      new Option('--grain <what>', 'label frames, or whole clips').choices(['frame', 'clip']),
    )
    .addOption(
      new Option('--population <name>', 'whose moments').choices(['any', 'fleet', 'inbox']),
    )
    .option('--cohort <name>', 'only robots in it')
    .option('--window-hours <n>', 'a window this long', anyNumber('--window-hours'))
    .option('--min-units <n>', 'and with so many units', wholeNumber('--min-units', { least: 1 }))
    .option('--bytes <n>', 'recordings behind labels, a window', wholeNumber('--bytes'))
    .option('--label-minutes <n>', 'minutes of people, a window', anyNumber('--label-minutes'))
    .option('--label-seconds <n>', 'what one label takes', anyNumber('--label-seconds'))
    .option('--audit <share>', 'of the budget, .1 to .2', anyNumber('--audit'))
    .addOption(
      new Option('--diversity <how>', 'what fills the rest').choices(['badge', 'k_center']),
    )
    .option('--scorers <names...>', 'which may hold the capture lane')
    .option('--no-auto', 'windows are frozen by people and workflows alone');

/** What was given, over the whole parts as they are. */
function definitionOf(options: PolicyOptions, now: Pick<Definition, 'budget' | 'shares'>) {
  const { grain, population, cohort, windowHours, minUnits, labelSeconds, diversity } = options;
  const { bytes, labelMinutes, audit, scorers, auto } = options;
  const budget =
    bytes === undefined && labelMinutes === undefined
      ? undefined
      : { ...now.budget, ...given({ bytes, labelMinutes }) };
  const shares = audit === undefined ? undefined : { ...now.shares, audit };
  return {
    ...given({ grain, population, cohort, windowHours, minUnits, labelSeconds, diversity }),
    ...given({ budget, shares }),
    ...(scorers === undefined ? {} : { scorers: [...scorers] }),
    ...(auto === false ? { auto } : {}),
  };
}

const usual = {
  budget: { bytes: 2 * 1024 ** 3, labelMinutes: 60 },
  shares: { named: 0.3, audit: 0.15, capture: 0.5 },
};

function create(triage: Command, io: CliIo): void {
  policyOptions(
    triage.command('create <name>').description('Choose moments of a model from now on.'),
  )
    .requiredOption('--model <id>', 'the model, as robots call it')
    .addHelpText('after', createExamples)
    .action(async (name: string, options: PolicyOptions & { readonly model: string }) => {
      const body = { name, model: options.model, enabled: true, ...definitionOf(options, usual) };
      const made = await answer(clientOf(options, io).POST('/v1/triage/policies', { body }));
      printOne(made, options, io, () => policyText(made, showOf(options)));
    });
}

interface EditOptions extends PolicyOptions {
  readonly on?: boolean;
  readonly off?: boolean;
}

function edit(triage: Command, io: CliIo): void {
  policyOptions(
    triage.command('policy-edit <policy>').description('Change what is given of a policy.'),
  )
    .option('--on', 'freeze windows again')
    .option('--off', 'freeze none any more')
    .addHelpText('after', editExamples)
    .action(async (id: string, options: EditOptions) => {
      const client = clientOf(options, io);
      const found = await answer(
        client.GET('/v1/triage/policies/{id}', { params: { path: { id } } }),
      );
      const enabled = options.off === true ? false : options.on;
      const body = { ...definitionOf(options, found.definition), ...given({ enabled }) };
      const path = `/v1/triage/policies/${encodeURIComponent(id)}`;
      const changed = await patchEntity<Policy>(client, path, body);
      printOne(changed, options, io, () => policyText(changed, showOf(options)));
    });
}

function dryRun(triage: Command, io: CliIo): void {
  apiOptions(
    triage
      .command('dry-run <policy>')
      .description('What a window would choose now, and what its labels would cost.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found = await answer(
      client.POST('/v1/triage/policies/{id}:dryRun', { params: { path: { id } }, body: {} }),
    );
    printOne(found, options, io, () =>
      [
        facts([
          ['policy', found.policy],
          ['units', `${found.units}, of which ${found.looked} were looked at`],
        ]),
        drawText(found.draw, io, showOf(options)),
      ].join('\n'),
    );
  });
}

const columns: readonly Column<Policy>[] = [
  { title: 'NAME', of: (one) => one.name },
  { title: 'MODEL', of: (one) => one.definition.model },
  { title: 'GRAIN', of: (one) => one.definition.grain },
  { title: 'MINUTES', of: (one) => shortNumber(one.definition.budget.labelMinutes) },
  { title: 'EVERY', of: (one) => `${shortNumber(one.definition.windowHours)} h`, drops: 1 },
  { title: 'ON', of: (one) => (one.enabled ? 'yes' : 'no') },
  { title: 'ID', of: (one) => one.id, drops: 2 },
];

function policyText(policy: Policy, show: Show): string {
  const { definition: of } = policy;
  const { named, audit, capture } = of.shares;
  return facts([
    ['policy', policy.name],
    ['id', policy.id],
    ['on', policy.enabled ? 'yes' : 'no'],
    ['model', `${of.model}, its ${of.grain}s`],
    ['population', of.population],
    ['cohort', of.cohort],
    ['window', `every ${of.windowHours} h with ${of.minUnits} units${of.auto ? '' : ', by hand'}`],
    ['budget', `${of.budget.labelMinutes} min, ${of.budget.bytes} bytes`],
    ['a label', `${of.labelSeconds} s`],
    ['shares', `named <= ${named}, audit ${audit}, capture ${capture} of the rest`],
    ['diversity', of.diversity],
    ['duplicates', of.duplicates === undefined ? 'kept' : `cosine >= ${of.duplicates.cosine}`],
    ['scorers', of.scorers.join(', ')],
    ['changed', show.time(policy.updatedAt)],
  ]);
}

const createExamples = `
Examples:
  fieldloop triage create frames --model classifier --label-minutes 60
  fieldloop triage create berlin --model classifier --cohort berlin --grain clip --no-auto
`;

const editExamples = `
Examples:
  fieldloop triage policy-edit frames --label-minutes 120 --audit 0.2
  fieldloop triage policy-edit frames --off
`;

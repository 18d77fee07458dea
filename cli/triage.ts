/** `fieldloop triage`: what is chosen for labelling, why, and what that tells of the models. */
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
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
import { triageFigures } from './triage-figures.ts';
import { triagePolicies } from './triage-policies.ts';
import { triageWindows } from './triage-windows.ts';

type Item = Schemas['TriageItem'];
type Choice = Schemas['TriageChoice'];
type Explanation = Schemas['TriageExplanation'];

export function triageCommand(io: CliIo): Command {
  const triage = new Command('triage').description(
    'What is chosen for labelling, why, and what that tells.',
  );
  items(triage, io);
  ledger(triage, io);
  explain(triage, io);
  request(triage, io);
  triagePolicies(triage, io);
  triageWindows(triage, io);
  triageFigures(triage, io);
  return triage.addHelpText('after', examples);
}

interface ItemOptions extends QueryOptions {
  readonly device?: string;
  readonly clip?: string;
  readonly population?: 'fleet' | 'inbox';
}

function items(triage: Command, io: CliIo): void {
  queryOptions(triage.command('items').description('Moments that a model scored.'))
    .option('--device <name>', 'only of this robot')
    .option('--clip <id>', 'only of this clip')
    .addOption(
      new Option('--population <name>', 'fleet: kept by chance; inbox: by a rule').choices([
        'fleet',
        'inbox',
      ]),
    )
    .action(async (options: ItemOptions) => {
      const { device, clip, population } = options;
      await printList<Item>(options, io, {
        path: '/v1/triage/items',
        query: { ...queryOf(options), device, clip, population },
        columns: itemColumns,
        none: 'no units: clips with score records make them, see `fieldloop triage explain CLIP`',
      });
    });
}

const itemColumns: readonly Column<Item>[] = [
  timeColumn('READ', (one) => one.createdAt, 2),
  { title: 'ROBOT', of: (one) => one.device },
  { title: 'GRAIN', of: (one) => one.grain },
  { title: 'PREDICTED', of: (one) => one.predicted, shrinks: true },
  { title: 'ENTROPY', of: (one) => scoreText(one.scores['entropy']) },
  { title: 'POPULATION', of: (one) => one.population, drops: 1 },
  { title: 'CLIP', of: (one) => one.clip, drops: 3 },
  { title: 'ID', of: (one) => one.id },
];

const scoreText = (value: number | undefined): string =>
  value === undefined ? '-' : value.toFixed(3);

interface LedgerOptions extends QueryOptions {
  readonly lane?: Choice['lane'];
  readonly window?: string;
}

function ledger(triage: Command, io: CliIo): void {
  queryOptions(
    triage.command('ledger').description('Every choice for labelling, with its probability.'),
  )
    .addOption(
      new Option('--lane <name>', 'only of this lane').choices([
        'named',
        'audit',
        'capture',
        'diversity',
      ]),
    )
    .option('--window <id>', 'only of this window')
    .action(async (options: LedgerOptions) => {
      const { lane, window } = options;
      await printList<Choice>(options, io, {
        path: '/v1/triage/ledger',
        query: { ...queryOf(options), lane, window },
        columns: choiceColumns,
        none: 'nothing was chosen yet; `fieldloop triage freeze POLICY` starts a window',
      });
    });
}

const choiceColumns: readonly Column<Choice>[] = [
  timeColumn('WHEN', (one) => one.createdAt, 2),
  { title: 'LANE', of: (one) => one.lane },
  { title: 'BY', of: (one) => one.scorer },
  { title: 'π', of: (one) => shortNumber(one.propensity) },
  { title: 'WHY', of: (one) => one.reason, shrinks: true },
  { title: 'UNIT', of: (one) => one.unit },
];

function explain(triage: Command, io: CliIo): void {
  apiOptions(
    triage
      .command('explain <clip-or-unit>')
      .description('Why it was chosen for labelling, or was not.'),
  )
    .addHelpText('after', explainExamples)
    .action(async (id: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      const found = await answer(
        client.GET('/v1/triage/explanations/{id}', { params: { path: { id } } }),
      );
      printOne(found, options, io, () => explanationText(found, io, showOf(options)));
    });
}

function explanationText(found: Explanation, io: CliIo, show: Show): string {
  const { intake, units, more } = found;
  const read =
    intake === undefined
      ? ''
      : facts([
          ['scores', intake.state],
          ['problem', intake.problem],
        ]);
  const rows = table(units, explainColumns, { width: io.columns, show });
  const rest = more === 0 ? '' : `and ${more} more units of this clip\n`;
  return units.length === 0 ? `${read}no unit of a model is in it\n` : `${read}${rows}${rest}`;
}

const explainColumns: readonly Column<Explanation['units'][number]>[] = [
  { title: 'UNIT', of: (one) => one.item.id },
  { title: 'GRAIN', of: (one) => one.item.grain, drops: 1 },
  { title: 'PREDICTED', of: (one) => one.item.predicted },
  {
    title: 'SCORES',
    of: (one) =>
      Object.entries(one.item.scores)
        .map(([name, value]) => `${name} ${shortNumber(value)}`)
        .join(', '),
    shrinks: true,
  },
  { title: 'OUTCOME', of: (one) => one.outcome, shrinks: true },
];

interface RequestOptions extends ApiOptions {
  readonly policy: string;
  readonly reason: string;
}

function request(triage: Command, io: CliIo): void {
  apiOptions(triage.command('request <clip>').description('Ask for the label of a clip.'))
    .requiredOption('--policy <name>', 'by the next window of this policy')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', requestExamples)
    .action(async (clip: string, options: RequestOptions) => {
      const { policy, reason } = options;
      const client = clientOf(options, io);
      const body = { clip, policy, reason };
      const made = await answer(client.POST('/v1/triage/requests', { body }));
      printOne(made, options, io, () => `${made.clip} comes with the next window\n`);
    });
}

const examples = `
Examples:
  fieldloop triage create frames --model classifier --label-minutes 60
  fieldloop triage dry-run frames
  fieldloop triage freeze frames --reason 'labels before Friday'
  fieldloop triage estimates frames
`;

const explainExamples = `
Examples:
  fieldloop triage explain clp_01J…
  fieldloop triage explain unt_01J… --json | jq '.units[0].choices'
`;

const requestExamples = `
Examples:
  fieldloop triage request clp_01J… --policy frames --reason 'a cart we never saw'
`;

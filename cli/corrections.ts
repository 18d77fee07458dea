/** `fieldloop corrections`: when a person took over a robot, and what was learnt from it. */
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
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
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { facts, instantOf, rangeText, showOf, whenColumn } from './show.ts';

type Correction = Schemas['Correction'];
type Verdict = NonNullable<Correction['verdict']>;

interface CorrectionListOptions extends QueryOptions {
  readonly device?: string;
  readonly state?: string;
}

interface ReportOptions extends ApiOptions {
  readonly startNs: string;
  readonly endNs?: string;
  readonly words?: string;
}

const verdicts: readonly Verdict[] = ['model', 'environment', 'operator', 'hardware', 'no_failure'];

export function correctionsCommand(io: CliIo): Command {
  const corrections = new Command('corrections').description(
    'When a person took over a robot, and what was learnt.',
  );
  queryOptions(corrections.command('list').description('Interventions, the newest first.'))
    .option('--device <name>', 'of this robot')
    .option('--state <state>', 'open, context, phases, verdict, learning, fed, dismissed, …')
    .addHelpText('after', listExamples)
    .action(async (options: CorrectionListOptions) => {
      const { device, state } = options;
      await printList<Correction>(options, io, {
        path: '/v1/corrections',
        query: { ...queryOf(options), device, state },
        columns,
        none: 'no interventions match',
      });
    });
  getCommand<Correction>(corrections, io, {
    argument: 'id',
    name: 'show',
    says: 'One intervention: who had the command, its phases, the verdict.',
    read: async (client, id) =>
      await answer(client.GET('/v1/corrections/{id}', { params: { path: { id } } })),
    text: correctionText,
  });
  apiOptions(
    corrections
      .command('report <device>')
      .description('Say that a person took over; joins what the robot marked itself.'),
  )
    .requiredOption('--start-ns <ns>', 'when, as log time')
    .option('--end-ns <ns>', 'when the robot had the command again')
    .option('--words <text>', 'why, in your words')
    .addHelpText('after', examples)
    .action(async (device: string, options: ReportOptions) => {
      const { startNs, endNs, words } = options;
      const body = { device, startNs, ...given({ endNs, words }) };
      const made = await answer(clientOf(options, io).POST('/v1/corrections', { body }));
      printOne(made, options, io, () => correctionText(made, showOf(options)));
    });
  verbCommand<Correction>(corrections, io, {
    usage: 'revise <id>',
    says: 'The verdict was wrong; what was begun for it is taken back.',
    options: (command) =>
      command
        .addOption(
          new Option('--verdict <whose>', 'whose fault').choices(verdicts).makeOptionMandatory(),
        )
        .requiredOption('--why <text>', 'the reason')
        .addHelpText('after', reviseExamples),
    run: async (
      client,
      id,
      {
        verdict,
        why: reason,
      }: ConfirmOptions & { readonly verdict: Verdict; readonly why: string },
    ) =>
      await answer(
        client.POST('/v1/corrections/{id}:revise', {
          params: { path: { id } },
          body: { verdict, reason },
        }),
      ),
    text: correctionText,
  });
  return corrections;
}

const columns: readonly Column<Correction>[] = [
  whenColumn((one) => instantOf(one.startNs)),
  { title: 'DEVICE', of: (one) => one.device, shrinks: true },
  { title: 'STATE', of: (one) => one.state },
  { title: 'VERDICT', of: (one) => one.verdict ?? '-' },
  { title: 'WORDS', of: (one) => one.words ?? '', shrinks: true, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

function correctionText(one: Correction, show: Show): string {
  return facts([
    ['correction', one.id],
    ['device', one.device],
    ['when', show.time(instantOf(one.startNs))],
    ['log time', rangeText(one.startNs, one.endNs)],
    ['said by', one.source],
    ['words', one.words],
    ['state', one.state],
    ['phases', one.phases?.map(({ name }) => name).join(', ')],
    ['verdict', one.verdict && `${one.verdict}: ${one.verdictReason ?? ''}`],
    ['clip', one.clip],
    ['failure', one.failure],
    ['case', one.case],
    ['data set', one.datasetVersion],
    ['evaluation', one.evaluation],
    ['run', one.run],
  ]);
}

const listExamples = `
Examples:
  fieldloop corrections list --state verdict
`;

const reviseExamples = `
Examples:
  fieldloop corrections revise cor_01J… --verdict hardware --why 'the brake was worn'
`;

const examples = `
Examples:
  fieldloop corrections report amr-01 --start-ns 1717171717000000000 --words 'did not see the cart'
`;

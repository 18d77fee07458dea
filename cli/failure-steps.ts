/** The steps of a failure's life, each with its reason. */
import { answer, type Client, type Schemas } from './client.ts';
import { type Command, Option } from './commander.ts';
import type { CliIo, Show } from './io.ts';
import { given } from './list.ts';
import { type ConfirmOptions, verbCommand } from './noun.ts';

type Failure = Schemas['Failure'];

interface WhyOptions extends ConfirmOptions {
  readonly why: string;
}

interface AdvanceOptions extends ConfirmOptions {
  readonly to: 'labelled' | 'in_dataset' | 'fixed_in' | 'released';
  readonly should?: string;
  readonly dataset?: string;
  readonly model?: string;
  readonly fix?: 'memorised' | 'generalised';
  readonly release?: string;
  readonly why?: string;
}

export function failureSteps(
  failures: Command,
  io: CliIo,
  text: (failure: Failure, show: Show) => string,
): void {
  advance(failures, io, text);
  const why = (command: Command): Command => command.requiredOption('--why <text>', 'the reason');
  const at = (id: string) => ({ params: { path: { id } } });
  verbCommand<Failure>(failures, io, {
    usage: 'close <id>',
    says: 'Done: this release no longer makes it.',
    options: (command) => command.requiredOption('--release <id>', 'which release ended it'),
    run: async (client, id, { release }: ConfirmOptions & { readonly release: string }) =>
      await answer(client.POST('/v1/failures/{id}:close', { ...at(id), body: { release } })),
    text,
  });
  verbCommand<Failure>(failures, io, {
    usage: 'reopen <id>',
    says: 'It happened again.',
    options: why,
    run: async (client, id, options: WhyOptions) =>
      await answer(
        client.POST('/v1/failures/{id}:reopen', { ...at(id), body: { why: options.why } }),
      ),
    text,
  });
  const dismiss = async (
    client: Client,
    id: string,
    body: { as: 'wont_fix' | 'not_a_failure'; why: string },
  ) => await answer(client.POST('/v1/failures/{id}:dismiss', { ...at(id), body }));
  verbCommand<Failure>(failures, io, {
    usage: 'dismiss <id>',
    says: 'It was no failure, or it will not be fixed; it stays as an example.',
    options: (command) => why(command).option('--wont-fix', 'a failure, but it stays as it is'),
    run: async (client, id, options: WhyOptions & { readonly wontFix?: boolean }) =>
      await dismiss(client, id, {
        as: options.wontFix === true ? 'wont_fix' : 'not_a_failure',
        why: options.why,
      }),
    text,
  });
  verbCommand<Failure>(failures, io, {
    usage: 'link <id>',
    says: 'Look for its clip again.',
    run: async (client, id) =>
      await answer(client.POST('/v1/failures/{id}:link', { ...at(id), body: {} })),
    text,
  });
}

function advance(
  failures: Command,
  io: CliIo,
  text: (failure: Failure, show: Show) => string,
): void {
  const states = ['labelled', 'in_dataset', 'fixed_in', 'released'];
  verbCommand<Failure>(failures, io, {
    usage: 'advance <id>',
    says: 'Its next step on the way to a release.',
    options: (command) =>
      command
        .addOption(new Option('--to <state>', 'which').choices(states).makeOptionMandatory())
        .option('--should <text>', 'labelled: what it should have done')
        .option('--dataset <version>', 'in_dataset: which version of a data set has it')
        .option('--model <version>', 'fixed_in: which model version no longer makes it')
        .addOption(
          new Option('--fix <how>', 'fixed_in: this case alone, or its siblings too').choices([
            'memorised',
            'generalised',
          ]),
        )
        .option('--release <id>', 'released: which release carries it')
        .option('--why <text>', 'the reason')
        .addHelpText('after', advanceExamples),
    run: async (
      client,
      id,
      { to, should, dataset: datasetVersion, model, fix, release, why }: AdvanceOptions,
    ) => {
      const shouldHaveDone = should === undefined ? undefined : { text: should };
      const more = given({ shouldHaveDone, datasetVersion, model, fix, release, why });
      const params = { path: { id } };
      return await answer(
        client.POST('/v1/failures/{id}:advance', { params, body: { to, ...more } }),
      );
    },
    text,
  });
}

const advanceExamples = `
Examples:
  fieldloop failures advance flr_01J… --to labelled --should 'brake for the cart'
  fieldloop failures advance flr_01J… --to fixed_in --model brake-7 --fix generalised
`;

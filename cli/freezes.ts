/** `fieldloop freezes`: one engineer stops everything that goes out; two people let it go on. */
import { answer, post, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
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
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Freeze = Schemas['Freeze'];

interface SetOptions extends ApiOptions {
  readonly reason: string;
}

interface ReasonOptions extends ConfirmOptions {
  readonly reason: string;
}

export function freezesCommand(io: CliIo): Command {
  const freezes = new Command('freezes').description(
    'Stop everything that goes out to robots, and let it go on.',
  );
  queryOptions(freezes.command('list').description('Freezes, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Freeze>(options, io, {
        path: '/v1/freezes',
        query: queryOf(options),
        columns,
        none: 'nothing was ever frozen',
      });
    },
  );
  getCommand<Freeze>(freezes, io, {
    argument: 'freeze',
    says: 'One freeze.',
    read: async (client, id) =>
      await answer(client.GET('/v1/freezes/{id}', { params: { path: { id } } })),
    text: freezeText,
  });
  apiOptions(
    freezes
      .command('stop-all')
      .description('Nothing more goes out to any robot, from now until two people lift it.'),
  )
    .requiredOption('--reason <text>', 'why, for everybody who is stopped')
    .action(async (options: SetOptions) => {
      const { reason } = options;
      const made = await post<Freeze>(clientOf(options, io), '/v1/freezes', { reason });
      printOne(made, options, io, () => freezeText(made, showOf(options)));
    });
  verbCommand<Freeze>(freezes, io, {
    usage: 'lift <freeze>',
    says: 'Let rollouts go on; it takes the approval of another person.',
    options: (command) => command.requiredOption('--reason <text>', 'why it is safe again'),
    run: async (client, id, { reason }: ReasonOptions) => {
      const params = { path: { id } };
      return await answer(client.POST('/v1/freezes/{id}:lift', { params, body: { reason } }));
    },
    text: freezeText,
  });
  return freezes.addHelpText('after', examples);
}

const columns: readonly Column<Freeze>[] = [
  timeColumn('SET', (one) => one.createdAt),
  { title: 'STATE', of: (one) => one.state },
  { title: 'REASON', of: (one) => one.reason, shrinks: true },
  { title: 'BY', of: (one) => one.createdBy, shrinks: true },
  { title: 'ID', of: (one) => one.id },
];

const freezeText = (one: Freeze, show: Show): string =>
  facts([
    ['freeze', one.id],
    ['state', one.state],
    ['reason', one.reason],
    ['set', `${show.time(one.createdAt)} by ${one.createdBy}`],
    ...(one.liftedAt === undefined
      ? []
      : [['lifted', `${show.time(one.liftedAt)} by ${one.liftedBy ?? ''}`] as [string, string]]),
  ]);

const examples = `
Examples:
  fieldloop freezes stop-all --reason 'robots stop on ramps'
  fieldloop freezes lift frz_01J… --reason 'cause found, release withdrawn'
`;

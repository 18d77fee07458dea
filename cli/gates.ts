/** `fieldloop gates`: where runs wait for people, what there is to see, and the decision. */
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import { given, printList, type QueryOptions, queryOf, queryOptions } from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { jsonValue } from './option-values.ts';
import { facts, timeColumn } from './show.ts';

type Gate = Schemas['Gate'];
type GateDetail = Schemas['GateDetail'];

interface GateListOptions extends QueryOptions {
  readonly mine?: boolean;
  readonly state?: 'open' | 'decided' | 'expired' | 'withdrawn';
}

interface DecideOptions extends ConfirmOptions {
  readonly option: string;
  readonly why: string;
  readonly evidence?: string;
  readonly input?: string;
}

interface ToOptions extends ConfirmOptions {
  readonly to: string;
  readonly why: string;
}

const states = ['open', 'decided', 'expired', 'withdrawn'] as const;

export function gatesCommand(io: CliIo): Command {
  const gates = new Command('gates').description('Where runs wait for a decision.');
  const list = gates.command('list').description('Gates, the newest first.');
  queryOptions(
    list
      .option('--mine', 'open ones at which you may still decide')
      .addOption(new Option('--state <state>', 'only those in this state').choices(states)),
  ).action(async (options: GateListOptions) => {
    const { mine, state } = options;
    await printList<Gate>(options, io, {
      path: '/v1/gates',
      query: { ...queryOf(options), state, mine: mine === true ? 'true' : undefined },
      columns,
      none: mine === true ? 'no gate waits for you' : 'no run has waited for a person',
    });
  });
  getCommand<GateDetail>(gates, io, {
    argument: 'id',
    name: 'show',
    says: 'One gate: the question, the evidence and the votes.',
    read: async (client, id) =>
      await answer(client.GET('/v1/gates/{id}', { params: { path: { id } } })),
    text: gateText,
  });
  verbCommand<GateDetail>(gates, io, {
    usage: 'decide <id>',
    says: 'Decide, or vote where several people have to.',
    options: (command) =>
      command
        .requiredOption('--option <word>', 'one of the options of the gate')
        .requiredOption('--why <text>', 'the reason; it is kept')
        .option('--evidence <digest>', 'what you saw; refused when it is another by now')
        .option('--input <json>', 'for retry_changed: what the step is tried with'),
    run: async (client, id, options: DecideOptions) => {
      const { option, why: reason, evidence } = options;
      const input = options.input === undefined ? undefined : jsonValue('--input', options.input);
      const body = { option, reason, ...given({ evidence, input }) };
      return await answer(client.POST('/v1/gates/{id}:decide', { params: { path: { id } }, body }));
    },
    text: gateText,
  });
  assignCommands(gates, io);
  return gates;
}

function assignCommands(gates: Command, io: CliIo): void {
  const to = (command: Command): Command =>
    command
      .requiredOption('--to <user>', 'id of an account')
      .requiredOption('--why <text>', 'the reason; it is kept');
  verbCommand<GateDetail>(gates, io, {
    usage: 'reassign <id>',
    says: 'Ask another person first; who may decide stays the same.',
    options: to,
    run: async (client, id, { to: person, why: reason }: ToOptions) =>
      await answer(
        client.POST('/v1/gates/{id}:reassign', {
          params: { path: { id } },
          body: { to: person, reason },
        }),
      ),
    text: gateText,
  });
  verbCommand<GateDetail>(gates, io, {
    usage: 'delegate <id>',
    says: 'Hand your decision over to another person; you do not decide then.',
    options: to,
    run: async (client, id, { to: person, why: reason }: ToOptions) =>
      await answer(
        client.POST('/v1/gates/{id}:delegate', {
          params: { path: { id } },
          body: { to: person, reason },
        }),
      ),
    text: gateText,
  });
}

const columns: readonly Column<Gate>[] = [
  timeColumn('OPENED', (one) => one.openedAt),
  { title: 'STATE', of: (one) => (one.overdue && one.state === 'open' ? 'overdue' : one.state) },
  { title: 'KIND', of: (one) => one.kind },
  { title: 'QUESTION', of: (one) => one.question, shrinks: true },
  { title: 'FOR', of: (one) => one.assignee ?? one.role ?? 'anybody' },
  timeColumn('UNTIL', (one) => one.deadlineAt),
  { title: 'ID', of: (one) => one.id },
];

const gateText = (one: GateDetail, show: Show): string =>
  [
    facts([
      ['gate', one.id],
      ['run', `${one.run}, ${one.name}`],
      ['question', one.question],
      ['about', `${one.subject.id} (${one.subject.digest.slice(0, 16)})`],
      ['options', one.options.join(', ')],
      ['who', whoText(one)],
      ['until', `${show.time(one.deadlineAt)}, then ${one.onDeadline}`],
      ['state', one.state],
      ['decided', decidedText(one, show)],
      ['you', one.mayDecide ? 'may decide' : one.whyNot],
      ['seen as', one.evidenceDigest],
    ]),
    ...one.evidence.map((item) => `  ${item.name}  ${item.link ?? ''}  ${bodyText(item.body)}`),
    ...one.votes.map((vote) => `  ${vote.person}: ${vote.option}, ${vote.reason}${voidText(vote)}`),
    '',
  ].join('\n');

const bodyText = (body: unknown): string => (body === undefined ? '' : JSON.stringify(body));
const voidText = (vote: { readonly void: boolean }): string =>
  vote.void ? ' (void: the evidence changed)' : '';

function whoText(one: GateDetail): string {
  const role = one.role === undefined ? 'anybody' : `${one.role} or higher`;
  const among =
    one.among === undefined ? '' : `, ${one.among.least} of them ${one.among.role} or higher`;
  const excluded = [...new Set(one.excluded)];
  const not = excluded.length === 0 ? '' : `, not ${excluded.join(', ')}`;
  return `${one.quorum} of ${role}${among}${not}`;
}

const decidedText = (one: GateDetail, show: Show): string | undefined =>
  one.option === undefined
    ? undefined
    : `${one.option} by ${one.decidedBy?.join(', ') ?? '-'}, ${show.time(one.closedAt)}: ${one.reason ?? ''}`;

/** `fieldloop approvals`: what waits for a second person. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import { given, printList, type QueryOptions, queryOf, queryOptions } from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { facts, timeColumn } from './show.ts';

type Approval = Schemas['Approval'];

interface DecideOptions extends ConfirmOptions {
  readonly note?: string;
}

export function approvalsCommand(io: CliIo): Command {
  const approvals = new Command('approvals').description('What waits for a second person.');
  queryOptions(approvals.command('list').description('Requests, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Approval>(options, io, {
        path: '/v1/approvals',
        query: queryOf(options),
        columns,
        none: 'nothing waits for a second person',
      });
    },
  );
  getCommand<Approval>(approvals, io, {
    argument: 'id',
    says: 'One request: who asks for what, and why.',
    read: async (client, id) =>
      await answer(client.GET('/v1/approvals/{id}', { params: { path: { id } } })),
    text: approvalText,
  });
  const noteOption = (command: Command): Command => command.option('--note <text>', 'why');
  verbCommand<Approval>(approvals, io, {
    usage: 'approve <id>',
    says: 'Agree; whoever asked may then do it, once.',
    options: noteOption,
    run: async (client, id, { note }: DecideOptions) => {
      const params = { path: { id } };
      return await answer(
        client.POST('/v1/approvals/{id}:approve', { params, body: given({ note }) }),
      );
    },
    text: approvalText,
  });
  verbCommand<Approval>(approvals, io, {
    usage: 'reject <id>',
    says: 'Do not agree.',
    options: noteOption,
    run: async (client, id, { note }: DecideOptions) => {
      const params = { path: { id } };
      return await answer(
        client.POST('/v1/approvals/{id}:reject', { params, body: given({ note }) }),
      );
    },
    text: approvalText,
  });
  verbCommand<Approval>(approvals, io, {
    usage: 'withdraw <id>',
    says: 'Take back what you asked for.',
    run: async (client, id) =>
      await answer(client.POST('/v1/approvals/{id}:withdraw', { params: { path: { id } } })),
    text: approvalText,
  });
  return approvals;
}

const columns: readonly Column<Approval>[] = [
  timeColumn('ASKED', (one) => one.createdAt),
  { title: 'STATE', of: (one) => one.state },
  { title: 'ACTION', of: (one) => one.action },
  { title: 'SUBJECT', of: (one) => one.subject, shrinks: true },
  { title: 'WHY', of: (one) => one.reason, shrinks: true },
  { title: 'BY', of: (one) => one.askedPerson ?? one.askedBy, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

const approvalText = (one: Approval, show: Show): string =>
  facts([
    ['approval', one.id],
    ['action', one.action],
    ['subject', one.subject],
    ['why', one.reason],
    ['state', one.state],
    ['asked', `${show.time(one.createdAt)} by ${one.askedPerson ?? one.askedBy}`],
    ['decided', one.decidedAt === undefined ? undefined : decidedText(one, show)],
    ['expires', show.time(one.expiresAt)],
  ]);

const decidedText = (one: Approval, show: Show): string =>
  `${show.time(one.decidedAt)} by ${one.decidedBy ?? '-'}${one.note === undefined ? '' : `: ${one.note}`}`;

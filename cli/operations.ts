/** `fieldloop operations`: work that takes longer than a request. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault, type FaultCode, faultTable, formatSize } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import { type ListOptions, listOptions, printList } from './list.ts';
import { getCommand, verbCommand } from './noun.ts';
import { facts, timeColumn } from './show.ts';
import { untilStopped } from './stop.ts';

type Operation = Schemas['Operation'];

interface OperationListOptions extends ListOptions {
  readonly state?: string;
  readonly kind?: string;
}

const pollMs = 300;

export function operationsCommand(io: CliIo): Command {
  const operations = new Command('operations').description(
    'Exports, backtests and other long work.',
  );
  listOptions(operations.command('list').description('Long work, the newest first.'))
    .option('--state <state>', 'queued, running, done, failed or cancelled')
    .option('--kind <kind>', 'of this kind')
    .action(async (options: OperationListOptions) => {
      const { state, kind } = options;
      await printList<Operation>(options, io, {
        path: '/v1/operations',
        query: { state, kind },
        columns,
        none: 'no operations',
      });
    });
  getCommand<Operation>(operations, io, {
    argument: 'id',
    says: 'How far it is, and its result.',
    read: readOperation,
    text: operationText,
  });
  verbCommand<Operation>(operations, io, {
    usage: 'cancel <id>',
    says: 'Stop it; what it has done so far is thrown away.',
    run: async (client, id) =>
      await answer(client.POST('/v1/operations/{id}:cancel', { params: { path: { id } } })),
    text: operationText,
  });
  verbCommand<Operation>(operations, io, {
    usage: 'wait <id>',
    says: 'Wait until it ends.',
    run: async (client, id) => await waitFor(client, id, io),
    text: operationText,
  });
  return operations;
}

const readOperation = async (client: Client, id: string): Promise<Operation> =>
  await answer(client.GET('/v1/operations/{id}', { params: { path: { id } } }));

/** Waits for the end, with progress on a terminal. A failed one is thrown as the Fault it was. */
export async function waitFor(client: Client, id: string, io: CliIo): Promise<Operation> {
  const goOn = `fieldloop operations wait ${id}`;
  return await untilStopped(io, { what: 'the work', goOn }, async (signal) => {
    for (let last = ''; ; ) {
      const operation = await readOperation(client, id);
      const progress = progressText(operation);
      if (io.isTerminal && progress !== last) io.err(`\r\u001b[K${operation.kind}: ${progress}`);
      last = progress;
      if (operation.state === 'queued' || operation.state === 'running') {
        await delay(pollMs, undefined, { signal });
        continue;
      }
      if (io.isTerminal) io.err('\n');
      if (operation.state === 'done') return operation;
      throw faultOf(operation);
    }
  });
}

function faultOf({ id, kind, state, problem }: Operation): Fault {
  if (state === 'cancelled') {
    return new Fault('cancelled', `${kind} was cancelled`, { place: id, remedy: 'Start it anew.' });
  }
  const codes = Object.keys(faultTable) as FaultCode[];
  const code = codes.find((one) => one === problem?.code) ?? 'internal';
  const message = `${kind} failed: ${problem?.message ?? 'no reason is known'}`;
  return new Fault(code, message, { place: id, remedy: problem?.remedy });
}

function progressText({ state, progress: { done, total, unit } }: Operation): string {
  if (state === 'queued') return 'waits';
  const of = (text: (count: number) => string): string =>
    total === undefined || total === done ? text(done) : `${text(done)} of ${text(total)}`;
  if (unit === 'bytes') return of(formatSize);
  return `${of(String)}${unit === undefined ? '' : ` ${unit}`}`;
}

const columns: readonly Column<Operation>[] = [
  timeColumn('STARTED', (one) => one.createdAt),
  { title: 'KIND', of: (one) => one.kind },
  { title: 'STATE', of: (one) => one.state },
  { title: 'PROGRESS', of: progressText },
  { title: 'BY', of: (one) => one.createdBy, shrinks: true, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

export const operationText = (one: Operation, show: Show): string =>
  [
    facts([
      ['operation', one.id],
      ['kind', one.kind],
      ['state', one.state],
      ['progress', progressText(one)],
      ['started', `${show.time(one.createdAt)} by ${one.createdBy}`],
      ['ended', one.endedAt === undefined ? undefined : show.time(one.endedAt)],
      ['problem', one.problem?.message],
      ['remedy', one.problem?.remedy],
    ]),
    one.result === undefined ? '' : `\n${JSON.stringify(one.result, undefined, 2)}\n`,
  ].join('');

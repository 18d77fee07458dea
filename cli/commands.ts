/** `fieldloop commands`: what robots were asked for, and what became of it. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import { printList, type QueryOptions, queryOf, queryOptions } from './list.ts';
import { getCommand, verbCommand } from './noun.ts';
import { facts, timeColumn } from './show.ts';
import { untilStopped } from './stop.ts';

export type Asked = Schemas['Command'];

interface CommandListOptions extends QueryOptions {
  readonly device?: string;
  readonly state?: string;
}

export function commandsCommand(io: CliIo): Command {
  const commands = new Command('commands').description(
    'What robots were asked for, and what became of it.',
  );
  queryOptions(commands.command('list').description('Commands to all robots, the newest first.'))
    .option('--device <name>', 'to this robot')
    .option('--state <state>', 'queued, sent, acknowledged, running, done, failed, expired, …')
    .addHelpText('after', listExamples)
    .action(async (options: CommandListOptions) => {
      const { device, state } = options;
      await printList<Asked>(options, io, {
        path: '/v1/commands',
        query: { ...queryOf(options), device, state },
        columns: [
          timeColumn('ASKED', (one) => one.createdAt),
          { title: 'DEVICE', of: (one) => one.device, shrinks: true },
          ...commandColumns.slice(1),
        ],
        none: 'no commands match; `fieldloop devices command` asks a robot for something',
      });
    });
  getCommand<Asked>(commands, io, {
    argument: 'id',
    says: 'One command: its state, and what the robot answered.',
    read: readCommand,
    text: commandText,
  });
  verbCommand<Asked>(commands, io, {
    usage: 'cancel <id>',
    says: 'Take back a command that is not done yet.',
    run: async (client, id) =>
      await answer(client.POST('/v1/commands/{id}:cancel', { params: { path: { id } } })),
    text: commandText,
  });
  verbCommand<Asked>(commands, io, {
    usage: 'wait <id>',
    says: 'Wait until the robot has done it.',
    run: async (client, id) => await waitForCommand(client, await readCommand(client, id), io),
    text: commandText,
  });
  return commands;
}

const readCommand = async (client: Client, id: string): Promise<Asked> =>
  await answer(client.GET('/v1/commands/{id}', { params: { path: { id } } }));

const pollMs = 300;
const live: readonly Asked['state'][] = ['queued', 'sent', 'acknowledged', 'running'];

/** Until the robot has done it. A command that failed, expired or was cancelled is a Fault. */
export async function waitForCommand(client: Client, asked: Asked, io: CliIo): Promise<Asked> {
  const goOn = `fieldloop commands wait ${asked.id}`;
  return await untilStopped(io, { what: 'the command', goOn }, async (signal) => {
    let shown = false;
    for (let now = asked; ; ) {
      if (!live.includes(now.state)) {
        if (shown) io.err('\n');
        if (now.state === 'done') return now;
        throw faultOf(now);
      }
      if (io.isTerminal) io.err(`\r\u001b[K${now.kind} to ${now.device}: ${now.state}`);
      shown = io.isTerminal;
      await delay(pollMs, undefined, { signal });
      now = await readCommand(client, asked.id);
    }
  });
}

function faultOf({ id, kind, device, state, problem }: Asked): Fault {
  const why = problem === undefined ? '' : `: ${problem.message}`;
  const ended = state === 'failed' ? 'failed' : `is ${state}`;
  return new Fault('conflict', `${kind} to ${device} ${ended}${why}`, {
    place: id,
    remedy: problem?.remedy ?? `\`fieldloop commands get ${id}\` shows what became of it.`,
  });
}

export const commandColumns: readonly Column<Asked>[] = [
  timeColumn('ASKED', (one) => one.createdAt),
  { title: 'KIND', of: (one) => one.kind },
  { title: 'STATE', of: (one) => one.state },
  { title: 'BY', of: (one) => one.by, shrinks: true, drops: 1 },
  timeColumn('EXPIRES', (one) => one.expiresAt, 2),
  { title: 'ID', of: (one) => one.id },
];

export const commandText = (one: Asked, show: Show): string =>
  [
    facts([
      ['command', one.id],
      ['device', one.device],
      ['kind', one.kind],
      ['input', JSON.stringify(one.input) === '{}' ? undefined : JSON.stringify(one.input)],
      ['state', one.state],
      ['asked', `${show.time(one.createdAt)} by ${one.by}`],
      ['expires', show.time(one.expiresAt)],
      ['problem', one.problem?.message],
      ['remedy', one.problem?.remedy],
    ]),
    one.result === undefined ? '' : `\n${JSON.stringify(one.result, undefined, 2)}\n`,
    live.includes(one.state) ? `\nnext: fieldloop commands wait ${one.id}\n` : '',
  ].join('');

const listExamples = `
Examples:
  fieldloop commands list --state queued
  fieldloop commands list --q 'kind=clip_now and state in (failed, expired)'
`;

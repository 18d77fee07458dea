/** The command `fieldloop`: builds the program and turns a Fault into its exit code. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import packageJson from './package.json' with { type: 'json' };
import { asFault, Fault, faultLine, faultTable } from '@fieldloop/core';
import { Command, CommanderError, Help, type Option } from './commander.ts';
import { completionCommand } from './completion.ts';
import { examplesText, shortExamples } from './examples.ts';
import type { CliIo } from './io.ts';
import { sharedOptions } from './list.ts';
import { nouns } from './nouns.ts';

/** What the launcher in bin/ calls. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe went away, as `head` does: nothing is wrong and nothing is left to say.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return await runCli(args, processIo());
}

/** Runs one command line (without node and script) and resolves to the exit code. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const program = await openProgram(args, io);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : faultTable.invalid.exit;
    const fault = asFault(error);
    const { code, message, remedy } = fault;
    const told = new Fault(code, message, { place: placeIn(program, args, fault), remedy });
    io.err(`fieldloop: ${faultLine(told)}\n`);
    const excerpt = fault.details?.['excerpt'];
    if (typeof excerpt === 'string') io.err(excerpt);
    if (fault.code === 'internal' && fault.cause instanceof Error) {
      io.err(`${fault.cause.stack ?? fault.cause.message}\n`);
    }
    return faultTable[fault.code].exit;
  }
}

/**
 * An option that the command does not have is an argument of that name: `<name>` of
 * `queries create`. Anything else the command sends by itself: its bare name must do.
 */
function placeIn(program: Command, args: readonly string[], { place }: Fault): string | undefined {
  const [, flag, name = ''] = /^(--([a-z-]+))/.exec(place ?? '') ?? [];
  if (place === undefined || flag === undefined) return place;
  let command = program;
  for (const arg of args) {
    command = command.commands.find((one) => one.name() === arg) ?? command;
  }
  if (command.options.some(({ long }) => long === flag)) return place;
  const isArgument = command.registeredArguments.some((one) => one.name() === name);
  return `${isArgument ? `<${name}>` : name}${place.slice(flag.length)}`;
}

/** Every command there is, for what looks at all of them. */
export const wholeProgram = async (io: CliIo): Promise<Command> =>
  await openProgram([], io, { isWhole: true });

async function openProgram(
  args: readonly string[],
  io: CliIo,
  /** Every noun with all its commands, not only the one that is asked for. */
  how: { readonly isWhole: boolean } = { isWhole: false },
): Promise<Command> {
  const program = new Command('fieldloop')
    .version(packageJson.version)
    .description('Query what the robots flagged, test rules on recordings, and run the cloud.')
    .exitOverride()
    .showHelpAfterError('Add --help to see what is possible.')
    .configureHelp({ visibleOptions: ownFirst })
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(`fieldloop: ${text.replace(/^error: /, '')}`),
      getOutHelpWidth: () => (io.columns > 0 ? io.columns : 100),
      getErrHelpWidth: () => 100,
    });
  // The first word that names a noun: an option's value or an argument may bear the same name.
  const named = nouns.find(({ name }) => args.find((arg) => !arg.startsWith('-')) === name);
  for (const noun of nouns) {
    const isNeeded = noun === named || how.isWhole;
    const command = isNeeded
      ? await noun.load(io)
      : new Command(noun.name).description(noun.description);
    adopt(command, program);
    program.addCommand(command);
  }
  const completion = completionCommand(io, async () => await wholeProgram(io));
  adopt(completion, program);
  program.addCommand(completion);
  return program.addHelpText('after', examples);
}

/** The options of a command itself, then those that many have. */
function ownFirst(this: Help, command: Command): Option[] {
  const all = Help.prototype.visibleOptions.call(this, command);
  const isShared = ({ long }: Option): boolean => sharedOptions.includes(long ?? '');
  return [...all.filter((one) => !isShared(one)), ...all.filter(isShared)];
}

/** Commands built apart from the program take its ways of writing and of ending. */
function adopt(command: Command, parent: Command, words: readonly string[] = []): void {
  const line = [...words, command.name()];
  const short = shortExamples[line.join(' ')];
  if (short !== undefined) command.addHelpText('after', examplesText(short));
  command.copyInheritedSettings(parent);
  for (const child of command.commands) adopt(child, command, line);
}

const examples = `
Examples:
  fieldloop clips list --severity critical      newest critical clips, and why
  fieldloop clips get clp_01J…                  one clip with the values at its trigger
  fieldloop clips download clp_01J… -d clips/   its MCAP file, verified
  fieldloop rules test my-rules.yaml run.mcap   which rule fires when in a recording
  fieldloop cloud run --data ./data             the whole cloud in one process

A command finds the cloud by --url and --key, by FIELDLOOP_API_URL and FIELDLOOP_API_KEY, or by
.fieldloop/cli.json here and ~/.config/fieldloop/cli.json, in this order.
`;

function processIo(): CliIo {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY,
    columns: process.stdout.isTTY ? process.stdout.columns : 0,
    env: process.env,
    cwd: process.cwd(),
    ...(process.stdin.isTTY ? { ask: askTerminal } : {}),
    readInput: async () => {
      let text = '';
      for await (const part of process.stdin.setEncoding('utf8')) text += part as string;
      return text;
    },
    stopRequested: async (until) =>
      await new Promise<void>((resolve) => {
        const stop = (): void => resolve();
        process.once('SIGINT', stop);
        process.once('SIGTERM', stop);
        until?.addEventListener('abort', () => {
          process.off('SIGINT', stop);
          process.off('SIGTERM', stop);
        });
      }),
  };
}

/** One line from the terminal; a secret one is not shown. */
async function askTerminal(question: string, isSecret: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = isSecret ? silent : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  if (isSecret) process.stderr.write(question);
  try {
    return await lines.question(question);
  } finally {
    lines.close();
    if (isSecret) process.stderr.write('\n');
  }
}

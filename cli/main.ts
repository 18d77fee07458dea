/** The command `fieldloop`: builds the program and turns a Fault into its exit code. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import packageJson from './package.json' with { type: 'json' };
import { asFault, faultLine, faultTable } from '@fieldloop/core';
import { Command, CommanderError } from './commander.ts';
import { completionCommand } from './completion.ts';
import type { CliIo } from './io.ts';
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
    io.err(`fieldloop: ${faultLine(fault)}\n`);
    if (fault.code === 'internal' && fault.cause instanceof Error) {
      io.err(`${fault.cause.stack ?? fault.cause.message}\n`);
    }
    return faultTable[fault.code].exit;
  }
}

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
  const completion = completionCommand(
    io,
    async () => await openProgram([], io, { isWhole: true }),
  );
  adopt(completion, program);
  program.addCommand(completion);
  return program.addHelpText('after', examples);
}

/** Commands built apart from the program take its ways of writing and of ending. */
function adopt(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) adopt(child, command);
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
    stopRequested: async () =>
      await new Promise<void>((resolve) => {
        process.once('SIGINT', () => resolve());
        process.once('SIGTERM', () => resolve());
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

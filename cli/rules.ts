/** `fieldloop rules`: whether rule sets are sound, and what they would have done in a recording. */
import { readFile } from 'node:fs/promises';
import { Fault, type Json } from '@fieldloop/core';
import { readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import {
  gatherFacts,
  lintAgainst,
  parseRuleSet,
  problemLine,
  type RecordingFacts,
  type RuleProblem,
  type RuleSet,
  ruleSetJsonSchema,
} from '@fieldloop/rules';
import { Command } from './commander.ts';
import { type CliIo, jsonText } from './io.ts';
import { publicationCommands } from './publications.ts';
import { ruleSetCommands } from './rule-sets.ts';
import { openProgress } from './rules-progress.ts';
import { testRules } from './rules-test.ts';

export function rulesCommand(io: CliIo): Command {
  const command = new Command('rules').description(
    'Check rule sets, try them on recordings, and give them to robots.',
  );
  command
    .command('lint')
    .description('Every problem with its line and column. Exit 0 = sound, 2 = not.')
    .argument('<file...>', 'rule sets (YAML)')
    .option('--recording <file>', 'also compare topics and fields with this recording')
    .option('--json', 'one JSON document instead of lines')
    .action((files: string[], options: LintOptions) => lint(io, files, options));
  command
    .command('test')
    .description('Which rule fires when in a recording, with the values.')
    .argument('<rules>', 'a rule set (YAML)')
    .argument('<recording>', 'an MCAP file or a ROS 1 bag')
    .option('--json', 'one JSON document instead of tables')
    .action(async (rules: string, recording: string, options: { json?: boolean }) => {
      const ruleSet = await readRules(io, rules);
      await testRules(io, { ruleSet, path: recording, json: options.json === true });
    });
  command
    .command('schema')
    .description('The JSON Schema of rule sets, for editors.')
    .action(() => io.out(jsonText(ruleSetJsonSchema())));
  ruleSetCommands(command, io);
  publicationCommands(command, io);
  return command;
}

interface LintOptions {
  readonly recording?: string;
  readonly json?: boolean;
}

interface Linted {
  readonly file: string;
  readonly ruleSet: RuleSet | undefined;
  readonly problems: readonly RuleProblem[];
}

async function lint(io: CliIo, files: readonly string[], options: LintOptions): Promise<void> {
  const read = await Promise.all(files.map(readOne));
  const facts = options.recording === undefined ? undefined : await factsOf(io, options.recording);
  const linted = read.map(({ file, ruleSet, problems }): Linted => {
    const more = ruleSet === undefined || facts === undefined ? [] : lintAgainst(ruleSet, facts);
    return { file, ruleSet, problems: [...problems, ...more].toSorted(byPlace) };
  });
  if (options.json === true) io.out(jsonText({ files: linted.map(lintDocument) }));
  else for (const one of linted) io.out(lintText(one));
  const bad = linted.filter(({ problems }) =>
    problems.some(({ severity }) => severity === 'error'),
  );
  if (bad.length === 0) return;
  const count = bad.flatMap(({ problems }) => problems).filter((one) => one.severity === 'error');
  const errors = `${count.length} ${count.length === 1 ? 'error' : 'errors'}`;
  throw new Fault('invalid', `${errors} in ${bad.map(({ file }) => file).join(', ')}`, {
    remedy: 'Each line above says what to do.',
  });
}

const byPlace = (a: RuleProblem, b: RuleProblem): number => a.line - b.line || a.column - b.column;

function lintDocument({ file, ruleSet, problems }: Linted): Json {
  return {
    file,
    ...(ruleSet && { name: ruleSet.name, version: ruleSet.version, digest: ruleSet.digest }),
    problems: problems.map((problem) => ({ ...problem })),
  };
}

function lintText({ file, ruleSet, problems }: Linted): string {
  const lines = problems.map(problemLine);
  if (ruleSet !== undefined) {
    const { name, version, rules, digest } = ruleSet;
    const count = `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}`;
    lines.push(`${file}: ${name} version ${version}, ${count}, digest ${digest.slice(0, 12)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

async function readOne(file: string): Promise<Linted> {
  const { ruleSet, problems } = parseRuleSet(await readText(file), file);
  return { file, ruleSet, problems };
}

/** The rule set of a file that is to be run; its problems go to the terminal. */
async function readRules(io: CliIo, file: string): Promise<RuleSet> {
  const { ruleSet, problems } = await readOne(file);
  for (const problem of problems) io.err(`${problemLine(problem)}\n`);
  if (ruleSet !== undefined) return ruleSet;
  throw new Fault('invalid', 'the rule set has errors and does not run', {
    place: file,
    remedy: 'Each line above says what to do.',
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'ENOENT' || code === 'EISDIR') {
      const message = code === 'ENOENT' ? 'there is no such file' : 'is a folder';
      throw new Fault('not_found', message, {
        place: file,
        remedy: 'Name a rule set, for example rules/library/near-miss.yaml.',
        cause,
      });
    }
    throw new Fault('unavailable', `cannot be read: ${String(code)}`, {
      place: file,
      remedy: 'Check the permissions of the file and the disk.',
      cause,
    });
  }
}

async function factsOf(io: CliIo, path: string): Promise<RecordingFacts> {
  await using file = await openFile(path);
  const progress = openProgress(io, path, file.size);
  const gathering = gatherFacts();
  try {
    for await (const item of readRecording(file, { reuse: true })) {
      gathering.take(item);
      if (item.kind === 'block') progress.at(item.block.offset);
    }
  } finally {
    progress.end();
  }
  return gathering.facts();
}

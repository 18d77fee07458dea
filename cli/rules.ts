/** `fieldloop rules`: whether rule sets are sound, and what they would have done in a recording. */
import { Fault, faultLine, type Json } from '@fieldloop/core';
import { readSplits } from '@fieldloop/recording';
import { openRecording } from '@fieldloop/recording/folder';
import {
  costOf,
  gatherFacts,
  lintAgainst,
  lintReadable,
  problemLine,
  type ReadableRules,
  type RecordingFacts,
  type RuleProblem,
  type RuleSet,
  ruleSetJsonSchema,
  type SetCost,
} from '@fieldloop/rules';
import { Command } from './commander.ts';
import { answer } from './client.ts';
import { type CliIo, jsonText } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';
import { publicationCommands } from './publications.ts';
import { ruleSetCommands } from './rule-sets.ts';
import { deviceHelp, recordingHelp, tellMissing } from './recorded.ts';
import { backtestCommand, diffCommand } from './rules-backtest.ts';
import { readOne, type ReadRules, readRules, readText } from './rules-file.ts';
import { explainCommand } from './rules-explain.ts';
import { libraryCommand } from './rules-library.ts';
import { openProgress } from './rules-progress.ts';
import { testRules } from './rules-test.ts';
import { counted } from './show.ts';

export function rulesCommand(io: CliIo): Command {
  const command = new Command('rules').description(
    'Check rule sets, try them on recordings, and give them to robots.',
  );
  apiOptions(
    command
      .command('lint')
      .description('Every problem with its line and column. Exit 0 = sound, 2 = not.')
      .argument('<file...>', 'rule sets (YAML)')
      .option('--recording <recording>', 'also compare topics and fields with this recording')
      .option('--device <name...>', 'also compare with what these robots record, in the cloud')
      .option('--cohort <cohort>', 'also compare with what the robots of a cohort record'),
  )
    .addHelpText('after', lintExamples)
    .action(async (files: string[], options: LintOptions) => await lint(io, files, options));
  command
    .command('test')
    .description('Which rule fires when in a recording, with the values.')
    .argument('<rules>', 'a rule set (YAML)')
    .argument('<recording...>', `${recordingHelp}; or the splits of one recording`)
    .option('--device <name>', deviceHelp)
    .option('--json', 'one JSON document instead of tables')
    .action(async (rules: string, paths: string[], { device, json }: TestOptions) => {
      const { ruleSet } = await readRules(io, rules);
      await testRules(io, { ruleSet, paths, device, json: json === true });
    });
  command
    .command('schema')
    .description('The JSON Schema of rule sets, for editors.')
    .action(() => io.out(jsonText(ruleSetJsonSchema())));
  backtestCommand(command, io);
  diffCommand(command, io);
  explainCommand(command, io);
  libraryCommand(command, io);
  ruleSetCommands(command, io);
  publicationCommands(command, io);
  return command;
}

interface TestOptions {
  readonly device?: string;
  readonly json?: boolean;
}

interface LintOptions extends ApiOptions {
  readonly recording?: string;
  readonly device?: string[];
  readonly cohort?: string;
}

interface Linted {
  readonly file: string;
  readonly ruleSet: RuleSet | undefined;
  readonly problems: readonly RuleProblem[];
  /** At the rates of the recording, when there is one. */
  readonly cost: SetCost | undefined;
}

async function lint(io: CliIo, files: readonly string[], options: LintOptions): Promise<void> {
  const { recording } = options;
  const faults: Fault[] = [];
  // What cannot be read hides nothing of the rest: it is told at the end.
  const tried = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
      return undefined;
    }
  };
  const all = await Promise.all(files.map(async (file) => await tried(readOne(file))));
  const read = all.filter((one) => one !== undefined);
  const facts = recording === undefined ? undefined : await tried(factsOf(io, recording));
  const fleet = await Promise.all(
    read.map(async ({ file }) => await tried(fleetProblems(file, options, io))),
  );
  const linted = read.map((one, i) => lintedOf(one, facts, fleet[i] ?? []));
  const document = { files: linted.map(lintDocument) };
  if (linted.length > 0) printOne(document, options, io, () => linted.map(lintText).join(''));
  const [fault, ...others] = faults;
  for (const other of others) io.err(`${faultLine(other)}\n`);
  if (fault !== undefined) throw fault;
  demandNoErrors(linted);
}

function lintedOf(
  { file, ruleSet, readable, problems }: ReadRules,
  facts: RecordingFacts | undefined,
  ofFleet: readonly RuleProblem[],
): Linted {
  const more = facts === undefined ? [] : compared(ruleSet, readable, facts);
  // The cloud finds again what this machine finds: each problem is told once.
  const told = new Set([...problems, ...more].map((one) => problemLine({ ...one, file })));
  const others = ofFleet.filter((one) => !told.has(problemLine(one)));
  const cost = ruleSet === undefined || facts === undefined ? undefined : costOf(ruleSet, facts);
  return { file, ruleSet, problems: [...problems, ...more, ...others].toSorted(byPlace), cost };
}

function compared(
  ruleSet: RuleSet | undefined,
  readable: ReadableRules | undefined,
  facts: RecordingFacts,
): readonly RuleProblem[] {
  if (ruleSet !== undefined) return lintAgainst(ruleSet, facts);
  return readable === undefined ? [] : lintReadable(readable, facts);
}

function demandNoErrors(linted: readonly Linted[]): void {
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

/** What the cloud says of a rule set and of the topics that its robots record. */
async function fleetProblems(
  file: string,
  options: LintOptions,
  io: CliIo,
): Promise<readonly RuleProblem[]> {
  const { device: devices, cohort } = options;
  if (devices === undefined && cohort === undefined) return [];
  const body = { yaml: await readText(file), ...given({ devices, cohort }) };
  const found = await answer(clientOf(options, io).POST('/v1/ruleSets:lint', { body }));
  const { against } = found;
  if (against !== undefined) {
    const topics = counted(against.topics, 'topic');
    io.err(`${file}: compared with ${topics} of ${counted(against.devices, 'device')}\n`);
  }
  return found.problems.map((problem) => ({
    ...problem,
    file,
    code: problem.code as RuleProblem['code'],
  }));
}

const lintExamples = `
Examples:
  fieldloop rules lint rules/*.yaml
  fieldloop rules lint rules.yaml --recording run.mcap
  fieldloop rules lint rules.yaml --cohort hall-2        do its robots have these topics?
`;

const byPlace = (a: RuleProblem, b: RuleProblem): number => a.line - b.line || a.column - b.column;

function lintDocument({ file, ruleSet, problems, cost }: Linted): Json {
  return {
    file,
    ...(ruleSet && { name: ruleSet.name, version: ruleSet.version, digest: ruleSet.digest }),
    problems: problems.map((problem) => ({ ...problem })),
    ...(cost && { cost: { ...cost, rules: cost.rules.map((rule) => ({ ...rule })) } }),
  };
}

function lintText({ file, ruleSet, problems, cost }: Linted): string {
  const lines = problems.map(problemLine);
  if (ruleSet !== undefined) {
    const { name, version, rules, digest } = ruleSet;
    const count = `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}`;
    lines.push(`${file}: ${name} version ${version}, ${count}, digest ${digest.slice(0, 12)}`);
  }
  if (cost !== undefined) lines.push(...costLines(cost));
  return lines.map((line) => `${line}\n`).join('');
}

/** What the set takes of a core at the recording's rates, the dearest rules first. */
function costLines({ rules, readingNsPerSecond, nsPerSecond }: SetCost): string[] {
  const perSecond = (ns: number): string => `${(ns / 1_000).toPrecision(3)} µs a second`;
  const share = ((nsPerSecond / 1e9) * 100).toPrecision(2);
  const dearest = rules.toSorted((a, b) => b.nsPerSecond - a.nsPerSecond);
  return [
    `  about ${share} % of a core: reading signals ${perSecond(readingNsPerSecond)}`,
    ...dearest.map(
      ({ rule, ns, hz, nsPerSecond: all }) =>
        `  ${rule}: ${perSecond(all)}, ${Math.round(ns)} ns a look, ${hz.toPrecision(3)} looks a second`,
    ),
  ];
}

async function factsOf(io: CliIo, path: string): Promise<RecordingFacts> {
  const recording = await openRecording(path);
  tellMissing(io, recording);
  const progress = openProgress(io, path, recording.size);
  const gathering = gatherFacts();
  try {
    const options = { reuse: true, progress: progress.at };
    for await (const item of readSplits(recording, options)) gathering.take(item);
  } finally {
    progress.end();
  }
  return gathering.facts();
}

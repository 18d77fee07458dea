/** `fieldloop rules explain`: why each rule fires or does not at one moment of a recording. */
import { asFault, Fault, faultLine, formatDurationNs, type Json } from '@fieldloop/core';
import { splitsInfo } from '@fieldloop/recording';
import { openRecording } from '@fieldloop/recording/folder';
import {
  type ExplainedRule,
  type ExplainedTerm,
  openExplain,
  type RuleSet,
} from '@fieldloop/rules';
import type { Command } from './commander.ts';
import { type CliIo, type Column, jsonText, table } from './io.ts';
import { readScored } from './recorded-scores.ts';
import { deviceHelp, deviceOf, recordingHelp, tellMissing } from './recorded.ts';
import { readRules } from './rules-file.ts';
import { openProgress } from './rules-progress.ts';
import { counted, shortNumber, showOf } from './show.ts';

interface ExplainOptions {
  readonly at: string;
  readonly rule?: string[];
  readonly device?: string;
  readonly json?: boolean;
}

export function explainCommand(rules: Command, io: CliIo): void {
  rules
    .command('explain')
    .description('Why each rule fires or does not at one moment of a recording.')
    .argument('<rules>', 'a rule set (YAML)')
    .argument('<recording>', recordingHelp)
    .requiredOption('--at <time>', '+seconds from the start, an instant (ISO), or log time in ns')
    .option('--rule <id...>', 'these rules alone')
    .option('--device <name>', deviceHelp)
    .option('--json', 'one JSON document instead of text')
    .addHelpText('after', help)
    .action(async (file: string, recording: string, options: ExplainOptions) => {
      const { ruleSet } = await readRules(io, file);
      await explain(io, { ruleSet, recording, options });
    });
}

const help = `
Each line is a part of the condition with its value at that moment. Unknown says why: no message
yet, too old, or a message that does not hold it. The margin is the distance to the threshold in
its unit: above 0 the part holds. What follows is what the rule remembers and what it waits for.
\`fieldloop rules test\` and \`rules backtest\` give the times at which rules fired.
`;

interface ExplainPlan {
  readonly ruleSet: RuleSet;
  readonly recording: string;
  readonly options: ExplainOptions;
}

async function explain(io: CliIo, plan: ExplainPlan): Promise<void> {
  const { ruleSet, options } = plan;
  const wanted = new Set(options.rule);
  for (const id of wanted) {
    if (ruleSet.rules.some((rule) => rule.id === id)) continue;
    throw new Fault('not_found', `the rule set has no rule "${id}"`, {
      place: '--rule',
      remedy: `It has ${ruleSet.rules.map((rule) => rule.id).join(', ')}.`,
    });
  }
  const { atNs, startNs, rules } = await explained(io, plan);
  const chosen = rules.filter(({ rule }) => wanted.size === 0 || wanted.has(rule));
  io.out(
    options.json === true
      ? jsonText(document(chosen, atNs))
      : chosen.map((one) => ruleText(one, { io, startNs })).join('\n'),
  );
}

async function explained(io: CliIo, { ruleSet, recording, options }: ExplainPlan) {
  const opened = await openRecording(recording);
  tellMissing(io, opened);
  const { startNs, endNs } = await splitsInfo(opened);
  if (startNs === undefined || endNs === undefined) {
    throw new Fault('not_found', 'the recording holds no messages', {
      place: recording,
      remedy: 'Name another recording.',
    });
  }
  const atNs = momentOf(options.at, startNs);
  if (atNs < startNs || atNs > endNs) {
    const length = formatDurationNs(endNs - startNs);
    throw new Fault('not_found', `the recording has no such moment`, {
      place: '--at',
      remedy: `It begins at ${startNs} ns and lasts ${length}.`,
    });
  }
  const device = options.device ?? deviceOf(opened);
  const run = openExplain(ruleSet, { device, atNs });
  const progress = openProgress(io, recording, opened.size);
  try {
    for await (const { item, scores } of readScored(opened, [ruleSet], progress.at)) {
      for (const score of scores) run.score(score);
      if (!run.take(item)) break;
    }
  } catch (error) {
    // What stands before damage explains what happened before it.
    if (asFault(error).code !== 'corrupt') throw error;
    io.err(`${faultLine(asFault(error))}\n`);
  } finally {
    progress.end();
  }
  return { atNs, startNs, rules: run.end() };
}

/** `+12.5` from the start, `2026-01-31T12:00:03.25Z`, or nanoseconds since 1970. */
export function momentOf(text: string, startNs: bigint): bigint {
  const [, whole, fraction = ''] = /^\+(\d{1,9})(?:\.(\d{1,9}))?s?$/.exec(text) ?? [];
  if (whole !== undefined) {
    return startNs + BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  }
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const ms = parts === null ? Number.NaN : Date.parse(`${parts[1] ?? ''}${parts[3] ?? ''}`);
  if (Number.isFinite(ms)) {
    return BigInt(ms) * 1_000_000n + BigInt((parts?.[2] ?? '').padEnd(9, '0'));
  }
  throw new Fault('invalid', `"${text}" is not a moment`, {
    place: '--at',
    remedy: 'Write +12.5 (seconds from the start), 2026-01-31T12:00:03.25Z or nanoseconds.',
  });
}

function document(rules: readonly ExplainedRule[], atNs: bigint): Json {
  return {
    atNs: String(atNs),
    rules: rules.map(({ firedNs, terms, remembers, needs, ...rest }) => ({
      ...rest,
      firedNs: firedNs === undefined ? null : String(firedNs),
      terms: terms.map((term) => ({ ...term })),
      remembers: [...remembers],
      needs: [...needs],
    })),
  };
}

const columns: readonly Column<ExplainedTerm>[] = [
  { title: '', of: ({ text, depth }) => `${'  '.repeat(depth + 1)}${text}`, shrinks: true },
  { title: 'VALUE', of: valueText },
  {
    title: 'MARGIN',
    of: ({ margin }) => (margin === undefined ? '' : shortNumber(margin)),
    right: true,
  },
];

function valueText({ value, unknown }: ExplainedTerm): string {
  if (value === null) return unknown === undefined ? 'unknown' : `unknown: ${unknown}`;
  return typeof value === 'number' ? shortNumber(value) : JSON.stringify(value);
}

const stateWords = {
  armed: 'waits for its condition',
  holding: 'its condition holds, but not long enough yet',
  fired: 'has fired, and its condition is not over',
  off: 'off',
} as const;

function ruleText(
  one: ExplainedRule,
  { io, startNs }: { readonly io: CliIo; readonly startNs: bigint },
): string {
  const { rule, condition, state, terms, remembers, needs, firedNs, fired } = one;
  const holds = condition === null ? 'unknown' : String(condition);
  const head = condition === undefined ? rule : `${rule}: ${holds}`;
  const parts =
    terms.length === 0 ? '' : table(terms, columns, { width: io.columns, show: showOf({}) });
  const last =
    firedNs === undefined
      ? 'it has not fired before'
      : `it fired ${counted(fired, 'time')}, last at +${shortNumber(Number(firedNs - startNs) / 1e9)} s`;
  const lines = [
    `state: ${stateWords[state]}; ${last}`,
    ...remembers,
    needs.length === 0 ? 'it fires at this moment' : `to fire: ${needs.join('; ')}`,
  ];
  return `${head}\n${parts}${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** `fieldloop rules backtest` and `rules diff`: over recordings of this machine, or in the cloud. */
import { Fault } from '@fieldloop/core';
import { ruleSetDiff, textDiff } from '@fieldloop/rules';
import { backtestRecordings } from './backtest/run.ts';
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, printOne } from './list.ts';
import { anyNumber } from './option-values.ts';
import { backtestInCloud, type BacktestOptions, changesText, diffInCloud } from './rule-sets.ts';
import { isRulesFile, readRules } from './rules-file.ts';

interface LocalOptions extends BacktestOptions {
  readonly html?: string;
  readonly dutyHours?: number;
  readonly device?: string;
}

/** Hours of recording that a robot's day has unless said. */
const usualHours = 24;

export function backtestCommand(rules: Command, io: CliIo): void {
  apiOptions(
    rules
      .command('backtest')
      .description('What a rule set would have done: fires, clips, bytes per robot and day.')
      .argument('<rules>', 'a rule set: a YAML file, or the name of one in the cloud')
      .argument('<recording...>', 'recordings and folders of them; in the cloud: the version'),
  )
    .option('--against <old>', 'beside this file; in the cloud: this version, else the active one')
    .option('--html <file>', 'also a page with the timeline; it needs nothing else to be shown')
    .option(
      '--duty-hours <n>',
      `hours of recording in a robot's day (${usualHours})`,
      anyNumber('--duty-hours', { least: 0.01, most: 24 }),
    )
    .option('--device <name>', 'all recordings are of this robot: draws of `sample` are its own')
    .option('--q <query>', "in the cloud: over these stored clips: 'startNs>-30d'")
    .option('--session <id...>', 'in the cloud: over the recordings of these sessions')
    .option('--wait', 'in the cloud: wait for the forecast')
    .addHelpText('after', backtestHelp)
    .action(async (file: string, recordings: string[], options: LocalOptions) => {
      if (!(await isRulesFile(file))) {
        await backtestInCloud(io, { id: file, n: onlyOne(recordings) }, options);
        return;
      }
      const { against, html, device, dutyHours = usualHours } = options;
      const plan = { rules: file, against, recordings, html, dutyHours, device };
      await backtestRecordings(io, plan, options);
    });
}

function onlyOne(words: readonly string[]): string {
  const [n, ...more] = words;
  if (n !== undefined && more.length === 0) return n;
  throw new Fault('invalid', 'one version of a rule set in the cloud is tried at a time', {
    place: words.join(' '),
    remedy: 'Name the rule set and its version, or a YAML file and recordings.',
  });
}

const backtestHelp = `
Files whose names differ only in a last number (run_0.mcap, run_1.mcap) are splits of one session;
every other file is a session of its own. The forecast is total / recorded hours x duty hours; from
five sessions on it has an interval. Exit 0: found or not; 2: a rule is invalid; 6: a recording is
damaged (what is not damaged is reported).
`;

export function diffCommand(rules: Command, io: CliIo): void {
  apiOptions(
    rules
      .command('diff')
      .description('What changed, by meaning, by line, and in what fires.')
      .argument('<old>', 'a rule set: a YAML file, or the name of one in the cloud')
      .argument('<new>', 'the other file; in the cloud: the version')
      .argument('[recording...]', 'also which moments only one of the two files finds in them'),
  )
    .option('--against <n>', 'in the cloud: since this version; else the one before')
    .action(async (old: string, fresh: string, recordings: string[], options: DiffOptions) => {
      if (!(await isRulesFile(old))) {
        await diffInCloud(io, { id: old, n: fresh }, options);
        return;
      }
      await diffFiles(io, { old, fresh, recordings }, options);
    });
}

type DiffOptions = ApiOptions & { readonly against?: string };

interface DiffPlan {
  readonly old: string;
  readonly fresh: string;
  readonly recordings: readonly string[];
}

async function diffFiles(io: CliIo, plan: DiffPlan, options: ApiOptions): Promise<void> {
  const [old, fresh] = [await readRules(io, plan.old), await readRules(io, plan.fresh)];
  const changes = ruleSetDiff(old.ruleSet, fresh.ruleSet);
  const lines = textDiff(old.text, fresh.text);
  if (plan.recordings.length === 0) {
    printOne({ changes, lines }, options, io, () => changesText(changes, lines));
    return;
  }
  if (options.json !== true) io.out(`${changesText(changes, lines)}\n`);
  const { fresh: rules, old: against, recordings } = plan;
  const rest = { html: undefined, dutyHours: usualHours, device: undefined };
  await backtestRecordings(io, { rules, against, recordings, ...rest }, options);
}

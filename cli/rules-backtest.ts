/** `fieldloop rules backtest` and `rules diff`: over recordings of this machine, or in the cloud. */
import { Fault } from '@fieldloop/core';
import { ruleSetDiff, textDiff } from '@fieldloop/rules';
import { backtestRecordings } from './backtest/run.ts';
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, formatOf, printOne } from './list.ts';
import { anyNumber } from './option-values.ts';
import { deviceHelp } from './recorded.ts';
import { backtestInCloud, type BacktestOptions, changesText, diffInCloud } from './rule-sets.ts';
import { isRulesFile, readRules } from './rules-file.ts';

interface LocalOptions extends BacktestOptions {
  readonly html?: string;
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
    .option('--html <file>', 'on this machine: also a page with the timeline, whole in itself')
    .option(
      '--duty-hours <n>',
      `hours of recording in a robot's day (${usualHours})`,
      anyNumber('--duty-hours', { least: 0.01, most: 24 }),
    )
    .option('--device <name>', `on this machine: ${deviceHelp}`)
    .option('--q <query>', "in the cloud: over these stored clips: 'startNs>-30d'")
    .option('--session <id...>', 'in the cloud: over the recordings of these sessions')
    .option('--wait', 'in the cloud: wait for the forecast')
    .addHelpText('after', backtestHelp)
    .action(async (file: string, recordings: string[], options: LocalOptions) => {
      if (!(await isRulesFile(file))) {
        refuse(options, ['html', 'device'], ofFiles);
        await backtestInCloud(io, { id: file, n: onlyOne(recordings) }, options);
        return;
      }
      refuse(options, ['q', 'session', 'wait'], ofCloud);
      const { html, device, dutyHours = usualHours } = options;
      const rules = await readRules(io, file);
      const against =
        options.against === undefined ? undefined : await readRules(io, options.against);
      const plan = { rules, against, recordings, html, dutyHours, device };
      await backtestRecordings(io, plan, options);
    });
}

const ofFiles = {
  message: 'it is for recordings of this machine',
  remedy: 'Leave it out, or name YAML files and recordings.',
};
const ofCloud = {
  message: 'it is for rule sets of the cloud',
  remedy: 'Leave it out, or name a rule set of the cloud and its version.',
};

/** An option of the other form of the command would change nothing. */
function refuse<O extends object>(
  options: O,
  names: readonly (keyof O & string)[],
  { message, remedy }: typeof ofFiles,
): void {
  const name = names.find((one) => options[one] !== undefined);
  if (name !== undefined) throw new Fault('invalid', message, { place: `--${name}`, remedy });
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
five sessions on it has an interval. Exit 0: found or not; 2: a rule is invalid; else that of the
first recording that is not read whole (6: damaged, 3: may not be read); the rest is reported.
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
        if (recordings.length > 0) {
          throw new Fault('invalid', 'versions of the cloud are compared without recordings', {
            place: recordings.join(' '),
            remedy: 'Leave them out, or name two YAML files.',
          });
        }
        await diffInCloud(io, { id: old, n: fresh }, options);
        return;
      }
      refuse(options, ['against'], ofCloud);
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
  if (formatOf(options) === 'table') io.out(`${changesText(changes, lines)}\n`);
  const { recordings } = plan;
  const changed = { changes, lines };
  const rest = { html: undefined, dutyHours: usualHours, device: undefined, changed };
  await backtestRecordings(io, { rules: fresh, against: old, recordings, ...rest }, options);
}

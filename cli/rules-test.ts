/** A rule set over one recording: the triggers with their values, and what was counted. */
import { asFault, type Fault, formatDurationNs, type Json } from '@fieldloop/core';
import { scoresTopic } from '@fieldloop/recording';
import { openRecording } from '@fieldloop/recording/folder';
import {
  type EngineEvent,
  type EngineOutput,
  openReplay,
  problemLine,
  type ReplayOutcome,
  type RuleSet,
  type ShadowVerdict,
  type Verdict,
  verdictJson,
  inputTopicsOf,
} from '@fieldloop/rules';
import { type CliIo, jsonText, table } from './io.ts';
import { showOf } from './show.ts';
import { deviceOf, tellMissing } from './recorded.ts';
import { openProgress } from './rules-progress.ts';
import { readScored } from './recorded-scores.ts';

export interface TestPlan {
  readonly ruleSet: RuleSet;
  /** A recording, or the splits of one. */
  readonly paths: readonly string[];
  readonly device: string | undefined;
  readonly json: boolean;
}

type Told = Verdict | ShadowVerdict;

/** Triggers that are listed; those behind are counted. */
const mostListed = 100_000;

interface Run extends ReplayOutcome {
  readonly path: string;
  readonly ruleSet: RuleSet;
  /** Those of the shadow among them. */
  readonly verdicts: readonly Told[];
  /** What the engine told beside triggers. */
  readonly events: readonly EngineEvent[];
  /** What ended the reading early. */
  readonly damage: Fault | undefined;
}

/** Prints what was found, also before damage; then the damage is thrown. */
export async function testRules(io: CliIo, plan: TestPlan): Promise<void> {
  const run = await runRules(io, plan);
  for (const problem of run.problems) io.err(`${problemLine(problem)}\n`);
  io.out(plan.json ? jsonText(runDocument(run)) : runText(io, run));
  if (!plan.json) for (const line of hints(run)) io.err(`${line}\n`);
  if (run.damage !== undefined) throw run.damage;
}

async function runRules(io: CliIo, { ruleSet, paths, ...plan }: TestPlan): Promise<Run> {
  const recording = await openRecording(paths);
  tellMissing(io, recording);
  const path = recording.name;
  const replay = openReplay(ruleSet, { device: plan.device ?? deviceOf(recording) });
  const progress = openProgress(io, path, recording.size);
  const verdicts: Told[] = [];
  const events: EngineEvent[] = [];
  const keep = (more: readonly EngineOutput[]): void => {
    for (const one of more) {
      if (one.kind === 'event') events.push(one);
      const isTold = one.kind === 'fire' || one.kind === 'shadow';
      if (isTold && verdicts.length < mostListed) verdicts.push(one);
    }
  };
  let damage: Fault | undefined;
  try {
    for await (const { item, scores } of readScored(recording, [ruleSet], progress.at)) {
      for (const score of scores) keep(replay.score(score));
      keep(replay.take(item));
    }
  } catch (error) {
    damage = asFault(error);
    if (damage.code === 'internal' || damage.code === 'cancelled') throw error;
  } finally {
    progress.end();
  }
  keep(replay.end());
  return { ...replay.outcome(), path, ruleSet, verdicts, events, damage };
}

function runDocument(run: Run): Json {
  const { ruleSet, counters, startNs, damage } = run;
  const { rules, unreadable, ...totals } = counters;
  return {
    ruleSet: { name: ruleSet.name, version: ruleSet.version, digest: ruleSet.digest },
    recording: run.path,
    startNs: startNs === undefined ? null : String(startNs),
    durationNs: String(run.facts.durationNs),
    ...totals,
    messages: run.messages,
    rules: Object.fromEntries(
      Object.entries(rules).map(([id, one]) => [id, { ...one, suppressed: { ...one.suppressed } }]),
    ),
    unreadable: unreadable.map((one) => ({ ...one })),
    problems: run.problems.map((problem) => ({ ...problem })),
    verdicts: run.verdicts.map((one) => {
      const document = verdictJson(one) as { readonly [key: string]: Json };
      return one.kind === 'shadow' ? { ...document, shadow: true } : document;
    }),
    damage:
      damage === undefined
        ? null
        : { code: damage.code, message: damage.message, place: damage.place ?? null },
  };
}

function runText(io: CliIo, run: Run): string {
  const { verdicts, counters, startNs = 0n } = run;
  const fired =
    verdicts.length === 0
      ? ''
      : `${table(
          verdicts,
          [
            { title: 'AT', of: (one) => secondsText(one.atNs - startNs), right: true },
            { title: 'LOG TIME', of: (one) => timeText(one.atNs) },
            { title: 'RULE', of: (one) => (one.kind === 'fire' ? one.ruleId : `(${one.ruleId})`) },
            { title: 'SEVERITY', of: (one) => one.severity },
            { title: 'VALUES', of: (one) => valuesText(one.values), shrinks: true },
          ],
          { width: io.columns, show: showOf({}) },
        )}\n`;
  const totals = table(
    Object.entries(counters.rules),
    [
      { title: 'RULE', of: ([id]) => id },
      { title: 'FIRED', of: ([, one]) => String(one.fired), right: true },
      { title: 'UNKNOWN', of: ([, one]) => String(one.unknown), right: true },
      { title: 'HELD BACK', of: ([, one]) => heldText(one.suppressed) },
    ],
    { width: io.columns, show: showOf({}) },
  );
  const facts = [
    `${run.messages} messages`,
    `${(Number(run.facts.durationNs) / 1e9).toFixed(3)} s`,
    `${counters.late} late`,
    `${counters.faults} corrupt values`,
    `${counters.epoch} clock jumps`,
  ];
  return `${fired}${totals}\n${facts.join(', ')}\n`;
}

/** What explains a rule that stayed silent. */
function hints({ ruleSet, counters, verdicts, events, facts }: Run): string[] {
  const lines = counters.unreadable.map(
    ({ topic, path, why }) => `${topic} ${path} is unknown throughout: ${why}`,
  );
  const hasScores = facts.channels.some(({ channel }) => channel.topic === scoresTopic);
  for (const model of hasScores ? [] : ruleSet.models) {
    lines.push(
      `model "${model.id}": this command runs no model and the recording holds no scores, so its rules stay ` +
        `unknown here; an agent scores ${inputTopicsOf(model).join(', ')}`,
    );
  }
  for (const { name, text } of events) if (name === 'rule_off') lines.push(text);
  const total = Object.values(counters.rules).reduce(
    (sum, { fired, suppressed }) => sum + fired + (suppressed.shadow ?? 0),
    0,
  );
  if (total > verdicts.length)
    lines.push(`only the first ${verdicts.length} of ${total} are listed`);
  return lines;
}

/** `2 cooldown, 1 budget`, or a dash. */
function heldText(suppressed: Readonly<Record<string, number | undefined>>): string {
  const held = Object.entries(suppressed).filter(([, count = 0]) => count > 0);
  return held.length === 0 ? '-' : held.map(([why, count]) => `${count} ${why}`).join(', ');
}

const secondsText = (ns: bigint): string => `${(Number(ns) / 1e9).toFixed(3)} s`;

/** UTC with ns cut to ms; log times that count from the robot's start are shown as durations. */
function timeText(ns: bigint): string {
  const year2000Ns = 946_684_800_000_000_000n;
  if (ns < year2000Ns) return formatDurationNs(ns < 0n ? 0n : ns);
  return new Date(Number(ns / 1_000_000n)).toISOString();
}

function valuesText(values: Verdict['values']): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${shown(value)}`)
    .join(', ');
}

function shown(value: Verdict['values'][string]): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(5)));
  return value === null ? 'unknown' : JSON.stringify(value);
}

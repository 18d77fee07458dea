/** `fieldloop rules backtest` over recordings of this machine. */
import { writeFile } from 'node:fs/promises';
import { Fault, formatSize } from '@fieldloop/core';
import { problemLine, type RuleProblem } from '@fieldloop/rules';
import type { CliIo } from '../io.ts';
import { type ApiOptions, printOne } from '../list.ts';
import type { RunnableRules } from '../rules-file.ts';
import { backtestDocument } from './document.ts';
import { backtestPage } from './page.ts';
import { runSessions } from './pool.ts';
import type { SessionFound } from './protocol.ts';
import { type BacktestReport, reportOf } from './report.ts';
import { findSessions } from './sessions.ts';
import { backtestText } from './text.ts';

export interface BacktestPlan {
  readonly rules: RunnableRules;
  readonly against: RunnableRules | undefined;
  readonly recordings: readonly string[];
  readonly html: string | undefined;
  readonly dutyHours: number;
  readonly device: string | undefined;
  /** How the rules differ from `against`: before the rest of the document. */
  readonly changed?: object;
}

/** Problems that are told of a rule set against its recordings. */
const mostProblems = 20;

/** Prints what was found, also of what is not damaged; then the damage is thrown. */
export async function backtestRecordings(
  io: CliIo,
  plan: BacktestPlan,
  options: ApiOptions,
): Promise<void> {
  const { rules, against } = plan;
  const both = against === undefined ? [rules] : [rules, against];
  const sessions = await findSessions(plan.recordings, plan.device);
  const found = await whileShown(io, sum(sessions.flatMap(({ files }) => files)), {
    run: async (signal, progress) =>
      await runSessions({
        sessions,
        rules: both.map(({ file, text }) => ({ file, text })),
        sketch: plan.html !== undefined,
        signal,
        progress,
      }),
  });
  const ruleSets = both.map(({ ruleSet }) => ruleSet);
  const report = reportOf(found, ruleSets, plan.dutyHours);
  const problems = problemsOf(found.sessions);
  for (const problem of problems.slice(0, mostProblems)) io.err(`${problemLine(problem)}\n`);
  if (problems.length > mostProblems) io.err(`and ${problems.length - mostProblems} more\n`);
  const document = { ...plan.changed, ...backtestDocument(report, problems) };
  printOne(document, options, io, () => backtestText(report, io));
  if (plan.html !== undefined) {
    await writePage(plan.html, report);
    io.err(`${plan.html}: written\n`);
  }
  if (plan.device !== undefined && report.sessions.length > 1) io.err(anew);
  tellRest(io, report);
}

/** On a robot, too, a session is where the state of rules begins. */
const anew = 'cooldowns, limits and budgets begin anew with each session\n';

const sum = (files: readonly { readonly bytes: number }[]): number =>
  files.reduce((total, { bytes }) => total + bytes, 0);

/** One line a place; where only some sessions have the problem, it says how many. */
function problemsOf(found: readonly SessionFound[]): RuleProblem[] {
  const sessions = found.filter(({ sides }) => sides.length > 0);
  const all = sessions.flatMap(({ sides }) => sides[0]?.trial.whole?.problems ?? []);
  const byPlace = Map.groupBy(all, ({ line, column, code }) => `${line}:${column} ${code}`);
  return [...byPlace.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    if (same.length === sessions.length) return [first];
    const message = `${first.message} (in ${same.length} of ${sessions.length} sessions)`;
    return [{ ...first, message }];
  });
}

function tellRest(io: CliIo, { empty, damages }: BacktestReport): void {
  for (const path of empty) io.err(`${path}: holds no messages\n`);
  const [first, ...rest] = damages;
  for (const { place, message, remedy = '' } of rest) {
    io.err(`${`${place ?? 'a recording'}: ${message} ${remedy}`.trimEnd()}\n`);
  }
  if (first === undefined) return;
  const { code, message, place, remedy } = first;
  throw new Fault(code === 'invalid' ? 'corrupt' : code, message, { place, remedy });
}

async function writePage(path: string, report: BacktestReport): Promise<void> {
  try {
    await writeFile(path, backtestPage(report));
  } catch (cause) {
    throw new Fault('unavailable', 'the page cannot be written', {
      place: path,
      remedy: 'Name a file in a folder that is there and may be written to.',
      cause,
    });
  }
}

/** Milliseconds between two lines of progress. */
const everyMs = 250;

/** One line of progress while it runs; Ctrl-C ends the threads and leaves nothing behind. */
async function whileShown<T>(
  io: CliIo,
  wholeBytes: number,
  work: { run(signal: AbortSignal, progress: (bytes: number) => void): Promise<T> },
): Promise<T> {
  const stopped = new AbortController();
  const ended = new AbortController();
  void io.stopRequested?.(ended.signal).then(() => stopped.abort());
  const startedMs = performance.now();
  let nextMs = startedMs + everyMs;
  const progress = (bytes: number): void => {
    const nowMs = performance.now();
    if (!io.isTerminal || nowMs < nextMs) return;
    nextMs = nowMs + everyMs;
    const rate = (bytes * 1000) / (nowMs - startedMs);
    io.err(`\r\u001b[K${progressText(bytes, wholeBytes, rate)}`);
  };
  try {
    return await work.run(stopped.signal, progress);
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    throw new Fault('cancelled', 'you stopped the backtest', {
      remedy: 'Name fewer recordings if it takes too long.',
      cause: error,
    });
  } finally {
    ended.abort();
    if (io.isTerminal) io.err('\r\u001b[K');
  }
}

/** `43 %, 1.2 GiB of 2.8 GiB, 380 MiB/s, 4 s left`. */
export function progressText(bytes: number, whole: number, rate: number): string {
  const share = whole === 0 ? 100 : Math.min(100, Math.floor((100 * bytes) / whole));
  const left = rate === 0 ? '' : `, ${Math.ceil(Math.max(0, whole - bytes) / rate)} s left`;
  const speed = `${formatSize(Math.round(rate))}/s`;
  return `${share} %, ${formatSize(bytes)} of ${formatSize(whole)}, ${speed}${left}`;
}

/**
 * Proofs that take longer than the everyday tests have.
 *
 *   npm run soak -- rollout [--seed 1] [--runs 10000]
 *   npm run soak -- workflows [--seed 1] [--case NAME] [--database sqlite|postgres]
 *       [--boundaries all|N] [--pairs 10] [--kills 6] [--kill-pairs 3] [--runs 40] [--deaths 20]
 *
 *   npm run soak -- agent [--minutes 150]
 *
 * Exit code 1 when a promise does not hold; the seed is printed, and finds it again.
 */
import { join } from 'node:path';
import { seededRandom } from '@fieldloop/core';
import {
  closeThreads,
  noPostgres,
  patternCases,
  rolloutForecast,
  rolloutProof,
  soakPattern,
  soakProcesses,
} from '@fieldloop/cloud/measure';
import { readArgs } from './read-args.ts';
import { soakAgent } from './soak/agent.ts';

const usage = `usage: npm run soak -- rollout [--seed N] [--runs N]
       npm run soak -- workflows [--seed N] [--case NAME] [--database sqlite|postgres]
           [--boundaries all|N] [--pairs N] [--kills N] [--kill-pairs N] [--runs N] [--deaths N]
       npm run soak -- agent [--minutes N]

  rollout    the judge over nulls and threefold regressions, hourly looks, day and night, frailty
  workflows  all seven patterns, each case on SQLite and with two workers on PostgreSQL: a worker
             dies at every boundary, at drawn pairs of them, and, as a real process by SIGKILL, at
             drawn boundaries and pairs; then processes killed at any time under many runs.
             --case and --database take a slice of it, 0 leaves a part out
  agent      two agents, without and with a model, on a folder that is being recorded: memory
             within its bounds, and flat over the last two thirds: a hundred minutes of 150
`;

interface Wishes {
  readonly seed: string;
  readonly minutes: number;
  readonly runs: number;
  readonly deaths: number;
  readonly pairs: number;
  readonly kills: number;
  readonly killPairs: number;
  /** Undefined: every one. */
  readonly boundaries: number | undefined;
  readonly kinds: readonly Kind[];
  readonly name: string;
}

type Kind = 'sqlite' | 'postgres';

const options = {
  seed: { type: 'string', default: '1' },
  runs: { type: 'string' },
  minutes: { type: 'string', default: '150' },
  deaths: { type: 'string', default: '20' },
  pairs: { type: 'string', default: '10' },
  kills: { type: 'string', default: '6' },
  'kill-pairs': { type: 'string', default: '3' },
  boundaries: { type: 'string', default: 'all' },
  case: { type: 'string', default: '' },
  database: { type: 'string' },
  help: { type: 'boolean' },
} as const;

async function main(argv: readonly string[]): Promise<number> {
  const given = readArgs(argv, { options, usage });
  if (given === undefined) return 2;
  const { values, positionals } = given;
  const [name = ''] = positionals;
  const soak = soaks.get(name);
  const runs = values.runs ?? String(soak?.runs ?? 1);
  const { boundaries } = values;
  const texts = [
    runs,
    values.minutes,
    values.deaths,
    values.pairs,
    values.kills,
    values['kill-pairs'],
  ];
  const counts = [...texts, boundaries === 'all' ? '1' : boundaries].map(Number);
  const kinds = kindsOf(values.database);
  const isWrong = counts.some((n) => !Number.isInteger(n) || n < 0) || kinds === undefined;
  if (soak === undefined || isWrong) {
    process.stderr.write(usage);
    return values.help === true ? 0 : 2;
  }
  return await soak.run({
    seed: values.seed,
    runs: Number(runs),
    minutes: Number(values.minutes),
    deaths: Number(values.deaths),
    pairs: Number(values.pairs),
    kills: Number(values.kills),
    killPairs: Number(values['kill-pairs']),
    boundaries: boundaries === 'all' ? undefined : Number(boundaries),
    kinds,
    name: values.case,
  });
}

/** Undefined: there is no such database. */
function kindsOf(wish: string | undefined): readonly Kind[] | undefined {
  const there: readonly Kind[] = noPostgres === undefined ? ['sqlite', 'postgres'] : ['sqlite'];
  if (wish === undefined) {
    if (noPostgres !== undefined) process.stderr.write(`without PostgreSQL: ${noPostgres}\n`);
    return there;
  }
  const found = there.filter((kind) => kind === wish);
  return found.length === 0 ? undefined : found;
}

async function workflows(wishes: Wishes): Promise<number> {
  const { seed, kinds, name, runs, deaths } = wishes;
  const cases = patternCases.filter((one) => one.name.includes(name));
  process.stderr.write(`seed ${seed}, ${cases.length} cases on ${kinds.join(' and ')}\n`);
  const wrong: string[] = [];
  const sum = { boundaries: 0, pairs: 0, kills: 0 };
  for (const kind of kinds) {
    for (const one of cases) {
      const { here, processes } = await soakPattern(kind, one, wishes);
      const singles = here.crashes - wishes.pairs;
      sum.boundaries += singles;
      sum.pairs += wishes.pairs;
      sum.kills += processes.crashes;
      const others = [...here.differing, ...processes.differing];
      wrong.push(...others);
      process.stdout.write(
        `${kind.padEnd(9)} ${one.name}: killed at ${singles} of ${here.points} boundaries, ` +
          `${wishes.pairs} pairs, ${processes.crashes} plays with SIGKILL; ` +
          `other ends: ${others.length}\n`,
      );
      for (const line of others) process.stdout.write(`${line}\n`);
    }
    if (runs === 0) continue;
    const killed = await soakProcesses(kind, { seed, runs, deaths });
    wrong.push(...killed.wrong);
    process.stdout.write(
      `${kind.padEnd(9)} ${killed.runs} runs, ${killed.deaths} workers killed with SIGKILL at any ` +
        `time, ${killed.effects} effects; wrong: ${killed.wrong.length}\n`,
    );
    for (const line of killed.wrong) process.stdout.write(`${line}\n`);
  }
  await closeThreads();
  process.stdout.write(
    `${sum.boundaries} deaths at boundaries, ${sum.pairs} pairs, ${sum.kills} plays with SIGKILL: ` +
      `${wrong.length} other ends\n`,
  );
  return wrong.length === 0 ? 0 : 1;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

function rollout({ seed, runs }: Wishes): number {
  process.stderr.write(`seed ${seed}, ${runs} runs each\n`);
  const nulls = rolloutForecast(
    { ...rolloutProof, factor: 1, weight: 1 },
    runs,
    seededRandom(`${seed}/null`),
  );
  const threefold = rolloutForecast(
    { ...rolloutProof, factor: 3, weight: 0.3 },
    runs,
    seededRandom(`${seed}/threefold`),
  );
  process.stdout.write(
    `null       falsely halted ${percent(nulls.halted)} (at most 5 %)\n` +
      `threefold  halted ${percent(threefold.halted)} (at least 99 %), median ` +
      `${threefold.medianHours} h, exposed mean ${threefold.meanExposed.toFixed(1)} (at most 25), ` +
      `p95 ${threefold.p95Exposed} (at most 80) of 200\n`,
  );
  const holds =
    nulls.halted <= 0.05 &&
    threefold.halted >= 0.99 &&
    threefold.meanExposed <= 25 &&
    threefold.p95Exposed <= 80;
  return holds ? 0 : 1;
}

async function agent({ seed, minutes }: Wishes): Promise<number> {
  const root = join(import.meta.dirname, '..');
  const onLine = (text: string): void => void process.stdout.write(`${text}\n`);
  return await soakAgent({ seed, minutes, root, onLine });
}

const soaks: ReadonlyMap<
  string,
  { readonly runs: number; readonly run: (wishes: Wishes) => Promise<number> | number }
> = new Map([
  ['rollout', { runs: 10_000, run: rollout }],
  ['workflows', { runs: 40, run: workflows }],
  ['agent', { runs: 1, run: agent }],
]);

process.exitCode = await main(process.argv.slice(2));

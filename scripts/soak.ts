/**
 * Proofs that take longer than the everyday tests have.
 *
 *   npm run soak -- rollout [--seed 1] [--runs 10000]
 *   npm run soak -- workflows [--seed 1] [--runs 40] [--deaths 20] [--pairs 50]
 *
 * Exit code 1 when a promise does not hold; the seed is printed, and finds it again.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '@fieldloop/core';
import {
  noPostgres,
  rolloutForecast,
  rolloutProof,
  soakPairs,
  soakProcesses,
} from '@fieldloop/cloud/measure';

const usage = `usage: npm run soak -- rollout [--seed N] [--runs N]
       npm run soak -- workflows [--seed N] [--runs N] [--deaths N] [--pairs N]

  rollout    the judge over nulls and threefold regressions, hourly looks, day and night, frailty
  workflows  worker processes killed with SIGKILL while they work, then every death and pairs of
             deaths at the boundaries of a run; SQLite, and two workers on PostgreSQL where it is
`;

interface Wishes {
  readonly seed: string;
  readonly runs: number;
  readonly deaths: number;
  readonly pairs: number;
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string' },
      deaths: { type: 'string', default: '20' },
      pairs: { type: 'string', default: '50' },
      help: { type: 'boolean' },
    },
  });
  const [name = ''] = positionals;
  const soak = soaks.get(name);
  const { seed, deaths, pairs } = values;
  const runs = values.runs ?? String(soak?.runs ?? 1);
  const counts = [runs, deaths, pairs].map(Number);
  if (soak === undefined || counts.some((n) => !Number.isInteger(n) || n < 1)) {
    process.stderr.write(usage);
    return values.help === true ? 0 : 2;
  }
  return await soak.run({ seed, runs: Number(runs), deaths: Number(deaths), pairs: Number(pairs) });
}

async function workflows(wishes: Wishes): Promise<number> {
  const { seed, runs, deaths, pairs } = wishes;
  process.stderr.write(`seed ${seed}, ${runs} runs, ${deaths} deaths, ${pairs} pairs\n`);
  const kinds =
    noPostgres === undefined ? (['sqlite', 'postgres'] as const) : (['sqlite'] as const);
  const wrong: string[] = [];
  for (const kind of kinds) {
    const killed = await soakProcesses(kind, { seed, runs, deaths });
    process.stdout.write(
      `${kind.padEnd(9)} ${killed.runs} runs, ${killed.deaths} workers killed with SIGKILL, ` +
        `${killed.effects} effects; wrong: ${killed.wrong.length}\n`,
    );
    const found = await soakPairs(kind, { seed, pairs });
    process.stdout.write(
      `${kind.padEnd(9)} ${found.points} boundaries, ${found.crashes} plays with deaths; ` +
        `other ends: ${found.differing.length}\n`,
    );
    wrong.push(...killed.wrong, ...found.differing);
  }
  for (const line of wrong) process.stdout.write(`${line}\n`);
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

const soaks: ReadonlyMap<
  string,
  { readonly runs: number; readonly run: (wishes: Wishes) => Promise<number> | number }
> = new Map([
  ['rollout', { runs: 10_000, run: rollout }],
  ['workflows', { runs: 40, run: workflows }],
]);

process.exitCode = await main(process.argv.slice(2));

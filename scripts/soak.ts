/**
 * Proofs that take longer than the everyday tests have.
 *
 *   npm run soak -- rollout [--seed 1] [--runs 10000]
 *
 * Exit code 1 when a promise does not hold; the seed is printed, and finds it again.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '@fieldloop/core';
import { rolloutForecast, rolloutProof } from '@fieldloop/cloud/measure';

const usage = `usage: npm run soak -- rollout [--seed N] [--runs N]

  rollout   the judge over nulls and threefold regressions, hourly looks, day and night, frailty
`;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '10000' },
      help: { type: 'boolean' },
    },
  });
  const [name] = positionals;
  const runs = Number(values.runs);
  if (name !== 'rollout' || !Number.isInteger(runs) || runs < 1) {
    process.stderr.write(usage);
    return values.help === true ? 0 : 2;
  }
  return await Promise.resolve(rollout(values.seed, runs));
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

function rollout(seed: string, runs: number): number {
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

process.exitCode = await main(process.argv.slice(2));

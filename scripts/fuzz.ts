/**
 * Asks parts of Fieldloop at random, longer than the everyday tests do.
 *
 *   npm run fuzz -- api [--seed 1] [--requests 20000]
 *
 * Exit code 1 when something was found; the seed is printed, and finds it again.
 */
import { parseArgs } from 'node:util';
import { fuzzApi } from '@fieldloop/cloud/fuzz';

const usage = `usage: npm run fuzz -- api [--seed N] [--requests N]

  api   every operation of the API by its own document: no answer of 500, none outside the document
`;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      requests: { type: 'string', default: '20000' },
      help: { type: 'boolean' },
    },
  });
  const [name] = positionals;
  const seed = Number(values.seed);
  const requests = Number(values.requests);
  const isSound = Number.isInteger(seed) && Number.isInteger(requests) && requests > 0;
  if (name !== 'api' || !isSound || positionals.length !== 1) {
    process.stderr.write(usage);
    return values.help === true ? 0 : 2;
  }
  process.stderr.write(`seed ${seed}\n`);
  const report = await fuzzApi({
    seed,
    requests,
    onProgress: (done) => process.stderr.write(`${done} of ${requests} requests\n`),
  });
  const { statuses, reached, operations, failures } = report;
  const counts = Object.entries(statuses).map(([status, count]) => `${status} ${count} times`);
  process.stdout.write(
    [
      `seed ${seed}: ${report.requests} requests, ${reached.length} of ${operations} operations ` +
        `answered with success`,
      `answers: ${counts.join(', ')}`,
      ...failures,
      `${failures.length} failures`,
      '',
    ].join('\n'),
  );
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));

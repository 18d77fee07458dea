/**
 * Every check of the house in one run: format, types, lint, tidy, dead code and all tests. The
 * last line is `N passed, N failed`; the exit code is 0 only when nothing failed.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a check knows of files that have not changed since its last run. */
const known = (name: string): string => join(root, '.toolchain', 'known', name);

interface Check {
  readonly name: string;
  /** A script of this repository, or a program inside a package of the root. */
  readonly program: string;
  readonly args: readonly string[];
}

/** Checks of a row run at once: those of the first use one processor each, the others all. */
const checks: readonly (readonly Check[])[] = [
  [
    { name: 'format', program: '@biomejs/biome/bin/biome', args: ['format', '.'] },
    { name: 'tidy', program: 'scripts/tidy.ts', args: [] },
    {
      name: 'dead code',
      program: 'knip/bin/knip.js',
      args: ['--no-progress', '--cache', '--cache-location', known('knip')],
    },
  ],
  [
    {
      name: 'types',
      program: 'typescript/bin/tsc',
      args: ['-p', '.', '--checkers', '2', '--incremental', '--tsBuildInfoFile', known('types')],
    },
  ],
  [
    {
      name: 'lint',
      program: 'oxlint/bin/oxlint',
      args: ['--type-aware', '--deny-warnings', '--quiet', '.'],
    },
  ],
];

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

async function main(): Promise<void> {
  const filter = process.argv.slice(2);
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  if (filter.length === 0) {
    for (const row of checks) await Promise.all(row.map((check) => runCheck(check, totals)));
  }
  await runTests(filter, totals);
  if (totals.skipped > 0) console.log(`${totals.skipped} skipped, each with its reason above`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

async function runCheck(check: Check, totals: Totals): Promise<void> {
  const started = performance.now();
  const { code, output } = await run(check.program, check.args, false);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (code === 0) totals.passed += 1;
  else totals.failed += 1;
  console.log(`${code === 0 ? '✓' : '✗'} ${check.name} ${seconds} s`);
  if (code !== 0) console.log(output);
}

async function runTests(filter: readonly string[], totals: Totals): Promise<void> {
  const report = join(root, '.toolchain', `tests-${process.pid}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run('vitest/vitest.mjs', ['run', ...reporters, ...filter], true);
  try {
    const result = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      testResults: readonly {
        readonly assertionResults: readonly {
          readonly status: string;
          readonly fullName: string;
        }[];
      }[];
    };
    for (const { assertionResults } of result.testResults) {
      for (const { status, fullName } of assertionResults) {
        if (status !== 'passed' && status !== 'failed') console.log(`skipped: ${fullName}`);
      }
    }
    totals.passed += result.numPassedTests;
    totals.failed += result.numFailedTests;
    totals.skipped += result.numPendingTests;
    // A suite that cannot be loaded fails without a failed test.
    if (result.numFailedTests === 0 && code !== 0) totals.failed += 1;
    if (result.numPassedTests === 0) totals.failed += 1;
  } catch (error) {
    totals.failed += 1;
    console.log(`the tests left no report: ${String(error)}`);
  }
  rmSync(report, { force: true });
}

async function run(
  program: string,
  args: readonly string[],
  show: boolean,
): Promise<{ code: number; output: string }> {
  const path = program.startsWith('scripts/') ? program : join('node_modules', program);
  const child = spawn(process.execPath, [path, ...args], {
    cwd: root,
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
  });
  const parts: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => parts.push(part));
  child.stderr?.on('data', (part: Buffer) => parts.push(part));
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => resolve(exit ?? 1));
  });
  return { code, output: Buffer.concat(parts).toString() };
}

await main();

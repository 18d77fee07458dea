/** Scenarios of one idea as everyday tests have time for them: some, drawn anew each time. */
import { randomInt } from 'node:crypto';
import { basename } from 'node:path';
import { seededRandom } from '@fieldloop/core';
import { isLongRun } from '@fieldloop/core/system';
import { beforeEach, type RunnerTask, type RunnerTestCase } from 'vitest';

const seed = process.env['FIELDLOOP_SEED'] ?? String(randomInt(1_000_000));

/**
 * Runs so many tests of the file that calls it, each on its own feet, and skips the others, whose
 * names are printed; `first` of them always run. With `FIELDLOOP_TESTS=long` all run.
 */
export function drawScenarios(everyday: number, { first = 0 } = {}): void {
  if (isLongRun) return;
  let drawn: ReadonlySet<RunnerTestCase> | undefined;
  beforeEach(({ task, skip }) => {
    drawn ??= draw(task, everyday, first);
    if (!drawn.has(task)) skip(`others were drawn (FIELDLOOP_SEED=${seed})`);
  });
}

function draw(
  { file }: RunnerTestCase,
  everyday: number,
  first: number,
): ReadonlySet<RunnerTestCase> {
  const name = basename(file.name, '.test.ts');
  const random = seededRandom(`${seed}/${name}`);
  const all = testsOf(file.tasks);
  const left = all.slice(first);
  const drawn = new Set(all.slice(0, first));
  for (let n = 0; n < everyday && left.length > 0; n += 1) {
    for (const one of left.splice(random.integer(left.length), 1)) drawn.add(one);
  }
  const skipped = left.map((one) => `\n  ${one.name}`).join('');
  process.stdout.write(`${name}: not drawn today (FIELDLOOP_SEED=${seed}):${skipped}\n`);
  return drawn;
}

/** Those that may run here. */
const testsOf = (tasks: readonly RunnerTask[]): readonly RunnerTestCase[] =>
  tasks.flatMap((task) => {
    if (task.type === 'suite') return testsOf(task.tasks);
    return task.mode === 'skip' || task.mode === 'todo' ? [] : [task];
  });

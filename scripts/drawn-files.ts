/**
 * Test files that take long, each for a good reason: processes that are killed, a second database,
 * drives in real time. An everyday run takes some of them, drawn anew each time; CI takes all.
 */
import { randomInt } from 'node:crypto';
import { globSync } from 'node:fs';
import { seededRandom } from '@fieldloop/core';

export const longFiles = [
  'agent/buffer/kill.test.ts',
  'agent/models-in-use.test.ts',
  'agent/pipeline.test.ts',
  'agent/restart.test.ts',
  'agent/uplink/uplink.test.ts',
  'cli/backtest/backtest.test.ts',
  'cli/cloud.test.ts',
  'cli/cloud-upkeep.test.ts',
  'cloud/broker/downlink.test.ts',
  'cloud/evaluation/evaluation.test.ts',
  'cloud/main.test.ts',
  'cloud/stop.test.ts',
  'cloud/store/backup/backup.test.ts',
  'cloud/store/postgres.test.ts',
  'cloud/training/{trainer,recipes,reproduce}.test.ts',
  'cloud/triage/intake.test.ts',
  'cloud/workflows/**/*crash.test.ts',
  'cloud/workflows/data-to-training-faults.test.ts',
  'cloud/workflows/waiting-gate.test.ts',
  'e2e/*.test.ts',
  'sim/model.test.ts',
];

/** From a robot's recording to a clip in the cloud: in every run. */
const always = ['e2e/line.test.ts'];

/** One file of so many is taken. */
const oneOf = 4;

export interface Run {
  /** Of the command line, behind the program. */
  readonly words: readonly string[];
  /** The seed is put there: tests that draw scenarios take the same. */
  readonly env: Record<string, string | undefined>;
  readonly say: (text: string) => void;
}

/**
 * Files that this run leaves out, told with the seed that draws them again: none when somebody
 * names files, or wants all by `FIELDLOOP_TESTS=long`.
 */
export function filesNotDrawn(root: string, { words, env, say }: Run): readonly string[] {
  const named = words.filter((word) => !word.startsWith('-') && word !== 'run');
  if (named.length > 0 || env['FIELDLOOP_TESTS'] === 'long') return [];
  const seed = (env['FIELDLOOP_SEED'] ??= String(randomInt(1_000_000)));
  const random = seededRandom(`${seed}/files`);
  const files = globSync(longFiles, { cwd: root, exclude: always }).toSorted();
  const left = [...files];
  for (let n = 0; n < files.length / oneOf; n += 1) left.splice(random.integer(left.length), 1);
  say(
    `${files.length - left.length} of ${files.length} long test files are run (FIELDLOOP_SEED=${seed}` +
      ` draws these again, FIELDLOOP_TESTS=long takes all). Not today:\n  ${left.join('\n  ')}\n`,
  );
  return left;
}

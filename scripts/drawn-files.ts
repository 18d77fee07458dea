/**
 * Test files that take long, each for a good reason: processes that are killed, a second database,
 * drives in real time. An everyday run takes some of them, drawn anew each time; CI takes all.
 */
import { randomInt } from 'node:crypto';
import { globSync } from 'node:fs';
import { seededRandom } from '@fieldloop/core';

/** Patterns, and about how many seconds a file takes; the first that fits a file counts. */
export const longFiles: readonly (readonly [pattern: string, seconds: number])[] = [
  ['agent/buffer/kill.test.ts', 20],
  ['agent/models-in-use.test.ts', 40],
  ['agent/pipeline.test.ts', 30],
  ['agent/restart.test.ts', 10],
  ['agent/uplink/uplink.test.ts', 15],
  ['cli/backtest/backtest.test.ts', 30],
  ['cli/backtest/odd-recordings.test.ts', 10],
  ['cli/cloud.test.ts', 30],
  ['cli/cloud-upkeep.test.ts', 20],
  ['cli/reproduce.test.ts', 10],
  ['cloud/broker/downlink.test.ts', 15],
  ['cloud/evaluation/evaluation.test.ts', 15],
  ['cloud/main.test.ts', 10],
  ['cloud/stop.test.ts', 15],
  ['cloud/store/backup/backup.test.ts', 20],
  ['cloud/store/postgres.test.ts', 60],
  ['cloud/training/{trainer,recipes,reproduce}.test.ts', 15],
  ['cloud/triage/intake.test.ts', 10],
  ['cloud/workflows/fleet-hotfix-and-rollback.crash.test.ts', 90],
  ['cloud/workflows/kit/crash.test.ts', 50],
  ['cloud/workflows/**/*crash.test.ts', 25],
  ['cloud/workflows/data-to-training-faults.test.ts', 10],
  ['cloud/workflows/waiting-gate.test.ts', 10],
  ['e2e/kill.test.ts', 140],
  ['e2e/{models,rollout}.test.ts', 70],
  ['e2e/{agent-caps,agent-start-faults,commands}.test.ts', 50],
  ['e2e/{agent-faults,agent-network-faults,publication}.test.ts', 40],
  ['e2e/{offline-enrol,roles,strangers}.test.ts', 25],
  ['e2e/*.test.ts', 12],
  ['sim/model.test.ts', 50],
];

/** From a robot's recording to a clip in the cloud: in every run. */
const always = ['e2e/line.test.ts'];

/** Files are drawn while there is room for their seconds; the first one is taken in any case. */
const drawnS = 90;

export interface Run {
  /** Of the command line, behind the program. */
  readonly words: readonly string[];
  /** The seed is put there: tests that draw scenarios take the same. */
  readonly env: Record<string, string | undefined>;
  readonly say: (text: string) => void;
}

/** The long files of the clone at `root`, each with its seconds. */
export function longFilesIn(root: string): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const [pattern, each] of longFiles) {
    for (const file of globSync(pattern, { cwd: root, exclude: always })) {
      if (!seconds.has(file)) seconds.set(file, each);
    }
  }
  return seconds;
}

/**
 * Files of these that this run leaves out, told with the seed that draws them again: none when
 * somebody names files, or wants all by `FIELDLOOP_TESTS=long`.
 */
export function filesNotDrawn(
  seconds: ReadonlyMap<string, number>,
  { words, env, say }: Run,
): readonly string[] {
  const named = words.filter((word) => !word.startsWith('-') && word !== 'run');
  if (named.length > 0 || env['FIELDLOOP_TESTS'] === 'long') return [];
  const seed = (env['FIELDLOOP_SEED'] ??= String(randomInt(1_000_000)));
  const random = seededRandom(`${seed}/files`);
  const files = [...seconds.keys()].toSorted();
  const left: string[] = [];
  let roomS = drawnS;
  while (files.length > 0) {
    const [file = ''] = files.splice(random.integer(files.length), 1);
    const takesS = seconds.get(file) ?? 0;
    if (takesS > roomS && roomS < drawnS) left.push(file);
    else roomS -= takesS;
  }
  left.sort();
  say(
    `${seconds.size - left.length} of ${seconds.size} long test files are run (FIELDLOOP_SEED=${seed}` +
      ` draws these again, FIELDLOOP_TESTS=long takes all). Not today:\n  ${left.join('\n  ')}\n`,
  );
  return left;
}

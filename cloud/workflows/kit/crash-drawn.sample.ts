/** The crash kit as everyday tests have time for it: at some boundaries, drawn anew each time. */
import { randomInt } from 'node:crypto';
import { seededRandom } from '@fieldloop/core';
import { isLongRun } from '@fieldloop/core/system';
import {
  type CrashCase,
  crashEverywhere,
  type CrashFindings,
  type CrashOptions,
} from './crash.sample.ts';

const seed = process.env['FIELDLOOP_SEED'] ?? String(randomInt(1_000_000));
/** Deaths of each case. */
const everyday = 6;

/** Each boundary with `FIELDLOOP_TESTS=long`, else some. */
export const drawn = ({ name }: CrashCase): Pick<CrashOptions, 'singles' | 'random'> =>
  isLongRun ? {} : { singles: everyday, random: seededRandom(`${seed}/${name}`) };

export function tell({ name }: CrashCase, { crashes, points }: CrashFindings): void {
  const how = isLongRun ? '' : ` (FIELDLOOP_SEED=${seed})`;
  process.stdout.write(`${name}: killed at ${crashes} of ${points} boundaries${how}\n`);
}

/** On SQLite. */
export async function crashDrawn(one: CrashCase): Promise<CrashFindings> {
  const found = await crashEverywhere('sqlite', one, drawn(one));
  tell(one, found);
  return found;
}

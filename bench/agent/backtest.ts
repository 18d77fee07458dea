/**
 * From an edit of a rule to the forecast: the command `fieldloop rules backtest` in a process of its
 * own, start included, over an hour that one robot recorded (IMU 200 Hz, joints, transforms and
 * odometry 50 Hz, scans 10 Hz, a camera of 60 kB at 5 Hz; zstd). Splits of one session stay in one
 * thread, so one file is the slowest hour there is; six sessions of ten minutes use all processors.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate, hour } from '../generate.ts';
import { type Bench, median, type Row, row } from '../report.ts';
import { rulesYaml } from '../rules-document.ts';

const program = join(import.meta.dirname, '..', '..', 'cli', 'bin', 'fieldloop.mjs');
/** What a person waits at most, in seconds. */
const mostS = 10;
const runs = 3;
const sessions = 6;

interface Told {
  readonly recordedHours: number;
  readonly fires: number;
  readonly perRobotDay: { readonly clips: { readonly mean: number } };
}

export const backtestPart: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const rules = join(folder, 'rules.yaml');
    await writeFile(rules, rulesYaml);
    progress('an hour of a robot: generating');
    const whole = join(folder, 'hour.mcap');
    const { messages, bytes } = await generate(hour, 'zstd', whole);
    progress(`an hour of a robot: ${messages} messages, ${bytes} bytes`);
    const rows = [await measured('an hour, one file', { rules, recordings: [whole] })];
    await rm(whole);
    const parts = Array.from({ length: sessions }, (_, i) => join(folder, `run-${i}.mcap`));
    for (const part of parts) await makePart(part);
    rows.push(await measured(`an hour, ${sessions} sessions`, { rules, recordings: parts }));
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
};

async function makePart(path: string): Promise<void> {
  await generate({ ...hour, seconds: hour.seconds / sessions }, 'zstd', `${path}.part`);
  await rename(`${path}.part`, path);
}

async function measured(
  figure: string,
  given: { readonly rules: string; readonly recordings: readonly string[] },
): Promise<Row> {
  const seconds: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedMs = performance.now();
    const told = await backtest(given);
    seconds.push((performance.now() - startedMs) / 1e3);
    // A forecast of nothing would be quick.
    const isWhole = Math.abs(told.recordedHours - 1) < 0.01 && told.fires > 0;
    if (!isWhole || !(told.perRobotDay.clips.mean > 0)) throw new TypeError(`${figure}: not told`);
  }
  const value = median(seconds);
  const timed = { figure, unit: 's to the forecast', value, rival: mostS, ratio: mostS / value };
  return row({ ...timed, atLeast: 1 });
}

async function backtest({
  rules,
  recordings,
}: {
  readonly rules: string;
  readonly recordings: readonly string[];
}): Promise<Told> {
  const args = [program, 'rules', 'backtest', rules, ...recordings, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as Told;
}

/**
 * The loop on recorded robot data: real cloud and agents, the product's own triage, annotation API,
 * trainer and rollout, and what each of them is worth.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asFault, Fault, faultLine } from '@fieldloop/core';
import { startCloud } from '@fieldloop/e2e';
import { importFirst, versionOf } from './flywheel/base.ts';
import { openCalls } from './flywheel/calls.ts';
import { hirePeople } from './flywheel/labels.ts';
import { bringOut } from './flywheel/release.ts';
import { rowsOf } from './flywheel/rows.ts';
import { runSeed, type SeedResult, type Site } from './flywheel/seed.ts';
import { splitOf } from './flywheel/split.ts';
import { readTable, readWindows, type Table } from './flywheel/table.ts';
import { type Row, row } from './report.ts';

export interface FlywheelOptions {
  /** The wall-following data where it is absent. */
  readonly data?: string | undefined;
  readonly label?: string | undefined;
  /** The file has windows, as the UCI robot execution failures have. */
  readonly windows?: boolean | undefined;
  readonly seeds?: number | undefined;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const wallFile = join(root, '../shared/data/flywheel/wall_following/sensor_readings_24.data');
const wallLabel = 'OUTPUT';
const usualSeeds = 10;
/** Seeds under way at once: while one waits for its trainer, another one replays. */
const atOnce = 3;

export async function flywheelBench(
  options: FlywheelOptions,
  progress: (text: string) => void,
): Promise<readonly Row[]> {
  const table = await tableFrom(options);
  const folder = await mkdtemp(join(tmpdir(), 'fl-wheel-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const cloud = await startCloud(root, folder);
  stack.defer(async () => await cloud.running.stop(10_000));
  const { key, urls } = cloud;
  const calls = openCalls(urls.http, key);
  const place = { root, folder, url: urls.http, key };
  const imported = await importFirst(calls, place, {
    table,
    rows: splitOf(table.rows.length, 0).first,
  });
  const site: Site = {
    calls,
    place,
    table,
    imported,
    baseVersion: await versionOf(calls, [imported]),
    annotators: await hirePeople(calls, urls.http),
    desk: openDesk(),
    progress,
  };
  const count = options.seeds ?? usualSeeds;
  const seeds: SeedResult[] = [];
  const waiting = Array.from({ length: count }, (_, seed) => seed);
  const line = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const result = await runSeed(site, seed);
      stack.defer(result.stop);
      seeds.push(result);
      // The last robot waits for the rollout.
      if (seed < count - 1) await result.stop();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, line));
  seeds.sort((a, b) => a.seed - b.seed);
  const withBars = options.data === undefined;
  const brought = await broughtBy(site, seeds, withBars);
  return [...rowsOf(table, seeds, { withBars }), ...brought];
}

/** The rollout to the robot that still runs; a small table's evaluation may not pass. */
async function broughtBy(
  site: Site,
  seeds: readonly SeedResult[],
  withBars: boolean,
): Promise<readonly Row[]> {
  const last = seeds.at(-1);
  if (last === undefined) return [];
  try {
    const { device, wanted, reported } = await bringOut(site, seeds, last);
    site.progress(`${device} was to run ${wanted} and says that it runs ${reported}`);
    const same = wanted === reported ? 1 : 0;
    const figure = `rollout: ${device} runs ${reported.slice(0, 12)}`;
    return [row({ figure, unit: '', value: same, rival: 1, ratio: same, atLeast: 1 })];
  } catch (error) {
    // Minutes of figures are not thrown away for it.
    const fault = asFault(error);
    site.progress(faultLine(fault));
    const figure = 'rollout: none, see above';
    const isMissed = withBars || fault.code !== 'conflict';
    return [
      row({ figure, unit: '', value: 0, rival: 1, ratio: 0, ...(isMissed ? { atLeast: 1 } : {}) }),
    ];
  }
}

/** One after the other, in the order of asking. */
function openDesk(): Site['desk'] {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const own = last.then(work);
    last = own.catch(() => undefined);
    return await own;
  };
}

async function tableFrom({ data, label, windows }: FlywheelOptions): Promise<Table> {
  const path = data ?? wallFile;
  const file = basename(path);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Fault('not_found', `${path} cannot be read`, {
      place: path,
      remedy: 'Name a table of your own: --data FILE --label COLUMN.',
      cause: error,
    });
  });
  if (windows === true) return readWindows(text, file);
  return readTable(text, { file, label: label ?? wallLabel });
}

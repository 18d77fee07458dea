/**
 * The workflow kit on SQLite with every write on the disk: steps a second with their history,
 * decision to next step, and what runs that wait at a gate cost a worker's memory: a fresh worker
 * process at 0, 5,000, 10,000 and 20,000 of them. What does not grow with them is not theirs: the
 * page caches of its databases, which are bounded, fill with the first ones.
 */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  answeredRun,
  decideGate,
  emptySteps,
  type KitWorld,
  kitWorld,
  letRest,
  openWorkflows,
  startMany,
  waitingRun,
} from '@fieldloop/cloud/measure';
import { startProgram } from '@fieldloop/e2e';
import { type Bench, type Row, row } from './report.ts';

const size = { runs: 300, steps: 10, decisions: 200, waiting: [5000, 10_000, 20_000] } as const;
/** Steps a second; ms of the 99th percentile; MB that 10,000 more waiting runs may add. */
const limits = { stepsPerSecond: 500, decisionMs: 100, memoryMB: 5 } as const;
const settleMs = 8000;
const together = 250;

export const workflowsBench: Bench = async (progress) => {
  progress(`${size.runs} runs of ${size.steps} steps …`);
  const stepsPerSecond = await measureSteps();
  progress(`${Math.round(stepsPerSecond)} steps a second; ${size.decisions} decisions …`);
  const decisions = await measureDecisions();
  const memory = await measureMemory(progress);
  return [
    row({
      figure: 'steps with history',
      unit: '1/s',
      value: stepsPerSecond,
      rival: limits.stepsPerSecond,
      ratio: stepsPerSecond / limits.stepsPerSecond,
      atLeast: 1,
    }),
    row({
      figure: 'decision to next step, p50',
      unit: 'ms',
      value: decisions.p50,
      rival: limits.decisionMs,
      ratio: limits.decisionMs / decisions.p50,
    }),
    row({
      figure: 'decision to next step, p99',
      unit: 'ms',
      value: decisions.p99,
      rival: limits.decisionMs,
      ratio: limits.decisionMs / decisions.p99,
      atLeast: 1,
    }),
    ...memoryRows(memory),
  ];
};

async function measureSteps(): Promise<number> {
  await using world = await kitWorld('sqlite', { isDurable: true });
  await startMany(world, emptySteps, { count: size.runs, input: { steps: size.steps } });
  const engine = await world.engine();
  const began = performance.now();
  await using _worker = await openWorkflows(world.ground('w1'), {
    engine,
    workflows: [emptySteps],
  });
  await untilNone(world, ['ended']);
  return (size.runs * size.steps * 1000) / (performance.now() - began);
}

/** Until no run is in another state than these. */
async function untilNone(world: KitWorld, states: readonly string[]): Promise<void> {
  for (;;) {
    const left = await world.db
      .selectFrom('run')
      .select('id')
      .where('state', 'not in', states)
      .limit(1)
      .execute();
    if (left.length === 0) return;
    await delay(20);
  }
}

async function measureDecisions(): Promise<{ readonly p50: number; readonly p99: number }> {
  await using world = await kitWorld('sqlite', { isDurable: true });
  const answered = new Map<string, number>();
  const one = answeredRun((run) => void answered.set(run, performance.now()));
  const runs = await startMany(world, one, { count: size.decisions, input: {} });
  const engine = await world.engine();
  await using _worker = await openWorkflows(world.ground('w1'), { engine, workflows: [one] });
  await untilNone(world, ['waiting']);
  await delay(1000);
  const took: number[] = [];
  for (const run of runs) {
    await decideGate(world, run, 'approve');
    const began = performance.now();
    while (!answered.has(run)) await delay(1);
    took.push((answered.get(run) ?? began) - began);
  }
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

/** What a worker holds once it is at rest, in MB. */
interface Held {
  readonly waiting: number;
  readonly rss: number;
  /** Objects and buffers that are in use, after a collection of garbage. */
  readonly used: number;
}

/** One database that fills; at each size a fresh worker process. */
async function measureMemory(progress: (text: string) => void): Promise<readonly Held[]> {
  await using world = await kitWorld('sqlite');
  const held: Held[] = [];
  let there = 0;
  for (const waiting of [0, ...size.waiting]) {
    await fillTo(world, { from: there, to: waiting });
    there = waiting;
    await letRest(world);
    const found = { waiting, ...(await heldOnce(world)) };
    held.push(found);
    const { rss, used } = found;
    progress(`${waiting} wait: ${rss.toFixed(1)} MB resident, ${used.toFixed(2)} MB in use`);
  }
  return held;
}

async function fillTo(
  world: KitWorld,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  if (from === to) return;
  const engine = await world.engine();
  await using _worker = await openWorkflows(world.ground('w1'), {
    engine,
    workflows: [waitingRun],
  });
  // Not all at once: how many are ready together is not what is measured.
  for (let n = from; n < to; n += together) {
    await startMany(world, waitingRun, { count: together, input: {} });
    await untilNone(world, ['waiting']);
  }
}

async function heldOnce({ database, dataDir }: KitWorld): Promise<Omit<Held, 'waiting'>> {
  const told = join(dataDir, 'held.json');
  await rm(told, { force: true });
  const worker = startProgram({
    name: 'worker',
    args: [
      '--expose-gc',
      fileURLToPath(new URL('workflow-worker.ts', import.meta.url)),
      JSON.stringify({ database, dataDir, told }),
    ],
    cwd: dataDir,
    logFile: join(dataDir, 'worker.log'),
  });
  await worker.ready;
  await delay(settleMs);
  process.kill(worker.pid, 'SIGUSR2');
  while (!existsSync(told)) await delay(20);
  const { rss, heapUsed, external } = JSON.parse(
    await readFile(told, 'utf8'),
  ) as NodeJS.MemoryUsage;
  await worker.stop(10_000);
  return { rss: rss / 1e6, used: (heapUsed + external) / 1e6 };
}

function memoryRows(held: readonly Held[]): readonly Row[] {
  const [empty] = held;
  const busy = held.filter(({ waiting }) => waiting > 0);
  const grown = (what: 'rss' | 'used', some: readonly Held[]): number =>
    Math.max(0.1, slopeOf(some.map((one) => [one.waiting, one[what]] as const)) * perRuns);
  const figure = `for each ${perRuns} more that wait`;
  const bar = (name: string, value: number): Row =>
    row({
      figure: name,
      unit: 'MB',
      value,
      rival: limits.memoryMB,
      ratio: limits.memoryMB / value,
      atLeast: 1,
    });
  const rss = empty?.rss ?? Number.NaN;
  return [
    row({ figure: 'worker, no runs', unit: 'MB', value: rss, rival: rss, ratio: 1 }),
    ...busy.map(({ waiting, rss: value }) =>
      row({ figure: `worker, ${waiting} wait`, unit: 'MB', value, rival: rss, ratio: rss / value }),
    ),
    bar(`in use, ${figure}`, grown('used', held)),
    bar(`resident, ${figure}`, grown('rss', busy)),
  ];
}

const perRuns = 10_000;

/** Of the line of least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, one) => sum + one[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, one) => sum + (one[0] - x) * (one[1] - y), 0);
  return over / points.reduce((sum, one) => sum + (one[0] - x) ** 2, 0);
}

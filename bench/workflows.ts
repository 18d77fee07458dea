/**
 * The workflow kit on SQLite with every write on the disk: steps a second with their history,
 * decision to next step, and what 10,000 runs that wait at a gate cost a worker's memory.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  answeredRun,
  decideGate,
  emptySteps,
  type KitWorld,
  kitWorld,
  openWorkflows,
  startMany,
  waitingRun,
} from '@fieldloop/cloud/measure';
import { startProgram } from '@fieldloop/e2e';
import { type Bench, row } from './report.ts';

const size = { runs: 300, steps: 10, decisions: 200, waiting: 10_000 };
/** Steps a second; ms of the 99th percentile; MB that 10,000 waiting runs may add. */
const limits = { stepsPerSecond: 500, decisionMs: 100, memoryMB: 5 } as const;
const settleMs = 8000;
const together = 250;

export const workflowsBench: Bench = async (progress) => {
  progress(`${size.runs} runs of ${size.steps} steps …`);
  const stepsPerSecond = await measureSteps();
  progress(`${Math.round(stepsPerSecond)} steps a second; ${size.decisions} decisions …`);
  const decisions = await measureDecisions();
  progress('a worker without runs …');
  const empty = await memoryWith(0);
  progress(`a worker with ${size.waiting} runs that wait …`);
  const full = await memoryWith(size.waiting);
  const grown = Math.max(0.1, full - empty);
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
    row({ figure: 'worker, no runs', unit: 'MB', value: empty, rival: empty, ratio: 1 }),
    row({
      figure: `worker, growth with ${size.waiting} waiting`,
      unit: 'MB',
      value: grown,
      rival: limits.memoryMB,
      ratio: limits.memoryMB / grown,
      atLeast: 1,
    }),
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

/** A fresh worker process on a database with so many runs at their gates, in MB. */
async function memoryWith(waiting: number): Promise<number> {
  await using world = await kitWorld('sqlite');
  if (waiting > 0) {
    const engine = await world.engine();
    await using _worker = await openWorkflows(world.ground('w1'), {
      engine,
      workflows: [waitingRun],
    });
    // Not all at once: how many are ready together is not what is measured.
    for (let n = 0; n < waiting; n += together) {
      await startMany(world, waitingRun, { count: together, input: {} });
      await untilNone(world, ['waiting']);
    }
  }
  return await memoryOnce(world);
}

async function memoryOnce({ database, dataDir }: KitWorld): Promise<number> {
  const worker = startProgram({
    name: 'worker',
    args: [
      fileURLToPath(new URL('workflow-worker.ts', import.meta.url)),
      JSON.stringify({ database, dataDir }),
    ],
    cwd: dataDir,
    logFile: join(dataDir, 'worker.log'),
  });
  await worker.ready;
  await delay(settleMs);
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8');
  await worker.stop(10_000);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024e-6;
}

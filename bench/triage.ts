/**
 * One window of 100,000 scored clips with 256 numbers each: read, near-duplicates found by brute
 * force, audit, capture and BADGE, ledger written; and how long the process could do nothing else
 * meanwhile. Each figure stands against the limit that it must hold.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { drawWindow, fillTriage, freezeWindow, openDatabase } from '@fieldloop/cloud/measure';
import { migrate } from '@fieldloop/cloud';
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { type Bench, type Row, row } from './report.ts';

const size = { units: 100_000, devices: 100, width: 256, seed: 'bench' };
const limits = { drawS: 60, gapMs: 50 } as const;

export const triageBench: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'cloud.db');
  const database = stack.use(
    await openDatabase({ kind: 'sqlite', path }, { clock: systemClock, log: silentLog }),
  );
  const { read, write } = database;
  await migrate(write, systemClock);
  const filling = performance.now();
  await fillTriage(write, size);
  progress(`${size.units} units in ${((performance.now() - filling) / 1000).toFixed(1)} s`);
  const at = systemClock.now();
  const what = { policy: 'bulk', reason: 'bench' };
  const window = await write
    .transaction()
    .execute(async (trx) => await freezeWindow(trx, what, { ids: systemIds, at, by: 'bench' }));
  const gaps = monitorEventLoopDelay({ resolution: 1 });
  const busy = openBusy();
  gaps.enable();
  const started = performance.now();
  const deps = { read, write, clock: systemClock, ids: systemIds };
  const drawn = await drawWindow(deps, window.id);
  const seconds = (performance.now() - started) / 1000;
  gaps.disable();
  const busyMs = busy.stop();
  const { lanes, suppressed } = drawn.result ?? {};
  progress(`${JSON.stringify(lanes)}, ${suppressed ?? 0} near-duplicates`);
  return [
    limit('draw of a window', 's', seconds, limits.drawS),
    limit('event loop gap', 'ms', gaps.max / 1e6, limits.gapMs),
    row({
      figure: 'event loop gap, time of the processor',
      unit: 'ms',
      value: busyMs,
      rival: limits.gapMs,
      ratio: limits.gapMs / busyMs,
    }),
  ];
};

/**
 * The most processor time that this thread took between two turns of a timer: what a gap is made
 * of, whatever else runs on the machine.
 */
function openBusy(): { stop(): number } {
  const spent = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = spent();
  let most = 0;
  const timer = setInterval(() => {
    const now = spent();
    most = Math.max(most, now - last);
    last = now;
  }, 1);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}

/** A figure that must stay below a limit: the ratio is limit over value. */
const limit = (figure: string, unit: string, value: number, most: number): Row =>
  row({ figure, unit, value, rival: most, ratio: most / value, atLeast: 1 });

/** A worker in a process of its own, for tests that kill it: `node …/this file DATABASE`. */
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { openAlertEngine } from '../alert/engine.ts';
import { openSqlite } from '../store/sqlite.ts';
import type { WorkerDeps } from '../store/work.ts';
import { openDeliveries } from './deliveries.ts';

const db = openSqlite(process.argv[2] ?? '', { waitOn: systemClock });
const bytes = {} as WorkerDeps['bytes'];
const deps: WorkerDeps = {
  read: db,
  write: db,
  bytes,
  clock: systemClock,
  ids: systemIds,
  random: seededRandom(1),
  randomBytes: systemRandomBytes,
  log: silentLog,
  node: `process-${process.pid}`,
};
await openAlertEngine(deps);
await openDeliveries(deps, { allowPrivate: true });

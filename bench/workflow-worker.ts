/**
 * A worker of workflows and nothing else, in a process of its own: what it holds is its own. On
 * SIGUSR2 it collects its garbage and writes down what is left.
 */
import { renameSync, writeFileSync } from 'node:fs';
import {
  type DatabaseAddress,
  groundOf,
  openDatabase,
  openEngine,
  openWorkflows,
  waitingRun,
} from '@fieldloop/cloud/measure';
import { silentLog } from '@fieldloop/core';
import { systemClock as clock } from '@fieldloop/core/system';

const place = JSON.parse(process.argv[2] ?? '{}') as {
  readonly database: DatabaseAddress;
  readonly dataDir: string;
  readonly told: string;
};
const log = silentLog;
await using database = await openDatabase(place.database, { clock, log });
const { write } = database;
await using engine = await openEngine(place, { write, log, clock });
await using _worker = await openWorkflows(groundOf(database, { node: 'measured', clock, log }), {
  engine,
  workflows: [waitingRun],
});
process.on('SIGUSR2', () => {
  // The second collection finds what the finalizers of the first let go.
  globalThis.gc?.();
  globalThis.gc?.();
  writeFileSync(`${place.told}.new`, JSON.stringify(process.memoryUsage()));
  renameSync(`${place.told}.new`, place.told);
});
process.stdout.write('ready\n');
await new Promise((resolve) => void process.once('SIGTERM', resolve));

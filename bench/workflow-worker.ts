/** A worker of workflows and nothing else, in a process of its own: what it holds is its own. */
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
};
const log = silentLog;
await using database = await openDatabase(place.database, { clock, log });
const { write } = database;
await using engine = await openEngine(place, { write, log, clock });
await using _worker = await openWorkflows(groundOf(database, { node: 'measured', clock, log }), {
  engine,
  workflows: [waitingRun],
});
process.stdout.write('ready\n');
await new Promise((resolve) => void process.once('SIGTERM', resolve));

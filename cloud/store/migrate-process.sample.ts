/** A process of its own that opens a database as a starting cloud does; see migrate.test.ts. */
import { once } from 'node:events';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type DatabaseAddress, openDatabase } from './database.ts';
import { migrate } from './migrate.ts';

const address = JSON.parse(process.argv[2] ?? '') as DatabaseAddress;
await using database = await openDatabase(address, { clock: systemClock, log: silentLog });
// All are told at the same time, when each of them has opened the database.
process.stdout.write('open\n');
await once(process.stdin, 'data');
const now = (): number => systemClock.now();
const steps = await migrate(database.write, { now, waitOn: systemClock });
process.stdout.write(`${JSON.stringify(steps)}\n`);
process.stdin.destroy();

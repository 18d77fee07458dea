/** A worker of workflows in a process of its own, which the soak kills: `node …/this file PLACE`. */
import { silentLog as log } from '@fieldloop/core';
import { systemClock as clock } from '@fieldloop/core/system';
import { openDatabase } from '../../store/database.ts';
import { openEngine } from '../engine.ts';
import { groundOf } from './kit.sample.ts';
import { soakLeaseMs, soaked, type SoakPlace } from './soaked.sample.ts';
import { openWorkflows } from './worker.ts';

const place = JSON.parse(process.argv[2] ?? '{}') as SoakPlace;
const database = await openDatabase(place.database, { clock, log });
const { write } = database;
const engine = await openEngine(place, { write, log, clock }, { leaseMs: soakLeaseMs });
const node = `process-${process.pid}`;
await openWorkflows(groundOf(database, { node, clock, log }), { engine, workflows: soaked });
process.stdout.write('ready\n');

/**
 * A worker in a process of its own, for plays of the crash kit: `node …/this file PLACE`. Its time
 * is what the play says, and at each boundary it asks whether it lives on.
 */
import { type Clock, Fault, silentLog as log } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { openDatabase } from '../../store/database.ts';
import { kindOf } from '../../store/kind.ts';
import { sql } from '../../store/kysely.ts';
import { patternCases } from '../crash-cases.sample.ts';
import { openEngine } from '../engine.ts';
import type { FromProcess, ProcessPlace, ToProcess } from './crash-processes.sample.ts';
import { openDispatch } from './dispatch.ts';
import { groundOf } from './kit.sample.ts';
import { openRunner } from './runner.ts';
import { openWakes } from './wakes.ts';
import { bodiesOf } from './worker.ts';

const place = JSON.parse(process.argv[2] ?? '{}') as ProcessPlace;
const one = patternCases.find(({ name }) => name === place.name);
if (one === undefined) throw new Fault('not_found', `there is no case ${place.name}`);
const { workflows } = one;

let { now } = place;
const clock: Clock = { ...systemClock, now: () => now };
const database = await openDatabase(place.database, { clock, log });
const { write } = database;
// The process dies, the machine does not: nothing need reach a disk.
if (kindOf(write) === 'sqlite') await sql.raw('pragma synchronous = off').execute(write);
const engine = await openEngine(
  place,
  { write, log, clock: systemClock },
  { leaseMs: place.leaseMs },
);
const node = `process-${process.pid}`;
const ground = groundOf(database, { node, clock, log });

const say = (said: FromProcess): void => void process.send?.(said);
let livesOn: (() => void) | undefined;

const runner = await openRunner(
  {
    ...ground,
    engine,
    bodies: bodiesOf(workflows, ground),
    onBoundary: async (at) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      livesOn = resolve;
      say({ kind: 'boundary', at });
      await promise;
    },
  },
  1,
);
const wakes = openWakes({ ...ground, engine, onReady: () => runner.hurry() });
await openDispatch({ ...ground, workflows, onRuns: () => wakes.hurry() });

process.on('message', (told: ToProcess) => {
  if (told.kind === 'live') livesOn?.();
  if (told.kind === 'clock') {
    now = told.now;
    say({ kind: 'clock' });
  }
  if (told.kind === 'hurry') wakes.hurry();
});
// Without the one that plays there is nothing to do.
process.once('disconnect', () => process.exit(0));
say({ kind: 'ready' });

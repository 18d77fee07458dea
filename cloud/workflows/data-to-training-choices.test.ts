/**
 * Goal: what a window chose and the tasks that people are asked add up.
 * Method: a drawn window in which one unit was named and drawn too, on SQLite.
 */
import { expect, test } from 'vitest';
import { openTaskWorld, putUnits } from '../annotation/annotation.sample.ts';
import { openDiskBlobs } from '../blob/disk.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { dataDeps } from './data-to-training-deps.ts';

test('a unit that was named and drawn too is one of the chosen', async () => {
  await using store = await sqliteWorld();
  const world = await openTaskWorld(store.db);
  await putUnits(world, 141);
  const choices = await world.db.selectFrom('triage_choice').select('unit_id').execute();
  expect(choices.length).toBeGreaterThan(new Set(choices.map((one) => one.unit_id)).size);
  const clock = { now: () => world.at, monotonicMs: () => 0, sleep: async () => undefined };
  const bytes = await openDiskBlobs(`${store.path}-blobs`);
  const { ids } = world;
  const deps = dataDeps({ read: world.db, write: world.db, clock, ids, bytes });
  const context = { key: 'k', attempt: 1, run: 'run_1', signal: new AbortController().signal };
  expect(await deps.drawn('trw_1', context)).toEqual({ chosen: 141, batches: ['trw_1/1'] });
});

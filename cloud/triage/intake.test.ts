/**
 * Goal: whatever moment the reading of scores dies at, each moment becomes one unit, once.
 * Method: a clip with more score records than one write takes, a real reader; the intake killed
 * before and after each of its commits and started again.
 */
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { openRecordings } from '../blob/recordings/pool.ts';
import { sampleStartNs } from '../clip/clip.sample.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { type Death, dying, fateOf } from '../store/dying.sample.ts';
import { queue, takeIn } from './intake.ts';
import { putScored, scored } from './scores.sample.ts';
import { countedIds, sampleClock } from './triage.sample.ts';

const hour = 3_600_000;

/** One life of the intake: it takes what waits. */
async function live(world: ApiWorld, death?: Death, now = 10): Promise<number> {
  await using recordings = openRecordings({ bytes: world.bytes, log: silentLog }, { threads: 1 });
  const { write, seen } = dying(world.db, death);
  const clock = sampleClock(now);
  await takeIn({
    write,
    clock,
    ids: countedIds(String(death?.at ?? 'x')),
    log: silentLog,
    recordings,
  });
  return seen.commits;
}

async function waiting(): Promise<ApiWorld> {
  const world = await openApiWorld();
  const startNs = sampleStartNs + 1_000_000_000n;
  const notes = Array.from({ length: 130 }, (_, i) => ({
    ...scored(startNs, 0, i / 130),
    atNs: String(startNs + BigInt(i) * 10_000_000n),
  }));
  const clip = await putScored(world, 1, notes);
  await world.db.transaction().execute(async (trx) => await queue(trx, clip, 0));
  return world;
}

const units = async ({ db }: ApiWorld) => ({
  units: await db
    .selectFrom('triage_unit')
    .innerJoin('triage_score', 'triage_score.unit_id', 'triage_unit.id')
    .select(['clip_id', 'grain', 'at_ns', 'predicted', 'scorer', 'value'])
    .orderBy('clip_id')
    .orderBy('grain')
    .orderBy('at_ns')
    .orderBy('scorer')
    .execute(),
  intake: await db
    .selectFrom('triage_intake')
    .select(['clip_id', 'state', 'units'])
    .orderBy('clip_id')
    .execute(),
});

test('an intake that dies at any commit leaves each unit once', { timeout: 90_000 }, async () => {
  await using quiet = await waiting();
  const commits = await live(quiet);
  const wanted = await units(quiet);
  // Two writes of units, and one that says the clip is read.
  expect(commits).toBe(3);
  expect(wanted.intake).toMatchObject([{ state: 'read', units: 131n }]);
  for (let at = 0; at < commits; at += 1) {
    for (const when of ['before', 'after'] as const) {
      await using world = await waiting();
      expect(await fateOf(live(world, { at, when })), `${at} ${when}`).toBe(true);
      await live(world, undefined, hour);
      expect(await units(world), `${at} ${when}`).toEqual(wanted);
    }
  }
});

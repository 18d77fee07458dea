/**
 * Goal: the worker alone carries publications out, whatever people do in whatever order, and a
 * worker that dies leaves nothing half done.
 * Method: the real loop on a database, told only by the outbox; random steps with the settling left
 * to a later worker, compared with the decision made on all of them at once.
 */
import { asFault, type Clock, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Db } from '../store/db.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { openTail } from '../store/tail.ts';
import { halt, promote, publish, rollBack } from './life.ts';
import { publicationStore } from './publication-store.ts';
import { type Claim, isLive, settle } from './rule.ts';
import { desiredRules, putCohort, putRuleSet, report, sampleForecast } from './rule.sample.ts';
import { unsettle } from './settle.ts';
import { forecastStore, ruleSetStore } from './store.ts';
import { openPublicationWatch, settleAll } from './watch.ts';

async function publishNow(
  db: Db,
  wanted: {
    readonly id: string;
    readonly n: number;
    readonly mode: 'active' | 'shadow';
    readonly devices: readonly string[];
    readonly forecastId?: string;
    readonly at: number;
  },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const entry = await ruleSetStore(trx).get('speeding');
    const { digest } = await ruleSetStore(trx).version(entry, wanted.n);
    const { devices, ...rest } = wanted;
    const limits = { haltFactor: 3, maxFaults: 0 };
    const about = { ruleSetId: entry.id, digest, cohort: 'coh_all', percent: 100, by: 'key_1' };
    await publish(trx, { ...about, ...rest, limits }, devices);
  });
}

/** Resolves with the next outbox row of a kind. */
async function nextOf(db: Db, kind: string): Promise<AsyncDisposable & { done: Promise<void> }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deps = { read: db, clock: systemClock, log: silentLog };
  const tail = await openTail(deps, { from: 'now', kinds: [kind] }, () => resolve());
  return {
    done: promise,
    [Symbol.asyncDispose]: async () => await tail[Symbol.asyncDispose](),
  };
}

/** The loop's waits are a hundredth as long. */
const hurried: Clock = {
  ...systemClock,
  monotonicMs: () => 100 * systemClock.monotonicMs(),
  sleep: async (ms, signal) => await systemClock.sleep(ms / 100, signal),
};

test('the loop finds joiners, reports and floods by itself', async () => {
  await using world = await sqliteWorld();
  const { db } = world;
  const [one, two] = [await world.deviceId('amr-01'), await world.deviceId('amr-02')];
  const [first, second] = await putRuleSet(db, [1, 2]);
  const digest = second?.digest ?? '';
  await putCohort(db, 'coh_all', [one, two]);
  const kept = { id: 'fct_1', ruleSetId: 'rul_speeding', n: 2, digest, createdBy: 'key_1' };
  await forecastStore(db).keep({ ...kept, forecast: sampleForecast(10), createdAt: 1 });
  await using desired = await nextOf(db, 'desired.changed');
  await using halted = await nextOf(db, 'publication.halted');
  const at = Date.now() - 3_600_000;
  await publishNow(db, { id: 'pub_1', n: 1, mode: 'active', devices: [], at });
  await using _watch = await openPublicationWatch({
    read: db,
    write: db,
    clock: hurried,
    log: silentLog,
  });
  await desired.done;
  const wish = { id: 'pub_2', n: 2, mode: 'shadow', devices: [one], at } as const;
  await publishNow(db, { ...wish, forecastId: 'fct_1' });
  const counted = {
    sinceMs: at,
    evaluations: 9,
    faults: 0,
    fired: { fast: 60 },
    clips: 60,
    bytes: 6e7,
  };
  const shadow = { digest, publication: 'pub_2', ...counted };
  // A report of a device with nothing new but counts: the loop's own pace finds it.
  await report(
    db,
    'amr-01',
    { digest: first?.digest ?? '', version: 1, publication: 'pub_1', shadow },
    Date.now(),
  );
  await halted.done;
  const publication = await publicationStore(db).get('pub_2');
  expect(publication.reason).toContain('fires');
  expect(await desiredRules(db, one)).toEqual({ active: first?.digest });
  expect(await desiredRules(db, two)).toEqual({ active: first?.digest });
});

type Step =
  | { readonly kind: 'publish'; readonly n: number; readonly mode: 'active' | 'shadow' }
  | { readonly kind: 'promote'; readonly which: number; readonly percent: number }
  | { readonly kind: 'halt' | 'rollBack'; readonly which: number };

const which = fc.nat({ max: 5 });
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('publish' as const),
      n: fc.integer({ min: 1, max: 3 }),
      mode: fc.constantFrom('active' as const, 'shadow' as const),
    }),
    fc.record({
      kind: fc.constant('promote' as const),
      which,
      percent: fc.constantFrom(30, 60, 100),
    }),
    fc.record({ kind: fc.constantFrom('halt' as const, 'rollBack' as const), which }),
  ),
  { minLength: 3, maxLength: 10 },
);

/** A step that the state does not allow changes nothing. */
async function take(db: Db, step: Step, devices: readonly string[], at: number): Promise<void> {
  const all = await db.selectFrom('publication').select('id').orderBy('id').execute();
  if (step.kind === 'publish') {
    const { n, mode } = step;
    await publishNow(db, { id: `pub_${all.length + 10}`, n, mode, devices, at });
    return;
  }
  const id = all[step.which]?.id;
  if (id === undefined) return;
  const outcome = await db
    .transaction()
    .execute(async (trx) => {
      const publication = await publicationStore(trx).get(id);
      if (step.kind === 'promote') await promote(trx, publication, { at, percent: step.percent });
      else if (step.kind === 'halt') await halt(trx, publication, { at, reason: 'a test' });
      else await rollBack(trx, publication, { at });
    })
    .then(
      () => 'done',
      (error: unknown) => asFault(error).code,
    );
  expect(['done', 'conflict']).toContain(outcome);
}

test('for all steps: devices end with what all publications together say, settled late or twice', async () => {
  const seed = 20_261_121;
  let now = 1_000;
  const clock: Clock = { ...systemClock, now: () => now };
  await using world = await sqliteWorld();
  const { db } = world;
  const devices = [await world.deviceId('amr-01'), await world.deviceId('amr-02')];
  await putRuleSet(db, [1, 2, 3]);
  await putCohort(db, 'coh_all', devices);
  const property = fc.asyncProperty(steps, async (list) => {
    for (const table of ['publication_device', 'publication', 'desired'] as const) {
      await db.deleteFrom(table).execute();
    }
    for (const step of list) {
      now += 1;
      await take(db, step, devices, now);
    }
    // As if the process had died right after the last commit, its settling never seen.
    const live = (await publicationStore(db).list({ limit: 99 })).filter((one) =>
      isLive(one.state),
    );
    for (const { id } of live.slice(0, 2)) {
      await db.transaction().execute(async (trx) => await unsettle(trx, id));
    }
    await settleAll({ read: db, write: db, clock, log: silentLog });
    const claims = live.map((one): Claim => ({ ...one, publication: one.id }));
    for (const device of devices) {
      const { active, shadow } = settle(device, claims);
      expect(await desiredRules(db, device)).toEqual({
        ...(active === undefined ? {} : { active: active.digest }),
        ...(shadow === undefined ? {} : { shadow: shadow.digest }),
      });
    }
  });
  await fc.assert(property, { seed, numRuns: 25 });
});

/**
 * Goal: a version never changes, and every device runs what its publications say, in whatever order
 * they are published, promoted, halted and rolled back.
 * Method: the stores, the steps of a publication's life and the worker's steps, on a real database.
 */
import { type Clock, silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { eventStore } from '../event/store.ts';
import type { Db } from '../store/db.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { halt, promote, publish, rollBack } from './life.ts';
import { publicationStore } from './publication-store.ts';
import { isChosen } from './rule.ts';
import {
  desiredRules,
  putCohort,
  putRuleSet,
  report,
  sampleForecast,
  sampleVersion,
} from './rule.sample.ts';
import { forecastStore, ruleSetStore } from './store.ts';
import { followCohorts, foldReports, judgeAll, settleAll } from './watch.ts';

const hourMs = 3_600_000;

interface Fleet extends AsyncDisposable {
  readonly db: Db;
  readonly one: string;
  readonly two: string;
  /** The time that everything happens at. */
  now: number;
  publish(
    n: number,
    options?: { readonly mode?: 'active' | 'shadow'; readonly set?: string; readonly id?: string },
  ): Promise<string>;
  step(id: string, what: 'halt' | 'rollBack' | { readonly percent: number }): Promise<void>;
  state(id: string): Promise<string>;
  roles(id: string): Promise<readonly string[]>;
  /** The worker looks at everything. */
  watch(): Promise<void>;
}

async function openFleet(open: OpenStore): Promise<Fleet> {
  const world: StoreWorld = await open();
  const { db } = world;
  const [one, two] = [await world.deviceId('amr-01'), await world.deviceId('amr-02')];
  await putCohort(db, 'coh_all', [one, two]);
  let count = 0;
  const fleet = { now: 1_000 };
  const clock: Clock = {
    now: () => fleet.now,
    monotonicMs: () => fleet.now,
    sleep: async () => await Promise.resolve(),
  };
  const deps = { read: db, write: db, clock, log: silentLog };
  return Object.assign(fleet, {
    db,
    one,
    two,
    async publish(
      n: number,
      {
        mode = 'active',
        set = 'speeding',
        id,
      }: { mode?: 'active' | 'shadow'; set?: string; id?: string } = {},
    ) {
      count += 1;
      const name = id ?? `pub_${count}`;
      await db.transaction().execute(async (trx) => {
        const entry = await ruleSetStore(trx).get(set);
        const { digest } = await ruleSetStore(trx).version(entry, n);
        const kept = await forecastStore(trx).newest(digest, 0);
        const limits = { haltFactor: 3, maxFaults: 0 };
        await publish(
          trx,
          {
            id: name,
            ruleSetId: entry.id,
            n,
            digest,
            cohort: 'coh_all',
            mode,
            percent: 100,
            limits,
            forecastId: kept?.id,
            by: 'key_1',
            at: fleet.now,
          },
          [one, two],
        );
      });
      return name;
    },
    async step(id: string, what: 'halt' | 'rollBack' | { readonly percent: number }) {
      await db.transaction().execute(async (trx) => {
        const publication = await publicationStore(trx).get(id);
        const at = fleet.now;
        if (what === 'halt') await halt(trx, publication, { at, reason: 'a person said so' });
        else if (what === 'rollBack') await rollBack(trx, publication, { at });
        else await promote(trx, publication, { at, ...what });
      });
    },
    state: async (id: string) => (await publicationStore(db).get(id)).state,
    roles: async (id: string) =>
      (await publicationStore(db).devices(id, { limit: 9 })).map(
        ({ role, state }) => `${role} ${state}`,
      ),
    async watch() {
      await followCohorts(deps);
      await settleAll(deps);
      await foldReports(deps);
      await judgeAll(deps);
    },
    [Symbol.asyncDispose]: async () => await world[Symbol.asyncDispose](),
  });
}

const counters = (n: number, sinceMs: number, faults = 0) => ({
  sinceMs,
  evaluations: 1_000 * n,
  faults,
  fired: { fast: n },
  clips: n,
  bytes: 1_000_000 * n,
});

export function ruleStoreContract(name: string, open: OpenStore): void {
  registry(name, open);
  lives(name, open);
  watching(name, open);
}

function registry(name: string, open: OpenStore): void {
  test(`${name}: a text saved twice is one version; a comment more is another of one digest`, async () => {
    await using world = await open();
    await putRuleSet(world.db, [1, 2]);
    const save = async (text: string) =>
      await world.db.transaction().execute(async (trx) => {
        const rules = ruleSetStore(trx);
        return await rules.save(await rules.get('speeding'), { ...sampleVersion(1), text });
      });
    const { text, digest } = sampleVersion(1);
    expect(await save(text)).toMatchObject({ isNew: false, version: { n: 1, digest } });
    expect(await save(`${text}# more\n`)).toMatchObject({ isNew: true, version: { n: 3, digest } });
    const rules = ruleSetStore(world.db);
    const entry = await rules.get('rul_speeding');
    expect(entry).toMatchObject({ name: 'speeding', latest: 3 });
    expect((await rules.version(entry, 1)).text).toBe(text);
    expect((await rules.versions(entry, { limit: 9 })).map(({ n }) => n)).toEqual([3, 2, 1]);
    expect((await rules.versions(entry, { before: 3, limit: 1 })).map(({ n }) => n)).toEqual([2]);
    await expect(rules.version(entry, 4)).rejects.toMatchObject({ code: 'not_found' });
  });

  test(`${name}: names are unique, and what was published is not deleted`, async () => {
    await using fleet = await openFleet(open);
    await putRuleSet(fleet.db, [1]);
    await putRuleSet(fleet.db, [1], 'other');
    const rules = ruleSetStore(fleet.db);
    const other = await rules.get('other');
    await expect(rules.change(other, { name: 'speeding' }, 20)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await rules.change(other, { description: 'For yards.' }, 20)).toMatchObject({
      version: 3,
      description: 'For yards.',
    });
    await fleet.publish(1);
    await expect(rules.remove(await rules.get('speeding'), 30)).rejects.toMatchObject({
      code: 'conflict',
    });
    await rules.remove(await rules.get('other'), 30);
    expect(await rules.find('other')).toBeUndefined();
  });

  test(`${name}: the newest forecast of a digest is found while it is young enough`, async () => {
    await using world = await open();
    const [version] = await putRuleSet(world.db, [1]);
    const digest = version?.digest ?? '';
    const forecasts = forecastStore(world.db);
    for (const [id, createdAt] of [
      ['fct_1', 100],
      ['fct_2', 200],
      ['fct_2', 300],
    ] as const) {
      const forecast = sampleForecast(createdAt);
      const kept = { id, ruleSetId: 'rul_speeding', n: 1, digest, forecast, createdBy: 'key_1' };
      await forecasts.keep({ ...kept, createdAt });
    }
    expect(await forecasts.newest(digest, 150)).toMatchObject({ id: 'fct_2', createdAt: 200 });
    expect(await forecasts.newest(digest, 201)).toBeUndefined();
    expect((await forecasts.get('fct_1'))?.forecast).toEqual(sampleForecast(100));
  });
}

function lives(name: string, open: OpenStore): void {
  test(`${name}: the newest wins, and its way back is the one before it`, async () => {
    await using fleet = await openFleet(open);
    const [first, second, third] = await putRuleSet(fleet.db, [1, 2, 3]);
    const old = await fleet.publish(1);
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({ active: first?.digest });
    const next = await fleet.publish(2);
    expect(await desiredRules(fleet.db, fleet.two)).toEqual({ active: second?.digest });
    await fleet.watch();
    expect(await fleet.state(old)).toBe('superseded');
    const trial = await fleet.publish(3, { mode: 'shadow' });
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({
      active: second?.digest,
      shadow: third?.digest,
    });
    expect(await fleet.roles(trial)).toEqual(['shadow pending', 'shadow pending']);
    await fleet.step(next, 'rollBack');
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({
      active: first?.digest,
      shadow: third?.digest,
    });
    await fleet.watch();
    expect(await fleet.state(old)).toBe('publishing');
    expect(await fleet.state(next)).toBe('rolled_back');
    await fleet.step(trial, 'halt');
    await fleet.step(old, 'rollBack');
    // Nothing is left: the robots go back to the rules of their own configuration.
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({});
    await expect(fleet.step(old, 'halt')).rejects.toMatchObject({ code: 'conflict' });
  });

  test(`${name}: a promotion reaches a share of the cohort first, then all, and stays there`, async () => {
    await using fleet = await openFleet(open);
    const [first, second] = await putRuleSet(fleet.db, [1, 2]);
    await fleet.publish(1);
    // A name for which one of the two devices is in the first half, and the other is not.
    const id = Array.from({ length: 99 }, (_, i) => `pub_stage${i}`).find(
      (one) => isChosen(one, fleet.one, 50) && !isChosen(one, fleet.two, 50),
    );
    const staged = await fleet.publish(2, { mode: 'shadow', ...(id === undefined ? {} : { id }) });
    await fleet.step(staged, { percent: 50 });
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({ active: second?.digest });
    expect(await desiredRules(fleet.db, fleet.two)).toEqual({
      active: first?.digest,
      shadow: second?.digest,
    });
    await expect(fleet.step(staged, { percent: 50 })).rejects.toMatchObject({ code: 'conflict' });
    await fleet.step(staged, { percent: 100 });
    expect(await desiredRules(fleet.db, fleet.two)).toEqual({ active: second?.digest });
    await fleet.step(staged, 'halt');
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({ active: first?.digest });
    await fleet.step(staged, { percent: 100 });
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({ active: second?.digest });
  });

  test(`${name}: who joins a cohort gets its rules, who leaves it loses them`, async () => {
    await using fleet = await openFleet(open);
    const [first] = await putRuleSet(fleet.db, [1]);
    await fleet.db.deleteFrom('cohort_device').where('device_id', '=', fleet.two).execute();
    const id = await fleet.publish(1);
    await fleet.watch();
    expect(await desiredRules(fleet.db, fleet.two)).toEqual({});
    await fleet.db
      .insertInto('cohort_device')
      .values({ cohort_id: 'coh_all', device_id: fleet.two })
      .execute();
    await fleet.watch();
    expect(await desiredRules(fleet.db, fleet.two)).toEqual({ active: first?.digest });
    await fleet.db.deleteFrom('cohort_device').execute();
    await fleet.db.deleteFrom('cohort').execute();
    await fleet.watch();
    // A cohort that is gone takes no rules away.
    expect(await fleet.roles(id)).toHaveLength(2);
  });
}

function watching(name: string, open: OpenStore): void {
  test(`${name}: reports make it running, active and counted; a rejection is shown and told`, async () => {
    await using fleet = await openFleet(open);
    const [version] = await putRuleSet(fleet.db, [1]);
    const digest = version?.digest ?? '';
    const id = await fleet.publish(1, { mode: 'shadow' });
    fleet.now += hourMs;
    const own = { digest: 'f'.repeat(64), version: 1 };
    const shadow = { digest, publication: id, ...counters(2, 1_000) };
    await report(fleet.db, 'amr-01', { ...own, shadow }, fleet.now);
    const problems = [{ line: 6, column: 7, code: 'unknown-topic', message: 'there is no /odom' }];
    const rejected = { digest, publication: id, role: 'shadow', problems };
    await report(fleet.db, 'amr-02', { ...own, rejected }, fleet.now);
    await fleet.watch();
    expect(await fleet.state(id)).toBe('active');
    expect(await publicationStore(fleet.db).devices(id, { limit: 9 })).toMatchObject([
      { device: 'amr-01', role: 'shadow', state: 'running', digest, exposureMs: hourMs },
      { device: 'amr-02', state: 'rejected', problems },
    ]);
    expect((await publicationStore(fleet.db).get(id)).actual).toMatchObject({
      devices: 1,
      robotDays: 1 / 24,
      fires: 2,
      clips: 2,
      bytes: 2_000_000,
      byRule: { fast: 2 },
    });
    const told = await fleet.db.selectFrom('outbox').select(['kind', 'body']).execute();
    expect(told.find(({ kind }) => kind === 'publication.device_rejected')?.body).toContain(
      'amr-02: there is no /odom',
    );
  });

  test(`${name}: a flood is halted by the watch, and the version before it comes back`, async () => {
    await using fleet = await openFleet(open);
    const [first, second] = await putRuleSet(fleet.db, [1, 2]);
    const digest = second?.digest ?? '';
    const kept = { id: 'fct_1', ruleSetId: 'rul_speeding', n: 2, digest, createdBy: 'key_1' };
    await forecastStore(fleet.db).keep({ ...kept, forecast: sampleForecast(10), createdAt: 1 });
    await fleet.publish(1);
    const id = await fleet.publish(2);
    fleet.now += hourMs;
    const running = (n: number) => ({
      digest,
      version: 2,
      publication: id,
      counters: { ...counters(n, 1_000), suppressed: {} },
    });
    await report(fleet.db, 'amr-01', running(1), fleet.now);
    await putFires(fleet, digest, 1);
    await fleet.watch();
    // The other device is offline: nobody waits for it.
    expect(await fleet.state(id)).toBe('active');
    fleet.now += hourMs;
    await putFires(fleet, digest, 40);
    await fleet.watch();
    // Their time is not known before the next report: a burst of events alone proves nothing.
    expect((await publicationStore(fleet.db).get(id)).actual?.fires).toBe(1);
    await report(fleet.db, 'amr-01', running(40), fleet.now);
    await fleet.watch();
    const publication = await publicationStore(fleet.db).get(id);
    expect(publication.state).toBe('halted');
    expect(publication.reason).toContain(
      "is over 3 times the forecast's upper end, 30 (40 in 2 robot-hours)",
    );
    expect(publication.actual).toMatchObject({ fires: 40, robotDays: 1 / 12 });
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({ active: first?.digest });
    const audit = await fleet.db
      .selectFrom('audit')
      .select(['actor', 'action', 'subject'])
      .execute();
    expect(audit).toEqual([{ actor: 'system', action: 'publication.halt', subject: id }]);
    const told = await fleet.db.selectFrom('outbox').select('kind').execute();
    expect(told.filter(({ kind }) => kind === 'publication.halted')).toHaveLength(1);
  });

  test(`${name}: one fault of evaluation halts a shadow, and nothing else is touched`, async () => {
    await using fleet = await openFleet(open);
    const [first, second] = await putRuleSet(fleet.db, [1, 2]);
    await fleet.publish(1);
    const id = await fleet.publish(2, { mode: 'shadow' });
    fleet.now += 60_000;
    const shadow = { digest: second?.digest ?? '', publication: id, ...counters(0, 1_000, 1) };
    await report(fleet.db, 'amr-01', { digest: 'f'.repeat(64), version: 1, shadow }, fleet.now);
    await fleet.watch();
    expect(await fleet.state(id)).toBe('halted');
    expect(await desiredRules(fleet.db, fleet.one)).toEqual({ active: first?.digest });
  });
}

/** The n-th events of amr-01, one a fire. */
async function putFires(fleet: Fleet, digest: string, n: number): Promise<void> {
  for (let i = 1; i <= n; i += 1) {
    await eventStore(fleet.db).putEvent(
      'amr-01',
      {
        id: sampleUuid(i),
        name: 'fast',
        severity: 'warning',
        atNs: sampleStartNs + BigInt(i),
        synced: true,
        rule: 'fast@1',
        ruleSetDigest: digest,
      },
      fleet.now,
    );
  }
}

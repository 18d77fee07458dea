/**
 * Goal: windows of one policy know of each other, a rate is made of all labels that tell it, and a
 * worker that dies at any commit leaves the ledger that an undisturbed one leaves, once.
 * Method: seeded units on a fresh database of each adapter, figures by hand; the drawer killed
 * before and after each of its commits, and once with the world changed before it comes back.
 */
import { expect, test } from 'vitest';
import { failureStore } from '../failure/store.ts';
import type { Db } from '../store/db.ts';
import { type Death, Died, dying, fateOf } from '../store/dying.sample.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { drawOf } from './draw.ts';
import { freezeDue } from './drawer.ts';
import { censusOf, rateOf } from './estimate.ts';
import { explain } from './explain.ts';
import { auditCounts, chosenCounts, labelledChoices } from './labelled.ts';
import { openPlanner, type Planner } from './planner.ts';
import {
  putSampleLabels,
  putSampleUnits,
  sampleClock,
  samplePolicy,
  withPolicy,
} from './triage.sample.ts';
import { windowStore } from './window-store.ts';
import { drawWindow } from './write-draw.ts';

/** The ledger but for ids and times. */
async function ledger(db: Db) {
  return {
    windows: await db.selectFrom('triage_window').select(['state', 'result', 'to_n']).execute(),
    choices: await db
      .selectFrom('triage_choice')
      .select(['unit_id', 'lane', 'propensity', 'reason'])
      .orderBy('unit_id')
      .orderBy('lane')
      .execute(),
    suppressed: await db
      .selectFrom('triage_unit')
      .select(['id', 'suppressed_by'])
      .where('suppressed_by', 'is not', null)
      .orderBy('id')
      .execute(),
    told: await db
      .selectFrom('outbox')
      .select('kind')
      .where('kind', 'in', ['triage.frozen', 'triage.selected', 'triage.failed'])
      .orderBy('seq')
      .execute(),
  };
}

/** Units of which half are near-equal, more than one write takes. */
async function crowded(db: Db) {
  const budget = { bytes: 1e9, labelMinutes: 30 };
  const made = await withPolicy(db, samplePolicy({ budget, windowHours: 1 }));
  await putSampleUnits(db, { clips: 10, frames: 60, ids: made.ids });
  const [first] = await db.selectFrom('triage_unit').select('embedding').orderBy('n').execute();
  await db
    .updateTable('triage_unit')
    .set({ embedding: first?.embedding ?? null })
    .where('n', '>', 300n)
    .execute();
  return made;
}

/** As before the first window. */
async function undrawn(db: Db): Promise<void> {
  await db.updateTable('triage_unit').set({ suppressed_by: null }).execute();
  await db.deleteFrom('triage_suppression').execute();
  await db.deleteFrom('triage_choice').execute();
  await db.deleteFrom('triage_window').execute();
  await db.deleteFrom('outbox').execute();
}

type Made = Awaited<ReturnType<typeof crowded>> & { readonly planner: Planner };

/** One life of the drawer: it freezes what is due and draws it. */
async function live(db: Db, made: Made, death?: Death): Promise<number> {
  const { write, seen } = dying(db, death);
  // The salt of a window has its id: each life gives it the same.
  const ulid = (prefix: string): string => (prefix === 'twi' ? 'twi_1' : made.ids.ulid(prefix));
  const ids = { ...made.ids, ulid };
  const deps = { ...made.deps, write, ids, clock: sampleClock(3_600_001), planner: made.planner };
  await freezeDue(deps);
  for (const { id } of await windowStore(db).frozen(10)) await drawWindow(deps, id);
  return seen.commits;
}

export function triageDrawContract(name: string, open: OpenStore): void {
  test(`${name}: what equals a moment that an earlier window chose stays out, for a day`, async () => {
    await using world = await open();
    const { db } = world;
    const budget = { bytes: 1e9, labelMinutes: 1 };
    const { freeze, deps, ids } = await withPolicy(db, samplePolicy({ budget }));
    await putSampleUnits(db, { clips: 2, frames: 10, ids });
    const first = await drawWindow(deps, (await freeze()).id);
    const taken = await db
      .selectFrom('triage_choice')
      .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
      .select(['triage_unit.id', 'triage_unit.device_id', 'triage_unit.at_ns'])
      .select('triage_unit.embedding')
      .where('triage_choice.lane', '=', 'capture')
      .orderBy('triage_unit.n')
      .executeTakeFirstOrThrow();
    await putSampleUnits(db, { clips: 2, frames: 10, ids, from: 2 });
    const later = await db
      .selectFrom('triage_unit')
      .select('id')
      .where('n', '>', BigInt(first.toN))
      .where('device_id', '=', taken.device_id)
      .orderBy('n')
      .execute();
    const [soon, late] = later;
    const dayNs = 86_400_000_000_000n;
    for (const [unit, atNs] of [
      [soon?.id ?? '', taken.at_ns + dayNs],
      [late?.id ?? '', taken.at_ns + dayNs + 1_000_000n],
    ] as const) {
      await db
        .updateTable('triage_unit')
        .set({ embedding: taken.embedding, at_ns: atNs, start_ns: atNs, end_ns: atNs })
        .where('id', '=', unit)
        .execute();
    }
    const second = await freeze(2000);
    const drawn = await drawOf(db, second);
    const audit = drawn.choices.filter(({ lane }) => lane === 'audit').map(({ unit }) => unit);
    expect(audit).not.toContain(soon?.id);
    const out = drawn.suppressed.filter(({ unit }) => unit === soon?.id || unit === late?.id);
    expect(out).toMatchObject([{ unit: soon?.id, leader: taken.id }]);
    await drawWindow(deps, second.id);
    expect((await explain(db, soon?.id ?? '')).units[0]?.outcome).toContain(taken.id);
  });

  test(`${name}: chosen units that are all labelled and the audit of the rest make one rate`, async () => {
    await using world = await open();
    const { db } = world;
    const budget = { bytes: 1e9, labelMinutes: 12 };
    const { freeze, deps, ids, policy } = await withPolicy(db, samplePolicy({ budget }));
    const truths = await putSampleUnits(db, { clips: 20, frames: 20, ids });
    const drawn = await drawWindow(deps, (await freeze()).id);
    const rows = await db.selectFrom('triage_choice').select(['unit_id', 'lane']).execute();
    expect(drawn.result).toMatchObject({ chosen: new Set(rows.map((row) => row.unit_id)).size });
    expect(Object.values(drawn.result?.whole ?? {})).toEqual([400]);
    const audit = rows.filter(({ lane }) => lane === 'audit').map((row) => row.unit_id);
    const chosen = rows.filter(({ lane }) => lane !== 'audit').map((row) => row.unit_id);
    await putSampleLabels(db, [...audit, ...chosen.slice(1)], { truths, at: 2000 });
    const census = async () => {
      const query = { lanes: ['audit'] as const, limit: 1000 };
      const labels = await labelledChoices(db, policy.id, query);
      const counts = await auditCounts(db, policy.id);
      const of = { counts, baseline: { lost: 0, of: 0 }, mostLost: 0.05 };
      const rate = rateOf('inbox', labels, of);
      return { rate, found: censusOf(await chosenCounts(db, policy.id, 1000), labels, rate) };
    };
    expect((await census()).found).toMatchObject({ windows: 0 });
    expect((await census()).found.figure).toBeUndefined();
    await putSampleLabels(db, chosen.slice(0, 1), { truths, at: 2001 });
    const { rate, found } = await census();
    const failed = (units: readonly string[]): number =>
      units.filter((unit) => truths.get(unit) !== 'free').length;
    const share = chosen.length / 400;
    const byHand =
      share * (failed(chosen) / chosen.length) + (1 - share) * (failed(audit) / audit.length);
    expect(found).toMatchObject({ whole: 400, chosen: chosen.length, audit: audit.length });
    expect(found.figure?.value).toBeCloseTo(byHand, 12);
    const width = (one?: { low: number; high: number }) => (one?.high ?? 0) - (one?.low ?? 0);
    expect(width(found.figure)).toBeLessThan(width(rate.figure));
    // One choice fewer than the ledger has makes a window that is cut off, not a smaller census.
    expect(await chosenCounts(db, policy.id, chosen.length)).toEqual([]);
  });

  test(`${name}: a drawer that dies at any commit leaves one ledger`, async () => {
    await using world = await open();
    await using planner = openPlanner();
    const { db } = world;
    const made = { ...(await crowded(db)), planner };
    const commits = await live(db, made);
    const wanted = await ledger(db);
    expect(commits).toBeGreaterThan(3);
    expect(wanted.told).toMatchObject([{ kind: 'triage.frozen' }, { kind: 'triage.selected' }]);
    for (let at = 0; at < commits; at += 1) {
      for (const when of ['before', 'after'] as const) {
        await undrawn(db);
        expect(await fateOf(live(db, made, { at, when })), `${at} ${when}`).toBe(true);
        await live(db, made);
        expect(await ledger(db), `${at} ${when}`).toEqual(wanted);
      }
    }
  });

  test(`${name}: what a dead drawer chose and nobody chooses now is no choice`, async () => {
    await using world = await open();
    const { db } = world;
    const budget = { bytes: 1e9, labelMinutes: 3 };
    const { freeze, deps, ids } = await withPolicy(db, samplePolicy({ budget }));
    await putSampleUnits(db, { clips: 4, frames: 30, ids });
    const unit = await db
      .selectFrom('triage_unit')
      .selectAll()
      .orderBy('n')
      .executeTakeFirstOrThrow();
    await failureStore(db).create({
      id: 'flr_1',
      kind: 'collision',
      severity: 'critical',
      deviceId: unit.device_id,
      session: unit.session_id,
      startNs: unit.at_ns,
      endNs: unit.at_ns,
      conditions: { signals: {}, models: {}, properties: {} },
      source: 'operator',
      createdBy: 'test',
      at: 1,
    });
    const linked = { clip_id: unit.clip_id, link: 'linked', state: 'linked' };
    await db.updateTable('failure').set(linked).execute();
    const window = await freeze();
    const { write } = dying(db, { at: 0, when: 'after' });
    await expect(drawWindow({ ...deps, write }, window.id)).rejects.toBeInstanceOf(Died);
    const before = await ledger(db);
    expect(before.choices.some(({ lane }) => lane === 'named')).toBe(true);
    await db.updateTable('failure').set({ state: 'not_a_failure' }).execute();
    const { choices } = await drawOf(db, window);
    await drawWindow(deps, window.id);
    const after = (await ledger(db)).choices.map(({ unit_id: id, lane }) => `${id} ${lane}`);
    expect(after.some((one) => one.endsWith('named'))).toBe(false);
    expect(after).toEqual(choices.map((one) => `${one.unit} ${one.lane}`).toSorted());
  });
}

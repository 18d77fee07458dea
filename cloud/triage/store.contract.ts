/**
 * Goal: a window is frozen once, drawn the same again, keeps its budget and says with which
 * probability each unit was chosen; labels become figures, and the lane goes to who earned it.
 * Method: seeded units on a fresh database of each adapter, a real planning thread.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { failureStore } from '../failure/store.ts';
import { drawOf } from './draw.ts';
import { freezeDue } from './drawer.ts';
import { rateOf } from './estimate.ts';
import { explain } from './explain.ts';
import { holderStore } from './holder-store.ts';
import { auditCounts, labelledChoices } from './labelled.ts';
import { lapse, measureAll } from './measure.ts';
import {
  countedIds,
  putSampleLabels,
  putSampleUnits,
  sampleClock,
  samplePolicy,
  withPolicy,
} from './triage.sample.ts';
import { valueStore } from './value-store.ts';
import { windowStore } from './window-store.ts';
import { drawWindow, voidWindow } from './write-draw.ts';
import type { Db } from '../store/db.ts';

const kindsOf = async (db: Db): Promise<readonly string[]> =>
  (await db.selectFrom('outbox').select('kind').orderBy('seq').execute()).map(({ kind }) => kind);

export function triageStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a window takes what came since the last one, each unit once`, async () => {
    await using world = await open();
    const { db } = world;
    const { freeze, deps, ids } = await withPolicy(db, samplePolicy());
    await expect(freeze()).rejects.toMatchObject({ code: 'conflict' });
    await putSampleUnits(db, { clips: 3, frames: 10, ids });
    const first = await freeze();
    expect(first).toMatchObject({ units: 30, fromN: 0, toN: 30, state: 'frozen' });
    // Asked again before it is drawn: the same window.
    expect((await freeze(2000)).id).toBe(first.id);
    expect((await drawWindow(deps, first.id)).state).toBe('drawn');
    await putSampleUnits(db, { clips: 2, frames: 10, ids, from: 3 });
    expect(await freeze()).toMatchObject({ units: 20, fromN: 30, toN: 50 });
  });

  test(`${name}: a unit told twice is one unit`, async () => {
    await using world = await open();
    const ids = countedIds();
    await putSampleUnits(world.db, { clips: 1, frames: 4, ids });
    await putSampleUnits(world.db, { clips: 1, frames: 4, ids });
    const rows = await world.db.selectFrom('triage_unit').select('n').orderBy('n').execute();
    expect(rows).toHaveLength(4);
  });

  test(`${name}: drawn again it is the same draw; the budget holds; the ledger has each π`, async () => {
    await using world = await open();
    const { db } = world;
    const budget = { bytes: 100_000, labelMinutes: 6 };
    const { freeze, deps, ids } = await withPolicy(db, samplePolicy({ budget }));
    await putSampleUnits(db, { clips: 20, frames: 20, ids });
    const window = await freeze();
    const dry = await drawOf(db, window);
    expect(await drawOf(db, window)).toEqual(dry);
    const drawn = await drawWindow(deps, window.id);
    await drawWindow(deps, window.id);
    expect(drawn.result).toEqual(dry.result);
    const rows = await db.selectFrom('triage_choice').selectAll().orderBy('id').execute();
    expect(rows).toHaveLength(dry.choices.length);
    // 6 minutes are 60 units of 6 seconds; 15 % of them for the audit, in the mean.
    expect(rows.length).toBeLessThanOrEqual(60);
    expect(rows.length).toBeGreaterThan(50);
    expect(drawn.result?.audit.propensity).toBeCloseTo(9 / 400, 12);
    for (const row of rows) {
      expect(row.propensity).toBe(row.lane === 'audit' ? 9 / 400 : 1);
      expect(row.salt).toBe(window.salt);
    }
    expect(new Set(rows.map(({ lane }) => lane))).toEqual(
      new Set(['audit', 'capture', 'diversity']),
    );
    expect((await kindsOf(db)).filter((kind) => kind === 'triage.selected')).toHaveLength(1);
    const captured = rows.filter(({ lane }) => lane === 'capture');
    const least = Math.min(...captured.map(({ value }) => value ?? 0));
    const chosen = await explain(db, captured[0]?.unit_id ?? '');
    expect(chosen.units[0]?.outcome).toContain('capture: entropy holds');
    expect(chosen.units[0]?.scores['entropy']).toBeGreaterThanOrEqual(least);
  });

  test(`${name}: near-duplicates stay out, audit units are exempt, and are told apart`, async () => {
    await using world = await open();
    const { db } = world;
    const { freeze, deps, ids } = await withPolicy(db, samplePolicy());
    await putSampleUnits(db, { clips: 4, frames: 30, ids });
    const first = await db
      .selectFrom('triage_unit')
      .select(['embedding', 'device_id'])
      .orderBy('n')
      .executeTakeFirstOrThrow();
    await db
      .updateTable('triage_unit')
      .set({ embedding: first.embedding })
      .where('device_id', '=', first.device_id)
      .execute();
    const drawn = await drawWindow(deps, (await freeze()).id);
    const out = await db.selectFrom('triage_suppression').selectAll().orderBy('unit_id').execute();
    const chosen = await db.selectFrom('triage_choice').selectAll().orderBy('id').execute();
    const audit = new Set(chosen.filter(({ lane }) => lane === 'audit').map((c) => c.unit_id));
    expect(out).toHaveLength(drawn.result?.suppressed ?? -1);
    const same = await db
      .selectFrom('triage_unit')
      .select('id')
      .where('device_id', '=', first.device_id)
      .orderBy('id')
      .execute();
    // All alike but those of the audit follow one leader.
    expect(out).toHaveLength(same.filter(({ id }) => !audit.has(id)).length - 1);
    expect(new Set(out.map((row) => row.leader_id)).size).toBe(1);
    expect(out.some(({ unit_id: unit }) => audit.has(unit))).toBe(false);
    expect((await explain(db, out[0]?.unit_id ?? '')).units[0]?.outcome).toContain(
      'near-duplicate',
    );
  });

  test(`${name}: logged failures and requests come first, once`, async () => {
    await using world = await open();
    const { db } = world;
    const { freeze, deps, ids, policy } = await withPolicy(db, samplePolicy());
    await putSampleUnits(db, { clips: 3, frames: 10, ids });
    const clips = await db.selectFrom('clip').selectAll().orderBy('id').execute();
    const [clip, other] = clips;
    if (clip === undefined || other === undefined) throw new Error('no clips');
    await failureStore(db).create({
      id: 'flr_1',
      kind: 'misgrasp',
      severity: 'critical',
      deviceId: clip.device_id,
      session: clip.session_id,
      startNs: clip.start_ns + 250_000_000n,
      endNs: clip.start_ns + 350_000_000n,
      conditions: { signals: {}, models: {}, properties: {} },
      source: 'operator',
      createdBy: 'test',
      at: 1,
    });
    await db
      .updateTable('failure')
      .set({ clip_id: clip.id, link: 'linked', state: 'linked' })
      .execute();
    await db
      .insertInto('triage_request')
      .values({
        clip_id: other.id,
        policy_id: policy.id,
        reason: 'looks odd',
        created_by: 'test',
        created_at: 1,
        window_id: null,
      })
      .execute();
    await drawWindow(deps, (await freeze()).id);
    const named = await db
      .selectFrom('triage_choice')
      .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
      .select(['triage_choice.failure_id', 'triage_unit.at_ns', 'triage_choice.clip_id'])
      .where('lane', '=', 'named')
      .orderBy('triage_choice.id')
      .execute();
    // The one frame inside the failure, and five of the clip that was asked for.
    expect(named.filter((row) => row.failure_id === 'flr_1')).toEqual([
      { failure_id: 'flr_1', at_ns: clip.start_ns + 300_000_000n, clip_id: clip.id },
    ]);
    expect(named.filter((row) => row.clip_id === other.id)).toHaveLength(5);
    await putSampleUnits(db, { clips: 1, frames: 10, ids, from: 3 });
    const next = await drawWindow(deps, (await freeze()).id);
    expect(next.result?.lanes.named.units).toBe(0);
  });

  test(`${name}: a window that is taken back gives its units to the next one`, async () => {
    await using world = await open();
    const { db } = world;
    const { freeze, ids } = await withPolicy(db, samplePolicy());
    await putSampleUnits(db, { clips: 1, frames: 5, ids });
    const first = await freeze();
    await db.transaction().execute(async (trx) => {
      await voidWindow(trx, first, { why: 'test', at: 2 });
    });
    expect(await freeze()).toMatchObject({ units: 5, fromN: 0 });
    expect((await windowStore(db).get(first.id))?.state).toBe('void');
  });

  test(`${name}: due policies are frozen by the worker, when enough came`, async () => {
    await using world = await open();
    const { db } = world;
    const { deps, ids } = await withPolicy(db, samplePolicy({ windowHours: 1, minUnits: 8 }));
    await putSampleUnits(db, { clips: 1, frames: 5, ids });
    const later = { ...deps, clock: sampleClock(3_600_001) };
    await freezeDue(later);
    expect(await windowStore(db).frozen(9)).toHaveLength(0);
    await putSampleUnits(db, { clips: 1, frames: 5, ids, from: 1 });
    await freezeDue(deps);
    expect(await windowStore(db).frozen(9)).toHaveLength(0);
    await freezeDue(later);
    await freezeDue(later);
    expect(await windowStore(db).frozen(9)).toHaveLength(1);
  });

  test(`${name}: labels make figures; margin earns nothing that entropy has; lost audit withholds`, async () => {
    await using world = await open();
    const { db } = world;
    const budget = { bytes: 1e9, labelMinutes: 80 };
    const { freeze, deps, ids, policy } = await withPolicy(
      db,
      samplePolicy({ budget, duplicates: undefined }),
    );
    const truths = await putSampleUnits(db, { clips: 40, frames: 20, ids });
    await drawWindow(deps, (await freeze()).id);
    const chosen = await db.selectFrom('triage_choice').selectAll().orderBy('id').execute();
    const units = new Set(chosen.map((row) => row.unit_id));
    await putSampleLabels(db, units, { truths, at: 2000 });
    await measureAll(deps);
    const labels = await labelledChoices(db, policy.id, { lanes: ['audit'], limit: 1000 });
    expect(labels.length).toBeGreaterThan(90);
    const truth = [...truths.values()].filter((one) => one === 'person').length / truths.size;
    const of = {
      counts: await auditCounts(db, policy.id),
      baseline: { lost: 0, of: 0 },
      mostLost: 0.05,
    };
    const { figure } = rateOf('inbox', labels, of);
    expect(figure?.low).toBeLessThan(truth);
    expect(figure?.high).toBeGreaterThan(truth);
    const measured = await holderStore(db).measured(policy.id);
    const entropy = measured.find(({ scorer }) => scorer === 'entropy');
    expect(entropy?.auroc).toBeGreaterThan(0.6);
    expect(await holderStore(db).of(policy.id, entropy?.modelSha256 ?? '')).toBe('entropy');
    const model = await db.selectFrom('triage_failure_model').selectAll().executeTakeFirst();
    expect(Number(model?.labels)).toBe(units.size);
    const values = await db.selectFrom('triage_value').selectAll().orderBy('lane').execute();
    expect(values.map(({ lane }) => lane)).toContain('capture');
    // Measured again with nothing new: nothing is written twice.
    await measureAll(deps);
    const again = await db.selectFrom('triage_value').select('id').orderBy('id').execute();
    expect(again).toHaveLength(values.length);
    // Of the audit units some lose clip and label.
    const gone = labels.slice(0, 12).map(({ unit }) => unit);
    await db.deleteFrom('label').where('unit_id', 'in', gone).execute();
    const lostClips = await db
      .selectFrom('triage_unit')
      .select('clip_id')
      .where('id', 'in', gone)
      .execute();
    await db
      .updateTable('clip')
      .set({ state: 'evicted' })
      .where(
        'id',
        'in',
        lostClips.map((row) => row.clip_id),
      )
      .execute();
    const counts = await auditCounts(db, policy.id);
    expect(counts[0]?.lost).toBe(12);
    const rest = await labelledChoices(db, policy.id, { lanes: ['audit'], limit: 1000 });
    expect(rateOf('inbox', rest, { ...of, counts }).withheld).toContain('is lost');
  });

  test(`${name}: a scorer that leads entropy earns the lane, loses it by lapse, history stays`, async () => {
    await using world = await open();
    const { db } = world;
    const budget = { bytes: 1e9, labelMinutes: 100 };
    const { freeze, deps, ids, policy } = await withPolicy(
      db,
      samplePolicy({ budget, duplicates: undefined, scorers: ['entropy', 'energy'] }),
    );
    const truths = await putSampleUnits(db, { clips: 50, frames: 20, ids });
    const random = seededRandom('energy');
    const { model_sha256: sha } = await db
      .selectFrom('triage_unit')
      .select('model_sha256')
      .limit(1)
      .executeTakeFirstOrThrow();
    const energy = [...truths].map(([unit, truth]) => ({
      unit_id: unit,
      scorer: 'energy',
      scorer_sha256: sha,
      value: Number(truth === 'person') + 0.3 * random.normal(),
    }));
    await db.insertInto('triage_score').values(energy).execute();
    await drawWindow(deps, (await freeze()).id);
    const audit = await db
      .selectFrom('triage_choice')
      .select('unit_id')
      .where('lane', '=', 'audit')
      .orderBy('unit_id')
      .execute();
    const units = audit.map((row) => row.unit_id);
    await putSampleLabels(db, units, { truths, at: 2000 });
    await measureAll(deps);
    expect(await holderStore(db).of(policy.id, sha)).toBe('energy');
    expect(await kindsOf(db)).toContain('triage.holder');
    await lapse({ ...deps, clock: sampleClock(1000 + 31 * 86_400_000) });
    expect(await holderStore(db).of(policy.id, sha)).toBe('entropy');
    const events = (await holderStore(db).history(policy.id, 9)).map(({ event }) => event);
    expect(events).toEqual(['lapsed', 'earned']);
  });

  test(`${name}: a value of one source is one value`, async () => {
    await using world = await open();
    const { db } = world;
    const { policy, ids } = await withPolicy(db, samplePolicy());
    const value = {
      kind: 'retrain' as const,
      policyId: policy.id,
      model: 'classifier',
      modelSha256: 'a'.repeat(64),
      lane: 'diversity' as const,
      scorer: 'badge',
      n: 50,
      nAudit: 50,
      value: 0.02,
      low: -0.01,
      high: 0.05,
      detail: { seeds: 5 },
      source: 'run 1',
      createdBy: 'test',
      createdAt: 1,
    };
    const put = async () =>
      await db.transaction().execute(async (trx) => await valueStore(trx).put(value, ids));
    const made = await put();
    expect(made).toMatchObject({ value: 0.02, detail: { seeds: 5 } });
    expect(await put()).toBeUndefined();
    expect(await valueStore(db).ofSource('run 1')).toEqual(made);
  });
}

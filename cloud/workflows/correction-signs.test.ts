/**
 * Goal: what the stored evidence shows (people take over more often on one robot, a model is wrong
 * more often than at its release, its scores drift, the same failure again and again) puts one
 * moment before a person, once for each subject, and not again before its cooldown.
 * Method: planted evidence on SQLite, the worker's look, and correction-loop on the real engine.
 */
import { sha256Hex } from '@fieldloop/core';
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { sampleStartNs } from '../clip/clip.sample.ts';
import { signCooldownMs, signFailures } from '../care-limits.ts';
import { poissonBounds, signsOf } from '../correction/signs.ts';
import { correctionStore } from '../correction/store.ts';
import { lookForSigns } from '../correction/watch.ts';
import {
  plantClip,
  plantGround,
  plantLabels,
  type SampleLabel,
} from '../dataset/dataset.sample.ts';
import { failureStore } from '../failure/store.ts';
import type { Db } from '../store/db.ts';
import { insertMany } from '../store/insert-many.ts';
import { createModel, moveAlias, registerVersion } from '../store/model-registry.ts';
import { driftUnits } from '../training-limits.ts';
import { correctionWorkflow } from './correction-loop-deps.ts';
import { decideGate, kitWorld } from './kit/kit.sample.ts';
import { openWorkflows } from './kit/worker.ts';

const second = 1_000_000_000n;
const hour = 3_600n * second;
const startMs = Number(sampleStartNs / 1_000_000n);
const act = { at: startMs, by: 'usr_1', ids: systemIds };

const deviceOf = async (db: Db, name = 'amr-01'): Promise<string> =>
  (await db.selectFrom('device').select('id').where('name', '=', name).executeTakeFirstOrThrow())
    .id;

async function drove(db: Db, device: string, hours: bigint): Promise<void> {
  const kept = { created_at: 1, updated_at: 1, version: 1 };
  const times = { start_ns: sampleStartNs - hours * hour, end_ns: sampleStartNs };
  await db
    .insertInto('session')
    .values({ id: `ses_${device}`, device_id: device, source: 'test', ...times, ...kept })
    .execute();
}

async function tookOver(db: Db, device: string, atNs: bigint): Promise<void> {
  const corrections = correctionStore(db);
  const key = `${device}/${atNs}`;
  const of = {
    key,
    deviceId: device,
    startNs: atNs,
    endNs: atNs + second,
    source: 'marker',
  } as const;
  const { id } = await corrections.report(of, act);
  await corrections.change(id, { state: 'dismissed' }, act);
}

/** Four times in two hours on this robot, once in a hundred hours on another. */
async function oftenTakenOver(db: Db): Promise<void> {
  const device = await deviceOf(db);
  const other = await deviceOf(db, 'amr-02');
  await drove(db, device, 2n);
  await drove(db, other, 100n);
  for (const n of [40n, 30n, 20n]) await tookOver(db, device, sampleStartNs - n * 60n * second);
  await tookOver(db, device, sampleStartNs + 3n * second);
  await tookOver(db, other, sampleStartNs - 9n * hour);
}

/** The champion, right on 90 % of 200 units at its release. */
async function champion(db: Db): Promise<void> {
  await createModel(db, { name: 'toy' }, act);
  const onnx = { sha256: sha256Hex('model'), sizeBytes: 10 };
  const document = { sha256: 'c'.repeat(64), sizeBytes: 10 };
  const made = { model: 'toy', onnx, document, classes: ['left', 'right'] };
  const { id } = await registerVersion(db, made, act);
  await moveAlias(db, { model: 'toy', alias: 'champion', to: id, expects: 0 }, act);
  const about = { model: 'toy', model_version_id: id, dataset_version_id: 'a'.repeat(64) };
  const judged = { regression_sha256: 'r', input: '{}', sha256: 's', measured: '{}' };
  const result = JSON.stringify({ metrics: { n: 200, accuracy: 0.9 } });
  const kept = { outcome: 'pass', created_by: 'usr_1', created_at: 1 };
  await db
    .insertInto('evaluation')
    .values({ id: 'evl_1', ...about, ...judged, result, ...kept })
    .execute();
  await db.updateTable('model_version').set({ evaluation_id: 'evl_1' }).execute();
}

const unitsOf = async (db: Db, clipId: string): Promise<Omit<SampleLabel, 'n' | 'frame'>> => ({
  clipId,
  deviceId: await deviceOf(db),
  session: 'ses_1',
  class: 'forward',
});

/** Nine of ten audited units are wrong. */
async function wrongOnAudit(db: Db, clipId: string): Promise<void> {
  await champion(db);
  await plantGround(db);
  const shared = { ...(await unitsOf(db, clipId)), lane: 'audit' } as const;
  const frames = Array.from({ length: 40 }, (_, frame) => frame);
  const said = (frame: number): string => (frame % 10 === 0 ? 'forward' : 'left');
  const labels = frames.map((n) => ({ ...shared, n: n + 1, frame: n, class: said(n) }));
  for (const clip of [11, 12, 13, 14]) {
    const other = { ...shared, clipId: await plantClip(db, clip), from: sampleStartNs };
    labels.push(
      ...labels
        .slice(0, 10)
        .map((one) => ({ ...one, ...other, n: one.n + clip * 100, class: one.class })),
    );
  }
  await plantLabels(
    db,
    labels.toSorted((a, b) => b.n - a.n),
  );
}

/** The newest scores are higher than the first; the highest is at the clip's beginning. */
async function drifted(db: Db, clipId: string): Promise<void> {
  await champion(db);
  await plantGround(db);
  const shared = await unitsOf(db, clipId);
  const plant = async (from: number, frame: number, value: (i: number) => number) => {
    const numbers = Array.from({ length: driftUnits }, (_, i) => i);
    await plantLabels(
      db,
      numbers.map((i) => ({ ...shared, n: from + i, frame: frame + i })),
    );
    const columns = ['unit_id', 'scorer', 'scorer_sha256', 'value'];
    const rows = numbers.map((i) => [
      `unt_${String(from + i).padStart(26, '0')}`,
      'entropy',
      's',
      value(i),
    ]);
    await insertMany(db, { table: 'triage_score', columns, rows });
  };
  await plant(1, 1000, (i) => (i % 100) / 200);
  await plant(1001, 0, (i) => (i === 0 ? 1 : 0.5 + (i % 100) / 250));
}

async function clustered(db: Db): Promise<void> {
  const device = await deviceOf(db);
  for (let n = 0; n < signFailures; n += 1) {
    const id = systemIds.ulid('flr');
    const startNs = sampleStartNs + 2n * second - BigInt(n) * hour;
    await failureStore(db).create({
      id,
      kind: 'misread',
      severity: 'warning',
      deviceId: device,
      startNs,
      endNs: startNs + second,
      conditions: { signals: {}, models: {}, properties: {} },
      source: 'operator',
      createdBy: 'usr_1',
      at: startMs,
    });
    await db.updateTable('failure').set({ cluster: 'clu_1' }).where('id', '=', id).execute();
  }
}

test.each([
  ['rate', oftenTakenOver, /^amr-01: People took over 4 times in 2\.0 h of amr-01: at least/],
  ['rate', wrongOnAudit, /The model toy is wrong on at least \d+\.\d % of what the fleet sees/],
  ['drift', drifted, /The scores of the model toy drifted: stability index \d/],
  ['cluster', clustered, /5 failures of the cluster clu_1 that no model has fixed yet/],
] as const)(
  'a sign by %s from %o is put before a person, once',
  async (source, plant, question) => {
    await using world = await kitWorld('sqlite');
    const { db } = world;
    const clip = await plantClip(db, 1);
    await plant(db, clip);
    await using _worker = await openWorkflows(world.ground('one'), {
      engine: await world.engine(),
      workflows: [correctionWorkflow],
    });
    let now = startMs + 60_000;
    const clock = { now: () => now, monotonicMs: () => now, sleep: async () => undefined };
    const look = async (): Promise<readonly string[]> =>
      await lookForSigns({ read: db, write: db, clock, ids: systemIds });
    const [id, ...more] = await look();
    expect(more).toEqual([]);
    expect(await look()).toEqual([]);
    const one = await correctionStore(db).demand(id ?? '');
    expect(one).toMatchObject({ source, device: 'amr-01', timeline: [] });
    const run = await runOf(db, one.id);
    await world.reaches(run, 'waiting');
    await gateOpen(db, run);
    const gate = await db
      .selectFrom('gate')
      .select('question')
      .where('run_id', '=', run)
      .executeTakeFirstOrThrow();
    expect(gate.question).toMatch(question);
    now += signCooldownMs;
    // It is looked at, however long that takes.
    expect(await look()).toEqual([]);
    await decideGate(world, run, 'no_failure');
    expect(await world.outcome(run)).toMatchObject({ status: 'dismissed' });
    expect((await correctionStore(db).demand(one.id)).clip).toBe(clip);
    expect(await look()).toHaveLength(1);
    now += signCooldownMs - 1;
    expect(await look()).toEqual([]);
  },
  30_000,
);

/** Its row comes when the dispatcher has read the event: rows have no event to wait for. */
async function runOf(db: Db, correction: string): Promise<string> {
  for (;;) {
    const row = await db
      .selectFrom('run')
      .select('id')
      .where('subject', '=', correction)
      .executeTakeFirst();
    if (row !== undefined) return row.id;
    await new Promise(setImmediate);
  }
}

async function gateOpen(db: Db, run: string): Promise<void> {
  for (;;) {
    const row = await db
      .selectFrom('gate')
      .select('id')
      .where('run_id', '=', run)
      .executeTakeFirst();
    if (row !== undefined) return;
    await new Promise(setImmediate);
  }
}

test('a rate that the others have as well, or too few to speak of, is no sign', () => {
  const moment = { deviceId: 'dev_1', startNs: 1n, endNs: 2n };
  const none = { audits: [], drifts: [], clusters: [] };
  const rate = (events: number, hours: number, others: { events: number; hours: number }) =>
    signsOf({ ...none, rates: [{ device: 'a', events, hours, others, newest: moment }] }).length;
  expect(rate(4, 2, { events: 1, hours: 100 })).toBe(1);
  expect(rate(4, 2, { events: 200, hours: 100 })).toBe(0);
  expect(rate(2, 0.1, { events: 1, hours: 100 })).toBe(0);
  expect(rate(4, 2, { events: 0, hours: 0 })).toBe(0);
  // Exact limits of Garwood 1936 for 10 events: 4.795 and 18.391.
  expect(poissonBounds(10).low).toBeCloseTo(4.795, 1);
  expect(poissonBounds(10).high).toBeCloseTo(18.391, 1);
  expect(poissonBounds(0)).toMatchObject({ low: 0 });
});

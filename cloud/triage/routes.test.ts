/**
 * Goal: a clip whose file holds score records becomes units, is chosen by a policy, and everybody
 * can ask why; figures come with their intervals, or with the reason why there are none.
 * Method: a real API, clips written by the robots' own clip writer, a real reader and planner.
 */
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { openRecordings } from '../blob/recordings/pool.ts';
import { sampleStartNs } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { queue, takeIn } from './intake.ts';
import { putScored, scored, scoredModel } from './scores.sample.ts';
import { putSampleLabels, putSampleUnits } from './triage.sample.ts';
import { drawWindow } from './write-draw.ts';

async function takeAll(world: ApiWorld): Promise<void> {
  await using recordings = openRecordings({ bytes: world.bytes, log: silentLog }, { threads: 1 });
  const clips = await world.db.selectFrom('clip').select('id').orderBy('id').execute();
  await world.db.transaction().execute(async (trx) => {
    for (const { id } of clips) await queue(trx, id, 0);
  });
  const deps = { write: world.db, clock: systemClock, ids: systemIds, log: silentLog, recordings };
  await takeIn(deps);
}

const deps = (world: ApiWorld) => ({
  read: world.db,
  write: world.db,
  clock: systemClock,
  ids: systemIds,
});

interface Lane {
  readonly units: number;
}

interface Item {
  readonly grain: string;
  readonly scores: Readonly<Record<string, number>>;
}

interface Rate {
  readonly population: string;
  readonly drawn: number;
  readonly figure: { readonly n: number; readonly low: number; readonly high: number };
}

/** What the answers that these tests ask for hold between them. */
interface Answer {
  readonly id: string;
  readonly items: readonly Item[];
  readonly units: readonly { readonly choices: readonly object[] }[];
  readonly intake: object;
  readonly definition: object;
  readonly draw: { readonly lanes: Readonly<Record<string, Lane>> };
  readonly result: { readonly lanes: Readonly<Record<string, Lane>> };
  readonly models: readonly {
    readonly failureRates: readonly Rate[];
    readonly captureValues: readonly object[];
  }[];
}

const json = async (response: Response): Promise<Answer> => (await response.json()) as Answer;

const sumOf = (lanes: Readonly<Record<string, Lane>>): number =>
  Object.values(lanes).reduce((sum, { units }) => sum + units, 0);

test('score records of a clip become its frames and the clip as a whole', async () => {
  await using world = await openApiWorld();
  const at = sampleStartNs + 1_000_000_000n;
  const notes = [0.9, 0.8, 0.4].map((p, i) => scored(at, i, p));
  const clip = await putScored(world, 1, [
    ...notes,
    { broken: true },
    scored(at - 9n ** 12n, 0, 1),
  ]);
  await takeAll(world);
  await takeAll(world);
  const { items } = await json(await world.get(`/v1/triage/items?clip=${clip}`));
  expect(items).toHaveLength(4);
  const whole = items.find(({ grain }) => grain === 'clip');
  expect(whole).toMatchObject({ predicted: 'free', model: 'classifier', population: 'inbox' });
  expect(whole?.scores['entropy']).toBeCloseTo((0.1 + 0.2 + 0.6) / 3, 9);
  expect(whole).not.toHaveProperty('embedding');
  const unsure = await world.get(
    `/v1/triage/items?q=${encodeURIComponent('scores.entropy > 0.5')}`,
  );
  expect((await json(unsure)).items).toMatchObject([{ predicted: 'person', grain: 'frame' }]);
});

test('a clip that cannot be read, and one without scores, say so', async () => {
  await using world = await openApiWorld();
  const torn = await world.putClip(1, { bytes: new Uint8Array([1, 2, 3]) });
  const silent = await putScored(world, 2, []);
  await takeAll(world);
  const of = async (id: string) => await json(await world.get(`/v1/triage/explanations/${id}`));
  expect((await of(idOfUuid('clp', torn.clipId))).intake).toMatchObject({
    state: 'failed',
    problem: expect.any(String),
  });
  expect(await of(silent)).toMatchObject({ intake: { state: 'empty' }, units: [] });
  expect((await world.get('/v1/triage/explanations/clp_none')).status).toBe(404);
});

test('a policy is dry-run, frozen, drawn; the ledger and the explanation agree', async () => {
  await using world = await openApiWorld();
  const at = sampleStartNs + 1_000_000_000n;
  const notes = Array.from({ length: 40 }, (_, i) => scored(at, i, 0.5 + (i % 20) / 40));
  const clip = await putScored(world, 1, notes);
  await takeAll(world);
  const body = {
    name: 'frames',
    model: 'classifier',
    budget: { bytes: 1e9, labelMinutes: 1 },
    scorers: ['entropy'],
  };
  const made = await world.post('/v1/triage/policies', body);
  expect(made.status).toBe(201);
  expect((await json(made)).definition).toMatchObject({ labelSeconds: 6, shares: { audit: 0.15 } });
  expect((await world.post('/v1/triage/policies', body)).status).toBe(409);
  const dry = await json(await world.post('/v1/triage/policies/frames:dryRun'));
  expect(dry).toMatchObject({ units: 40, looked: 40 });
  expect(sumOf(dry.draw.lanes)).toBeLessThanOrEqual(10);
  const wanted = { policy: 'frames', reason: 'before the demo' };
  const frozen = await json(await world.post('/v1/triage/windows', wanted));
  expect(frozen).toMatchObject({ state: 'frozen', units: 40, policy: 'frames' });
  await drawWindow(deps(world), frozen.id);
  const drawn = await json(await world.get(`/v1/triage/windows/${frozen.id}`));
  const ledger = await json(await world.get(`/v1/triage/ledger?window=${frozen.id}`));
  expect(ledger.items).toHaveLength(sumOf(drawn.result.lanes));
  const explained = await json(await world.get(`/v1/triage/explanations/${clip}`));
  const chosen = explained.units.filter(({ choices }) => choices.length > 0);
  expect(chosen).toHaveLength(ledger.items.length);
  const again = await world.post(`/v1/triage/windows/${frozen.id}:void`, { reason: 'late' });
  expect(again.status).toBe(409);
  // With windows behind it a policy stays.
  const policy = await world.get('/v1/triage/policies/frames');
  const headers = { 'if-match': policy.headers.get('etag') ?? '' };
  expect((await world.delete('/v1/triage/policies/frames', headers)).status).toBe(409);
  const off = await world.patch('/v1/triage/policies/frames', { enabled: false }, headers);
  expect(await json(off)).toMatchObject({ enabled: false, version: 2 });
});

test('figures have population, n and interval; without labels a reason; values are kept once', async () => {
  await using world = await openApiWorld();
  const truths = await putSampleUnits(world.db, { clips: 10, frames: 20, ids: systemIds });
  await world.post('/v1/triage/policies', {
    name: 'frames',
    model: 'classifier',
    budget: { bytes: 1e9, labelMinutes: 18 },
  });
  const wanted = { policy: 'frames', reason: 'test' };
  const { id } = await json(await world.post('/v1/triage/windows', wanted));
  await drawWindow(deps(world), id);
  const path = '/v1/triage/policies/frames/estimates';
  const before = await json(await world.get(path));
  expect(before.models[0]?.failureRates).toContainEqual(
    expect.objectContaining({ population: 'inbox', withheld: 'no audit label yet' }),
  );
  const chosen = await world.db.selectFrom('triage_choice').select('unit_id').execute();
  const units = new Set(chosen.map((row) => row.unit_id));
  await putSampleLabels(world.db, units, { truths, at: 1 });
  const after = await json(await world.get(path));
  const inbox = after.models[0]?.failureRates.find(({ population }) => population === 'inbox');
  expect(inbox?.figure.n).toBe(inbox?.drawn);
  expect(inbox?.figure.low).toBeLessThan(inbox?.figure.high ?? 0);
  expect(after.models[0]?.captureValues.length).toBeGreaterThan(1);
  const value = {
    policy: 'frames',
    modelSha256: scoredModel,
    lane: 'diversity',
    scorer: 'badge',
    labels: 31,
    auditLabels: 40,
    value: 0.02,
    low: 0,
    high: 0.04,
    seeds: 5,
    metric: 'accuracy',
    source: 'trn_1',
  };
  const few = await world.post('/v1/triage/values', value);
  expect(await json(few)).toMatchObject({ withheld: 'not enough labels: 31 of 50' });
  expect((await world.post('/v1/triage/values', value)).status).toBe(409);
  const more = { ...value, labels: 60, auditLabels: 55, source: 'trn_2' };
  expect(await json(await world.post('/v1/triage/values', more))).toMatchObject({ value: 0.02 });
  const { items } = await json(await world.get('/v1/triage/values?kind=retrain'));
  expect(items).toHaveLength(2);
});

test('a clip is asked for by name once, and only where the model saw it', async () => {
  await using world = await openApiWorld();
  await putSampleUnits(world.db, { clips: 1, frames: 3, ids: systemIds });
  const [clip] = await world.db.selectFrom('clip').select('id').execute();
  await world.post('/v1/triage/policies', { name: 'frames', model: 'classifier' });
  const wanted = { clip: clip?.id, policy: 'frames', reason: 'it looks odd' };
  expect((await world.post('/v1/triage/requests', wanted)).status).toBe(201);
  expect((await world.post('/v1/triage/requests', wanted)).status).toBe(409);
  const other = { ...wanted, clip: 'clp_none' };
  expect((await world.post('/v1/triage/requests', other)).status).toBe(404);
});

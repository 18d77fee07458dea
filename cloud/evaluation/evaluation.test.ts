/**
 * Goal: a candidate is judged on units it never saw beside the one before it, a failure is fixed by
 * the model that gets its own case right, and the same inputs give the same hash.
 * Method: toy models run by ONNX Runtime on real clips, real rows, failures from log to fixed.
 */
import { expect, test } from 'vitest';
import { failureStore } from '../failure/store.ts';
import { aliasesOf, demandModelVersion, moveAlias } from '../store/model-registry.ts';
import { putRegressionCase, withdrawRegressionCase } from '../store/regression.ts';
import { openTrainingWorld, type TrainingWorld } from '../training/training.sample.ts';
import { fixOf } from './evaluation.ts';
import { type PlantedClip, plantFailure, plantModel, plantTest } from './evaluation.sample.ts';
import { closeFixed, demandEvaluation, evaluateModel, verifyEvaluation } from './store.ts';

const good = [2, 1, 0];
const poor = [0.2, -1, 1.5];

const depsOf = (world: TrainingWorld) => ({
  ...world.deps,
  signal: new AbortController().signal,
});

const act = { at: 3, by: 'usr_1' };

async function champion(world: TrainingWorld, id: string): Promise<void> {
  const move = { model: 'toy', alias: 'champion', to: id, expects: 'any' } as const;
  await world.db.transaction().execute(async (trx) => await moveAlias(trx, move, act));
}

/** A clip cut down to one frame that the good model alone gets right. */
function telling(clips: readonly PlantedClip[]): PlantedClip {
  const [shown] = clips.flatMap((clip) =>
    clip.units
      .filter(({ values: [x = 0, y = 0, z = 0] }) => 2 * x + y > 2 && 0.2 * x - y + 1.5 * z < -0.5)
      .map((unit) => ({ ...clip, units: [unit] })),
  );
  if (shown === undefined) throw new Error('no frame tells the two apart');
  return shown;
}

test('a better model passes with its reasons, and the failures it fixes are fixed in it', async () => {
  await using world = await openTrainingWorld();
  const clips = await plantTest(world, { clips: 16, perClip: 25 });
  const before = await plantModel(world, poor);
  const after = await plantModel(world, good, { datasetVersion: world.versionId });
  await champion(world, before.id);
  await plantFailure(world.db, 'flr_1', { clip: telling(clips), label: 'right', cluster: 'fog' });
  const act2 = { ...act, ids: world.deps.ids };
  const put = await putRegressionCase(world.db, 'flr_1', act2);
  expect(put).toMatchObject({ kind: 'put' });
  expect(await putRegressionCase(world.db, 'flr_1', act2)).toMatchObject({ kind: 'known' });
  const done = await evaluateModel(depsOf(world), { modelVersion: after.id }, 'usr_1');
  const { result } = done;
  expect(result.metrics).toMatchObject({ n: 400 });
  expect(result.metrics.accuracy).toBeGreaterThan((result.before?.accuracy ?? 1) + 0.2);
  expect(result.comparison?.bounds.low).toBeGreaterThan(0.1);
  expect(done.measured.machine).not.toBe('');
  expect([...new Set(result.slices.map(({ kind }) => kind))]).toEqual([
    'class',
    'device',
    'cluster',
  ]);
  const gates = [...result.gates, ...done.measured.gates];
  expect(gates.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'shapes pass',
    'readable pass',
    'overall pass',
    'slices pass',
    'regression pass',
    'calibration pass',
    'size pass',
    'latency pass',
  ]);
  expect(gates.every(({ reason }) => reason !== '')).toBe(true);
  expect(done.outcome).toBe('pass');
  expect(await demandModelVersion(world.db, after.id)).toMatchObject({ evaluation: done.id });
  expect(await world.told(done.id)).toEqual(['evaluation.finished']);
  expect(result.cases).toMatchObject([{ isRight: true, wasRight: false, fix: 'memorised' }]);
  const failure = await failureStore(world.db).demand('flr_1');
  expect(failure).toMatchObject({ state: 'fixed_in', model: after.id, fix: 'memorised' });
  // The same inputs once more: the same hash.
  const again = await verifyEvaluation(depsOf(world), done.id);
  expect(again).toEqual({ recorded: done.sha256, reproduced: done.sha256, same: true });
});

test('a worse model fails, and one that breaks a case that was right fails for that', async () => {
  await using world = await openTrainingWorld();
  const clips = await plantTest(world, { clips: 16, perClip: 25 });
  const before = await plantModel(world, good);
  const worse = await plantModel(world, poor, { datasetVersion: world.versionId });
  await champion(world, before.id);
  await plantFailure(world.db, 'flr_1', { clip: telling(clips), label: 'right', cluster: 'fog' });
  await putRegressionCase(world.db, 'flr_1', { ...act, ids: world.deps.ids });
  const done = await evaluateModel(depsOf(world), { modelVersion: worse.id }, 'usr_1');
  expect(done.outcome).toBe('fail');
  const failed = done.result.gates.filter(({ outcome }) => outcome === 'fail');
  expect(failed.map(({ name }) => name)).toEqual(expect.arrayContaining(['overall', 'regression']));
  expect(done.result.cases).toMatchObject([{ isRight: false, wasRight: true }]);
  expect((await failureStore(world.db).demand('flr_1')).state).toBe('in_dataset');
  // The version before it gets that case right; a person may still accept what it fixes.
  const base = { modelVersion: before.id, against: null, datasetVersion: world.versionId };
  const first = await evaluateModel(depsOf(world), base, 'usr_1');
  expect(first.outcome).toBe('inconclusive');
  const moved = await world.db
    .transaction()
    .execute(async (trx) => await closeFixed(trx, first, { at: 9, by: 'usr_2' }));
  expect(moved).toBe(1);
  expect(await failureStore(world.db).demand('flr_1')).toMatchObject({ state: 'fixed_in' });
  expect((await demandEvaluation(world.db, first.id)).sha256).toBe(first.sha256);
});

test('another input shape fails, a clip that is gone is told, an empty split never passes', async () => {
  await using world = await openTrainingWorld();
  const before = await plantModel(world, good);
  await champion(world, before.id);
  const empty = await evaluateModel(
    depsOf(world),
    { modelVersion: before.id, datasetVersion: world.versionId, against: null },
    'usr_1',
  );
  expect(empty.outcome).toBe('inconclusive');
  const clips = await plantTest(world, { clips: 3, perClip: 10 });
  const [row] = await world.db
    .selectFrom('clip')
    .select('sha256')
    .where('id', '=', clips[0]?.id ?? '')
    .execute();
  await world.bytes.remove(row?.sha256 ?? '');
  const same = await plantModel(world, [1, 0.6, 0], { datasetVersion: world.versionId });
  const gone = await evaluateModel(depsOf(world), { modelVersion: same.id }, 'usr_1');
  expect(gone.result.unread).toBe(10);
  expect(gone.outcome).not.toBe('pass');
  const wide = await plantModel(world, [1, 0, 0, 0, 0], { datasetVersion: world.versionId });
  const other = await evaluateModel(depsOf(world), { modelVersion: wide.id }, 'usr_1');
  expect(other.outcome).toBe('fail');
  expect(other.result.gates.find(({ name }) => name === 'shapes')?.outcome).toBe('fail');
  const strange = { modelVersion: same.id, against: 'mdv_none' };
  await expect(evaluateModel(depsOf(world), strange, 'usr_1')).rejects.toThrow('no model version');
});

test('memorised is the case alone; generalised is what never trained as well', () => {
  const one = { id: 'a', isRight: true, cluster: 'fog', heldOut: false };
  const held = { id: 'b', isRight: true, cluster: 'fog', heldOut: true };
  expect(fixOf(one, [one])).toBe('memorised');
  expect(fixOf(one, [one, held])).toBe('generalised');
  expect(fixOf(one, [one, { ...held, isRight: false }])).toBe('memorised');
  expect(fixOf(one, [one, { ...held, cluster: 'dust' }])).toBe('memorised');
  expect(fixOf({ ...one, isRight: false }, [one, held])).toBeUndefined();
  expect(fixOf(held, [held])).toBe('generalised');
});

test('a withdrawn case is asked about no more; aliases move with the version they were read at', async () => {
  await using world = await openTrainingWorld();
  const [clip] = await plantTest(world, { clips: 1, perClip: 5 });
  if (clip === undefined) throw new Error('no clip');
  await plantFailure(world.db, 'flr_1', { clip, label: 'right', cluster: 'fog' });
  await putRegressionCase(world.db, 'flr_1', { ...act, ids: world.deps.ids });
  const why = { ...act, why: 'it was the operator' };
  expect(await withdrawRegressionCase(world.db, 'flr_1', why)).toBe(true);
  expect(await withdrawRegressionCase(world.db, 'flr_1', why)).toBe(false);
  const [one, two] = [await plantModel(world, good), await plantModel(world, poor)];
  const wanted = { modelVersion: one.id, datasetVersion: world.versionId };
  const done = await evaluateModel(depsOf(world), wanted, 'usr_1');
  expect(done.result.cases).toEqual([]);
  const to = async (id: string, expects: number | 'any') =>
    await moveAlias(world.db, { model: 'toy', alias: 'champion', to: id, expects }, act);
  expect(await to(one.id, 0)).toMatchObject({ version: 1 });
  await expect(to(two.id, 0)).rejects.toThrow('has moved');
  expect(await to(two.id, 1)).toMatchObject({ version: 2 });
  expect((await aliasesOf(world.db, 'toy')).map(({ alias }) => alias)).toEqual([
    'champion',
    'rollback',
  ]);
});

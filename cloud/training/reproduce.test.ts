/**
 * Goal: a model is made again from its recorded inputs to the same bytes, by the command that made
 * it; what its lanes taught is measured by the same trainer and kept with its interval.
 * Method: a real dataset version, trained by the worker's part in a process, then verified and
 * measured by the handlers that operations run.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modelOperationKinds } from '../trainings.ts';
import { verifyModelKind } from '../model/version-routes.ts';
import { valueOfRow } from '../triage/value-store.ts';
import { builtinCommand } from './own-program.ts';
import { type MeasuredLaneValue, measureRetrain, retrainKind } from './retrain.ts';
import {
  operationContext,
  plantToyLoop,
  realBundle,
  type ToyLoop,
  trainToy,
} from './toy-loop.sample.ts';
import type { Training } from './training.ts';
import { openTrainingWorld, type TrainingWorld } from './training.sample.ts';

let world: TrainingWorld;
let loop: ToyLoop;
let made: Training;

beforeAll(async () => {
  world = await openTrainingWorld();
  loop = await plantToyLoop(world);
  made = await trainToy(world, loop);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const kinds = modelOperationKinds(undefined);

test('same inputs, same seed, same weights: both files have the recorded hashes', async () => {
  expect(made).toMatchObject({ state: 'done' });
  const input = { modelVersion: made.modelVersion ?? '' };
  const again = await kinds[verifyModelKind]?.(input, operationContext(world));
  expect(again).toMatchObject({ onnx: { same: true }, document: { same: true } });
}, 60_000);

test('a recorded seed that somebody changed makes other weights', async () => {
  const set = async (seed: number) =>
    await world.db.updateTable('training').set({ seed }).where('id', '=', made.id).execute();
  await set(4);
  const input = { modelVersion: made.modelVersion ?? '' };
  const again = await kinds[verifyModelKind]?.(input, operationContext(world));
  await set(3);
  expect(again).toMatchObject({ onnx: { same: false } });
}, 60_000);

test('the retrain value of a lane comes of trainings with equally many labels, and is kept once', async () => {
  const kept: MeasuredLaneValue[] = [];
  const measure = measureRetrain({
    trainers: async () => await Promise.resolve({ builtin: builtinCommand }),
    bundle: async (_, version, folder) => await realBundle(world)(version, folder),
    keep: async (_, value) => void kept.push(await Promise.resolve(value)),
    seeds: 1,
  });
  const input = { training: made.id, by: 'usr_1' };
  const result = await measure(input, operationContext(world));
  expect(result).toMatchObject({ training: made.id, lanes: [{ lane: 'capture' }] });
  const [value] = kept;
  expect(value).toMatchObject({ lane: 'capture', scorer: 'entropy', policyId: 'tpl_1' });
  expect(value?.withheld).toBeUndefined();
  expect(value?.detail['m']).toBe(Math.min(value?.n ?? 0, value?.nAudit ?? 0));
  expect(value?.detail['testUnits']).toBeGreaterThan(20);
  const { value: mean = 9, low = 9, high = -9 } = value?.figure ?? {};
  expect(low).toBeLessThanOrEqual(mean);
  expect(high).toBeGreaterThanOrEqual(mean);
  expect(Math.abs(mean)).toBeLessThan(0.5);
}, 60_000);

test('too few labels of the audit: nothing is trained, and it is said how many are missing', async () => {
  const audit = await world.db
    .selectFrom('label')
    .innerJoin('triage_choice', 'triage_choice.id', 'label.choice_id')
    .select('label.id')
    .where('lane', '=', 'audit')
    .orderBy('label.id')
    .execute();
  const gone = audit.slice(5).map(({ id }) => id);
  const hold = async (to: string | null): Promise<void> => {
    for (const id of gone) {
      await world.db
        .updateTable('label')
        .set({ choice_id: to === null ? null : id.replace('lbl_', to) })
        .where('id', '=', id)
        .execute();
    }
  };
  await hold(null);
  const context = operationContext(world);
  const input = { training: made.id, by: 'usr_1' };
  for (let n = 0; n < 2; n += 1) {
    const answer = await kinds[retrainKind]?.(input, context);
    expect(JSON.stringify(answer)).toContain('not enough audit labels');
  }
  await hold('chc_');
  const rows = await world.db.selectFrom('triage_value').selectAll().execute();
  expect(rows.map(valueOfRow)).toMatchObject([
    { kind: 'retrain', lane: 'capture', withheld: expect.stringMatching(/^not enough audit/) },
  ]);
});

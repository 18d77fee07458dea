/**
 * Goal: a person makes a dataset version, a model and an evaluation again from what was recorded,
 * to the same hashes; what somebody changed behind the cloud's back ends the command with a fault.
 * Method: the command line against a real API and worker; a real version, trained by the built-in
 * trainer in a process, a seed and a result changed in their rows.
 */
import { type ApiWorld, openApiWorld } from '@fieldloop/cloud/sample';
import { trainedCloud } from '@fieldloop/cloud/trained';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

let world: ApiWorld;
let training: Awaited<ReturnType<typeof trainedCloud>>;
let model = '';
let evaluation = '';

async function cli(...words: readonly string[]) {
  const io = sampleIo();
  const code = await runCli([...words, '--url', world.url, '--key', world.key], io);
  return { code, ...io.written };
}

beforeAll(async () => {
  world = await openApiWorld({ worker: true });
  training = await trainedCloud(world);
  model = training.modelVersion ?? '';
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('a dataset version comes out of its recorded inputs under the same id', async () => {
  const said = await cli('datasets', 'reproduce', training.datasetVersion);
  expect(said).toMatchObject({ code: 0, out: `${training.datasetVersion}\nthe same id again\n` });
}, 60_000);

test('a model comes out of its trainer with the same bytes: same seed, same weights', async () => {
  const said = await cli('models', 'reproduce', model);
  expect(said.code).toBe(0);
  expect(said.out).toMatch(/^model\.onnx {2}[0-9a-f]{64} {2}the same again\nmodel\.yaml {2}/);
  await world.db.updateTable('training').set({ seed: 4 }).execute();
  const other = await cli('models', 'reproduce', model);
  await world.db.updateTable('training').set({ seed: 3 }).execute();
  expect(other.code).toBe(6);
  expect(other.out).toMatch(/model\.onnx {2}[0-9a-f]{64} {2}comes out as [0-9a-f]{64}/);
  expect(other.err).toContain(`${model} does not come out of its recorded inputs`);
}, 60_000);

test('an evaluation has the same result on the same clips', async () => {
  const run = await cli('evaluations', 'run', model, '--against', 'none', '--json');
  expect(run.err).toBe('');
  evaluation = (JSON.parse(run.out) as { readonly id: string }).id;
  const said = await cli('evaluations', 'reproduce', evaluation);
  expect(said.code).toBe(0);
  expect(said.out).toMatch(/^result {2}[0-9a-f]{64} {2}the same again\n$/);
}, 60_000);

test('the lineage of all three is proved from either end, and names who was changed', async () => {
  const whole = await cli('lineage', evaluation, '--verify', '--up');
  expect(whole.code).toBe(0);
  expect(whole.out).toContain('every hash matches');
  await world.db.updateTable('training').set({ seed: 4 }).execute();
  const changed = await cli('lineage', training.datasetVersion, '--verify', '--down');
  expect(changed.code).toBe(6);
  expect(changed.err).toContain(`${training.id}: its inputs have another job key`);
  await world.db.updateTable('training').set({ seed: 3 }).execute();
}, 60_000);

test('what labels of a lane taught has no figure without an audit beside it, and says so', async () => {
  const audit = world.db.selectFrom('triage_choice').select('id').where('lane', '=', 'audit');
  await world.db
    .updateTable('label')
    .set({ choice_id: null })
    .where('choice_id', 'in', audit)
    .execute();
  const said = await cli('trainings', 'retrain-value', training.id);
  const missing = 'no figure: not enough audit labels: 0 of 50';
  expect(said).toMatchObject({ code: 0, out: `capture by entropy: ${missing}\n` });
  expect((await cli('triage', 'values')).out).toContain('not enough audit labels: 0 of 50');
});

/**
 * Goal: a person brings a model, moves its aliases, trains and measures it by the API alone.
 * Method: real HTTP, a real worker, real files; what is wrong is told where it is wrong.
 */
import { sha256Hex } from '@fieldloop/core';
import { classesNote, networkGraph, onnxFile } from '@fieldloop/learning';
import { expect, test } from 'vitest';
import type { EvaluationPage } from '../evaluation/routes.ts';
import type { OperationJson } from '../http/long-work.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { putDatasetVersion, toyDeclaration } from '../training/training.sample.ts';
import type { TrainingPolicyPage } from '../training/policy-routes.ts';
import type { TrainingJson, TrainingPage } from '../training/routes.ts';
import type { ModelJson, ModelPage } from './routes.ts';
import type { ModelVersionJson } from './json.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const any = { 'if-match': '*' };

const layer = {
  inputs: 3,
  outputs: 2,
  weights: Float64Array.from([-1, -1, 0, 1, 1, 0]),
  bias: new Float64Array(2),
};

function onnxOf(classes: readonly string[]): Uint8Array<ArrayBuffer> {
  const input = { name: 'values', dimensions: ['N', 3] };
  const notes = { [classesNote]: JSON.stringify(classes) };
  return Uint8Array.from(
    onnxFile(networkGraph([layer], { name: 'toy', input, output: 'logits', notes })),
  );
}

const onnx = onnxOf(['left', 'right']);
const golden = [{ input: [1, 2, 3], output: [-3, 3] }];
const document = { ...toyDeclaration, version: '7', golden };

async function upload(world: ApiWorld, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const sha256 = sha256Hex(bytes);
  const headers = {
    authorization: `Bearer ${world.key}`,
    'content-type': 'application/octet-stream',
  };
  const to = `${world.url}/v1/artifacts?sha256=${sha256}&kind=onnx`;
  const sent = await fetch(to, { method: 'POST', body: bytes, headers });
  if (!sent.ok) throw new Error(await sent.text());
  return sha256;
}

async function bring(world: ApiWorld): Promise<ModelVersionJson> {
  const sha256 = await upload(world, onnx);
  return await json(world.post('/v1/models/toy/versions', { onnx: sha256, document }));
}

test('a model is brought: it runs here, it is the champion, its files come back', async () => {
  await using world = await openApiWorld();
  const made = await bring(world);
  expect(made).toMatchObject({ model: 'toy', number: 1, aliases: ['champion'] });
  expect(await bring(world)).toMatchObject({ id: made.id });
  const bytes = await (await world.get(`/v1/modelVersions/${made.id}/onnx`)).bytes();
  expect(sha256Hex(bytes)).toBe(made.onnx.sha256);
  const text = await (await world.get(`/v1/modelVersions/${made.id}/document`)).text();
  expect(JSON.parse(text)).toEqual(document);
  const page = await json<ModelPage>(world.get('/v1/models'));
  expect(page.items).toMatchObject([{ name: 'toy', aliases: [{ alias: 'champion', version: 1 }] }]);
  const named = '/v1/models/toy/versions/champion';
  expect(await json(world.get(named))).toMatchObject({ id: made.id });
});

test('what does not run or does not fit is not taken', async () => {
  await using world = await openApiWorld();
  const sha256 = await upload(world, onnx);
  const to = async (body: object): Promise<Problem> =>
    (await (await world.post('/v1/models/toy/versions', body)).json()) as Problem;
  const wrong = [{ input: [1, 2, 3], output: [9, 9] }];
  const cases: readonly (readonly [object, string])[] = [
    [{ onnx: sha256, document: { ...document, golden: wrong } }, '/body/document/golden'],
    [{ onnx: sha256, document: { ...document, id: 'other' } }, '/body/document/id'],
    [{ onnx: 'f'.repeat(64), document }, '/body/onnx'],
    [{ onnx: await upload(world, onnxOf(['right', 'left'])), document }, '/body/document/classes'],
  ];
  for (const [body, pointer] of cases) {
    expect(await to(body)).toMatchObject({ errors: [{ pointer }] });
  }
  const torn = await to({ onnx: await upload(world, Uint8Array.from([1, 2, 3])), document });
  expect(torn.status).toBe(422);
  expect(await json<ModelPage>(world.get('/v1/models'))).toMatchObject({ items: [] });
});

test('an alias moves with If-Match; two who race for it are told', async () => {
  await using world = await openApiWorld();
  const { id } = await bring(world);
  const move = async (tag: string, modelVersion = id): Promise<Response> =>
    await world.put('/v1/models/toy/aliases/candidate', { modelVersion }, { 'if-match': tag });
  expect(await json(move('"0"'))).toMatchObject({ alias: 'candidate', modelVersion: id });
  expect(await json<ModelJson>(world.get('/v1/models/toy'))).toMatchObject({
    aliases: [{ alias: 'candidate', modelVersion: id }, { alias: 'champion' }],
  });
  expect((await move('"0"')).status).toBe(412);
  expect((await move('*', '9')).status).toBe(404);
  const weak = await world.keyAs('engineer');
  const headers = { authorization: `Bearer ${weak}`, 'if-match': '*' };
  const refused = await world.put('/v1/models/toy/aliases/champion', { modelVersion: id }, headers);
  expect(refused.status).toBe(403);
});

test('trainings and their policy by the API; what is wrong is told', async () => {
  await using world = await openApiWorld();
  await json(world.post('/v1/models', { name: 'toy', declaration: toyDeclaration }));
  const datasetVersion = await putDatasetVersion(world.db, 'a');
  const wanted = { model: 'toy', datasetVersion, config: { epochs: 3 } };
  const made = await json<TrainingJson>(world.post('/v1/trainings', wanted));
  expect(made).toMatchObject({ state: 'queued', trainer: 'builtin', config: { epochs: 3 } });
  expect(await json(world.post('/v1/trainings', wanted))).toMatchObject({ id: made.id });
  expect((await world.post('/v1/trainings', { ...wanted, seed: 1 })).status).toBe(409);
  expect(await json(world.post(`/v1/trainings/${made.id}:stop`))).toMatchObject({
    state: 'stopped',
  });
  expect((await world.post(`/v1/trainings/${made.id}:stop`)).status).toBe(409);
  // Its recipe made nothing that could be measured.
  expect((await world.post(`/v1/trainings/${made.id}:retrainValue`)).status).toBe(409);
  const listed = await json<TrainingPage>(world.get('/v1/trainings?q=state%3Dstopped'));
  expect(listed.items).toHaveLength(1);
  const draft = await putDatasetVersion(world.db, 'b', 'draft');
  expect((await world.post('/v1/trainings', { ...wanted, datasetVersion: draft })).status).toBe(
    409,
  );
  const policy = { model: 'toy', dataset: 'toys', triggers: { newLabels: 5 } };
  await json(world.post('/v1/trainingPolicies', policy));
  expect((await world.post('/v1/trainingPolicies', policy)).status).toBe(409);
  const off = await world.patch('/v1/trainingPolicies/toy', { enabled: false }, any);
  expect(await json(off)).toMatchObject({ enabled: false, triggers: { newLabels: 5 } });
  const page = await json<TrainingPolicyPage>(world.get('/v1/trainingPolicies'));
  expect(page.items).toHaveLength(1);
  expect((await world.delete('/v1/trainingPolicies/toy', any)).status).toBe(204);
  const bad = { name: 'other', declaration: { ...toyDeclaration, id: 'else' } };
  expect((await world.post('/v1/models', bad)).status).toBe(400);
});

test('an evaluation is work of the worker; its row says why it cannot tell', async () => {
  await using world = await openApiWorld({ worker: true });
  const { id } = await bring(world);
  const datasetVersion = await putDatasetVersion(world.db, 'a');
  const started = await json<OperationJson>(
    world.post('/v1/evaluations', { modelVersion: id, datasetVersion }),
  );
  const done = await ended(world, started.id);
  expect(done).toMatchObject({ state: 'done', result: { outcome: 'inconclusive' } });
  const page = await json<EvaluationPage>(world.get(`/v1/evaluations?modelVersion=${id}`));
  expect(page.items).toMatchObject([{ outcome: 'inconclusive', metrics: { n: 0 } }]);
  const [evaluation] = page.items;
  const again = await json<OperationJson>(world.post(`/v1/evaluations/${evaluation?.id}:verify`));
  expect(await ended(world, again.id)).toMatchObject({ result: { same: true } });
  const verify = await json<OperationJson>(world.post(`/v1/modelVersions/${id}:verify`));
  expect(await ended(world, verify.id)).toMatchObject({ state: 'failed' });
});

async function ended(world: ApiWorld, id: string): Promise<OperationJson> {
  for (;;) {
    const now = await json<OperationJson>(world.get(`/v1/operations/${id}`));
    if (now.endedAt !== undefined) return now;
  }
}

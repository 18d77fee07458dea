/**
 * Goal: a model of the cloud scores only after its trial, leaves again by itself when it fails, and
 * what is reported is what the live instance was made of, through restarts and kills.
 * Method: real scoring threads and a real folder of artifacts; a port of frames as the data thread
 * has one. A kill is an agent that is left without goodbye.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { type Clock, seededRandom, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Network, networkGraph, onnxFile } from '@fieldloop/learning';
import type { DesiredModels } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openArtifacts } from './buffer/artifacts.ts';
import { maxRuleCrashes, maxTrials, modelsReadyWithinMs } from './limits.ts';
import { openModelsInUse } from './models-in-use.ts';
import { type Made, made, Robot } from './models-robot.cases.ts';
import type { ScoringWays } from './models-types.ts';
import type { FromScoring } from './score/protocol.ts';
import { openScoring, type ScoringPort } from './score/scoring.ts';
import { tinyNetwork, tinyOnnx, tinyYaml, writeModel } from './score/testing.ts';
import { jsonBytes, jsonChannel } from './source/testing.ts';

let dir = '';
let opened: Robot[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fl-models-'));
});
afterEach(async () => {
  for (const robot of opened.splice(0)) await robot.models.stop();
  opened = [];
  rmSync(dir, { recursive: true });
});

/** Another model of the same shape: the first two classes swapped. */
const swapped: Network = tinyNetwork.map((layer) => ({
  ...layer,
  weights: Float64Array.from([0, 2, 2, 0, -1, -1]),
}));
const graphOf = (network: Network) =>
  networkGraph(network, {
    name: 'tiny',
    input: { name: 'x', dimensions: ['batch', 2] },
    output: 'logits',
  });

const good = made(onnxFile(graphOf(swapped)), {
  ...tinyYaml(),
  version: '2',
  golden: [{ input: [1, 0.5], output: [1, 2, -1.5] }],
});
const badGolden = made(onnxFile(graphOf(swapped)), { ...tinyYaml(), version: '3' });
const noOnnx = made(Buffer.from('not a model'), { ...tinyYaml(), version: '4' });
const tooSlow = made(onnxFile(graphOf(swapped)), {
  ...tinyYaml(),
  golden: [{ input: [1, 0.5], output: [1, 2, -1.5] }],
  limits: { latencyMs: 1e-6 },
});
/** Four megabytes of weights. */
const wide: Network = [
  { inputs: 2, outputs: 200_000, weights: new Float64Array(4e5), bias: new Float64Array(2e5) },
  { inputs: 200_000, outputs: 3, weights: new Float64Array(6e5), bias: new Float64Array(3) },
];
const tooLarge = made(onnxFile(graphOf(wide)), {
  ...tinyYaml(),
  golden: [{ input: [1, 0.5], output: [0, 0, 0] }],
  limits: { memoryMiB: 0.1 },
});

async function boot(
  cloud: readonly Made[],
  soakMs = 60_000,
  clock: Clock = systemClock,
): Promise<Robot> {
  const models = join(dir, 'models');
  const shelf = await openArtifacts({ dir: models, headroomBytes: 0 });
  const own = [{ id: 'who', path: writeModel(join(dir, 'own'), tinyYaml(), tinyOnnx()) }];
  const deps = { clock, random: seededRandom('models'), log: silentLog };
  const inUse = await openModelsInUse({ ...deps, own, dir: models, shelf, soakMs });
  const robot = new Robot(inUse, shelf, new Map(cloud.flatMap(({ files }) => [...files])));
  opened.push(robot);
  await robot.begin();
  return robot;
}

/** What the thread behind the port says of a frame. */
async function score(port: MessagePort | undefined): Promise<FromScoring> {
  if (port === undefined) throw new Error('there is nobody to ask');
  const answer = new Promise<FromScoring>((resolve) => port.once('message', resolve));
  port.postMessage({ kind: 'channel', key: 1, channel: jsonChannel(1, '/numbers') });
  const bytes = new Uint8Array(jsonBytes({ values: [3, 0] }));
  port.postMessage({ kind: 'frame', id: 1, model: 'who', key: 1, bytes, more: [] });
  const found = await answer;
  port.close();
  return found;
}

const wanted = (one: Made, attempt = 1): DesiredModels => ({
  release: 'rel_1',
  rollout: 'rol_1',
  attempt,
  models: { who: one.ref },
});

test('fetched, tried out, exchanged between frames, watched, trusted; a restart keeps it', async () => {
  const robot = await boot([good], 1_000);
  const own = sha256Hex(tinyOnnx());
  expect(robot.figures).toMatchObject({ state: 'idle', running: { who: { sha256: own } } });
  const before = robot.models.ways().port;
  const ownDigest = robot.digest;
  robot.wish(wanted(good));
  await robot.until(({ figures }) => figures.state === 'running');
  const { digest } = robot;
  expect(digest).not.toBe(ownDigest);
  expect(robot.states).toEqual(['idle', 'downloading', 'checking', 'running']);
  expect(robot.figures).toMatchObject({
    running: { who: { sha256: good.ref.onnx.sha256, documentSha256: good.ref.document.sha256 } },
    rollout: 'rol_1',
    attempt: 1,
    proven: false,
  });
  expect(robot.ways.at(-1)).toMatchObject({ before: 'lives', models: [{ version: '2' }] });
  const { sha256 } = good.ref.onnx;
  expect(await score(robot.ways.at(-1)?.port)).toMatchObject({ sha256, scored: { topClass: 'b' } });
  // What it had before still answers frames that were on their way to it.
  expect(await score(before)).toMatchObject({ sha256: own, scored: { topClass: 'a' } });
  await robot.until(({ figures }) => figures.proven === true);
  await robot.models.stop();
  const again = await boot([]);
  expect(again.figures).toMatchObject({ state: 'running', running: { who: { sha256 } } });
  expect(again.digest).toBe(digest);
  expect(await score(again.models.ways().port)).toMatchObject({ sha256 });
  again.wish({});
  await again.until(({ figures }) => figures.state === 'idle');
  expect(again.figures.running['who']?.sha256).toBe(own);
  expect(again.digest).toBe(ownDigest);
});

test('a trusted model of the cloud that needs too long for a start joins it later', async () => {
  const robot = await boot([good], 0);
  robot.wish(wanted(good));
  await robot.until(({ figures }) => figures.proven === true);
  await robot.models.stop();
  const again = await boot([], 60_000, {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(ms === modelsReadyWithinMs ? 0 : ms, signal),
  });
  expect(again.models.ways()).toMatchObject({ port: undefined, models: [] });
  await again.until(({ figures }) => figures.running['who'] !== undefined);
  const { sha256 } = good.ref.onnx;
  expect(again.figures).toMatchObject({ state: 'running', running: { who: { sha256 } } });
  expect(await score(again.ways.at(-1)?.port)).toMatchObject({ sha256 });
});

test.each([
  ['golden inputs that give other outputs', badGolden, 'invalid', /golden input 0/],
  ['bytes that are no model', noOnnx, 'corrupt', /does not load/],
  ['a model that is too slow', tooSlow, 'limited', /ms a frame, the limit is/],
  ['a model that is too large', tooLarge, 'limited', /takes \d+ MiB, the limit is 0\.1 MiB/],
])('%s never score, and are not tried again by themselves', async (_, one, code, message) => {
  const robot = await boot([one]);
  robot.wish(wanted(one));
  await robot.until(({ figures }) => figures.state === 'rejected');
  expect(robot.figures.fault).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(robot.figures.running['who']?.sha256).toBe(sha256Hex(tinyOnnx()));
  expect(robot.ways).toEqual([]);
  expect(robot.told).toEqual([expect.stringMatching(message)]);
  robot.wish(wanted(one));
  robot.wish(wanted(one, 2));
  await robot.until(({ figures }) => figures.attempt === 2 && figures.state === 'rejected');
  expect(robot.states).toEqual([
    'idle',
    'downloading',
    'checking',
    'rejected',
    'downloading',
    'checking',
    'rejected',
  ]);
});

test('a model without scores soon after it came goes, and the warm one before it is back', async () => {
  const robot = await boot([good]);
  robot.wish(wanted(good));
  await robot.until(({ figures }) => figures.state === 'running');
  robot.models.off('who', 'the model gave numbers that are not finite');
  await robot.until(({ figures }) => figures.state === 'rolled_back');
  expect(robot.figures).toMatchObject({
    rollout: 'rol_1',
    fault: { code: 'unavailable', message: expect.stringContaining('not finite') },
    running: { who: { sha256: sha256Hex(tinyOnnx()) } },
  });
  const last = robot.ways.at(-1);
  expect(last).toMatchObject({ before: 'lives', models: [{ version: '1' }] });
  expect(await score(last?.port)).toMatchObject({ scored: { topClass: 'a' } });
  await robot.models.stop();
  const again = await boot([good]);
  again.wish(wanted(good));
  expect(again.figures).toMatchObject({ state: 'rolled_back' });
});

test('no frame loses its score while models are fetched, tried out, exchanged and taken back', async () => {
  const robot = await boot([good]);
  const scoring = openScoring({
    clock: systemClock,
    onOff: () => undefined,
    onBack: () => undefined,
  });
  const portOf = (port: MessagePort): ScoringPort => ({
    post: (message, transfer) => port.postMessage(message, [...transfer]),
    listen: (listener) => void port.on('message', listener),
    close: () => port.close(),
  });
  const ports: MessagePort[] = [];
  const connect = ({ port, before }: ScoringWays): void => {
    if (port === undefined) return;
    ports.push(port);
    scoring.connect(portOf(port), before);
  };
  connect(robot.models.ways());
  robot.onWays = connect;
  const channel = jsonChannel(1, '/numbers');
  const never = { more: [], moreAgeNs: 0n, everyNs: 0n, deadlineNs: 0n };
  const plan = { id: 'who', model: 'who', topic: '/numbers', ...never };
  const shas: string[] = [];
  const over = new AbortController();
  const frames = (async () => {
    for (let i = 0n; !over.signal.aborted; i += 1n) {
      // A frame each few milliseconds leaves this machine room for the other threads.
      await systemClock.sleep(3);
      const bytes = jsonBytes({ values: [3, 0] });
      const record = await scoring.ask({ plan, channel, bytes, atNs: i, more: [] });
      if (record === undefined) throw new Error(`frame ${i} has no score`);
      if (shas.at(-1) !== record.modelSha256) shas.push(record.modelSha256);
    }
  })();
  robot.wish(wanted(good));
  await robot.until(({ figures }) => figures.state === 'running');
  const scoredBy = async (models: number): Promise<void> => {
    while (shas.length < models) await new Promise((resolve) => setImmediate(resolve));
  };
  await Promise.race([scoredBy(2), frames]);
  robot.models.off('who', 'an end to it');
  await robot.until(({ figures }) => figures.state === 'rolled_back');
  await Promise.race([scoredBy(3), frames]);
  over.abort();
  await frames;
  for (const port of ports) port.close();
  const own = sha256Hex(tinyOnnx());
  expect(shas).toEqual([own, good.ref.onnx.sha256, own]);
  expect(scoring.figures).toMatchObject({ faults: 0, skipped: 0 });
});

test('a model that goes answers the frames of a data thread that hears of it late', async () => {
  const robot = await boot([good]);
  robot.wish(wanted(good));
  await robot.until(({ figures }) => figures.state === 'running');
  const { port } = robot.ways.at(-1) ?? {};
  robot.models.off('who', 'an end to it');
  await robot.until(({ figures }) => figures.state === 'rolled_back');
  await systemClock.sleep(300);
  const { sha256 } = good.ref.onnx;
  expect(await score(port)).toMatchObject({ sha256, scored: { topClass: 'b' } });
});

test('killed soon after the exchange again and again, the agent starts with what ran before', async () => {
  const first = await boot([good]);
  first.wish(wanted(good));
  await first.until(({ figures }) => figures.state === 'running');
  for (let i = 1; i < maxRuleCrashes; i += 1) {
    const robot = await boot([good]);
    expect(robot.figures).toMatchObject({ state: 'running', proven: false });
  }
  const last = await boot([good]);
  expect(last.figures).toMatchObject({
    state: 'rolled_back',
    running: { who: { sha256: sha256Hex(tinyOnnx()) } },
  });
  expect(last.told).toEqual([expect.stringContaining('ended by itself')]);
});

test('killed in the trial it is tried again, and given up after some', async () => {
  const first = await boot([]);
  first.wish(wanted(good));
  await first.until(({ figures }) => figures.state === 'downloading');
  await first.models.stop();
  const file = join(dir, 'models', 'chosen.json');
  const kept = { ...first.models.state, isTrying: true, isRunning: true };
  writeFileSync(file, JSON.stringify({ ...kept, trials: 0 }));
  const second = await boot([good]);
  await second.until(({ figures }) => figures.state === 'running');
  writeFileSync(file, JSON.stringify({ ...kept, trials: maxTrials - 1 }));
  const third = await boot([good]);
  expect(third.figures).toMatchObject({ state: 'rejected', fault: { code: 'internal' } });
});

test('an artifact that was damaged on disk is found at the start, and goes', async () => {
  const first = await boot([good], 1);
  first.wish(wanted(good));
  await first.until(({ figures }) => figures.proven === true);
  await first.models.stop();
  writeFileSync(first.shelf.pathOf(good.ref.onnx.sha256), onnxFile(graphOf(tinyNetwork)));
  const again = await boot([good]);
  expect(again.figures).toMatchObject({
    state: 'rolled_back',
    fault: { code: 'corrupt' },
    running: { who: { sha256: sha256Hex(tinyOnnx()) } },
  });
  expect(again.shelf.has(good.ref.onnx.sha256)).toBe(false);
});

test('a shadow is loaded beside and never acts; one that fails its trial says why', async () => {
  const robot = await boot([good, badGolden]);
  robot.wish({ shadow: { rollout: 'rol_2', models: { who: good.ref } } });
  await robot.until(({ figures }) => figures.shadow?.state === 'running');
  expect(robot.figures).toMatchObject({
    state: 'idle',
    running: { who: { sha256: sha256Hex(tinyOnnx()) } },
    shadow: { rollout: 'rol_2', models: { who: { sha256: good.ref.onnx.sha256, frames: 0 } } },
  });
  expect(robot.ways).toEqual([]);
  expect(await score(robot.shadow?.port)).toMatchObject({ scored: { topClass: 'b' } });
  robot.wish({ shadow: { rollout: 'rol_3', models: { who: badGolden.ref } } });
  await robot.until(({ figures }) => figures.shadow?.state === 'rejected');
  expect(robot.figures.shadow?.fault?.message).toMatch(/golden input 0/);
  robot.wish({});
  await robot.until(({ figures }) => figures.shadow === undefined);
});

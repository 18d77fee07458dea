/**
 * Goal: a model goes from the cloud to a robot whatever dies on the way, scores there in place of
 * the old one, and leaves again by itself when it is no good.
 * Method: a live robot behind a link that is cut, robot and cloud under SIGKILL, models whose class
 * tells which of them scored; desired models as a rollout writes them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDiskBlobs, openSqlite, setDesired } from '@fieldloop/cloud';
import { type Json, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type DesiredModels, readModelsReport } from '@fieldloop/proto';
import { serveFleet } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentProcess } from './agent-process.ts';
import { drawScenarios } from './drawn.cases.ts';
import { useBroker } from './identity.ts';
import { type Link, openLink } from './link.ts';
import { openScene, type Scene } from './scene.ts';
import { type Made, make } from './toy-model.ts';
import { until } from './wait.ts';

// The first leaves the robot as each of the others finds and leaves it.
drawScenarios(1, { first: 1 });

const name = 'amr-learning';
let scene: Scene;
let fleet: Awaited<ReturnType<typeof serveFleet>>;
let link: Link;
let agent: AgentProcess;

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: unsure, version: 1}
models:
  who: {ref: who, input: {topic: /odom}, every: 100ms, deadline: 500ms}
rules:
- {id: unsure, severity: info, when: who.entropy > 0.999, capture: {topics: ["/odom"], pre: 1s, post: 1s}}
`;

const own = make('a');
const better = make('b', { padding: 1_500_000 });
const wrongGolden = make('a', { golden: 1, padding: 10 });
const noNumbers = make('a', { weight: 3e38 });

async function upload(models: readonly Made[]): Promise<void> {
  await using blobs = await openDiskBlobs(scene.cloud.dataDir);
  for (const { onnx, document } of models) {
    for (const bytes of [onnx, document]) {
      const draft = await blobs.draft(sha256Hex(bytes).slice(0, 16));
      await draft.append([bytes]);
      await draft.finish();
    }
  }
}

async function want(wanted: DesiredModels): Promise<void> {
  const db = openSqlite(join(scene.cloud.dataDir, 'cloud.db'));
  try {
    const { id: deviceId } = await scene.api.device(name);
    const document = wanted as unknown as Json;
    const wish = { deviceId, section: 'models', document, at: Date.now() };
    await db.transaction().execute(async (trx) => void (await setDesired(trx, wish)));
  } finally {
    await db.destroy();
  }
}

const rollout = (one: Made, n: number): DesiredModels => ({
  release: `rel_${n}`,
  rollout: `rol_${n}`,
  attempt: 1,
  models: { who: one.ref },
});

/** What the cloud knows. */
const reported = async () =>
  readModelsReport((await scene.api.device(name)).running['models']?.document);

const untilReported = async (what: string, isSo: (report: Report) => boolean): Promise<Report> =>
  await until(
    what,
    async () => {
      const report = await reported();
      return report !== undefined && isSo(report) ? report : undefined;
    },
    { describe: async () => JSON.stringify([await reported(), (await agent.status())?.models]) },
  );
type Report = NonNullable<Awaited<ReturnType<typeof reported>>>;

const untilSays = async (topClass: string): Promise<void> => {
  await until(`the model says ${topClass}`, async () => {
    return (await agent.status())?.score.last?.topClass === topClass;
  });
};

const downloaded = async (share: number): Promise<boolean> =>
  ((await agent.status())?.models.downloaded ?? 0) >= share;

beforeAll(async () => {
  scene = await openScene();
  link = await openLink(new URL(scene.cloud.urls.broker).host);
  const clock = systemClock;
  fleet = await serveFleet({ robots: 1, seed: 3, speed: 1, clock, log: silentLog });
  const file = join(scene.folder, 'rules.yaml');
  writeFileSync(file, rules);
  const path = join(scene.folder, 'who');
  mkdirSync(path);
  writeFileSync(join(path, 'model.onnx'), own.onnx);
  writeFileSync(join(path, 'model.yaml'), own.document);
  agent = await scene.enrolAndStart({
    name,
    source: { sim: fleet.robots[0]?.url ?? '' },
    rules: file,
    models: [{ id: 'who', path }],
    downloadKbps: 4_000,
    soak: '30s',
  });
  await until('it is enrolled', async () => (await agent.status())?.uplink.connected);
  await agent.running.kill();
  useBroker(agent.folder, link.host);
  agent = await scene.restartAgent(agent);
  await untilSays('a');
  await upload([better, wrongGolden, noNumbers, own]);
}, 60_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

test('a download goes on after a cut link, a killed robot and a killed cloud, and the model scores', async () => {
  await want(rollout(better, 1));
  await until('a part of it came', async () => await downloaded(0.1));
  link.cut();
  await until('the robot noticed', async () => (await agent.status())?.uplink.connected === false);
  link.mend();
  await until('more of it came', async () => await downloaded(0.3));
  agent = await scene.restartAgent(agent);
  await until('it goes on from there', async () => {
    const share = (await agent.status())?.models.downloaded;
    return share !== undefined && share >= 0.3;
  });
  await scene.restartCloud();
  const report = await untilReported('it runs', ({ state }) => state === 'running');
  expect(report).toMatchObject({
    rollout: 'rol_1',
    attempt: 1,
    running: {
      who: { sha256: better.ref.onnx.sha256, documentSha256: better.ref.document.sha256 },
    },
  });
  await untilSays('b');
  const { items } = (await (
    await fetch(new URL(`/v1/devices/${name}/properties`, scene.cloud.urls.http), {
      headers: { authorization: `Bearer ${scene.cloud.key}` },
    })
  ).json()) as { items: readonly { key: string; value: unknown }[] };
  const property = items.find(({ key }) => key === 'models.who');
  expect(property?.value).toBe(better.ref.onnx.sha256);
}, 90_000);

test('golden inputs that fail: the wanted model never scores, and the cloud hears why', async () => {
  await want(rollout(wrongGolden, 2));
  const report = await untilReported('it is rejected', ({ state }) => state === 'rejected');
  expect(report).toMatchObject({
    rollout: 'rol_2',
    fault: { code: 'invalid', message: expect.stringContaining('golden input 0') },
    running: { who: { sha256: better.ref.onnx.sha256 } },
  });
  await untilSays('b');
}, 60_000);

test('a model without numbers is undone by the robot, and what ran before scores on', async () => {
  const before = (await agent.status())?.score.count ?? 0;
  await want(rollout(noNumbers, 3));
  const report = await untilReported('it is back', ({ state }) => state === 'rolled_back');
  expect(report).toMatchObject({
    rollout: 'rol_3',
    fault: { code: 'unavailable', message: expect.stringContaining('not finite') },
    running: { who: { sha256: better.ref.onnx.sha256 } },
  });
  await until('it scores', async () => ((await agent.status())?.score.count ?? 0) > before);
  await untilSays('b');
}, 60_000);

test('a shadow sees the same frames, is compared, and changes nothing', async () => {
  await want({ ...rollout(better, 4), shadow: { rollout: 'rol_5', models: { who: own.ref } } });
  await untilReported('the shadow runs', ({ shadow }) => shadow?.state === 'running');
  const counts = await until('it counts', async () => {
    const shadow = (await agent.status())?.models.shadow?.models['who'];
    return shadow !== undefined && shadow.frames > 10 ? shadow : undefined;
  });
  expect(counts).toMatchObject({ sha256: own.ref.onnx.sha256, nan: 0, faults: 0 });
  expect(counts.disagreement).toBe(counts.frames);
  expect(counts.latencyRatio).toBeGreaterThan(0);
  expect((await agent.status())?.score.last?.topClass).toBe('b');
}, 60_000);

test('an agent that keeps ending soon after an exchange comes back with what ran before', async () => {
  await want(rollout(own, 6));
  await untilReported('it runs', ({ state, rollout: id }) => state === 'running' && id === 'rol_6');
  await untilSays('a');
  for (let i = 0; i < 3; i += 1) {
    agent = await scene.restartAgent(agent);
    await until('it scores again', async () => ((await agent.status())?.score.count ?? 0) > 0);
  }
  const report = await untilReported('it is back', ({ state }) => state === 'rolled_back');
  expect(report).toMatchObject({
    fault: { code: 'internal' },
    running: { who: { sha256: better.ref.onnx.sha256 } },
  });
  await untilSays('b');
}, 60_000);

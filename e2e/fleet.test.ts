/**
 * Goal: simulated devices are devices to the cloud: they enrol, take rollouts over the real wire,
 * tell what they run by the hash of its bytes, and fail as often as that says.
 * Method: six of them in this process (seed 7) against a cloud as a process; three people with
 * accounts over the public API. Nothing is written past the wire.
 */
import { join } from 'node:path';
import { seededRandom, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { readModelsReport } from '@fieldloop/proto';
import { claimTokens, programFile, type ProgramPlan, simulateDevices } from '@fieldloop/sim';
import type { SimulatedDevices } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, callAs, hire } from './people.ts';
import { openScene, type Scene } from './scene.ts';
import { until } from './wait.ts';

const count = 6;
let scene: Scene;
let devices: SimulatedDevices;
let author: Caller;
let engineer: Caller;
let manager: Caller;

const open = async (claim: (name: string, site: string) => Promise<string>) =>
  await simulateDevices({
    count,
    speed: 100,
    folder: join(scene.folder, 'fleet'),
    claim,
    clock: systemClock,
    ids: systemIds,
    random: seededRandom(7),
    log: silentLog,
  });

beforeAll(async () => {
  scene = await openScene();
  const { cloud } = scene;
  [devices, engineer, manager] = await Promise.all([
    open(claimTokens(cloud.urls.http, cloud.key)),
    hire(cloud, { name: 'bob', role: 'engineer' }),
    hire(cloud, { name: 'eve', role: 'release_manager' }),
  ]);
  author = callAs(cloud, cloud.key);
}, 60_000);

afterAll(async () => {
  await devices[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

/** Two people approve it; gives the hash of the program. */
async function released(plan: ProgramPlan): Promise<string> {
  const bytes = programFile({ ...plan, ballast: 100_000 });
  const sha256 = sha256Hex(bytes);
  await author.upload(`/v1/artifacts?sha256=${sha256}&kind=sim&name=brain`, bytes);
  const artifact = { path: 'sim/brain', sha256, size: bytes.length };
  const { version } = plan;
  const component = { name: 'brain', kind: 'sim', version, artifact, sim: { script: ['good'] } };
  const text = JSON.stringify({
    apiVersion: 'fieldloop.release/v1',
    kind: 'Release',
    name: 'stack',
    version,
    order: ['brain'],
    components: [component],
  });
  const made = await author.post<{ id: string; digest: string }>('/v1/releases', { text });
  const path = `/v1/releases/${made.id}`;
  await author.post(`${path}:evaluate`);
  const yes = { digest: made.digest, reason: 'seen' };
  for (const one of [engineer, manager]) await one.post(`${path}:approve`, yes);
  await manager.post(`${path}:release`);
  return sha256;
}

interface Shown {
  readonly id: string;
  readonly state: string;
}

/** Planned by one, approved by two; gives the state in which it ends. */
async function rolledOut(version: string, stages: readonly object[]): Promise<Shown> {
  const text = JSON.stringify({
    apiVersion: 'fieldloop.rollout/v1',
    kind: 'Rollout',
    release: `stack@${version}`,
    selector: 'name:sim-*',
    control: { percent: 0, min: 0 },
    stages,
    hardStops: { rejected: 1 },
  });
  const { id, digest } = await author.post<Shown & { digest: string }>('/v1/rollouts:plan', {
    text,
  });
  await author.post('/v1/rollouts', { text, id, digest });
  const gate = await until('its gate', async () => {
    const { items } = await author.get<{ items: Shown[] }>('/v1/gates?state=open');
    return items[0];
  });
  for (const one of [engineer, manager]) {
    await one.post(`/v1/gates/${gate.id}:decide`, { option: 'approve', reason: 'seen' });
  }
  return await until('its end', async () => {
    const now = await author.get<Shown>(`/v1/rollouts/${id}`);
    return ['completed', 'rolled_back'].includes(now.state) ? now : undefined;
  });
}

const reported = async () =>
  await Promise.all(
    devices.names.map(async (name) => {
      const { running } = await scene.api.device(name);
      return readModelsReport(running['models']?.document);
    }),
  );

const everyone = (sha256: string) =>
  devices.names.map(() => expect.objectContaining({ state: 'running', running: runs(sha256) }));
const runs = (sha256: string) => ({ brain: expect.objectContaining({ sha256 }) });

let first: string;

test('each fetches what it is told to run, and fails as often as that says', async () => {
  await until('all say that they run nothing yet', async () =>
    (await reported()).every((report) => report?.state === 'idle'),
  );
  first = await released({ version: '1.0.0', failuresPerHour: 60 });
  const { state } = await rolledOut('1.0.0', [{ name: 'all', percent: 100 }]);
  expect(state).toBe('completed');
  expect(await reported()).toEqual(everyone(first));
  for (const { running, bytesFetched } of devices.status()) {
    expect(running).toEqual({ brain: first });
    expect(bytesFetched).toBeGreaterThan(100_000);
  }
  await until('each failed and made a trip', async () => {
    const events = await scene.api.events();
    const told = (name: string) =>
      new Set(events.filter((one) => one['name'] === name).map((one) => one['device']));
    return told('trip_failed').size === count && told('trip').size === count;
  });
}, 60_000);

test('a program that fails its check runs nowhere, and all are back with the one before', async () => {
  const bad = await released({ version: '1.1.0', failuresPerHour: 0, check: 'fails' });
  const { id, state } = await rolledOut('1.1.0', [
    { name: 'canary', percent: 34 },
    { name: 'all', percent: 100 },
  ]);
  expect(state).toBe('rolled_back');
  const { items } = await author.get<{
    items: readonly { device: string; attempt: number; fault?: { message: string } }[];
  }>(`/v1/rollouts/${id}/targets`);
  const tried = items.filter(({ attempt }) => attempt > 0);
  expect(tried).toHaveLength(2);
  // The first that fails ends the rollout; the other may be on its way still.
  const faults = tried.flatMap(({ fault }) => (fault === undefined ? [] : [fault.message]));
  expect(faults).toContainEqual(expect.stringContaining('check'));
  await until('all say that they run the one before', async () => {
    const told = await reported();
    return told.every(
      (report) => report?.state === 'running' && report.running['brain']?.sha256 === first,
    );
  });
  expect(bad).not.toBe(first);
}, 60_000);

test('devices that were off come back as they were, without another token', async () => {
  await devices[Symbol.asyncDispose]();
  devices = await open(async (name) => await Promise.reject(new Error(`a token for ${name}`)));
  await until('they run what they ran', async () =>
    devices.status().every(({ running }) => running['brain'] === first),
  );
  for (const { bytesFetched } of devices.status()) expect(bytesFetched).toBe(0);
}, 60_000);

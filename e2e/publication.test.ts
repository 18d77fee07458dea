/**
 * Goal: rules go from a text to a robot and back by what people do over the API alone, and a
 * version that floods the line is taken back by the cloud itself.
 * Method: a live robot and a cloud as processes; its own clips are what a version is forecast from.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { readRulesReport } from '@fieldloop/proto';
import { serveFleet } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentProcess } from './agent-process.ts';
import { openScene, type Scene } from './scene.ts';
import { until } from './wait.ts';

const name = 'amr-published';
let scene: Scene;
let fleet: Awaited<ReturnType<typeof serveFleet>>;
let agent: AgentProcess;

/** Samples each other second, from `around` before to as long after, and marks the moments in which the robot turns. */
const rules = (
  set: string,
  version: number,
  every = '2s',
  around = '500ms',
): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: ${set}, version: ${version}}
signals:
  wz: {topic: /odom, path: twist.twist.angular.z, type: double, unit: rad/s}
rules:
- id: turning
  severity: info
  when: abs(wz) > 0.05
  limits: {cooldown: 1s}
  capture: {topics: ["/odom"], pre: 200ms, post: 200ms}
- id: baseline
  severity: info
  every: {period: ${every}}
  class: baseline
  capture: {topics: ["*"], pre: ${around}, post: ${around}}
`;

beforeAll(async () => {
  scene = await openScene();
  fleet = await serveFleet({ robots: 1, seed: 3, speed: 1, clock: systemClock, log: silentLog });
  const file = join(scene.folder, 'rules.yaml');
  writeFileSync(file, rules('own', 1));
  agent = await scene.enrolAndStart({
    name,
    source: { sim: fleet.robots[0]?.url ?? '' },
    rules: file,
  });
  await until('clips are stored', async () => {
    const status = await agent.status();
    return (
      (status?.uplink.connected ?? false) && (await scene.api.clips('state=stored')).length > 3
    );
  });
}, 60_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

async function call<T>(path: string, body?: object): Promise<T> {
  const { urls, key } = scene.cloud;
  const response = await fetch(new URL(path, urls.http), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T;
  expect(response.ok, `${path} ${JSON.stringify(answer)}`).toBe(true);
  return answer;
}

interface Publication {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
  readonly actual?: { readonly fires: number; readonly clips: number; readonly robotDays: number };
  readonly perDevice: readonly { readonly state: string; readonly role: string }[];
}

const publication = async (id: string): Promise<Publication> =>
  await call<Publication>(`/v1/publications/${id}`);

const running = async () =>
  readRulesReport((await scene.api.device(name)).running['rules']?.document);

/** Has the robot tell its counts now, and not within the minute. */
const refresh = async (): Promise<void> =>
  void (await scene.api.command(name, 'refresh', { section: 'rules' }));

let first = '';

test('saved, forecast from the clips of the robot, tried as a shadow, and then active', async () => {
  await call('/v1/ruleSets', { name: 'site' });
  await call('/v1/cohorts', { name: 'yard', devices: [name] });
  const { digest } = await call<{ digest: string }>('/v1/ruleSets/site/versions', {
    yaml: rules('site', 1, '1s'),
  });
  const lint = await call<{ ok: boolean; against: { clips: number } }>('/v1/ruleSets:lint', {
    yaml: rules('site', 1),
    cohort: 'yard',
  });
  expect(lint).toMatchObject({ ok: true, problems: [] });
  const operation = await call<{ id: string }>('/v1/ruleSets/site:backtest', { version: 1 });
  const done = await until('the backtest', async () => {
    const found = await call<{ state: string; result?: unknown }>(`/v1/operations/${operation.id}`);
    return found.state === 'done' || found.state === 'failed' ? found : undefined;
  });
  expect(done).toMatchObject({
    state: 'done',
    result: {
      forecast: { population: 'sampled', rules: [{ basis: 'replay' }, { basis: 'schedule' }] },
    },
  });
  ({ id: first } = await call<Publication>('/v1/ruleSets/site/versions/1:publish', {
    cohort: 'yard',
  }));
  await until('the shadow runs and counts', async () => {
    await refresh();
    const { state, actual } = await publication(first);
    return state === 'active' && (actual?.clips ?? 0) > 0;
  });
  expect((await running())?.publication).toBeUndefined();
  await call(`/v1/publications/${first}:promote`, {});
  await until('it is active on the robot', async () => (await running())?.publication === first);
  expect((await running())?.digest).toBe(digest);
  await until('its clips come', async () => {
    await refresh();
    const { actual, perDevice } = await publication(first);
    return perDevice[0]?.role === 'active' && (actual?.clips ?? 0) > 0;
  });
}, 60_000);

test('a version that floods the line is taken back by itself, and the one before runs again', async () => {
  await call('/v1/ruleSets/site/versions', { yaml: rules('site', 2, '500ms', '100ms') });
  const { id } = await call<Publication>('/v1/ruleSets/site/versions/2:publish', {
    cohort: 'yard',
    mode: 'active',
    force: true,
    reason: 'a test of the brake',
    limits: { maxMibPerRobotDay: 1 },
  });
  const halted = await until(
    'the halt',
    async () => {
      await refresh();
      const now = await publication(id);
      return now.state === 'halted' ? now : undefined;
    },
    { describe: async () => JSON.stringify(await publication(id)) },
  );
  expect(halted.reason).toContain('MiB a robot-day is over the limit of 1');
  await until('the version before runs', async () => (await running())?.publication === first);
}, 60_000);

test('rolled back without one before it, the robot runs the rules of its configuration', async () => {
  await call(`/v1/publications/${first}:rollback`, { reason: 'the end of the test' });
  const own = await until('its own rules run', async () => {
    const now = await running();
    return now?.publication === undefined ? now : undefined;
  });
  expect(own).toMatchObject({ set: 'own', version: 1 });
}, 30_000);

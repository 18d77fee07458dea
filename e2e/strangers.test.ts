/**
 * Goal: rights come from the certificate alone, and every refusal shows in the cloud's log.
 * Method: two robots at work, a stranger with a certificate of its own making, a robot that writes
 * under another's topics, and one that is revoked while connected; all against the real broker.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { serveFleet } from '@fieldloop/sim';
import { connect, type IClientOptions } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentProcess } from './agent-process.ts';
import { identityOf, strangerIdentity } from './identity.ts';
import { busyRules } from './rules.ts';
import { openScene, type Scene } from './scene.ts';
import { until } from './wait.ts';

let scene: Scene;
let agents: AgentProcess[];
let fleet: Awaited<ReturnType<typeof serveFleet>>;

beforeAll(async () => {
  scene = await openScene();
  fleet = await serveFleet({ robots: 2, seed: 3, speed: 1, clock: systemClock, log: silentLog });
  const rules = join(scene.folder, 'rules.yaml');
  writeFileSync(rules, busyRules);
  agents = await Promise.all(
    fleet.robots.map(({ name, url }) => scene.enrolAndStart({ name, source: { sim: url }, rules })),
  );
  for (const agent of agents) {
    await until(
      `${agent.name} is connected`,
      async () => (await agent.status())?.uplink.connected,
      {
        withinMs: 60_000,
        describe: async () => `${agent.running.tail()} ${cloudLog()}`,
      },
    );
  }
}, 90_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const cloudLog = (): string => readFileSync(join(scene.folder, 'cloud.log'), 'utf8');

/** Reasons why this device was turned away, from the log. */
const refusalsOf = (device: string): string =>
  cloudLog()
    .split('\n')
    .filter((line) => line.includes('connect.refused') && line.includes(`"device":"${device}"`))
    .join('\n');

/** What `fieldloop-agent check` prints on the robot; its exit code is not asked for. */
function checked({ configFile }: AgentProcess): Promise<string> {
  const program = fileURLToPath(new URL('../agent/bin/fieldloop-agent.mjs', import.meta.url));
  const args = [program, 'check', '--config', configFile];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (_error, stdout) => resolve(stdout));
  });
}

/** `connected` when the broker answers CONNACK; anything else is a refusal. */
async function connectAs(options: IClientOptions): Promise<string> {
  const will = {
    topic: `fl/1/d/${options.clientId}/up/st`,
    payload: Buffer.alloc(1),
    qos: 1,
    retain: true,
  } as const;
  const client = connect(scene.cloud.urls.broker, {
    protocolVersion: 4,
    keepalive: 45,
    reconnectPeriod: 0,
    ...(options.clientId?.endsWith('#b') === true ? {} : { will }),
    ...options,
  });
  const outcome = await new Promise<string>((resolve) => {
    client.on('connect', () => resolve('connected'));
    client.on('error', (error) => resolve(`refused: ${error.message}`));
    client.on('close', () => resolve('refused: closed'));
  });
  await client.endAsync(true);
  return outcome;
}

test('both robots deliver clips under their own names', async () => {
  for (const { name } of agents) {
    const clips = await until(`a stored clip of ${name}`, async () => {
      const stored = await scene.api.clips(`device=${name}&state=stored`);
      return stored.length > 0 ? stored : undefined;
    });
    expect(new Set(clips.map((clip) => clip.device))).toEqual(new Set([name]));
  }
});

test('what is refused below is a working connection otherwise', async () => {
  const [one] = agents;
  const identity = identityOf(one?.folder ?? '');
  expect(await connectAs({ ...identity, clientId: `${one?.name}#b` })).toBe('connected');
});

test('a stranger with a certificate of its own making is refused, and it shows', async () => {
  const [agent] = agents;
  const stranger = strangerIdentity(agent?.name ?? '');
  const { ca } = identityOf(agent?.folder ?? '');
  expect(await connectAs({ ...stranger, ca, clientId: agent?.name ?? '' })).toMatch(/^refused/);
  expect(await connectAs({ ca, clientId: 'nobody' })).toMatch(/^refused/);
  await until('the log says so', async () => cloudLog().includes('connect.refused'));
});

test("a robot that claims another's name or topics is refused, and it shows", async () => {
  const [one, two] = agents;
  const identity = identityOf(one?.folder ?? '');
  expect(await connectAs({ ...identity, clientId: two?.name ?? '' })).toMatch(/^refused/);
  await one?.running.stop(5_000);
  const bulk = {
    ...identity,
    clientId: `${one?.name}#b`,
    protocolVersion: 4,
    keepalive: 45,
  } as const;
  const client = connect(scene.cloud.urls.broker, { ...bulk, reconnectPeriod: 0 });
  await new Promise<void>((resolve) => client.on('connect', () => resolve()));
  const closed = new Promise<boolean>((resolve) => client.on('close', () => resolve(true)));
  client.publish(`fl/1/d/${two?.name}/up/b/0`, Buffer.alloc(32), { qos: 0 });
  expect(await closed).toBe(true);
  await client.endAsync(true);
  await until('the log says so', async () => cloudLog().includes('acl.refused'));
});

test('a revoked robot loses its connection and cannot come back, and it shows', async () => {
  const [, two] = agents;
  if (two === undefined) throw new TypeError('two robots were started');
  await scene.api.revoke(two.name);
  await until('it is offline', async () => (await two.status())?.uplink.connected === false);
  const identity = identityOf(two.folder);
  expect(await connectAs({ ...identity, clientId: `${two.name}#b` })).toMatch(/^refused/);
  const device = (await scene.api.devices()).find(({ name }) => name === two.name);
  expect(device?.state).toBe('revoked');
  await until('the log says so', async () => refusalsOf(two.name).includes('revoked'));
  await until('the agent knows', async () =>
    /refused/.test((await two.status())?.uplink.lastError ?? ''),
  );
  expect(await checked(two)).toMatch(/runs here is not connected: .*refused this device/);
  await two.running.stop(5_000);
  expect(await checked(two)).toMatch(/refused this device.* enrols under a new name/);
});

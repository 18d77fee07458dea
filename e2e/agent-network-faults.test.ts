/**
 * Goal: a robot without a network at its first start records, and all of it comes to the cloud once
 * there is one; on the robot a clip is cut out of the past, and updates are held and released.
 * Method: a cloud that is ended before the robot's first start and started again later, the real
 * agent, and the commands that a person types on the robot.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqlite, setDesired } from '@fieldloop/cloud';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import type { RuleRef } from '@fieldloop/proto';
import { parseRuleSet } from '@fieldloop/rules';
import { serveFleet } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentProcess } from './agent-process.ts';
import { busyRules } from './rules.ts';
import { openScene, root, type Scene } from './scene.ts';
import { until } from './wait.ts';

const name = 'amr-alone';
let scene: Scene;
let fleet: Awaited<ReturnType<typeof serveFleet>>;
let agent: AgentProcess;

beforeAll(async () => {
  scene = await openScene();
  const clock = systemClock;
  fleet = await serveFleet({ robots: 1, seed: 5, speed: 1, clock, log: silentLog });
}, 60_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

function say(...words: readonly string[]): string {
  const program = join(root, 'agent/bin/fieldloop-agent.mjs');
  const args = [program, ...words, '--config', agent.configFile];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

/** What the agent says of itself, for a wait that comes to nothing. */
const told = {
  withinMs: 40_000,
  describe: async () => {
    const status = await agent.status();
    return JSON.stringify([status?.uplink, status?.clips]);
  },
};

test('no network at the first start: it records, then enrols, and all its clips arrive', async () => {
  const rules = join(scene.folder, 'rules.yaml');
  writeFileSync(rules, busyRules);
  const claimToken = await scene.api.createClaimToken(name);
  await scene.cloud.running.kill();
  agent = await scene.start({
    name,
    source: { sim: fleet.robots[0]?.url ?? '' },
    rules,
    claimToken,
  });
  const alone = await until('clips without a cloud', async () => {
    const status = await agent.status();
    return status !== undefined && status.clips.sealed >= 2 && status;
  });
  expect(alone.uplink.connected).toBe(false);
  expect(alone.uplink.lastError).toMatch(/\. [A-Z]/);
  const early = JSON.parse(say('clips', 'list', '--json')) as readonly {
    readonly startNs: string;
  }[];
  expect(early.length).toBeGreaterThanOrEqual(2);
  await scene.restartCloud();
  await until('it is connected', async () => (await agent.status())?.uplink.connected, told);
  const have = async (): Promise<boolean> => {
    const stored = (await scene.api.clips()).filter(({ state }) => state === 'stored');
    return early.every((clip) => stored.some(({ startNs }) => startNs === clip.startNs));
  };
  await until('its early clips', have, told);
}, 90_000);

test('pull cuts the seconds that it is told out of the window, and they arrive', async () => {
  const starts = (await scene.api.clips()).map(({ startNs }) => BigInt(startNs));
  const fromNs = starts.reduce((a, b) => (a > b ? a : b));
  const said = say('pull', `${fromNs}..${fromNs + 1_000_000_000n}`, '--topics', '/odom');
  expect(said).toMatch(/^[0-9a-f-]{36}, [\d.]+ KiB/);
  const has = async (): Promise<boolean> =>
    (await scene.api.clips()).some(
      ({ why, state, startNs }) =>
        why.rule === 'operator' && state === 'stored' && BigInt(startNs) >= fromNs,
    );
  await until('its bytes', has, told);
}, 60_000);

test('an update waits while updates are held, and runs after the release', async () => {
  const text = busyRules.replace('name: busy, version: 1', 'name: site, version: 2');
  const { digest = '', name: ruleSet = '' } = parseRuleSet(text, 'x').ruleSet ?? {};
  expect(say('update', 'hold')).toContain('updates are held since');
  await wish({ ruleSet, version: 2, digest, text, publication: 'pub_held' });
  await until('it waits', async () => say('update', 'status').includes('one waits'));
  expect((await agent.status())?.rules.set).toBe('busy');
  expect(say('update', 'release')).toContain('updates come as the cloud wishes');
  await until('it runs', async () => (await agent.status())?.rules.digest === digest);
  expect(say('update', 'history')).toContain('rules site@2');
}, 60_000);

test('a policy keeps clips back from one moment to the next, tells why, and lets them go', async () => {
  obey([{ when: 'iface == "lo"', classes: ['metadata'] }]);
  const waiting = await until(
    'a clip that waits',
    async () => {
      const status = await agent.status();
      const { backlogClips = 0, uploading = 1 } = status?.uplink ?? {};
      return backlogClips > 0 && uploading === 0 && status;
    },
    told,
  );
  expect(waiting.uplink.allowance).toMatchObject({
    net: 'other',
    iface: 'lo',
    waits: 'nothing but rows goes over other (lo)',
  });
  expect(say('status')).toContain('nothing but rows goes over other (lo)');
  const { bytesSent } = waiting.uplink;
  // Its manifest goes all the same.
  await until(
    'it is listed',
    async () => (await scene.api.clips()).some(({ state }) => state !== 'stored'),
    told,
  );
  expect((await agent.status())?.uplink.bytesSent).toBe(bytesSent);
  obey([{ when: 'net = other' }]);
  const goesUp = async () => ((await agent.status())?.uplink.bytesSent ?? 0) > bytesSent;
  await until('it goes up', goesUp, told);
}, 60_000);

function obey(policies: readonly Json[]): void {
  const config = JSON.parse(readFileSync(agent.configFile, 'utf8')) as {
    readonly uplink: Readonly<Record<string, Json>>;
  };
  const uplink = { ...config.uplink, policies };
  writeFileSync(agent.configFile, JSON.stringify({ ...config, uplink }));
  expect(say('reload')).toContain('uplink.policies');
}

async function wish(active: RuleRef): Promise<void> {
  const db = openSqlite(join(scene.cloud.dataDir, 'cloud.db'));
  try {
    const { id: deviceId } = await scene.api.device(name);
    const document = { active } as unknown as Json;
    const desired = { deviceId, section: 'rules', document, at: Date.now() };
    await db.transaction().execute(async (trx) => void (await setDesired(trx, desired)));
  } finally {
    await db.destroy();
  }
}

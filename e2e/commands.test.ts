/**
 * Goal: what an operator asks of a robot is done once, whatever dies in between, and the rules that
 * the cloud wants are the ones that run. Method: a live robot and a replay as processes; commands
 * over the API, desired rules as a publication writes them, SIGKILL at the worst moments.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandJson, openSqlite, setDesired } from '@fieldloop/cloud';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { readRulesReport, type RuleRef, type RulesReport } from '@fieldloop/proto';
import { createFile } from '@fieldloop/recording/file';
import { parseRuleSet } from '@fieldloop/rules';
import { recordRobot, serveFleet } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentProcess } from './agent-process.ts';
import { drawScenarios } from './drawn.cases.ts';
import { useBroker } from './identity.ts';
import { openLink } from './link.ts';
import { busyRules } from './rules.ts';
import { openScene, type Scene } from './scene.ts';
import { readClip } from './verify.ts';
import { until } from './wait.ts';

// Behind the first the rules of the cloud run, as the others expect.
drawScenarios(2, { first: 3 });

const name = 'amr-asked';
let scene: Scene;
let fleet: Awaited<ReturnType<typeof serveFleet>>;
let agent: AgentProcess;

beforeAll(async () => {
  scene = await openScene();
  const clock = systemClock;
  fleet = await serveFleet({ robots: 1, seed: 3, speed: 1, clock, log: silentLog });
  const rules = join(scene.folder, 'rules.yaml');
  writeFileSync(rules, ruleSet('own', 1, '10s'));
  agent = await scene.enrolAndStart({ name, source: { sim: fleet.robots[0]?.url ?? '' }, rules });
  await until('messages come', async () => {
    const status = await agent.status();
    return (status?.uplink.connected ?? false) && (status?.source.messages ?? 0) > 100;
  });
}, 60_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const ruleSet = (set: string, version: number, period: string): string =>
  busyRules
    .replace('name: busy, version: 1', `name: ${set}, version: ${version}`)
    .replace('period: 2s', `period: ${period}`);

const ended = async (id: string): Promise<CommandJson> =>
  await until(
    `the end of ${id}`,
    async () => {
      const command = await scene.api.shownCommand(id);
      return ['done', 'failed', 'expired'].includes(command.state) ? command : undefined;
    },
    { describe: async () => JSON.stringify(await scene.api.shownCommand(id)) },
  );

const report = async (): Promise<RulesReport | undefined> =>
  readRulesReport((await scene.api.device(name)).running['rules']?.document);

/** Undefined while the manifest is on its way: a result may overtake it. */
const clipOf = async (id: string) => (await scene.api.clips()).find((clip) => clip.id === id);

function refOf(text: string, publication: string): RuleRef {
  const { ruleSet } = parseRuleSet(text, 'x');
  const { digest = 'f'.repeat(64), name: set = 'site', version = 9 } = ruleSet ?? {};
  return { ruleSet: set, version, digest, text, publication };
}

async function publish(wanted: { readonly active?: RuleRef; readonly shadow?: RuleRef }) {
  const db = openSqlite(join(scene.cloud.dataDir, 'cloud.db'));
  try {
    const { id: deviceId } = await scene.api.device(name);
    const document = wanted as unknown as Json;
    const wish = { deviceId, section: 'rules', document, at: Date.now() };
    await db.transaction().execute(async (trx) => void (await setDesired(trx, wish)));
  } finally {
    await db.destroy();
  }
}

/** When the bytes of each clip were here. */
async function storedTimes(): Promise<ReadonlyMap<string, bigint | null>> {
  const db = openSqlite(join(scene.cloud.dataDir, 'cloud.db'), { readOnly: true });
  try {
    const rows = await db.selectFrom('clip').select(['id', 'stored_at']).execute();
    return new Map(rows.map((row) => [row.id, row.stored_at]));
  } finally {
    await db.destroy();
  }
}

test('clip_now cuts what the window holds, and the result names the clip', async () => {
  const input = { preS: 1, postS: 0.5, topics: ['/odom'], reason: 'Strange noise.' };
  const command = await ended(await scene.api.command(name, 'clip_now', input));
  expect(command).toMatchObject({ state: 'done', result: { clip: expect.any(String) } });
  const id = String(command.result?.['clip']);
  const clip = await until('its bytes', async () => {
    const found = await clipOf(id);
    return found?.state === 'stored' ? found : undefined;
  });
  expect(clip.why).toMatchObject({ rule: 'operator', text: 'Strange noise.' });
  const content = await readClip(id, await scene.api.data(id));
  expect(content.topics.has('/odom')).toBe(true);
  expect(content.topics.has('/scan')).toBe(false);
});

const pushed = refOf(ruleSet('site', 2, '1s'), 'pub_active');

test('rules of the cloud run, a shadow beside them counts and cuts nothing', async () => {
  // Clips of 200 ms each half second: none becomes part of another.
  const short = ruleSet('next', 3, '500ms').replace('1s, post: 500ms', '100ms, post: 100ms');
  const shadow = refOf(short, 'pub_shadow');
  await publish({ active: pushed, shadow });
  await until('they are reported', async () => (await report())?.digest === pushed.digest);
  const counted = await until('they count', async () => {
    await ended(await scene.api.command(name, 'refresh', { section: 'rules' }));
    const now = await report();
    return (now?.shadow?.fired['baseline'] ?? 0) > 2 ? now : undefined;
  });
  expect(counted).toMatchObject({
    set: 'site',
    version: 2,
    publication: 'pub_active',
    shadow: { digest: shadow.digest, publication: 'pub_shadow', faults: 0 },
  });
  expect(counted.shadow?.evaluations).toBeGreaterThan(0);
  expect(counted.shadow?.clips).toBeGreaterThan(0);
  expect(counted.shadow?.bytes).toBeGreaterThan(10_000);
  expect(counted.counters?.fired['baseline']).toBeGreaterThan(0);
  expect((await agent.status())?.rules).toMatchObject({ set: 'site', digest: pushed.digest });
  const digests = (await scene.api.events(`device=${name}`)).map((event) => event['ruleSetDigest']);
  expect(digests).not.toContain(shadow.digest);
});

test('rules that cannot be read are refused with line and column, and the old ones run', async () => {
  const text = pushed.text.replace('severity: info', 'severity: loud');
  await publish({ active: refOf(text, 'pub_bad') });
  const now = await until('the rejection', async () => {
    const found = await report();
    return found?.rejected === undefined ? undefined : found;
  });
  expect(now.digest).toBe(pushed.digest);
  expect(now.rejected).toMatchObject({ publication: 'pub_bad', role: 'active' });
  expect(now.rejected?.problems[0]).toMatchObject({ line: 6, message: expect.any(String) });
  expect(now.shadow).toBeUndefined();
});

test('killed between receipt and result: answered once; an offline robot runs what waits', async () => {
  const input = { preS: 0, postS: 60, reason: 'Never to end.' };
  const cut = await scene.api.command(name, 'clip_now', input);
  await until('it runs', async () => (await scene.api.shownCommand(cut)).state === 'running');
  await agent.running.kill();
  await until('it is offline', async () => !(await scene.api.device(name)).presence.online);
  const waiting = await scene.api.command(name, 'ping');
  expect((await scene.api.shownCommand(waiting)).state).toBe('queued');
  const wanted = { preS: 1, postS: 0.5, reason: 'Asked for while it was away.' };
  const clip = await scene.api.command(name, 'clip_now', wanted);
  agent = await scene.restartAgent(agent);
  expect(await ended(waiting)).toMatchObject({
    state: 'done',
    result: { uptimeS: expect.any(Number) },
  });
  expect(await ended(clip)).toMatchObject({ state: 'done', result: { clip: expect.any(String) } });
  expect(await ended(cut)).toMatchObject({
    state: 'failed',
    problem: { code: 'cancelled', message: expect.stringContaining('before the clip was cut') },
  });
  expect((await agent.status())?.rules.digest).toBe(pushed.digest);
});

test('a restart ends the process so that it is started again, and says that it did', async () => {
  const id = await scene.api.command(name, 'restart');
  expect(await agent.running.exited).toBe(75);
  agent = await scene.restartAgent(agent);
  expect(await ended(id)).toMatchObject({ state: 'done', result: { restarted: true } });
  const diagnosis = await ended(await scene.api.command(name, 'diagnose'));
  expect(diagnosis.result).toMatchObject({
    versions: { node: process.versions.node },
    disk: { freeBytes: expect.any(Number) },
    status: { rules: { digest: pushed.digest } },
  });
});

test('a clip that waits on its robot is pulled out of turn, whole and in part', async () => {
  // Slow until the robot was asked, so that what is asked for last cannot be sent before.
  const speed = { upBytesPerSecond: 30_000 };
  await using link = await openLink(new URL(scene.cloud.urls.broker).host, speed);
  const recording = join(scene.folder, 'drive.mcap');
  {
    await using out = await createFile(recording);
    await recordRobot({ seed: 7, robots: 1, robot: 'amr-01', seconds: 40, out });
  }
  const rules = join(scene.folder, 'all.yaml');
  writeFileSync(rules, busyRules);
  const plan = { name: 'amr-pull', source: { folder: scene.folder, glob: 'no.mcap' }, rules };
  let puller = await scene.enrolAndStart(plan);
  await until('it is enrolled', async () => (await puller.status())?.uplink.connected);
  await puller.running.kill();
  useBroker(puller.folder, link.host);
  const config = JSON.parse(readFileSync(puller.configFile, 'utf8')) as object;
  const sources = [{ name: 'main', file: recording, speed: 'max' }];
  writeFileSync(puller.configFile, JSON.stringify({ ...config, sources }));
  puller = await scene.restartAgent(puller);
  const waiting = async () =>
    (await scene.api.clips('device=amr-pull')).filter(({ state }) => state === 'on_device');
  const clips = await until('a queue', async () => {
    const found = await waiting();
    return found.length >= 6 ? found : undefined;
  });
  // Newest first, and clips go in the order of their age.
  const [last, before] = clips;
  const part = { clip: before?.id, topics: ['/odom'] };
  const cut = await ended(await scene.api.command('amr-pull', 'pull', part));
  const whole = await ended(await scene.api.command('amr-pull', 'pull', { clip: last?.id }));
  expect(cut).toMatchObject({ state: 'done', result: { derivedFrom: expect.any(String) } });
  expect(whole).toMatchObject({ state: 'done', result: { clip: last?.id, state: 'wanted' } });
  const derived = String(cut.result?.['clip']);
  speed.upBytesPerSecond = 2_000_000;
  await until('both are stored', async () => {
    const states = [derived, last?.id ?? ''].map(async (id) => (await clipOf(id))?.state);
    return (await Promise.all(states)).every((state) => state === 'stored');
  });
  const storedAt = await storedTimes();
  const pulledAt = storedAt.get(last?.id ?? '') ?? 0n;
  const others = clips.slice(2).map(({ id }) => storedAt.get(id) ?? pulledAt + 1n);
  expect(others.filter((at) => at > pulledAt).length).toBeGreaterThan(0);
  const content = await readClip(derived, await scene.api.data(derived));
  expect([...content.topics.keys()].filter((topic) => !topic.startsWith('/fieldloop/'))).toEqual([
    '/odom',
  ]);
}, 60_000);

test('a robot that has been up for ten seconds has said how it is', async () => {
  const { id } = await scene.api.device(name);
  const db = openSqlite(join(scene.cloud.dataDir, 'cloud.db'), { readOnly: true });
  try {
    const series = await until('telemetry', async () => {
      const rows = await db
        .selectFrom('telemetry_latest')
        .select(['series', 'value'])
        .where('device_id', '=', id)
        .execute();
      return rows.length === 0 ? undefined : new Map(rows.map((row) => [row.series, row.value]));
    });
    expect(series.get('agent.rss')).toBeGreaterThan(20e6);
    expect(series.get('topic./odom.hz')).toBeGreaterThan(1);
    // A number is bytes, and a message of the simulated odometry has some hundred.
    const bytes = (series.get('topic./odom.bytes') ?? 0) / (series.get('topic./odom.hz') ?? 1);
    expect(bytes).toBeGreaterThan(50);
    expect(bytes).toBeLessThan(2_000);
    expect(series.get('source.reconnects')).toBe(0);
    expect(series.get('uplink.reconnects')).toBeGreaterThanOrEqual(0);
    expect(series.get('buffer.clips.sealed')).toBeGreaterThanOrEqual(0);
    expect(series.get('source.clock_offset_ms')).toBeDefined();
    expect(series.get('disk.free')).toBeGreaterThan(0);
    expect(Math.abs(series.get('clock.offset_ms') ?? Number.NaN)).toBeLessThan(5_000);
  } finally {
    await db.destroy();
  }
});

/**
 * Goal: SIGKILL of either side at any moment of an upload loses and doubles nothing.
 * Method: a live robot behind a slow link; at seeded moments during an upload the agent or the
 * cloud is killed and started again; then both disks are compared, clip by clip.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom, silentLog } from '@fieldloop/core';
import { isLongRun, systemClock } from '@fieldloop/core/system';
import { serveFleet } from '@fieldloop/sim';
import { expect, test } from 'vitest';
import { type AgentProcess, clipLedger } from './agent-process.ts';
import { useBroker } from './identity.ts';
import { openLink } from './link.ts';
import { busyRules } from './rules.ts';
import { openScene, type Scene } from './scene.ts';
import { until } from './wait.ts';
import { readClip } from './verify.ts';

const seed = Number(process.env['FIELDLOOP_SEED'] ?? 20_261_121);
const kills = isLongRun ? 20 : 4;

test(`killed at ${kills} moments during uploads (seed ${seed})`, async () => {
  console.log(`seed ${seed}: FIELDLOOP_SEED=${seed} repeats this run`);
  const random = seededRandom(seed);
  await using scene = await openScene();
  await using link = await openLink(new URL(scene.cloud.urls.broker).host, {
    upBytesPerSecond: 1_500_000,
  });
  await using fleet = await serveFleet({
    robots: 1,
    seed,
    speed: 2,
    clock: systemClock,
    log: silentLog,
  });
  let agent = await enrol(scene, fleet.robots[0]?.url ?? '', link.host);
  for (let kill = 0; kill < kills; kill += 1) {
    await until(`an upload before kill ${kill}`, async () => {
      const status = await agent.status();
      return (status?.uplink.uploading ?? 0) > 0;
    });
    await delay(random.integer(250));
    if (random.next() < 0.5) agent = await scene.restartAgent(agent);
    else await scene.restartCloud();
  }
  // A fast machine comes through several kills with one clip: enough of them are waited for.
  await until('clips for a comparison', async () => (await scene.api.clips()).length >= kills / 2, {
    withinMs: 60_000,
  });
  await fleet[Symbol.asyncDispose]();
  await until(
    'the backlog is empty',
    async () => {
      const status = await agent.status();
      const uplink = status?.uplink;
      return uplink?.connected === true && uplink.backlogClips === 0 && uplink.backlogRows === 0;
    },
    { withinMs: 60_000, describe: async () => JSON.stringify(await agent.status()) },
  );
  await agent.running.stop(10_000);
  expect(await agent.running.exited).toBe(0);
  await compare(scene, agent);
}, 240_000);

async function enrol(scene: Scene, url: string, host: string): Promise<AgentProcess> {
  const rules = join(scene.folder, 'rules.yaml');
  writeFileSync(rules, busyRules);
  const agent = await scene.enrolAndStart({ name: 'amr-kill', source: { sim: url }, rules });
  await until('it is enrolled', async () => (await agent.status())?.uplink.connected);
  await agent.running.kill();
  useBroker(agent.folder, host);
  return await scene.restartAgent(agent);
}

/** What the robot ever sealed is in the cloud once, whole, with one event; nothing is half way. */
async function compare(scene: Scene, agent: AgentProcess): Promise<void> {
  const { held, gone, unsentRows } = clipLedger(agent);
  expect(held).toEqual([]);
  expect(unsentRows).toBe(0);
  expect(new Set(gone.map(({ fate }) => fate))).toEqual(new Set(['deleted']));
  expect(gone.length).toBeGreaterThanOrEqual(kills / 2);
  const clips = await scene.api.clips();
  expect(new Set(clips.map((clip) => clip.state))).toEqual(new Set(['stored']));
  const hashes = clips.map((clip) => clip.sha256).sort();
  expect(hashes).toEqual(gone.map(({ sha256 }) => sha256).sort());
  expect(new Set(hashes).size).toBe(hashes.length);
  for (const clip of clips) {
    const content = await readClip(clip.id, await scene.api.data(clip.id));
    expect(content.sha256).toBe(clip.sha256);
  }
}

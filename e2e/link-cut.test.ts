/**
 * Goal: a network that goes away loses nothing: everything arrives afterwards, once.
 * Method: a live robot behind a slow link that is cut during uploads until the agent says it is
 * offline, and mended, three times; then every clip it ever sealed is compared with the cloud's.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@fieldloop/core/system';
import { silentLog } from '@fieldloop/core';
import { serveFleet } from '@fieldloop/sim';
import { expect, test } from 'vitest';
import { clipLedger } from './agent-process.ts';
import { useBroker } from './identity.ts';
import { openLink } from './link.ts';
import { openScene } from './scene.ts';
import { busyRules } from './rules.ts';
import { until } from './wait.ts';

test('a link that is cut during uploads: everything arrives afterwards, once', async () => {
  await using scene = await openScene();
  await using link = await openLink(new URL(scene.cloud.urls.broker).host, {
    upBytesPerSecond: 400_000,
  });
  await using fleet = await serveFleet({
    robots: 1,
    seed: 11,
    speed: 2,
    clock: systemClock,
    log: silentLog,
  });
  const rules = join(scene.folder, 'rules.yaml');
  writeFileSync(rules, busyRules);
  const url = fleet.robots[0]?.url ?? '';
  let agent = await scene.enrolAndStart({ name: 'amr-cut', source: { sim: url }, rules });
  await until('it is enrolled', async () => (await agent.status())?.uplink.connected);
  await agent.running.kill();
  useBroker(agent.folder, link.host);
  agent = await scene.restartAgent(agent);
  const uploading = async (): Promise<boolean> => {
    const status = await agent.status();
    return (status?.uplink.uploading ?? 0) > 0;
  };
  for (let round = 0; round < 3; round += 1) {
    await until(`an upload is under way in round ${round}`, uploading);
    link.cut();
    await until(
      'the agent noticed',
      async () => (await agent.status())?.uplink.connected === false,
    );
    link.mend();
    await until('it is back', async () => (await agent.status())?.uplink.connected);
  }
  await until(
    'clips of before and after',
    async () => ((await agent.status())?.clips.cut ?? 0) > 3,
  );
  await fleet[Symbol.asyncDispose]();
  await until('the backlog is empty', async () => {
    const uplink = (await agent.status())?.uplink;
    return uplink?.connected === true && uplink.backlogClips === 0 && uplink.backlogRows === 0;
  });
  await agent.running.stop(10_000);
  const { held, gone } = clipLedger(agent);
  expect(held).toEqual([]);
  expect(new Set(gone.map(({ fate }) => fate))).toEqual(new Set(['deleted']));
  const clips = await scene.api.clips();
  expect(new Set(clips.map((clip) => clip.state))).toEqual(new Set(['stored']));
  expect(clips.map((clip) => clip.sha256).sort()).toEqual(gone.map(({ sha256 }) => sha256).sort());
  expect(link.accepted()).toBeGreaterThan(4);
}, 120_000);

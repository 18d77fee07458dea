/**
 * Goal: a network that goes away loses nothing: everything arrives afterwards, once.
 * Method: live robots behind a link that is cut during uploads, for longer than a keepalive of the
 * sender's patience, and mended; then clips on both sides are compared.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@fieldloop/core/system';
import { silentLog } from '@fieldloop/core';
import { serveFleet } from '@fieldloop/sim';
import { expect, test } from 'vitest';
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
  await fleet[Symbol.asyncDispose]();
  const status = await until('the backlog is empty', async () => {
    const now = await agent.status();
    return now !== undefined && now.clips.cut > 3 && now.uplink.backlogClips === 0
      ? now
      : undefined;
  });
  const stored = await scene.api.clips('state=stored');
  expect(stored.length).toBeGreaterThanOrEqual(status.clips.acknowledged);
  expect(new Set(stored.map((clip) => clip.sha256)).size).toBe(stored.length);
  expect(await scene.api.clips('state=uploading')).toEqual([]);
  expect(link.accepted()).toBeGreaterThan(4);
}, 120_000);

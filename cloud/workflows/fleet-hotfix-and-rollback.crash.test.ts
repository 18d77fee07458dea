/**
 * Goal: a worker that dies anywhere in an emergency leaves one freeze, lifted, and one incident
 * with its review.
 * Method: the crash kit on the real engine: robots run what was called bad, people say that it is
 * none. The rollout that an emergency starts has its own crash test.
 */
import { type Json, sha256Hex } from '@fieldloop/core';
import { expect, test } from 'vitest';
import type { Gate } from '../gate/gate.ts';
import { openFleet, samplePlan } from '../rollout/rollout.sample.ts';
import type { Db } from '../store/db.ts';
import { hotfixWorkflow } from './fleet-hotfix-and-rollback-deps.ts';
import { type CrashCase, crashEverywhere } from './kit/crash.sample.ts';

async function runsBad(db: Db, device: string, rollout: string): Promise<void> {
  const running = { brain: { sha256: sha256Hex('1.0.0'), since: 1 } };
  const report = { digest: sha256Hex(rollout), running, state: 'running', rollout, attempt: 1 };
  const values = { digest: sha256Hex('x'), document: JSON.stringify(report), at: 1 };
  await db
    .insertInto('device_report')
    .values({ device_id: device, section: 'models', ...values })
    .execute();
}

const answers: Readonly<Record<string, string>> = {
  emergency: 'false_alarm',
  lift_freeze: 'lift',
  incident_review: 'reviewed',
};

const emergency: CrashCase = {
  name: 'emergency',
  async open(world) {
    const { db, clock } = world;
    const fleet = await openFleet(db, 2, clock.now());
    const digest = await fleet.release('1.0.0');
    const corrective = await fleet.release('1.0.1');
    const { id: bad } = await fleet.start(samplePlan());
    await db.updateTable('rollout').set({ state: 'completed' }).execute();
    for (const device of fleet.devices) await runsBad(db, device.id, bad);
    const input = { digest, corrective, reason: 'it stops', cause: 'usr_ann', freeze: true };
    return {
      workflows: [hotfixWorkflow],
      begin: async () => void (await world.start('fleet-hotfix-and-rollback', input, digest)),
      react: async () => await world.decide(({ kind }: Gate) => answers[kind]),
      async end(): Promise<Json> {
        const freezes = await db.selectFrom('rollout_freeze').selectAll().execute();
        const acts = await db
          .selectFrom('audit')
          .select('action')
          .where('action', 'like', 'incident.%')
          .orderBy('seq')
          .execute();
        return {
          freezes: freezes.length,
          incident: acts.map(({ action }) => action),
          lifted: freezes.filter((row) => row.lifted_at !== null).length,
        };
      },
    };
  },
};

test('killed at every boundary, one freeze that is lifted, one incident', async () => {
  const { points, differing, end } = await crashEverywhere('sqlite', emergency);
  process.stdout.write(`fleet-hotfix-and-rollback: killed at ${points} boundaries\n`);
  expect(differing).toEqual([]);
  expect(end).toMatchObject({
    left: { freezes: 1, incident: ['incident.open', 'incident.close'], lifted: 1 },
  });
  expect(points).toBeGreaterThan(20);
}, 120_000);

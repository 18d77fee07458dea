/**
 * Goal: what an agent read and holds is in its status, and an answer with little room gets what
 * matters of it. Method: a real agent over a recording; a status with more topics than fit.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shortStatus } from './agent-status.ts';
import type { AgentStatus } from './health/status.ts';
import { tinyOnnx, tinyYaml, writeModel } from './score/testing.ts';
import { jsonBytes, writeRecording } from './source/testing.ts';
import { openHome, plainRules } from './testing.ts';

test('bytes of each topic, clips by state and the age of the backlog are in the status', async () => {
  using home = openHome();
  const value = (i: number) => ({ vx: i === 20 ? 2 : 0 });
  const messages = Array.from({ length: 60 }, (_, i) => ({
    topic: i % 3 === 0 ? '/scan' : '/odom',
    atNs: 1_700_000_000_000_000_000n + BigInt(i) * 100_000_000n,
    value: value(i),
  }));
  await writeRecording(join(home.path, 'a.mcap'), messages);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  await using running = await home.start({ sources, rules: plainRules });
  const status = await running.until(({ finished }) => finished);
  const each = jsonBytes(value(0)).length;
  expect(status.machine.topics).toEqual({ '/odom': 40, '/scan': 20 });
  expect(status.machine.topicBytes).toEqual({ '/odom': 40 * each, '/scan': 20 * each });
  expect(status.clips.held).toEqual({ sealed: 1, offered: 0, uploading: 0, refused: 0 });
  expect(status.source).toMatchObject({ reconnects: 0 });
  expect(status.uplink).toMatchObject({ backlogClips: 1, reconnects: 0, rate: 0 });
  expect(status.uplink.backlogS).toBeGreaterThan(0);
  expect(status.uplink.backlogS).toBeLessThan(60);
});

test('what became of the last triggers is told; a recording that is read again cuts nothing', async () => {
  using home = openHome();
  const startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
  const messages = Array.from({ length: 60 }, (_, i) => ({
    topic: '/odom',
    atNs: startNs + BigInt(i) * 100_000_000n,
    value: { vx: i === 20 ? 2 : 0 },
  }));
  await writeRecording(join(home.path, 'a.mcap'), messages);
  const plan = { sources: [{ name: 'main', file: 'a.mcap', speed: 'max' }], rules: plainRules };
  const ran = async (): Promise<AgentStatus> => {
    await using running = await home.start(plan);
    return await running.until(({ finished }) => finished);
  };
  const first = await ran();
  const atNs = String(startNs + 2_000_000_000n);
  const { clipId } = first.lastClip ?? {};
  expect(first.verdicts).toEqual([{ rule: 'fast', atNs, outcome: 'clip', clipId }]);
  expect(first.ledger).toMatchObject([{ rule: 'fast', outcome: 'clip', count: 1 }]);
  expect(first.clips).toMatchObject({ cut: 1, sealed: 1 });
  expect((await ran()).clips).toMatchObject({ cut: 0, sealed: 1 });
});

test('a rule of which a field has another name is told by its name', async () => {
  using home = openHome();
  const messages = Array.from({ length: 60 }, (_, i) => ({
    topic: '/odom',
    atNs: 1_700_000_000_000_000_000n + BigInt(i) * 100_000_000n,
    value: { vx: 0 },
  }));
  await writeRecording(join(home.path, 'a.mcap'), messages);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const named = plainRules.replace('}}', '}, speed: {topic: /odom, path: v_x, type: double}}');
  const rules = `${named}- {id: renamed, when: speed > 1.0}\n`;
  await using running = await home.start({ sources, rules });
  const { conditions, unknown } = (await running.until(({ finished }) => finished)).rules;
  expect(conditions).toEqual({
    fast: { looks: 60, unknown: 0 },
    renamed: { looks: 60, unknown: 60 },
  });
  expect(unknown).toBe(60);
});

test('a rule and a model that are named as what every object has are counted as others are', async () => {
  using home = openHome();
  writeModel(join(home.path, 'tiny'), tinyYaml(), tinyOnnx());
  const messages = Array.from({ length: 60 }, (_, i) => ({
    topic: '/odom',
    atNs: 1_700_000_000_000_000_000n + BigInt(i) * 100_000_000n,
    value: { vx: i === 20 ? 2 : 0, values: [1, 0] },
  }));
  await writeRecording(join(home.path, 'a.mcap'), messages);
  const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];
  const named = plainRules.replace('id: fast', 'id: constructor');
  const rules = `${named}models: {toString: {ref: tiny, input: {topic: /odom}}}\n`;
  const models = [{ id: 'tiny', path: 'tiny' }];
  await using running = await home.start({ sources, models, rules });
  const status = await running.until(({ finished }) => finished);
  expect(status.rules).toMatchObject({
    fired: { constructor: 1 },
    conditions: { constructor: { looks: 3, unknown: 0 } },
  });
  expect(status.machine.scoreP50Ms['toString']).toBeTypeOf('number');
});

test('of a hundred topics those that bring most are told where there is little room', () => {
  const numbers = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`/t${n}`, n]));
  const status = {
    device: 'amr-01',
    machine: { topics: numbers, topicBytes: numbers, duty: 1 },
    rules: {
      conditions: Object.fromEntries(
        Object.values(numbers).map((n) => [`r${n}`, { looks: 100, unknown: n }]),
      ),
    },
    ledger: Object.values(numbers).map((count) => ({ rule: 'fast', outcome: 'clip', count })),
  };
  const { device, machine, ledger, rules } = shortStatus(status as unknown as AgentStatus);
  expect([device, machine.duty]).toEqual(['amr-01', 1]);
  expect(Object.keys(rules.conditions)).toEqual(ledger.map(({ count }) => `r${count}`));
  expect(ledger.map(({ count }) => count)).toEqual(Array.from({ length: 8 }, (_, n) => 99 - n));
  for (const few of [machine.topics, machine.topicBytes]) {
    expect(Object.keys(few)).toHaveLength(40);
    expect(few).toMatchObject({ '/t99': 99, '/t60': 60 });
  }
});

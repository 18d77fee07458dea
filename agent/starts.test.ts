/**
 * Goal: an agent that fails again and again starts with little, and one that came to something or
 * was stopped does not; a changed configuration says what holds and what waits.
 * Method: starts counted in a folder under a clock by hand; two configurations compared.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogFields, silentLog } from '@fieldloop/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { demand } from './document.ts';
import { planReload } from './reload.ts';
import { countStart } from './starts.ts';
import { openUpdates, readUpdates, updatesKey } from './updates.ts';

let folder = '';
let nowMs = 1_700_000_000_000;
const clock = { now: () => nowMs };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-starts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = () => countStart(folder, { clock, log: silentLog });

test('the fourth start within five minutes is a safe one; a proven or asked-for end is none', async () => {
  for (const failed of [0, 1, 2]) {
    expect(await start()).toMatchObject({ failed, isSafe: false });
    nowMs += 60_000;
  }
  const fourth = await start();
  expect(fourth).toMatchObject({ failed: 3, isSafe: true });
  await fourth.proven();
  expect(await start()).toMatchObject({ failed: 0, isSafe: false });
});

test('failures of long ago, a clock that jumped and a broken file count nothing', async () => {
  for (let i = 0; i < 3; i += 1) await start();
  nowMs += 6 * 60_000;
  expect((await start()).isSafe).toBe(false);
  for (let i = 0; i < 3; i += 1) await start();
  nowMs -= 40 * 365 * 86_400_000;
  expect((await start()).isSafe).toBe(false);
  writeFileSync(join(folder, 'starts.json'), '{"starts": "many"');
  expect(await start()).toMatchObject({ failed: 0 });
  nowMs = 1_700_000_000_000;
});

test('a folder that cannot be made counts nothing, and the log says what to do', async () => {
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (_: string, fields?: LogFields) => void told.push(fields) };
  expect(await countStart('/proc/nope', { clock, log })).toMatchObject({ failed: 0 });
  expect(told).toMatchObject([{ error: { code: 'not_found', remedy: expect.any(String) } }]);
});

const base = {
  device: { name: 'amr-017' },
  sources: [{ name: 'a', folder: 'bags' }],
  rules: 'r.yaml',
  buffer: { path: 'state' },
};
const configOf = (more: object, diskBytes = 0) => {
  const source = { text: JSON.stringify({ ...base, ...more }), file: '/x/agent.yaml' };
  return demand(parseConfig(source, {}, () => diskBytes));
};

test('caps, room and level of the log hold at once; the rest waits for a restart', () => {
  const before = configOf({});
  const after = configOf({
    limits: { cpu: '20%', clip: '60s' },
    buffer: { path: 'state', quota: '2GiB', reserve: { critical: '50%' } },
    log: { level: 'debug' },
    window: { seconds: 20 },
  });
  const { config, changed, restart } = planReload(before, after);
  expect(changed.toSorted()).toEqual(['buffer.quota', 'buffer.reserve', 'limits.cpu', 'log.level']);
  expect(restart.toSorted()).toEqual(['limits.clip', 'window']);
  expect(config.limits).toMatchObject({ cpu: 0.2, clipNs: before.limits.clipNs });
  expect(config.buffer.quotaBytes).toBe(2 * 2 ** 30);
  expect(config.window).toEqual(before.window);
  expect(planReload(before, before)).toMatchObject({ changed: [], restart: [] });
});

test('a disk that grew gives a share of it more room at the next reload', () => {
  const share = { buffer: { path: 'state', quota: '20%', headroom: '1GiB' } };
  const { config, changed, restart } = planReload(configOf(share, 1_000), configOf(share, 2_000));
  expect([changed, restart, config.buffer.quotaBytes]).toEqual([['buffer.quota'], [], 400]);
});

test('what the cloud wishes for waits while updates are held, over a restart as well', () => {
  const kept = new Map<string, never>();
  const followed: unknown[] = [];
  let rules = 'rules a@1';
  const open = () =>
    openUpdates({
      buffer: {
        position: (key) => kept.get(key),
        savePosition: (key, document) => void kept.set(key, document as never),
      },
      clock,
      log: silentLog,
      running: () => ({ rules }),
      follow: (desired) => followed.push(desired),
    });
  const first = open();
  const wish = (generation: bigint) => ({ generation, features: 0n, sections: [] });
  first.look();
  expect(first.admits(wish(1n))).toBe(true);
  first.hold();
  const second = open();
  expect(second.admits(wish(2n))).toBe(false);
  expect(second.admits(wish(3n))).toBe(false);
  expect(second.told()).toMatchObject({ heldSinceMs: nowMs, waits: true });
  second.release();
  expect(followed).toEqual([wish(3n)]);
  rules = 'rules b@2';
  second.look();
  second.look();
  expect(readUpdates(kept.get(updatesKey)).history.map(({ text }) => text)).toEqual([
    'rules a@1',
    'rules b@2',
  ]);
});

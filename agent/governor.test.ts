/**
 * Goal: caps are held by giving up in order, each step is an event with its reason, critical
 * moments go on, and finished recordings are told what they may take.
 * Method: the governor on a clock and on instruments by hand; then a real agent under pressure.
 */
import { join } from 'node:path';
import { type Clock, Fault, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { openBuffer } from './buffer/buffer.ts';
import type { FreeSpace } from './buffer/disk.ts';
import { openGovernor } from './governor.ts';
import { fullDiskBytes, restShare } from './limits.ts';
import type { Notice } from './messages.ts';
import type { ShedOrder } from './shed.ts';
import { writeRecording } from './source/testing.ts';
import { openHome } from './testing.ts';

/** A clock that moves when it is slept on, until it has moved for so long. */
function steppedClock(seconds: number): { clock: Clock; over: Promise<void> } {
  let ms = 0;
  const over = Promise.withResolvers<void>();
  const clock: Clock = {
    now: () => ms,
    monotonicMs: () => ms,
    sleep: async (pause, signal) => {
      if (ms >= seconds * 1_000) {
        over.resolve();
        await new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error())),
        );
      }
      ms += pause;
      await Promise.resolve();
    },
  };
  return { clock, over: over.promise };
}

interface Machine {
  cpuPerSecond: (order: ShedOrder, second: number) => number;
  rssBytes?: number;
  free?: FreeSpace | 'mute';
  degraded?: string;
  hasRoom?: boolean;
}

async function govern(seconds: number, machine: Machine) {
  const { clock, over } = steppedClock(seconds);
  const notices: Notice[] = [];
  const warnings: string[] = [];
  const room: number[] = [];
  let cpuSeconds = 0;
  let lastMs = 0;
  const governor = openGovernor({
    config: () =>
      ({
        limits: { cpu: 0.35, memoryBytes: 250 * 2 ** 20 },
        buffer: { path: '/x', headroomBytes: 2 ** 30, reserve: {} },
      }) as never,
    buffer: {
      degraded: machine.degraded,
      bytesByClass: () => ({}),
      onChange: () => () => undefined,
      makeRoom: async (bytes) => {
        room.push(bytes);
        return await Promise.resolve(machine.hasRoom !== false);
      },
    },
    clock,
    log: { ...silentLog, warn: (phrase) => warnings.push(phrase) },
    instruments: {
      cpuSeconds: () => {
        const passed = (clock.monotonicMs() - lastMs) / 1_000;
        lastMs = clock.monotonicMs();
        cpuSeconds += passed * machine.cpuPerSecond(governor?.order ?? none, lastMs / 1_000);
        return cpuSeconds;
      },
      rssBytes: () => machine.rssBytes ?? 1e8,
      number: async () => await Promise.resolve(undefined),
    },
    disk: {
      free: async () => {
        if (machine.free === 'mute') throw new Fault('unavailable', 'the disk reported EIO');
        return await Promise.resolve(machine.free ?? { bytes: 2 ** 40, inodes: 1e6 });
      },
    },
    queueShare: () => 0,
    tell: (notice) => notices.push(notice),
    order: () => undefined,
  });
  await over;
  await governor.close();
  return { governor, notices, warnings, room };
}

const none: ShedOrder = { work: [], disk: [] };

test('what was given up comes back when the machine is calm, and an event says so', async () => {
  const cpuPerSecond = (_: ShedOrder, s: number): number => (s < 8 ? 0.6 : 0.1);
  const { governor, notices } = await govern(40, { cpuPerSecond });
  expect(notices.map(({ name }) => name)).toEqual(['load_shed', 'load_restored']);
  expect(notices[1]).toMatchObject({ text: 'models: given up no more, the machine has been calm' });
  expect(governor.degraded).toEqual([]);
});

test('over its cap for five seconds: models first, and an event says why', async () => {
  const { governor, notices } = await govern(30, { cpuPerSecond: () => 0.6 });
  expect(notices.map(({ values }) => values?.['step'])).toEqual([
    'models',
    'downsample',
    'baseline',
    'info',
    'warning',
  ]);
  expect(notices[0]).toMatchObject({ name: 'load_shed', severity: 'warning' });
  expect(notices[0]?.text).toBe(
    'models skip frames: the agent takes 60 % of a core, limits.cpu is 35 %',
  );
  expect(governor.degraded).toHaveLength(5);
  expect(governor.figures.shed).toHaveLength(5);
});

test('a process near its cap gives nothing up, and replays are told what they may take', async () => {
  const { governor } = await govern(60, { cpuPerSecond: () => 0.33 });
  expect(governor.order).toEqual({ work: [], disk: [], cpu: 0.35 * restShare });
});

test('memory over its cap, a disk without room, one that takes nothing: each is a cause', async () => {
  const memory = await govern(8, { cpuPerSecond: () => 0, rssBytes: 300 * 2 ** 20 });
  expect(memory.notices[0]?.text).toContain('limits.memory is 250 MiB');
  const full = await govern(30, { cpuPerSecond: () => 0, free: { bytes: 1e6, inodes: 1e6 } });
  expect(full.governor.order).toMatchObject({
    work: [],
    disk: ['downsample', 'baseline', 'info', 'warning'],
  });
  const inodes = await govern(8, { cpuPerSecond: () => 0, free: { bytes: 2 ** 40, inodes: 900 } });
  expect(inodes.notices[0]?.text).toContain('900 inodes are free');
  const noInode = await govern(8, { cpuPerSecond: () => 0, free: { bytes: 2 ** 40, inodes: 0 } });
  expect(noInode.notices[0]?.text).toContain('and 0 inodes are free');
  const unlimited = await govern(8, { cpuPerSecond: () => 0, free: { bytes: 2 ** 40 } });
  expect(unlimited.notices).toEqual([]);
  const denied = await govern(8, { cpuPerSecond: () => 0, degraded: 'the disk is read-only' });
  expect(denied.notices[0]?.text).toContain('the disk takes nothing');
});

test('room is made every so often while the disk is short or refuses rows, and only then', async () => {
  const room = async (machine: Partial<Machine>): Promise<readonly number[]> =>
    (await govern(12, { cpuPerSecond: () => 0, ...machine })).room;
  expect(await room({})).toEqual([]);
  expect(await room({ free: 'mute' })).toEqual([]);
  expect(await room({ free: { bytes: 1e6 } })).toEqual([0, 0, 0]);
  expect(await room({ free: { bytes: 2 ** 40, inodes: 900 } })).toEqual([0, 0, 0]);
  const bytes = fullDiskBytes;
  expect(await room({ degraded: 'the disk is full' })).toEqual([bytes, bytes, bytes]);
  // Where nothing may go it is looked for more seldom.
  expect(await room({ free: { bytes: 1e6 }, hasRoom: false })).toEqual([0]);
});

test('a disk that does not answer takes nothing, and the other caps are held', async () => {
  const { governor, notices, warnings } = await govern(40, {
    cpuPerSecond: () => 0.6,
    free: 'mute',
  });
  expect(governor.order.work).toEqual(['models', 'downsample', 'baseline', 'info', 'warning']);
  expect(governor.order.disk).toEqual(['downsample', 'baseline', 'info', 'warning']);
  expect(notices[0]?.text).toContain('the disk takes nothing');
  expect(governor.figures.diskFreeBytes).toBeUndefined();
  expect(warnings.filter((phrase) => phrase !== 'something is given up')).toHaveLength(1);
});

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: pressed, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules:
- {id: crash, severity: critical, when: vx > 3.0, capture: {topics: [/odom], pre: 1s, post: 1s}}
- {id: fast, severity: warning, when: vx > 1.0, capture: {topics: [/odom], pre: 1s, post: 1s}}
`;

test('a disk that others filled: every moment is told, warnings are marked, nothing is silent', async () => {
  using home = openHome();
  const start = 1_700_000_000_000_000_000n;
  const said = Array.from({ length: 400 }, (_, i) => ({
    topic: '/odom',
    atNs: start + BigInt(i) * 100_000_000n,
    value: { vx: i === 200 ? 2 : i === 300 ? 4 : 0 },
  }));
  await writeRecording(join(home.path, 'a.mcap'), said);
  // Time of the governor passes thirty times as fast: a step comes after a sixth of a second.
  const beganMs = systemClock.monotonicMs();
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => beganMs + (systemClock.monotonicMs() - beganMs) * 30,
    sleep: (ms, signal) => systemClock.sleep(ms / 30, signal),
  };
  const more = { buffer: { path: 'state', quota: '1GiB', headroom: '100000GiB' } };
  const sources = [{ name: 'main', file: 'a.mcap', speed: 10 }];
  {
    await using running = await home.start({ sources, rules, more }, { governorClock: clock });
    await running.until(({ machine }) => machine.shed.includes('warning'));
    const status = await running.until(({ finished }) => finished);
    expect(status.rules.fired).toEqual({ crash: 1, fast: 2 });
    expect(status.rules.reasons).toMatchObject({ disk: 2 });
    // The critical clip was cut and had no place; its manifest stays.
    expect(status.clips).toMatchObject({ cut: 1, evicted: 1 });
    expect(status.degraded.join()).toContain('warning moments are kept as markers alone');
  }
  const options = { quotaBytes: 1e12, headroomBytes: 0, log: silentLog };
  const dir = join(home.path, 'state');
  await using buffer = await openBuffer({ dir, ...options, clock: systemClock, ids: systemIds });
  // Four steps, three moments and two markers: all of them on the disk and for the cloud.
  expect(buffer.counts().rows.events).toBeGreaterThanOrEqual(9);
  expect(buffer.counts().rows.manifests).toBe(1);
});

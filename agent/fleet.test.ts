/**
 * Goal: what the cloud and people here want waits for its time, ends, and takes nobody along.
 * Method: the fleet on a real buffer and real updates, with the rest of the agent as literals.
 */
import { Fault, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import type { Command, Desired, Series } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder } from './buffer/buffer.cases.ts';
import { type Fleet, type FleetHost, openFleet } from './fleet.ts';
import type { ToData } from './messages.ts';
import { openUpdates, type Updates } from './updates.ts';

let at: BufferFolder;
let robot: Robot;
/** What the rules do when the data thread died. */
let died: () => void;
beforeEach(async () => {
  died = () => undefined;
  at = await BufferFolder.make();
  robot = openRobot();
});
afterEach(async () => {
  await robot.fleet.stop();
  await at.remove();
});

interface Robot {
  readonly fleet: Fleet;
  readonly updates: Updates;
  /** Generations of wishes that were followed. */
  readonly taken: string[];
  readonly posted: ToData[];
  begin(hasDataThread?: boolean): void;
}

function openRobot(): Robot {
  const taken: string[] = [];
  const posted: ToData[] = [];
  const take =
    (what: string) =>
    ({ generation }: Desired): void =>
      void taken.push(`${what} ${generation}`);
  const rules = { take: take('rules'), onChange: () => undefined, stop: () => undefined };
  const deps = { buffer: at.buffer, clock: systemClock, log: silentLog };
  const fleet = openFleet({
    ...deps,
    config: { buffer: { path: at.dir } } as never,
    rules: { ...rules, died: () => died() } as never,
    models: { take: take('models') },
    onRestart: () => undefined,
  });
  const updates = openUpdates({
    ...deps,
    running: () => ({}),
    follow: (desired) => fleet.desired(desired),
  });
  const host = {
    updates,
    progress: () => ({ source: { messages: 1 } }),
  } as unknown as FleetHost;
  const begin = (hasDataThread = true): void =>
    fleet.begin({
      ...host,
      post(message) {
        if (hasDataThread) posted.push(message);
        return hasDataThread;
      },
    });
  return { fleet, updates, taken, posted, begin };
}

const wish = (generation: bigint): Desired => ({ generation, features: 0n, sections: [] });

const clip = { preS: 1, postS: 1, reason: 'odd' };

test('a wish that comes while the agent starts is followed when it runs, the newest alone', () => {
  robot.fleet.desired(wish(1n));
  robot.fleet.desired(wish(2n));
  expect(robot.taken).toEqual([]);
  robot.begin();
  expect(robot.taken).toEqual(['rules 2', 'models 2']);
});

test('updates that were held before a restart are held after it, from the first wish on', () => {
  robot.updates.hold();
  robot = openRobot();
  robot.fleet.desired(wish(1n));
  robot.begin();
  expect(robot.taken).toEqual([]);
  expect(robot.updates.told()).toMatchObject({ waits: true });
  robot.updates.release();
  expect(robot.taken).toEqual(['rules 1', 'models 1']);
});

test('without a data thread a clip that is asked for ends with why, here and at the cloud', async () => {
  const id = '01890a5d-ac96-774b-bcce-000000000001';
  robot.begin(false);
  await expect(robot.fleet.clipNow('here', clip)).rejects.toMatchObject({
    code: 'unavailable',
    message: 'no clip was cut: nothing reads the sources of this robot now',
    remedy: expect.stringContaining('ask again'),
  });
  const deadlineMs = systemClock.now() + 60_000;
  const command: Command = { id, deadlineMs, kind: 'clip_now', input: clip };
  robot.fleet.command(command);
  while (at.buffer.commands.get(id)?.state !== 'failed') await systemClock.sleep(5);
  expect(at.buffer.commands.get(id)?.problem).toMatchObject({ code: 'unavailable' });
});

test('each minute the cloud hears what the status shows, as rates since the last time', async () => {
  const told: (readonly Series[])[] = [];
  let [looks, nowMs] = [0, 0];
  // A minute passes in a moment, while the time of day is set back.
  const clock = {
    ...systemClock,
    now: () => Date.UTC(2026, 0, 1) - nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms: number, signal?: AbortSignal) => {
      nowMs += ms;
      await systemClock.sleep(1, signal);
    },
  };
  const statusNow = (): unknown => ({
    source: { lagMs: 5, clockOffsetMs: 12, reconnects: (looks += 1) },
    score: { skipped: 0, faults: 0 },
    rules: {
      evaluations: 0,
      unknown: 0,
      conditions: {},
      faults: 0,
      fired: { near: 2 },
      suppressed: 0,
      reasons: {},
    },
    machine: {
      topics: { '/odom': looks * 600 },
      topicBytes: { '/odom': looks * 6_000 },
      scoreP50Ms: { who: 7 },
      scoreP99Ms: { who: 9 },
      dropped: { late: looks },
      windowS: 60,
      gapP99Ms: 1,
      shed: [],
    },
    clips: { held: { sealed: 2, refused: 1 }, evicted: 0 },
    uplink: {
      backlogClips: 2,
      refusedClips: 1,
      backlogS: 30,
      bytesSent: 0,
      reconnects: 2 * looks,
    },
  });
  const measuring = openFleet({
    buffer: at.buffer,
    clock,
    log: silentLog,
    config: { buffer: { path: at.dir }, cloud: {} } as never,
    rules: { onChange: () => undefined, stop: () => undefined } as never,
    models: { take: () => undefined },
    onRestart: () => undefined,
  });
  measuring.begin({
    link: {
      measure: (series: readonly Series[]) => told.push(series) > 0,
      status: () => ({ connected: false }),
    },
    status: statusNow,
  } as unknown as FleetHost);
  while (told.length < 2) await systemClock.sleep(5);
  await measuring.stop();
  const of = (name: string) => told[1]?.find((one) => one.name === name)?.value;
  const hz = of('topic./odom.hz') ?? 0;
  expect(hz).toBeGreaterThan(0);
  expect(hz).toBeLessThan(100);
  expect((of('topic./odom.bytes') ?? 0) / hz).toBeCloseTo(10);
  expect(Object.fromEntries((told[1] ?? []).map(({ name, value }) => [name, value]))).toMatchObject(
    {
      'uplink.reconnects': 2,
      'uplink.backlog_s': 30,
      'uplink.backlog_clips': 2,
      'buffer.clips': 3,
      'buffer.clips.sealed': 2,
      'buffer.clips.refused': 1,
      'source.reconnects': 1,
      'source.clock_offset_ms': 12,
      'source.lag_ms': 5,
      'score.who.p50_ms': 7,
      'score.who.p99_ms': 9,
      'dropped.late': 1,
      'rules.near.fired': 0,
    },
  );
});

test('a disk that refuses what is noted of a death does not end the agent', async () => {
  robot.begin();
  const asked = robot.fleet.clipNow('here', clip);
  while (robot.posted.length === 0) await systemClock.sleep(5);
  died = () => {
    throw new Fault('unavailable', 'the disk reported EIO');
  };
  robot.fleet.dataDied('it was killed');
  await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
});

test('a data thread that dies ends what it was asked', async () => {
  robot.begin();
  const asked = robot.fleet.clipNow('here', clip);
  while (robot.posted.length === 0) await systemClock.sleep(5);
  robot.fleet.dataDied('it fell over');
  await expect(asked).rejects.toThrow('no clip was cut: it fell over');
});

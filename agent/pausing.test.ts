/**
 * Goal: who asked for quiet has it until it is over, whatever restarts meanwhile.
 * Method: pauses on a real buffer that is closed and opened, under a clock by hand; then a whole
 * agent that is stopped while it is paused, beside a recorder and with a recording that waits.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder } from './buffer/buffer.cases.ts';
import { askAgent } from './health/socket.ts';
import { statusSocketPath } from './health/status.ts';
import type { Notice } from './messages.ts';
import { openPausing } from './pausing.ts';
import { writeRecording } from './source/testing.ts';
import { openHome, plainRules } from './testing.ts';
import { TestClock } from './uplink/clock.cases.ts';

let at: BufferFolder;
let clock: TestClock;
let told: Notice[];
let orders: number;
beforeEach(async () => {
  at = await BufferFolder.make();
  clock = new TestClock();
  told = [];
  orders = 0;
});
afterEach(async () => await at.remove());

/** As each start of the agent does. */
function begun() {
  const pausing = openPausing({
    clock,
    log: silentLog,
    clips: at.buffer.clips,
    tell: (notice) => void told.push(notice),
    onChange: () => void (orders += 1),
  });
  pausing.begin();
  return pausing;
}

const texts = (): string[] => told.splice(0).map(({ name, text }) => `${name}: ${text}`);

test('a pause lasts over a restart until somebody ends it; its end lasts as well', async () => {
  const first = begun();
  expect(first.isPaused).toBe(false);
  first.pause(undefined);
  expect(texts()).toEqual([
    'paused: paused by a person on the robot: nothing is read and no clip is sent',
  ]);
  await at.seal();
  at.listAll();
  expect(at.buffer.clips.turn(9)).toHaveLength(0);
  first.close();
  await at.reopen();
  // Nothing is sent before the agent stands.
  expect(at.buffer.clips.turn(9)).toHaveLength(0);
  await clock.advance(90_000_000);
  const second = begun();
  expect(second.isPaused).toBe(true);
  expect(orders).toBe(2);
  expect(texts()).toEqual([
    'paused: paused by a person at 2025-10-09T08:53:20.000Z on the robot: nothing is read and no clip is sent',
  ]);
  second.resume();
  expect(texts()).toEqual(['resumed: the pause is over']);
  expect(at.buffer.clips.turn(9)).toHaveLength(1);
  await at.reopen();
  expect(begun().isPaused).toBe(false);
  expect(texts()).toEqual([]);
});

test('half an hour ends after half an hour, also when that is while nothing runs', async () => {
  begun().pause(1_800);
  await at.reopen();
  await clock.advance(1_000_000);
  const second = begun();
  await clock.advance(799_000);
  expect(second.isPaused).toBe(true);
  await clock.advance(2_000);
  expect(second.isPaused).toBe(false);
  second.pause(60);
  second.close();
  await at.reopen();
  await clock.advance(61_000);
  const third = begun();
  await clock.advance(0);
  expect(third.isPaused).toBe(false);
  expect(texts().at(-1)).toBe('resumed: the pause is over');
});

test('a clock that is set in the pause, forward or back, makes it neither shorter nor longer', async () => {
  for (const years of [50, -40]) {
    const first = begun();
    first.pause(60);
    clock.jump(years * 365 * 86_400_000);
    await clock.advance(20_000);
    first.close();
    await at.reopen();
    const second = begun();
    await clock.advance(39_000);
    expect(second.isPaused).toBe(true);
    await clock.advance(1_001);
    expect(second.isPaused).toBe(false);
  }
});

test('set back while nothing runs, it makes no pause longer than it was, at no restart', async () => {
  begun().pause(60);
  await at.reopen();
  clock.jump(-40 * 365 * 86_400_000);
  for (let restarts = 0; restarts < 3; restarts += 1) {
    const killed = begun();
    await clock.advance(15_000);
    expect(killed.isPaused).toBe(true);
    await at.reopen();
  }
  const last = begun();
  await clock.advance(15_001);
  expect(last.isPaused).toBe(false);
});

test('a disk that takes no rows hinders no pause', () => {
  const full = (): never => {
    throw new Error('the disk is full');
  };
  const pausing = openPausing({
    clock,
    log: silentLog,
    clips: { paused: undefined, pause: full },
    tell: (notice) => void told.push(notice),
    onChange: () => undefined,
  });
  pausing.pause(60);
  expect(pausing.isPaused).toBe(true);
  pausing.resume();
  expect(pausing.isPaused).toBe(false);
});

test('an agent that was stopped while paused reads nothing when it starts again', async () => {
  using home = openHome();
  const made = join(home.path, 'made.mcap');
  const bags = join(home.path, 'bags');
  mkdirSync(bags);
  await writeRecording(
    made,
    Array.from({ length: 100 }, (_, i) => ({
      topic: '/odom',
      atNs: 1_700_000_000_000_000_000n + BigInt(i) * 100_000_000n,
      value: { vx: i === 50 ? 2 : 0 },
    })),
  );
  const plan = { sources: [{ name: 'a', folder: 'bags' }], rules: plainRules };
  const ask = async (what: string) =>
    await askAgent(statusSocketPath(join(home.path, 'state')), { ask: what }, 5_000);
  {
    await using first = await home.start(plan);
    expect(await ask('pause')).toEqual({ paused: true });
    cpSync(made, join(bags, 'one.mcap'));
    await first.until(({ uptimeS }) => uptimeS >= 1);
  }
  await using second = await home.start(plan);
  const still = await second.until(({ uptimeS }) => uptimeS >= 1);
  expect(still).toMatchObject({ paused: true, source: { messages: 0 } });
  expect(await ask('resume')).toEqual({ paused: false });
  const { clips } = await second.until(({ clips: { sealed } }) => sealed > 0);
  expect(clips.sealed).toBe(1);
});

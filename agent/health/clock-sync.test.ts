/**
 * Goal: whoever keeps a robot's clock, the agent knows whether it is right, and never waits for it.
 * Method: the file of systemd-timesyncd, and programs named `timedatectl` that answer, fail or hang.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClockState } from '../clip/clock.ts';
import { openClockSync } from './clock-sync.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-clock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (): string => join(folder, 'synchronized');
const says = (script: string): void =>
  writeFileSync(join(folder, 'timedatectl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

/** Rests are short, so that the next look comes soon; the time shown is `now`. */
const clockAt = (now: () => number): Clock => ({
  now,
  monotonicMs: () => systemClock.monotonicMs(),
  sleep: async (_, signal) => await systemClock.sleep(20, signal),
});

function open(now: () => number = Date.now) {
  const told: ClockState[] = [];
  const sync = openClockSync({
    clock: clockAt(now),
    onChange: (state) => void told.push(state),
    file: file(),
    // The scripts need a shell, and none of them may be this machine's own program.
    path: [folder, '/bin'].join(delimiter),
  });
  return { sync, told };
}

const ntp = { synced: true, source: 'ntp' };
const nobody = { synced: false, source: 'system' };

test('a clock that the kernel was told of is right, and wrong again when it says so', async () => {
  says('echo no');
  const { sync, told } = open();
  await using _sync = sync;
  await expect.poll(() => sync.state).toEqual(nobody);
  says('test "$*" = "show --property=NTPSynchronized --value" && echo yes');
  await expect.poll(() => sync.state).toEqual(ntp);
  says('echo no');
  await expect.poll(() => sync.state).toEqual(nobody);
  expect(told).toEqual([nobody, ntp, nobody]);
});

test('systemd-timesyncd is believed by its file alone, from the first moment', async () => {
  says('echo no');
  writeFileSync(file(), '');
  await using sync = open().sync;
  expect(sync.state).toEqual({ synced: true, source: 'systemd-timesyncd' });
});

test.each([
  ['fails', 'echo "Failed to connect to bus" >&2; exit 1'],
  ['says something else', 'echo maybe'],
])('a program that %s knows nothing: a time that may be is taken as one', async (_, script) => {
  says(script);
  let now = 0;
  const { sync, told } = open(() => now);
  await using _sync = sync;
  expect(sync.state).toEqual(nobody);
  now = Date.UTC(2026, 0, 1);
  await expect.poll(() => told).toEqual([{ synced: true, source: 'system' }]);
});

test('a program that hangs holds up no end', async () => {
  says('exec sleep 60');
  const { sync } = open();
  await delay(50);
  const began = performance.now();
  await sync[Symbol.asyncDispose]();
  expect(performance.now() - began).toBeLessThan(3_000);
});

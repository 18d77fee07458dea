/**
 * Goal: a service manager hears that the agent is ready and lives, and hears nothing more of life
 * once a station stands still, though the main thread goes on.
 * Method: the real systemd-notify to a real datagram socket; a worker thread that gets stuck.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Fault, type Log, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { type Notify, openNotify } from './health/notify.ts';
import { openPulse, standingStill } from './pulse.ts';
import { noNotify, openNotifyListener } from './notify-listener.cases.ts';
import { openThread } from './thread.ts';

const stuckLater = `
import { parentPort } from 'node:worker_threads';
const timer = setInterval(() => parentPort.postMessage('beat'), 20);
parentPort.on('message', () => { parentPort.postMessage('hangs'); for (;;) {} });
`;

test.skipIf(noNotify !== undefined)(
  `ready, alive, and silent beside a data thread that hangs${noNotify ?? ''}`,
  async () => {
    await using manager = await openNotifyListener();
    const folder = mkdtempSync(join(tmpdir(), 'fl-pulse-'));
    writeFileSync(join(folder, 'worker.mjs'), stuckLater);
    const deps = { clock: systemClock, random: seededRandom(1), log: silentLog };
    const hangs = Promise.withResolvers<void>();
    const thread = openThread<string, string>(
      {
        name: 'data',
        entry: pathToFileURL(join(folder, 'worker.mjs')),
        start: () => ({ data: undefined }),
        onMessage: (word) => (word === 'hangs' ? hangs.resolve() : undefined),
        onDeath: () => undefined,
      },
      deps,
    );
    const stands = Promise.withResolvers<unknown>();
    const log: Log = { ...silentLog, error: (_, fields) => stands.resolve(fields) };
    const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '600000', PATH: '/usr/bin' };
    const notify = openNotify(env, { log });
    expect(notify).toMatchObject({ isHeard: true, watchdogMs: 600 });
    const pulse = openPulse({
      notify,
      clock: systemClock,
      log,
      signs: () => ({ data: thread.heardMs }),
      statusLine: () => '7 messages\nand more',
    });
    await manager.next('READY=1');
    const fed = await manager.next('WATCHDOG=1');
    expect(manager.heard[fed]).toContain('STATUS=7 messages and more');
    thread.post('hang');
    await hangs.promise;
    expect(await stands.promise).toEqual({ stations: ['data'] });
    // On a busy machine it stood still before, too: its last sign was fed by then.
    await systemClock.sleep(500);
    notify.status('before');
    const from = await manager.next('STATUS=before');
    // Three more looks of the pulse, each of which would have fed.
    for (let i = 0; i < 3; i += 1) await systemClock.sleep(200);
    notify.status('after');
    const until = await manager.next('STATUS=after');
    expect(manager.heard.slice(from, until).flat()).not.toContain('WATCHDOG=1');
    await pulse.close();
    await notify.stopping();
    await manager.next('STOPPING=1');
    await thread.terminate();
    rmSync(folder, { recursive: true });
  },
);

test('an agent that cannot say how it is feeds on, and names the fault', async () => {
  const said: string[] = [];
  const fed = Promise.withResolvers<void>();
  const notify: Notify = {
    isHeard: true,
    watchdogMs: 30,
    ready: (line) => void said.push(`ready ${line}`),
    status: (line) => void said.push(`status ${line}`),
    alive(line) {
      said.push(`alive ${line}`);
      if (said.length > 2) fed.resolve();
    },
    stopping: async () => await Promise.resolve(),
    reloading: () => undefined,
  };
  const pulse = openPulse({
    notify,
    clock: systemClock,
    log: silentLog,
    signs: () => ({}),
    statusLine: () => {
      const remedy = 'Look at the kernel log.';
      throw new Fault('unavailable', 'the disk reported an error', { remedy });
    },
  });
  await fed.promise;
  await pulse.close();
  const line = 'degraded: the disk reported an error. Look at the kernel log.';
  expect(said.slice(0, 3)).toEqual([`ready ${line}`, `alive ${line}`, `alive ${line}`]);
});

test('a station that is off is not waited for; one without a sign since the last time is', () => {
  expect(standingStill({ data: 5, scoring: undefined, 'source a': 0 }, 4)).toEqual(['source a']);
  expect(standingStill({ data: 4 }, 4)).toEqual(['data']);
});

test('without a service manager nothing is told, and one that cannot be told stops nothing', async () => {
  const complaints: string[] = [];
  const log: Log = { ...silentLog, warn: (phrase) => complaints.push(phrase) };
  const nobody = openNotify({}, { log });
  nobody.ready('x');
  expect(nobody).toMatchObject({ isHeard: false, watchdogMs: undefined });
  const broken = openNotify(
    { NOTIFY_SOCKET: '/nowhere/notify.sock' },
    { log, program: '/nowhere/systemd-notify' },
  );
  broken.ready('x');
  broken.alive('x');
  await broken.stopping();
  expect(complaints).toEqual(['the service manager was not told']);
});

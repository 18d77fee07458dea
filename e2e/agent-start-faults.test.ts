/**
 * Goal: an agent starts without a clock and takes one that is set later, lives through a right that
 * is taken from it, takes new limits and rules by SIGHUP, and is started again when it hangs, but
 * not when a model takes its time.
 * Method: the real process; its wall clock bent by a preloaded file, its rights by the kernel, and
 * the test in the place of systemd: real datagrams, SIGABRT when the watchdog is not fed.
 */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { noNotify, openNotifyListener } from '@fieldloop/agent/notify-listener';
import { slowModel, writeModel } from '@fieldloop/agent/test-models';
import { systemClock } from '@fieldloop/core/system';
import { decodeEvents } from '@fieldloop/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawScenarios } from './drawn.cases.ts';
import { did, faultRules, type Robot, startRobot, type Wish, writeDrive } from './fault-robot.ts';

const patience = { timeout: 60_000 };

drawScenarios(1);

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fl-starts-'));
  await writeDrive(join(folder, 'drive.mcap'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (name: string, wish: Partial<Wish> = {}): Robot =>
  startRobot({ folder, name, state: join(folder, `${name}-state`), ...wish });

/** Events that wait for the cloud, oldest first. */
function eventsIn(state: string): readonly { readonly name: string; readonly synced: boolean }[] {
  const db = new DatabaseSync(join(state, 'buffer.db'), { readOnly: true });
  try {
    const rows = db
      .prepare(`SELECT body FROM lane_row WHERE lane = 'events' ORDER BY seq`)
      .all() as unknown as { readonly body: Uint8Array }[];
    return rows.flatMap(({ body }) =>
      decodeEvents(body).rows.flatMap(({ row }) =>
        row?.kind === 'event' ? [{ name: row.event.name, synced: row.event.synced }] : [],
      ),
    );
  } finally {
    db.close();
  }
}

test('no clock at the start (1970), and one that is set while it runs', patience, async () => {
  const isSet = join(folder, 'clock-is-set');
  const shim = join(folder, 'clock.mjs');
  // Every thread of the process is given this; timers and the monotonic clock are left alone.
  writeFileSync(
    shim,
    `import { existsSync } from 'node:fs';
const real = Date.now;
const began = real();
let [lookedMs, bentBy] = [-1e9, began];
Date.now = () => {
  if (performance.now() - lookedMs > 50) {
    lookedMs = performance.now();
    bentBy = existsSync(${JSON.stringify(isSet)}) ? 0 : began;
  }
  return real() - bentBy;
};
`,
  );
  const env = { NODE_OPTIONS: `--import=${shim}` };
  await using robot = start('clock', { env });
  await robot.until(({ source }) => source.messages > 20);
  expect(await robot.clipNow()).toContain('"clip"');
  expect(robot.say('check')).toMatch(/ERROR +clock: the clock says 1970-01-01.*timedatectl/);
  expect(robot.say('pause')).toContain('paused');
  expect(robot.say('resume')).toContain('resumed');
  const before = await robot.status();
  writeFileSync(isSet, '');
  await robot.until(({ source }) => source.messages > before.source.messages + 10);
  expect(await robot.clipNow()).toContain('"clip"');
  expect(robot.say('check')).toMatch(/ok +clock: the clock says 20/);
  robot.say('pause');
  const after = await robot.status();
  // Half a century passed by the wall and seconds by the clock that timers go by.
  expect(after.uptimeS).toBeLessThan(120);
  expect(after.clips.sealed).toBe(2);
  await robot.running.stop(15_000);
  const paused = eventsIn(join(folder, 'clock-state')).filter(({ name }) => name === 'paused');
  expect(paused.map(({ synced }) => synced)).toEqual([false, true]);
});

const [setpriv, dropped] = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
const canDrop = did(setpriv, dropped, 'true') && process.getuid?.() === 0;
const noDrop = canDrop ? '' : ' (skipped: only root may give up a right with setpriv here)';

/** A program of Node that becomes the agent under what stands before it. */
function under(words: readonly string[]): readonly string[] {
  const path = join(folder, 'under.mjs');
  writeFileSync(
    path,
    `const [, , ...argv] = process.argv;
process.execve(${JSON.stringify(`/usr/bin/${words[0]}`)}, [...${JSON.stringify(words)}, process.execPath, ...argv], process.env);
`,
  );
  return [path];
}

test.skipIf(!canDrop)(
  `rights are taken while it runs: of the buffer, and of a recording${noDrop}`,
  patience,
  async () => {
    const state = join(folder, 'rights-state');
    const bags = join(folder, 'bags');
    mkdirSync(bags);
    const drive = readFileSync(join(folder, 'drive.mcap'));
    const sources = [
      { name: 'main', file: join(folder, 'drive.mcap'), speed: 1 },
      { name: 'bags', folder: bags },
    ];
    const wrap = under([setpriv, dropped]);
    await using robot = start('rights', { wrap, config: { sources } });
    await robot.until(({ source }) => source.messages > 20);
    expect(await robot.clipNow()).toContain('"clip"');
    for (const one of ['parts', 'clips']) chmodSync(join(state, one), 0o500);
    expect(await robot.clipNow()).toMatch(/^none.*may not be opened/);
    const { messages } = (await robot.status()).source;
    await robot.until(({ source }) => source.messages > messages);
    for (const one of ['parts', 'clips']) chmodSync(join(state, one), 0o750);
    expect(await robot.clipNow()).toContain('"clip"');

    writeFileSync(join(bags, 'locked.part'), drive);
    chmodSync(join(bags, 'locked.part'), 0);
    renameSync(join(bags, 'locked.part'), join(bags, 'locked.mcap'));
    await robot.until(() => robot.running.tail().includes('recording_forbidden'));
    expect(robot.running.tail()).toMatch(/locked\.mcap may not be read\. Let the user/);
    expect((await robot.status()).source.each[0]?.state).toBe('reading');
    chmodSync(join(bags, 'locked.mcap'), 0o644);
    // Not every file system tells of rights: this has the folder looked at before its half minute.
    writeFileSync(join(bags, 'unlocked.txt'), '');
    await robot.until(({ source }) =>
      source.each.some(({ name, recording }) => name === 'bags' && recording !== undefined),
    );
  },
);

test('SIGHUP brings limits and rules; what cannot be read changes nothing', patience, async () => {
  const wish = { config: { limits: { cpu: '90%' } } };
  await using robot = start('hup', wish);
  await robot.until(({ source, caps }) => source.messages > 20 && caps.cpu === 0.9);
  const rules = join(folder, 'hup', 'rules.yaml');
  const config = JSON.parse(readFileSync(robot.configFile, 'utf8')) as object;
  writeFileSync(rules, faultRules.replace('version: 1}', 'version: 2}'));
  writeFileSync(robot.configFile, JSON.stringify({ ...config, limits: { cpu: '45%' } }));
  process.kill(robot.running.pid, 'SIGHUP');
  await robot.until((status) => status.caps.cpu === 0.45 && status.rules.version === 2);
  const { messages } = (await robot.status()).source;
  writeFileSync(robot.configFile, '{device: {nam');
  process.kill(robot.running.pid, 'SIGHUP');
  const last = await robot.until(({ source }) => source.messages > messages + 10);
  expect([last.caps.cpu, last.rules.version]).toEqual([0.45, 2]);
  expect(robot.running.tail()).toContain('the last one holds');
});

test.skipIf(noNotify !== undefined)(
  `it hangs, the watchdog ends it, and it goes on where its disk stands${noNotify === undefined ? '' : ` (skipped: ${noNotify})`}`,
  patience,
  async () => {
    await using systemd = await openNotifyListener();
    const env = { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: '3000000' };
    {
      await using hanging = start('watched', { env });
      await systemd.next('READY=1');
      await hanging.until(({ source }) => source.messages > 20);
      expect(await hanging.clipNow()).toContain('"clip"');
      await systemd.next('WATCHDOG=1');
      process.kill(hanging.running.pid, 'SIGSTOP');
      await systemd.silent(3_000);
      process.kill(hanging.running.pid, 'SIGABRT');
      process.kill(hanging.running.pid, 'SIGCONT');
      expect(await hanging.running.exited).not.toBe(0);
    }
    const from = systemd.heard.length;
    await using again = start('watched', { env });
    await systemd.next('READY=1', from);
    const status = await again.until(({ source }) => source.messages > 20);
    expect(status.clips.held['sealed']).toBe(1);
    expect(await again.clipNow()).toContain('"clip"');
    await systemd.next('WATCHDOG=1', from);
  },
);

test.skipIf(noNotify !== undefined)(
  `a model that takes its time is no agent that hangs${noNotify === undefined ? '' : ` (skipped: ${noNotify})`}`,
  patience,
  async () => {
    const { yaml, onnx } = slowModel(240);
    const model = writeModel(join(folder, 'slow'), yaml, onnx);
    await using systemd = await openNotifyListener();
    await using robot = start('loading', {
      env: { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: '6000000' },
      config: { models: [{ id: 'slow', path: model }] },
      rules: `${faultRules}models: {slow: {ref: slow, input: {topic: /odom}, every: 1s}}\n`,
    });
    let at = await systemd.next('READY=1');
    for (let fed = 0; fed < 4; fed += 1) {
      const next = await Promise.race([
        systemd.next('WATCHDOG=1', at + 1),
        systemClock.sleep(6_000).then(() => Number.NaN),
      ]);
      expect(next).toBeGreaterThan(at);
      at = next;
    }
    const { models } = await robot.until(({ source }) => source.messages > 20);
    expect(models.running).toHaveProperty('slow');
  },
);

/**
 * Goal: an agent lives on a disk that others fill and with few file descriptors, goes on once there
 * is room, says why it does not start on a disk that is read-only, and turns to safe mode.
 * Method: the real process on file systems of its own, moments asked for by its local socket.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentStatus, askAgent, readStatus, statusSocketPath } from '@fieldloop/agent';
import { systemClock } from '@fieldloop/core/system';
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Running, startProgram } from './process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const patience = { timeout: 60_000 };

const sound = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: faults, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules:
- {id: fast, when: vx > 1.0, capture: {topics: ["*"], pre: 1s, post: 1s}}
`;

const run = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0;

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fl-faults-'));
  await writeDrive(join(folder, 'drive.mcap'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Five minutes at ten messages a second, each a kilobyte that does not compress to nothing. */
async function writeDrive(path: string): Promise<void> {
  await using file = await createFile(path);
  const writer = await openClipWriter(file, { profile: '', library: 'test' });
  const channel: Channel = {
    id: 1,
    topic: '/odom',
    messageEncoding: 'json',
    metadata: new Map(),
    latched: false,
  };
  await writer.channel(channel);
  const startNs = 1_700_000_000_000_000_000n;
  for (let i = 0; i < 3_000; i += 1) {
    const atNs = startNs + BigInt(i) * 100_000_000n;
    const text = Array.from({ length: 60 }, (_, k) => Math.sin(i * 60 + k)).join();
    const data = Buffer.from(JSON.stringify({ vx: 0, text }));
    await writer.message(1, { sequence: i, logTimeNs: atNs, publishTimeNs: atNs, data });
  }
  await writer.finish();
}

interface Robot extends AsyncDisposable {
  readonly running: Running;
  status(): Promise<AgentStatus>;
  until(is: (status: AgentStatus) => boolean): Promise<AgentStatus>;
  /** The clip, or why there is none. */
  clipNow(): Promise<string>;
}

interface Wish {
  /** Arguments of Node before the agent's. */
  readonly wrap?: readonly string[];
  readonly rules?: string;
  /** Arguments of `run`. */
  readonly more?: readonly string[];
}

function startRobot(name: string, state: string, wish: Wish = {}): Robot {
  const { wrap = [], rules = sound, more = [] } = wish;
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', file: join(folder, 'drive.mcap'), speed: 1 }],
    rules: 'rules.yaml',
    buffer: { path: state, quota: '100MiB', headroom: '256KiB' },
  };
  writeFileSync(join(home, 'agent.yaml'), JSON.stringify(config));
  writeFileSync(join(home, 'rules.yaml'), rules);
  const agent = [join(root, 'agent/bin/fieldloop-agent.mjs'), 'run', '--config'];
  const args = [...wrap, ...agent, join(home, 'agent.yaml'), ...more];
  const running = startProgram({ name, args, cwd: root, logFile: join(home, 'agent.log') });
  running.ready.catch(() => undefined);
  const socketPath = statusSocketPath(state);
  const until: Robot['until'] = async (is) => {
    for (;;) {
      const status = await readStatus(socketPath).catch(() => undefined);
      if (status !== undefined && is(status)) return status;
      if (!running.isRunning()) throw new Error(`the agent ended: ${running.tail()}`);
      await systemClock.sleep(50);
    }
  };
  return {
    running,
    until,
    status: () => until(() => true),
    clipNow: async () => {
      const request = {
        ask: 'clip_now',
        preS: 1,
        postS: 0.5,
        reason: 'a fault',
        severity: 'critical',
      };
      try {
        return JSON.stringify(await askAgent(socketPath, request, 30_000));
      } catch (error) {
        return `none: ${(error as Error).message}`;
      }
    },
    [Symbol.asyncDispose]: () => running.stop(15_000),
  };
}

const own = mkdtempSync(join(tmpdir(), 'fl-mount-'));
const canMount = run('mount', '-t', 'tmpfs', '-o', 'size=8m,nr_inodes=1400', 'tmpfs', own);
const noMount = canMount ? '' : ' (skipped: only root may mount a file system here)';
afterAll(() => {
  if (canMount) run('umount', '-l', own);
  rmSync(own, { recursive: true, force: true });
});

test.skipIf(!canMount)(
  `others fill the disk to its last byte, and clear it again${noMount}`,
  patience,
  async () => {
    const state = join(own, 'state');
    {
      await using robot = startRobot('disk', state);
      await robot.until(({ source }) => source.messages > 30);
      expect(await robot.clipNow()).toContain('"clip"');
      for (const size of ['64k', '512']) {
        run('dd', 'if=/dev/zero', `of=${join(own, `others-${size}`)}`, `bs=${size}`);
      }
      expect(await robot.clipNow()).toMatch(/^none/);
      const full = await robot.until(
        ({ degraded, machine }) =>
          degraded.some((why) => /disk/.test(why)) && (machine.diskFreeBytes ?? 1e9) < 300_000,
      );
      expect(full.source.each[0]?.state).toBe('reading');
      for (const size of ['64k', '512']) rmSync(join(own, `others-${size}`));
      await robot.until(({ machine }) => (machine.diskFreeBytes ?? 0) > 2_000_000);
      expect(await robot.clipNow()).toContain('"clip"');
      const after = await robot.status();
      expect(after.clips.sealed).toBeGreaterThan(full.clips.sealed);
      expect(robot.running.isRunning()).toBe(true);
    }
    // A file that is open for writing keeps the kernel from this while the agent runs.
    expect(run('mount', '-o', 'remount,ro', own)).toBe(true);
    await using refused = startRobot('disk', state);
    expect(await refused.running.exited).toBe(8);
    expect(refused.running.tail()).toMatch(/read-only|EROFS/);
  },
);

test(
  'three starts that come to nothing: the fourth has its uplink and commands alone',
  patience,
  async () => {
    const state = join(folder, 'safe-state');
    const start = (): Robot =>
      startRobot('safe', state, { rules: 'this: is no rule set', more: ['--supervised'] });
    for (let i = 0; i < 3; i += 1) {
      await using failing = start();
      expect(await failing.running.exited).toBe(2);
    }
    await using robot = start();
    const { degraded, source } = await robot.until(() => true);
    expect(degraded.join()).toContain('safe mode after starts that failed');
    expect(source.each).toEqual([]);
    // Stopped because it was asked to: the next start is a whole one, and fails as before.
    await robot.running.stop(15_000);
    await using whole = start();
    expect(await whole.running.exited).toBe(2);
  },
);

test('few file descriptors: it starts, records and cuts', patience, async () => {
  const state = join(folder, 'few-state');
  const wrapped = join(folder, 'few.mjs');
  // `prlimit` on itself before the agent's own files are opened.
  writeFileSync(
    wrapped,
    `import { spawn } from 'node:child_process';
const [, , ...argv] = process.argv;
const child = spawn('sh', ['-c', 'ulimit -n 48; exec "$0" "$@"', process.execPath, ...argv], { stdio: 'inherit' });
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 1));
`,
  );
  await using robot = startRobot('few', state, { wrap: [wrapped] });
  await robot.until(({ source }) => source.messages > 30);
  const answers = await Promise.all([robot.clipNow(), robot.clipNow()]);
  expect(answers.join()).toContain('"clip"');
  expect((await robot.status()).source.each[0]?.state).toBe('reading');
});

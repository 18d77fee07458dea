/**
 * Goal: an agent lives on a disk that others fill to its last byte or inode or that turns
 * read-only, and with few file descriptors; it goes on once there is room, says why it does not
 * start on a disk that is read-only, and turns to safe mode.
 * Method: the real process on file systems of its own, moments asked for by its local socket.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawScenarios } from './drawn.cases.ts';
import { did, type Robot, startRobot, type Wish, writeDrive } from './fault-robot.ts';

const patience = { timeout: 60_000 };

drawScenarios(2);

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fl-faults-'));
  await writeDrive(join(folder, 'drive.mcap'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (name: string, state: string, wish: Partial<Wish> = {}): Robot =>
  startRobot({ folder, name, state, ...wish });

/** A file system of its own at a new folder; undefined where nobody may mount one. */
function mounted(...how: readonly string[]): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'fl-mount-'));
  const is = did('mount', ...how, at);
  afterAll(() => {
    if (is) did('umount', '-l', at);
    rmSync(at, { recursive: true, force: true });
  });
  return is ? at : undefined;
}

const own = mounted('-t', 'tmpfs', '-o', 'size=8m,nr_inodes=1400', 'tmpfs') ?? '';
const canMount = own !== '';
const noMount = canMount ? '' : ' (skipped: only root may mount a file system here)';

test.skipIf(!canMount)(
  `others fill the disk to its last byte, and clear it again${noMount}`,
  patience,
  async () => {
    const state = join(own, 'state');
    {
      await using robot = start('disk', state);
      await robot.until(({ source }) => source.messages > 30);
      expect(await robot.clipNow()).toContain('"clip"');
      for (const size of ['64k', '512']) {
        did('dd', 'if=/dev/zero', `of=${join(own, `others-${size}`)}`, `bs=${size}`);
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
    expect(did('mount', '-o', 'remount,ro', own)).toBe(true);
    await using refused = start('disk', state);
    expect(await refused.running.exited).toBe(8);
    expect(refused.running.tail()).toMatch(/read-only|EROFS/);
  },
);

/** Folders that are empty and take an inode each, until so many are left. */
function takeInodes(at: string, left: number): void {
  const lot = join(at, 'others');
  mkdirSync(lot, { recursive: true });
  for (let i = 0; statfsSync(at).ffree > left; i += 1) mkdirSync(join(lot, `${left}-${i}`));
}

const inodes = mounted('-t', 'tmpfs', '-o', 'size=8m,nr_inodes=1400', 'tmpfs') ?? '';

test.skipIf(!canMount)(
  `others take the inodes, to the last one, and give them back${noMount}`,
  patience,
  async () => {
    const at = inodes;
    await using robot = start('inodes', join(at, 'state'));
    await robot.until(({ source }) => source.messages > 30);
    expect(await robot.clipNow()).toContain('"clip"');
    // Others are owed a thousand: with fewer it gives up what is worth less, and says so.
    takeInodes(at, 900);
    const short = await robot.until(({ degraded }) => degraded.some((why) => /inodes/.test(why)));
    expect(short.machine.shed).toContain('downsample');
    expect(short.machine.diskFreeInodes).toBeLessThan(1_000);
    takeInodes(at, 0);
    expect(await robot.clipNow()).toMatch(/^none/);
    expect((await robot.status()).source.each[0]?.state).toBe('reading');
    rmSync(join(at, 'others'), { recursive: true });
    await robot.until(({ machine }) => (machine.diskFreeInodes ?? 0) > 1_000);
    expect(await robot.clipNow()).toContain('"clip"');
    expect(robot.running.isRunning()).toBe(true);
  },
);

const image = join(tmpdir(), `fl-image-${process.pid}`);
const hasImage = did('truncate', '-s', '24M', image) && did('mkfs.ext4', '-q', image);
const broken = hasImage ? mounted('-o', 'loop,errors=remount-ro', image) : undefined;
afterAll(() => rmSync(image, { force: true }));

// A tmpfs with a file open for writing is never made read-only; an ext4 that finds an error is.
test.skipIf(broken === undefined)(
  `a disk turns read-only under the agent, as after an error${broken === undefined ? ' (skipped: only root may mount an image here)' : ''}`,
  patience,
  async () => {
    const at = broken ?? '';
    await using robot = start('turned', join(at, 'state'));
    await robot.until(({ source }) => source.messages > 30);
    expect(await robot.clipNow()).toContain('"clip"');
    expect(did('mount', '-o', 'remount,abort', at)).toBe(true);
    expect(await robot.clipNow()).toMatch(/^none/);
    const { messages } = (await robot.status()).source;
    const turned = await robot.until(
      ({ source, degraded, machine }) =>
        source.messages > messages && degraded.length > 1 && machine.shed.length > 0,
    );
    expect(turned.degraded.join()).toMatch(/disk/);
    expect(turned.source.each[0]?.state).toBe('reading');
    expect(turned.clips.sealed).toBe(1);
  },
);

test(
  'three starts that come to nothing: the fourth has its uplink and commands alone',
  patience,
  async () => {
    const state = join(folder, 'safe-state');
    const begin = (): Robot =>
      start('safe', state, { rules: 'this: is no rule set', more: ['--supervised'] });
    for (let i = 0; i < 3; i += 1) {
      await using failing = begin();
      expect(await failing.running.exited).toBe(2);
    }
    await using robot = begin();
    const { degraded, source } = await robot.until(() => true);
    expect(degraded.join()).toContain('safe mode after starts that failed');
    expect(source.each).toEqual([]);
    // Stopped because it was asked to: the next start is a whole one, and fails as before.
    await robot.running.stop(15_000);
    await using whole = begin();
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
  await using robot = start('few', state, { wrap: [wrapped] });
  await robot.until(({ source }) => source.messages > 30);
  const answers = await Promise.all([robot.clipNow(), robot.clipNow()]);
  expect(answers.join()).toContain('"clip"');
  expect((await robot.status()).source.each[0]?.state).toBe('reading');
});

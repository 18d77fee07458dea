/**
 * Goal: recordings that are oddly named, timed or filled bend no figure and break no terminal.
 * Method: recordings made here, the whole command line; figures known from how they were made.
 */
import { chmod, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleIo } from '../io.sample.ts';
import { runCli } from '../main.ts';
import { runSession } from './session.ts';
import { sampleStartNs, writeMessages, writeOdometry } from './recordings.sample.ts';

const rules = (limit: string): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: speeding, version: 2}
signals:
  v: {topic: /odom, path: speed, type: double, unit: m/s}
  frame: {topic: /odom, path: frame, type: string}
rules:
- {id: fast, when: v > ${limit} && frame != "x", capture: {pre: 0s, post: 0s}}
`;

let folder = '';
const path = (name: string): string => join(folder, name);
const second = 1_000_000_000n;
const fast = (s: number): number => (s % 30 === 10 ? 2 : 0.5);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-odd-'));
  await writeFile(path('new.yaml'), rules('1.0'));
  await writeFile(path('old.yaml'), rules('9.0'));
  for (const [i, fromS] of [0, 30].entries()) {
    await writeOdometry(path(`run_${i}.mcap`), { fromS, toS: fromS + 30 }, fast);
  }
});
afterAll(async () => await rm(folder, { recursive: true }));

async function run(...args: readonly string[]) {
  const io = sampleIo();
  const code = await runCli(['rules', ...args], io);
  return { code, ...io.written };
}

interface Document {
  readonly recordedHours: number;
  readonly fires: number;
  readonly perRobotDay: Readonly<Record<'fires' | 'clips' | 'bytes', { mean: number } | null>>;
  readonly sessions: readonly { readonly files: readonly { readonly path: string }[] }[];
  readonly rules: readonly { readonly fires: number; readonly coreShare: number | null }[];
}

async function backtest(...recordings: readonly string[]): Promise<Document> {
  const { out } = await run('backtest', path('new.yaml'), ...recordings, '--json');
  return JSON.parse(out) as Document;
}

test('a file counts once and beside its splits, in whatever way each is named', async () => {
  await symlink(path('run_0.mcap'), path('newest.mcap'));
  await link(path('run_1.mcap'), path('kept.mcap'));
  const near = `./${relative(process.cwd(), path('run_1.mcap'))}`;
  const { sessions, fires } = await backtest(
    path('newest.mcap'),
    path('run_0.mcap'),
    path('kept.mcap'),
    near,
  );
  expect(sessions.map(({ files }) => files.map((one) => one.path))).toEqual([
    [path('run_0.mcap'), near],
  ]);
  expect(fires).toBe(2);
});

test('a link with a later name leaves splits in their row; links in a circle end', async () => {
  await mkdir(path('circle/inner'), { recursive: true });
  await writeOdometry(path('circle/run_0.mcap'), { fromS: 0, toS: 30 }, fast);
  await writeOdometry(path('circle/run_1.mcap'), { fromS: 30, toS: 60 }, fast);
  await symlink(path('circle/run_1.mcap'), path('circle/run_latest.mcap'));
  for (const name of ['circle/up', 'circle/inner/up', 'circle/inner/self']) {
    await symlink(path('circle'), path(name));
  }
  const { sessions } = await backtest(path('circle'));
  expect(sessions.map(({ files }) => files.map((one) => one.path))).toEqual([
    [path('circle/run_0.mcap'), path('circle/run_1.mcap')],
  ]);
});

test('a day of rules whose topics no recording has is unknown, and is left out of the others', async () => {
  const rule = (id: string, signal: string): string => `- {id: ${id}, when: ${signal} > 1.0}\n`;
  const head = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: blind, version: 1}
signals: {v: {topic: /odom, path: speed, type: double}, n: {topic: /none, path: x, type: double}}
rules:
`;
  await writeFile(path('blind.yaml'), `${head}${rule('none', 'n')}`);
  await writeFile(path('mixed.yaml'), `${head}${rule('none', 'n')}${rule('some', 'v')}`);
  const told = await run('backtest', path('blind.yaml'), path('run_0.mcap'));
  expect(told.out).toMatch(/^a robot and day +unknown$/m);
  const { out } = await run('backtest', path('blind.yaml'), path('run_0.mcap'), '--json');
  expect(JSON.parse(out)).toMatchObject({ perRobotDay: { fires: null, clips: null, bytes: null } });
  const mixed = await run('backtest', path('mixed.yaml'), path('run_0.mcap'));
  expect(mixed.out).toMatch(/^left out +of a day: 1 rule whose topics no recording has$/m);
});

test('a folder that is named like a recording is a folder', async () => {
  await mkdir(path('day/run.mcap'), { recursive: true });
  await writeOdometry(path('day/run.mcap/run_0.mcap'), { fromS: 0, toS: 30 }, fast);
  expect(await backtest(path('day'))).toMatchObject({ fires: 1, sessions: [{}] });
});

test('a name in a folder that leads nowhere ends nothing: the others are told, then exit 4', async () => {
  await mkdir(path('left'));
  await writeOdometry(path('left/run_0.mcap'), { fromS: 0, toS: 30 }, fast);
  await symlink(path('nowhere.mcap'), path('left/gone.mcap'));
  const { code, out, err } = await run('backtest', path('new.yaml'), path('left'));
  expect([code, err]).toEqual([4, expect.stringContaining('left/gone.mcap: ')]);
  expect(out).toMatch(/^fast +1 +1 /m);
});

test.skipIf(process.getuid?.() === 0)(
  'nor does a file that may not be read (skipped for root, who reads all)',
  async () => {
    await mkdir(path('locked'));
    for (const name of ['open', 'locked']) {
      await writeOdometry(path(`locked/${name}.mcap`), { fromS: 0, toS: 30 }, fast);
    }
    await chmod(path('locked/locked.mcap'), 0);
    const { code, out, err } = await run('backtest', path('new.yaml'), path('locked'));
    expect([code, err]).toEqual([3, expect.stringContaining('locked/locked.mcap: ')]);
    expect(out).toMatch(/^fast +1 +1 /m);
  },
);

test.skipIf(process.getuid?.() === 0)(
  'a folder that may not be read is told by its name (skipped for root, who reads all)',
  async () => {
    await mkdir(path('closed/inner'), { recursive: true });
    await chmod(path('closed/inner'), 0);
    const { code, err } = await run('backtest', path('new.yaml'), path('closed'));
    await chmod(path('closed/inner'), 0o700);
    expect([code, err]).toEqual([3, expect.stringContaining('inner: a folder may not be read')]);
  },
);

test.each([
  ['that knew no time when it started', 5n * second, sampleStartNs],
  ['that was set back by a day', sampleStartNs, sampleStartNs - 86_400n * second],
])('a clock %s adds no hours', async (name, ...startsNs) => {
  const messages = startsNs.flatMap((startNs) =>
    Array.from({ length: 300 }, (_, i) => ({
      atNs: startNs + BigInt(i) * 100_000_000n,
      speed: i === 100 ? 2 : 0,
    })),
  );
  const file = path(`${name}.mcap`);
  await writeMessages(file, messages);
  const told = await backtest(file);
  const hours = (2 * 29.9) / 3600;
  expect(told.recordedHours).toBeCloseTo(hours, 9);
  expect(told.fires).toBe(2);
  expect(told.perRobotDay.fires?.mean).toBeCloseTo((2 / hours) * 24, 6);
  const tested = await run('test', path('new.yaml'), file);
  expect(tested.out).toContain('600 messages, 59.800 s, ');
});

test('one message covers no time: what fired is told, and nothing of a day', async () => {
  await writeMessages(path('one.mcap'), [{ atNs: sampleStartNs, speed: 2 }]);
  const { out } = await run('backtest', path('new.yaml'), path('one.mcap'));
  expect(out).toMatch(/^fast +1 +1 +17 B +unknown +- +1 /m);
  expect(out).toMatch(/^a robot and day +unknown$/m);
  const { perRobotDay, rules: told } = await backtest(path('one.mcap'));
  expect(perRobotDay).toEqual({ fires: null, clips: null, bytes: null });
  expect(told).toMatchObject([{ fires: 1, firesPerRobotDay: null }]);
});

test('a rule that fires for a topic that never comes is told as it is found', async () => {
  const gone = '- {id: gone, absent: {topic: /scan, for: 2s}, capture: {pre: 0s, post: 0s}}\n';
  await writeFile(path('gone.yaml'), rules('9.0') + gone);
  const { out } = await run('backtest', path('gone.yaml'), path('run_0.mcap'));
  expect(out).toMatch(/^gone +1 +1 +17 B +unknown +no recording has its topics +/m);
  expect(out).toMatch(/^found +1 fire, 1 clip, 17 B$/m);
});

test('a session that is stopped ends at its next message', async () => {
  const file = path('run_0.mcap');
  const stopped = runSession({
    plan: { name: file, device: file, files: [{ path: file, bytes: 1 }] },
    ruleSets: [],
    sketch: false,
    signal: AbortSignal.abort(),
    progress: () => undefined,
  });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});

test('what a robot wrote into a text steers no terminal', async () => {
  const frame = '\u001b[2J\u009b31mred\nfast 9';
  await writeMessages(path('text.mcap'), [
    { atNs: sampleStartNs, speed: 0 },
    { atNs: sampleStartNs + second, speed: 2, frame },
  ]);
  const args = [path('new.yaml'), path('text.mcap'), '--against', path('old.yaml')];
  const { out } = await run('backtest', ...args);
  expect(out).toContain('frame  [2J 31mred fast 9');
  expect(out).not.toMatch(/(?!\n)\p{Cc}/u);
});

/**
 * Goal: a fleet engineer learns from recordings what a rule set would have done, and can trust it.
 * Method: recordings and rule sets made here, the whole command line with its threads; figures that
 * are known from how the recordings were made.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CliIo } from '../io.ts';
import { sampleIo } from '../io.sample.ts';
import { runCli } from '../main.ts';
import { escaped } from './markup.ts';
import { messageBytes, sampleStartNs, writeOdometry } from './recordings.sample.ts';
import { progressText } from './run.ts';
import { sessionsOf } from './sessions.ts';
import { thinned } from './timeline.ts';

const rules = (limit: string, more = ''): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: speeding, version: 2}
signals:
  v: {topic: /odom, path: speed, type: double, unit: m/s}
rules:
- {id: fast, severity: critical, when: v > ${limit}, capture: {pre: 1s, post: 2s}}
${more}`;

let folder = '';
const path = (name: string): string => join(folder, name);

/** Fast for half a second, by 2 m/s at each of these seconds. */
const fastAt =
  (...seconds: readonly number[]) =>
  (s: number): number =>
    seconds.some((at) => s >= at && s < at + 0.5) ? 2 : 0.5;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-backtest-'));
  await writeFile(path('new.yaml'), rules('1.0'));
  await writeFile(path('old.yaml'), rules('3.0', '- {id: slow, when: v < 0.1}\n'));
  await writeFile(path('bad.yaml'), rules('"x"'));
  await writeFile(
    path('shadow.yaml'),
    rules('1.0', '- {id: quiet, when: v > 1.5, shadow: true}\n'),
  );
  await mkdir(path('day'));
  for (let i = 0; i < 6; i += 1) {
    // Each session a minute long and an hour after the one before it.
    const fromS = i * 3_600;
    await writeOdometry(path(`day/run${i}.mcap`), { fromS, toS: fromS + 60 }, fastAt(fromS + 10));
  }
  // Two splits that follow each other, with a moment over the seam; and one of another day.
  await mkdir(path('splits'));
  const speedAt = fastAt(29.5, 31);
  await writeOdometry(path('splits/a_0.mcap'), { fromS: 0, toS: 30 }, speedAt);
  await writeOdometry(path('splits/a_1.mcap'), { fromS: 30, toS: 60 }, speedAt);
  await writeOdometry(path('splits/a_10.mcap'), { fromS: 90_000, toS: 90_010 }, speedAt);
  const whole = await readFile(path('day/run0.mcap'));
  await writeFile(path('torn.mcap'), whole.subarray(0, whole.length - 700));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(over: Partial<CliIo>, ...args: readonly string[]) {
  const io = sampleIo(over);
  const code = await runCli(['rules', ...args], io);
  const plain = (text: string): string => text.replaceAll(`${folder}/`, '');
  return { code, out: plain(io.written.out), err: plain(io.written.err) };
}

interface Document {
  readonly schema: string;
  readonly recordedHours: number;
  readonly noInterval: string | null;
  readonly fires: number;
  readonly clips: number;
  readonly bytes: number;
  readonly perRobotDay: { fires: Figure; clips: Figure; bytes: Figure };
  readonly sessions: readonly { session: string; files: readonly object[] }[];
  readonly rules: readonly Record<string, unknown>[];
  readonly clipList: readonly { file: string; bytes: number; markers: object[] }[];
  readonly triggers: readonly { file: string; seconds: number; values: object; shadow?: true }[];
  readonly unlisted: number;
  readonly comparison: readonly {
    rule: string;
    matched: number;
    gained: object[];
    lost: object[];
  }[];
  readonly damage: readonly { code: string }[];
}
interface Figure {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

async function document(...args: readonly string[]): Promise<Document> {
  const { out } = await run({}, 'backtest', ...args, '--json');
  return JSON.parse(out) as Document;
}

test('six sessions: fires, clips and bytes as made, and a day of a robot with its interval', async () => {
  const told = await document(path('new.yaml'), path('day'), '--duty-hours', '8');
  const hours = (6 * 59.9) / 3600;
  // From 1 s before to 2 s after, both ends included: 31 messages at 10 Hz.
  const bytes = 31 * messageBytes;
  expect(told).toMatchObject({
    schema: 'fieldloop.backtest/v1',
    noInterval: null,
    fires: 6,
    clips: 6,
    bytes: 6 * bytes,
    damage: [],
  });
  expect(told.recordedHours).toBeCloseTo(hours, 9);
  expect(told.perRobotDay.fires.mean).toBeCloseTo((6 / hours) * 8, 6);
  expect(told.perRobotDay.bytes.mean).toBeCloseTo((6 * bytes * 8) / hours, 4);
  expect(told.perRobotDay.fires.low).toBeLessThan(told.perRobotDay.fires.mean);
  expect(told.perRobotDay.fires.high).toBeGreaterThan(told.perRobotDay.fires.mean);
  expect(told.triggers.map(({ seconds }) => seconds)).toEqual([10, 10, 10, 10, 10, 10]);
  expect(told.triggers[0]).toMatchObject({ file: 'day/run0.mcap', values: { v: 2 } });
  expect(told.rules[0]).toMatchObject({ id: 'fast', clips: 6, bytes: 6 * bytes, unknown: 0 });
  expect(told.rules[0]?.['coreShare']).toBeGreaterThan(0);
});

test('the table says the same, once for a person', async () => {
  const { code, out, err } = await run({}, 'backtest', path('new.yaml'), path('day'));
  expect(out).toMatch(/^RULE +FIRES +CLIPS +BYTES +FIRES A DAY +SUPPRESSED +EVALUATIONS/);
  expect(out).toMatch(/^fast +6 +6 +3\.\d+ KiB +1442 \(\d+.* to \d+.*\) +- +18 +- +\d\.\d+ %$/m);
  expect(out).toMatch(/^from +6 sessions in 6 files, 5 min 59 s$/m);
  expect([code, err]).toEqual([0, '']);
});

test('splits are one session as long as they follow each other; one session gives no interval', async () => {
  const told = await document(path('new.yaml'), path('splits'));
  expect(told.sessions.map(({ session, files }) => [session, files.length])).toEqual([
    ['splits/a_0.mcap', 2],
    ['splits/a_10.mcap', 1],
  ]);
  expect(told.noInterval).toBe('too few sessions: 2');
  expect(told.perRobotDay.fires).toEqual({
    mean: expect.any(Number) as number,
    low: null,
    high: null,
  });
  // 29.5 s stands in the first split, 31 s in the second, and their ranges make one clip.
  expect(told.triggers.map(({ file }) => file)).toEqual(['splits/a_0.mcap', 'splits/a_1.mcap']);
  expect(told.clipList).toHaveLength(1);
  expect(told.clipList[0]?.markers).toHaveLength(2);
  expect(told.clipList[0]?.bytes).toBe(46 * messageBytes);
});

test('a folder of splits is one recording for test, explain and lint as it is for backtest', async () => {
  await mkdir(path('pair'));
  for (const i of [0, 1]) await copyFile(path(`splits/a_${i}.mcap`), path(`pair/a_${i}.mcap`));
  const of = async (...recordings: readonly string[]) => {
    const { out, code } = await run({}, 'test', path('new.yaml'), ...recordings, '--json');
    expect(code).toBe(0);
    const { verdicts } = JSON.parse(out) as { verdicts: readonly { atNs: string }[] };
    return verdicts.map(({ atNs }) => Number(BigInt(atNs) - sampleStartNs) / 1e9);
  };
  const told = await document(path('new.yaml'), path('pair'));
  const inFolder = await of(path('pair'));
  expect(inFolder).toEqual([29.5, 31]);
  expect(told.triggers).toHaveLength(2);
  expect(await of(path('splits/a_1.mcap'), path('splits/a_0.mcap'))).toEqual(inFolder);
  const explained = await run({}, 'explain', path('new.yaml'), path('pair'), '--at', '+31');
  expect(explained).toMatchObject({ code: 0, out: expect.stringContaining('it fires at this') });
  const linted = await run({}, 'lint', path('new.yaml'), '--recording', path('pair'));
  expect(linted.code).toBe(0);
  const own = await run({}, 'backtest', path('new.yaml'), path('splits'), '--device', 'amr-01');
  expect(own.err).toContain('limits and budgets begin anew with each session');
  const two = await run({}, 'test', path('new.yaml'), path('day'));
  expect(two).toMatchObject({ code: 2, err: expect.stringContaining('more than one recording') });
});

test('--against: what fires that did not, and the other way', async () => {
  const { out, code } = await run(
    {},
    'backtest',
    path('new.yaml'),
    path('day'),
    '--against',
    path('old.yaml'),
  );
  expect(out).toMatch(/^fast +0 +6 +0$/m);
  expect(out).toMatch(/^slow +0 +0 +0$/m);
  expect(out).toContain('+ fast at 10.000 s of day/run3.mcap  v 2\n');
  expect(code).toBe(0);
  const back = await document(path('old.yaml'), path('day'), '--against', path('new.yaml'));
  expect(
    back.comparison.map(({ rule, gained, lost }) => [rule, gained.length, lost.length]),
  ).toEqual([
    ['fast', 0, 6],
    ['slow', 0, 0],
  ]);
  const same = await document(path('new.yaml'), path('day'), '--against', path('new.yaml'));
  expect(same.comparison).toMatchObject([{ rule: 'fast', matched: 6, gained: [], lost: [] }]);
});

test('a rule in the shadow makes no clip, and is told when it would have fired', async () => {
  const told = await document(path('shadow.yaml'), path('day/run0.mcap'));
  expect(told).toMatchObject({ fires: 1, clips: 1 });
  expect(told.rules[1]).toMatchObject({
    id: 'quiet',
    fires: 0,
    clips: 0,
    suppressed: { shadow: 1 },
  });
  expect(told.triggers).toMatchObject([
    { rule: 'fast' },
    { rule: 'quiet', seconds: 10, shadow: true },
  ]);
  expect(told.triggers[0]).not.toHaveProperty('shadow');
  const page = path('shadow.html');
  await run({}, 'backtest', path('shadow.yaml'), path('day/run0.mcap'), '--html', page);
  const html = await readFile(page, 'utf8');
  expect(html).toContain('<title>would have fired at 10.000 s: v 2</title>');
  expect(html).toContain('<th scope="row">quiet in the shadow</th>');
});

test('a rule that leaves the shadow makes clips that it did not make', async () => {
  await writeFile(path('promoted.yaml'), rules('1.0', '- {id: quiet, when: v > 1.5}\n'));
  const args = [path('promoted.yaml'), path('day'), '--against', path('shadow.yaml')];
  const { comparison } = await document(...args);
  expect(comparison[1]).toMatchObject({ rule: 'quiet', matched: 0 });
  expect([comparison[1]?.gained, comparison[1]?.lost].map((one) => one?.length)).toEqual([6, 6]);
  const { out } = await run({}, 'backtest', ...args);
  expect(out).toContain('+ quiet at 10.000 s of day/run3.mcap  v 2\n');
  expect(out).toContain('- quiet in the shadow at 10.000 s of day/run3.mcap  v 2\n');
});

test('a rule that never stops firing: all of it counts, and what is not listed is told', async () => {
  await writeFile(path('runaway.yaml'), rules('9.0', '- {id: always, manual: {topic: /odom}}\n'));
  await writeOdometry(path('long.mcap'), { fromS: 0, toS: 1_200 }, () => 0);
  const args = [path('runaway.yaml'), path('long.mcap'), '--against', path('new.yaml')];
  const told = await document(...args);
  expect(told).toMatchObject({ fires: 12_000, unlisted: 2_000 });
  expect(told.triggers).toHaveLength(10_000);
  expect(told.perRobotDay.fires.mean).toBeCloseTo((12_000 / told.recordedHours) * 24, 3);
  const said = '2000 triggers beyond 10000 of a rule and session; the figures hold them';
  expect((await run({}, 'backtest', ...args)).out).toMatch(
    new RegExp(`^not listed +${said}, the comparison ends where a list does$`, 'm'),
  );
});

test('a rule that never stops firing hides no moment of the others, and loses none by its end', async () => {
  const noisy = rules('1.0', '- {id: always, manual: {topic: /odom}}\n');
  await writeFile(path('noisy.yaml'), noisy);
  await writeFile(path('same.yaml'), noisy.replace('version: 1', 'version: 2'));
  const late = (s: number): number => (s > 1_100 && s < 1_101 ? 2 : 0);
  await writeOdometry(path('late.mcap'), { fromS: 0, toS: 1_200 }, late);
  const args = [path('noisy.yaml'), path('late.mcap'), '--against'];
  const { comparison } = await document(...args, path('same.yaml'));
  expect(comparison).toMatchObject([
    { rule: 'fast', matched: 1, gained: [], lost: [] },
    { rule: 'always', matched: 10_000, gained: [], lost: [] },
  ]);
  const quiet = await document(...args, path('new.yaml'));
  expect(quiet.comparison[0]).toMatchObject({ rule: 'fast', matched: 1, gained: [], lost: [] });
});

test('what a rule costs is measured where its topics are, and left out where they are not', async () => {
  await mkdir(path('mixed'));
  await writeOdometry(path('mixed/a.mcap'), { fromS: 0, toS: 60 }, (s) => s / 1e6);
  await writeOdometry(
    path('mixed/b.mcap'),
    { fromS: 90, toS: 120, topic: '/mast' },
    (s) => s / 1e6,
  );
  const more = '- {id: sway, when: w > 1.0}\n- {id: both, when: v > 1.0 && w > 1.0}\n';
  const mast = 'signals:\n  w: {topic: /mast, path: speed, type: double, unit: m/s}\n';
  await writeFile(path('mixed.yaml'), rules('1.0', more).replace('signals:\n', mast));
  const told = await document(path('mixed.yaml'), path('mixed'));
  const measured = expect.any(Number) as number;
  expect(told.rules).toMatchObject([
    { id: 'fast', nsPerEvaluation: measured, coreShare: measured },
    { id: 'sway', nsPerEvaluation: measured, coreShare: measured },
    { id: 'both', nsPerEvaluation: null, coreShare: null },
  ]);
});

test('rules diff of two files: by meaning, by line, and by what fires', async () => {
  const plain = await run({}, 'diff', path('old.yaml'), path('new.yaml'));
  expect(plain.out).toContain('changed rule fast\n  when: "v > 3.0" -> "v > 1.0"\n');
  expect(plain.out).toContain('removed rule slow');
  const { out, code } = await run({}, 'diff', path('old.yaml'), path('new.yaml'), path('day'));
  expect(out).toContain('removed rule slow');
  expect(out).toMatch(/^fast +0 +6 +0$/m);
  expect([plain.code, code]).toEqual([0, 0]);
});

test('a damaged recording: the rest is reported, then exit 6', async () => {
  const { code, out, err } = await run(
    {},
    'backtest',
    path('new.yaml'),
    path('torn.mcap'),
    path('day'),
  );
  expect(code).toBe(6);
  expect(out).toMatch(/^fast +\d+ /m);
  expect(err).toMatch(/fieldloop: torn\.mcap@byte \d+: /);
});

test('a rule that does not parse exits 2, a file that is not there 4', async () => {
  expect((await run({}, 'backtest', path('bad.yaml'), path('day'))).code).toBe(2);
  expect((await run({}, 'backtest', path('new.yaml'), path('none.mcap'))).code).toBe(4);
  expect((await run({}, 'backtest', path('none.yaml'), path('day'))).code).toBe(4);
});

test('Ctrl-C ends it with 130 and wipes its line of progress', async () => {
  const over = { isTerminal: true, stopRequested: async () => await Promise.resolve() };
  const { code, out, err } = await run(over, 'backtest', path('new.yaml'), path('day'));
  expect([code, out]).toEqual([130, '']);
  expect(err).toContain('\r\u001b[Kfieldloop: you stopped the backtest.');
});

test('which files are splits of one recording', () => {
  const of = (...paths: readonly string[]) =>
    sessionsOf(paths.map((one) => ({ path: one }))).map((files) => files.map((one) => one.path));
  expect(of('d/a_10.mcap', 'd/a_2.mcap', 'd/b.mcap', 'e/a_2.mcap', 'd/a_2.bag')).toEqual([
    ['d/a_2.mcap', 'd/a_10.mcap'],
    ['d/b.mcap'],
    ['e/a_2.mcap'],
    ['d/a_2.bag'],
  ]);
  // The ROS 1 recorder puts the time of each split into its name, and begins anew at 0.
  const at = (time: string, n: number): string => `x_2026-01-01-${time}-00_${n}.bag`;
  expect(of(at('11-00', 0), at('10-05', 1), at('10-00', 0))).toEqual([
    [at('10-00', 0), at('10-05', 1)],
    [at('11-00', 0)],
  ]);
});

test('progress is told with rate and remaining time', () => {
  expect(progressText(2 ** 30, 2 ** 31, 2 ** 28)).toBe(
    '50 %, 1.00 GiB of 2.00 GiB, 256 MiB/s, 4 s left',
  );
});

test('--html: a page that needs nothing else, with a lane a rule and the times as text', async () => {
  const page = path('page.html');
  const args = ['--against', path('old.yaml'), '--html', page];
  const { code, err } = await run({}, 'backtest', path('new.yaml'), path('day'), ...args);
  const html = await readFile(page, 'utf8');
  expect([code, err]).toEqual([0, 'page.html: written\n']);
  expect(html.match(/<svg /g)).toHaveLength(6);
  expect(html.match(/<rect class="clip"/g)).toHaveLength(6);
  expect(html).toContain('<title>fired at 10.000 s: v 2</title>');
  expect(html).toContain('>slow<title>');
  expect(html.match(/<polyline /g)).toHaveLength(6);
  expect(html).toMatch(/<th scope="row">fast<\/th><td class="n">10\.000 s<\/td>/);
  expect(html).not.toMatch(/<script|https?:|url\(|@import|<link|<img/);
});

test('what rules and recordings say is text, never markup', () => {
  expect(escaped(`<b onload='x'>&"`)).toBe('&lt;b onload=&#39;x&#39;&gt;&amp;&quot;');
});

test('a line of many samples keeps its peaks', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => (i === 31_234 ? 9 : i % 2));
  const points = thinned(
    values.map((_, i) => i),
    values,
  );
  expect(points.length).toBeLessThanOrEqual(1_000);
  expect(points).toContainEqual([31_234, 9]);
  expect(points.every(([s], i) => i === 0 || s > (points[i - 1]?.[0] ?? 0))).toBe(true);
});

/**
 * Goal: whatever is typed behind the commands that run rules is heard, or refused.
 * Method: recordings and rule sets made here, the whole command line, and a real API over HTTP.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApiWorld } from '@fieldloop/cloud/sample';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleStartNs, writeOdometry } from './backtest/recordings.sample.ts';
import type { CliIo } from './io.ts';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

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

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-rules-backtest-'));
  await writeFile(path('new.yaml'), rules('1.0'));
  await writeFile(path('old.yaml'), rules('3.0', '- {id: slow, when: v < 0.1}\n'));
  await mkdir(path('day'));
  for (const [i, fromS] of [0, 30].entries()) {
    const span = { fromS, toS: fromS + 30 };
    await writeOdometry(path(`day/run_${i}.mcap`), span, (s) => (s > 10 && s < 11 ? 2 : 0.5));
  }
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

test('test, explain and backtest draw alike, for a robot that is named and for none', async () => {
  const drawn = '- {id: drawn, every: {period: 1s}, sample: {probability: 0.5}}\n';
  await writeFile(path('drawn.yaml'), rules('9.0', drawn));
  const times = async (...device: readonly string[]) => {
    const args = [path('drawn.yaml'), path('day'), ...device];
    const tested = await run({}, 'test', ...args, '--json');
    const { verdicts } = JSON.parse(tested.out) as { verdicts: readonly { atNs: string }[] };
    const seconds = verdicts.map(({ atNs }) => Number(BigInt(atNs) - sampleStartNs) / 1e9);
    const { triggers } = JSON.parse((await run({}, 'backtest', ...args, '--json')).out) as {
      readonly triggers: readonly { seconds: number }[];
    };
    expect(triggers.map((one) => one.seconds)).toEqual(seconds);
    expect(seconds.length).toBeGreaterThan(10);
    const explained = await run({}, 'explain', ...args, '--at', `+${seconds[3]}`);
    expect(explained.out).toContain(`4 times, last at +${seconds[3]} s`);
    return seconds;
  };
  const own = await times();
  expect(await times('--device', 'amr-01')).not.toEqual(own);
});

test('rules diff --json: the changes and what fires are one document', async () => {
  const args = ['diff', path('old.yaml'), path('new.yaml'), path('day'), '--json'];
  const { out } = await run({}, ...args);
  const told = JSON.parse(out) as Readonly<Record<string, object[]>>;
  expect(told['changes']).toContainEqual(
    expect.objectContaining({ change: 'removed', name: 'slow' }),
  );
  expect(told['lines']).toContainEqual(expect.stringMatching(/^-.*v < 0\.1/));
  expect(told['comparison']).toMatchObject([{ rule: 'fast', matched: 0 }, { rule: 'slow' }]);
});

test('rules diff with recordings tells a warning once', async () => {
  const unused = '  w: {topic: /odom, path: speed, type: double, unit: m/s}\nrules:';
  await writeFile(path('unused.yaml'), rules('3.0').replace('rules:\n', `${unused}\n`));
  const { code, err } = await run({}, 'diff', path('unused.yaml'), path('new.yaml'), path('day'));
  expect([code, err.match(/^unused\.yaml:.*$/gm)]).toEqual([
    0,
    [expect.stringContaining('signal "w"')],
  ]);
});

test.each([
  ['backtest new.yaml day --q startNs>0', '--q'],
  ['backtest new.yaml day --session ses_1', '--session'],
  ['backtest new.yaml day --wait', '--wait'],
  ['backtest amr 3 --html page.html', '--html'],
  ['backtest amr 3 --device amr-01', '--device'],
  ['diff old.yaml new.yaml --against 2', '--against'],
  ['diff amr 3 day/run_0.mcap', 'day/run_0.mcap'],
])('what the other form of a command takes is refused: rules %s', async (line, place) => {
  const words = line.split(' ').map((one) => (/^\w+\.yaml$|^day/.test(one) ? path(one) : one));
  const { code, err } = await run({}, ...words);
  expect([code, err.startsWith(`fieldloop: ${place}: `)]).toEqual([2, true]);
});

test('in the cloud, too, a day has the hours that were said', async () => {
  await using world = await openApiWorld();
  const env = { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key, HOME: folder };
  await run({ env }, 'create', 'speeding');
  await run({ env }, 'save', 'speeding', path('new.yaml'));
  const args = ['--duty-hours', '8', '--json'];
  const { code, out } = await run({ env, cwd: folder }, 'backtest', 'speeding', '1', ...args);
  expect([code, JSON.parse(out)]).toMatchObject([0, { kind: 'ruleSets.backtest' }]);
  const { input } = await world.db
    .selectFrom('operation')
    .select('input')
    .executeTakeFirstOrThrow();
  expect(JSON.parse(input)).toMatchObject({ n: 1, dutyHours: 8 });
});

test('what the cloud refuses to save is told whole, at its places in the file', async () => {
  await using world = await openApiWorld();
  const env = { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key, HOME: folder };
  await run({ env }, 'create', 'speeding');
  const wrong = rules('1.0', '- {id: a, when: w > 1.0}\n- {id: b, when: v > }\n');
  await writeFile(path('wrong.yaml'), wrong);
  const { code, err } = await run({ env }, 'save', 'speeding', path('wrong.yaml'));
  const [first = '', second = '', last] = err.trim().split('\n');
  expect([code, first, second]).toEqual([
    2,
    expect.stringMatching(/^wrong\.yaml:\d+:\d+ {2}\S+ {2}.*"w"/),
    expect.stringMatching(/^wrong\.yaml:\d+:\d+ {2}\S+ {2}/),
  ]);
  expect(last).toMatch(/wrong\.yaml: nothing is saved: 2 errors\. Each line/);
  const unused = '  w: {topic: /odom, path: speed, type: double, unit: m/s}\nrules:';
  await writeFile(path('warned.yaml'), rules('3.0').replace('rules:\n', `${unused}\n`));
  const saved = await run({ env }, 'save', 'speeding', path('warned.yaml'));
  expect([saved.code, saved.err]).toEqual([
    0,
    expect.stringMatching(/^warned\.yaml:\d+:\d+ {2}warning unused {2}.*"w".*\.\nnext: /),
  ]);
});

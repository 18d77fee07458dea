/**
 * Goal: `fieldloop rules` tells people and programs the same, and its exit codes are right.
 * Method: a recording and rule sets made here, the whole command line, what it wrote, how it ended.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SampleIo, sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

const odometry: Channel = {
  id: 1,
  topic: '/odom',
  messageEncoding: 'cdr',
  metadata: new Map(),
  schema: {
    name: 'demo/msg/Odom',
    encoding: 'ros2msg',
    data: new TextEncoder().encode('float64 speed\nstring frame\n'),
  },
  latched: false,
};

const good = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: speeding, version: 2}
signals:
  v: {topic: /odom, path: speed, type: double, unit: m/s}
rules:
- {id: fast, severity: critical, when: v > 1.0, limits: {cooldown: 1s}}
`;

let folder = '';
let recording = '';
let torn = '';
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-rules-'));
  recording = path('run.mcap');
  torn = path('torn.mcap');
  await writeFile(path('good.yaml'), good);
  await writeFile(path('bad.yaml'), good.replace('v > 1.0', 'vv > 1.0 && abs(v) > "x"'));
  await writeFile(path('other.yaml'), good.replaceAll('speed,', 'sped,'));
  await writeFile(path('text.yaml'), good.replaceAll('speed,', 'frame,'));
  {
    await using file = await createFile(recording);
    const writer = await openClipWriter(file, {
      profile: '',
      library: 'test',
      compression: 'none',
    });
    await writer.channel(odometry);
    const startNs = 1_700_000_000_000_000_000n;
    for (const [i, speed] of [0, 2, 0, 2, 0, 0, 0, 2, 0, 0].entries()) {
      const data = new Uint8Array(17);
      const view = new DataView(data.buffer);
      view.setUint8(1, 1);
      view.setFloat64(4, speed, true);
      view.setUint32(12, 1, true);
      const logTimeNs = startNs + BigInt(i) * 500_000_000n;
      await writer.message(odometry.id, { sequence: i, logTimeNs, publishTimeNs: logTimeNs, data });
    }
    await writer.finish();
  }
  const bytes = await readFile(recording);
  await writeFile(torn, bytes.subarray(0, 400));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(...args: readonly string[]): Promise<SampleIo['written'] & { code: number }> {
  const io = sampleIo();
  const code = await runCli(['rules', ...args], io);
  const plain = (text: string): string => text.replaceAll(`${folder}/`, '');
  return { code, out: plain(io.written.out), err: plain(io.written.err) };
}

test('lint: a sound set is named, with its digest', async () => {
  const { code, out, err } = await run('lint', path('good.yaml'));
  expect(out).toMatch(/^good\.yaml: speeding version 2, 1 rule, digest [0-9a-f]{12}\n$/);
  expect([code, err]).toEqual([0, '']);
});

test('lint: every problem of every file, then one line with the count, exit 2', async () => {
  const { code, out, err } = await run('lint', path('bad.yaml'), path('good.yaml'));
  expect(out.split('\n').slice(0, 2)).toEqual([
    'bad.yaml:7:40  unknown-signal  unknown signal "vv". Did you mean "v"?  Signals are declared under "signals:".',
    'bad.yaml:7:59  type  abs(v) is a double, "x" a string  Compare values of one type; a text stands in quotes, a number does not.',
  ]);
  expect(err).toBe('fieldloop: 2 errors in bad.yaml. Each line above says what to do.\n');
  expect(code).toBe(2);
});

test('lint --recording: fields that are not there', async () => {
  const { code, out } = await run('lint', path('other.yaml'), '--recording', recording);
  expect(out).toContain('other.yaml:5:27  unknown-field');
  expect(out).toContain('Did you mean "speed"?');
  expect(code).toBe(2);
  expect((await run('lint', path('good.yaml'), '--recording', recording)).code).toBe(0);
});

test('lint --recording: what an error elsewhere does not hide', async () => {
  await writeFile(path('both.yaml'), good.replace('speed,', 'sped,').replace('> 1.0', '> "x"'));
  const { code, out } = await run('lint', path('both.yaml'), '--recording', recording);
  expect(out).toContain('both.yaml:5:27  unknown-field');
  expect(out).toContain('both.yaml:7:42  type');
  expect(code).toBe(2);
});

test('lint: a file or recording that is not there hides nothing of the others', async () => {
  const { code, out, err } = await run(
    'lint',
    path('bad.yaml'),
    path('no.yaml'),
    path('good.yaml'),
  );
  expect(out).toContain('bad.yaml:7:40  unknown-signal');
  expect(out).toContain('good.yaml: speeding version 2');
  expect(err).toContain('no.yaml: there is no such file');
  expect(code).toBe(4);
  const other = await run('lint', path('bad.yaml'), '--recording', path('no.mcap'));
  expect(other.out).toContain('bad.yaml:7:40  unknown-signal');
  expect(other.err).toContain('no.mcap');
  expect(other.code).toBe(4);
});

test('lint --json: one document', async () => {
  const { code, out } = await run('lint', '--json', path('bad.yaml'), path('good.yaml'));
  const { files } = JSON.parse(out) as {
    files: { file: string; digest?: string; problems: { line: number; code: string }[] }[];
  };
  expect(code).toBe(2);
  expect(files.map(({ problems }) => problems.map((one) => one.code))).toEqual([
    ['unknown-signal', 'type'],
    [],
  ]);
  expect(files.map(({ digest }) => digest?.length)).toEqual([undefined, 64]);
});

test('a trial: which rule fired when, with the values, and what was counted', async () => {
  const { code, out, err } = await run('test', path('good.yaml'), recording);
  expect(out).toBe(`     AT  LOG TIME                  RULE  SEVERITY  VALUES
0.500 s  2023-11-14T22:13:20.500Z  fast  critical  v = 2
1.500 s  2023-11-14T22:13:21.500Z  fast  critical  v = 2
3.500 s  2023-11-14T22:13:23.500Z  fast  critical  v = 2

RULE  FIRED  UNKNOWN  HELD BACK
fast      3        0  -

10 messages, 4.500 s, 0 late, 0 corrupt values, 0 clock jumps
`);
  expect([code, err]).toEqual([0, '']);
});

test('a trial: what was held back and why, and what runs in the shadow', async () => {
  const rules = `- {id: fast, when: v > 1.0, limits: {cooldown: 1200ms, perHour: 1}}
- {id: dark, when: v > 1.0, shadow: true}`;
  await writeFile(path('held.yaml'), `${good.slice(0, good.indexOf('- {id'))}${rules}\n`);
  const { out } = await run('test', path('held.yaml'), recording);
  expect(out).toMatch(/^ *0\.500 s .* \(dark\) +warning/m);
  expect(out).toMatch(/^fast +1 +0 {2}1 cooldown, 1 limit *$/m);
  expect(out).toMatch(/^dark +0 +0 {2}3 shadow *$/m);
});

test('a trial, --json: the verdicts as the agent gives them', async () => {
  const { code, out } = await run('test', '--json', path('good.yaml'), recording);
  const document = JSON.parse(out) as { verdicts: object[]; rules: object; damage: null };
  expect(document.verdicts[0]).toMatchObject({
    ruleId: 'fast',
    version: 2,
    atNs: '1700000000500000000',
    values: { v: 2 },
    capture: { topics: ['*'], preNs: '10000000000', postNs: '5000000000' },
  });
  expect(document.rules).toMatchObject({
    fast: { fired: 3, unknown: 0, suppressed: { cooldown: 0 } },
  });
  expect([code, document.damage]).toEqual([0, null]);
});

test('a trial: says why a rule stays silent', async () => {
  const { code, err } = await run('test', path('text.yaml'), recording);
  expect(err).toContain('text.yaml:5:40  type  /odom frame is a string, not a double');
  expect(err).toContain('/odom frame is unknown throughout');
  expect(code).toBe(0);
});

test('a trial: a torn recording gives what came before, then exit 6', async () => {
  const { code, out, err } = await run('test', path('good.yaml'), torn);
  expect(out).toContain('fast  ');
  expect(err).toMatch(/fieldloop: torn\.mcap@byte \d+: /);
  expect(code).toBe(6);
});

test('a trial: bad rules exit 2, missing files exit 4', async () => {
  const bad = await run('test', path('bad.yaml'), recording);
  expect(bad.err).toContain('bad.yaml:7:40  unknown-signal');
  expect(bad.code).toBe(2);
  const noRules = await run('test', path('none.yaml'), recording);
  expect(noRules.err).toContain('none.yaml: there is no such file');
  expect(noRules.code).toBe(4);
  expect((await run('test', path('good.yaml'), path('none.mcap'))).code).toBe(4);
  expect((await run('lint', folder)).code).toBe(4);
});

test('schema: what editors need', async () => {
  const { code, out } = await run('schema');
  expect(JSON.parse(out)).toMatchObject({ type: 'object', required: expect.anything() as unknown });
  expect(code).toBe(0);
});

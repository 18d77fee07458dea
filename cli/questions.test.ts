/**
 * Goal: every command of the operator's guide does what the guide says.
 * Method: read docs/operating/questions.md, run each line against a real API with its worker, and
 * look for what the question asked in the answer.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiWorld, openApiWorld, sampleDrive, sampleRecording } from '@fieldloop/cloud/sample';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';

const guide = join(import.meta.dirname, '../docs/operating/questions.md');

/** What the answer to a question shows, by its number. */
const shows: Readonly<Record<number, RegExp>> = {
  1: /amr-01 +\S+ +near-miss +min_range 0\.31/,
  2: /1 of 1 would change/,
  3: /min_range < 0\.4 && vx > 0\.2/,
  4: /near-miss +2[\s\S]*amr-01 +2/,
  5: /2024-05-31 \S+ +█+ 1[\s\S]*█ 1/,
  6: /0\.25 classifier\.entropy/,
  7: /clips\/amr-01_.*near-miss.*\.mcap/,
  8: /\/odom[\s\S]*"topic":"\/odom"/,
  9: /\/odom\.twist\.linear\.x +\S+ to \S+[\s\S]*[▁▂▃▄▅▆▇█]/,
  10: /foxglove +https:\/\/app\.foxglove\.dev/,
  11: /command +cmd_\S+, queued/,
  12: /all\.mcap/,
  13: /amr-0[12][\s\S]*online +no/,
  14: /site +hall-2/,
  15: /stored[\s\S]*LENGTH|LENGTH[\s\S]*stored/,
  16: /\/scan +unknown/,
  17: /nothing is wanted of it/,
  18: /clip_now +queued/,
  19: /now +1: amr-01[\s\S]*cohort +hall-2/,
  20: /label +door was shut/,
  21: /should have +brake for the cart[\s\S]*flr_/,
  22: /amr version 1, 1 rule[\s\S]*a robot and a day/,
  23: /pub_\S+[\s\S]*shadow/,
  24: /says[\s\S]*disk nearly full/,
  25: /cohort\.create[\s\S]*chain +whole/,
  26: /\/join#[\s\S]*flk_/,
  27: /\S{20,}/,
  28: /severity +text[\s\S]*for +clips[\s\S]*amr-01 .*near-miss/,
  29: /pull +queued[\s\S]*clip_now +queued/,
};

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: amr, version: 1}
signals:
  vx: {topic: /odom, path: twist.twist.linear.x, type: double, unit: m/s}
rules:
- id: moving
  severity: warning
  when: vx > 0.3
  limits: {cooldown: 5s}
  capture: {topics: ["/odom"], pre: 2s, post: 1s}
`;

const disk = `name: disk nearly full
severity: critical
condition: {kind: metric, metric: disk.free, op: lt, value: 5000000000}
forS: 300
groupBy: device
`;

const before = process.cwd();
let world: ApiWorld;
let folder = '';
const words: Record<string, string> = { SIGNAL: '/odom.twist.linear.x' };

beforeAll(async () => {
  world = await openApiWorld({ worker: true });
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-guide-'));
  await world.putClip(1, { severity: 'critical', bytes: await sampleRecording(sampleDrive()) });
  await world.putClip(2);
  const { items } = (await (await world.get('/v1/clips')).json()) as {
    items: { id: string; state: string }[];
  };
  words['CLIP'] = items.find(({ state }) => state === 'stored')?.id ?? '';
  words['ON_ROBOT'] = items.find(({ state }) => state === 'on_device')?.id ?? '';
  await world.patch('/v1/devices/amr-01', { site: 'hall-2' }, { 'if-match': '*' });
  await writeFile(join(folder, 'rules.yaml'), rules);
  await writeFile(join(folder, 'disk.yaml'), disk);
  // The guide's files are where its commands run.
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(before);
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Question {
  readonly n: number;
  readonly title: string;
  readonly lines: readonly string[];
}

const questions: readonly Question[] = [
  ...readFileSync(guide, 'utf8').matchAll(/^## (\d+)\. (.*)\n```sh\n([\s\S]*?)```/gm),
].map(([, n = '', title = '', block = '']) => ({
  n: Number(n),
  title,
  lines: block.trim().split('\n'),
}));

/** Words of a shell line: quotes as the shell has them, and the guide's variables. */
function wordsOf(line: string): readonly string[] {
  const filled = line.replaceAll(/\$([A-Z_]+)/g, (_, name: string) => words[name] ?? '');
  return [...filled.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

test('the guide has at least twenty questions, and each is looked at', () => {
  expect(questions.length).toBeGreaterThanOrEqual(20);
  expect(questions.map(({ n }) => n)).toEqual(Object.keys(shows).map(Number));
});

test.each(questions)('$title', async ({ n, lines }) => {
  const env = { FIELDLOOP_API_URL: world.url, FIELDLOOP_API_KEY: world.key, HOME: folder };
  let written = '';
  for (const line of lines) {
    const [program, ...args] = wordsOf(line);
    expect(program, line).toBe('fieldloop');
    const io = sampleIo({ cwd: folder, env });
    const code = await runCli(args, io);
    const err = code === 0 ? '' : io.written.err;
    expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
    written += io.written.out + io.written.err;
  }
  expect(written).toMatch(shows[n] ?? /$^/);
});

/**
 * Goal: somebody who wonders why a rule did not fire is told, in words and as JSON.
 * Method: the whole command line on a recording made here.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleStartNs, writeOdometry } from './backtest/recordings.sample.ts';
import { sampleIo } from './io.sample.ts';
import { runCli } from './main.ts';
import { momentOf } from './rules-explain.ts';

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: speeding, version: 2}
signals:
  v: {topic: /odom, path: speed, type: double, unit: m/s}
  x: {topic: /other, path: speed, type: double}
rules:
- {id: fast, when: v > 1.0, for: 300ms}
- {id: other, when: x > 1.0}
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-explain-'));
  await writeFile(join(folder, 'r.yaml'), rules);
  await writeOdometry(join(folder, 'run.mcap'), { fromS: 0, toS: 10 }, (s) =>
    s >= 5 ? 1.5 : 0.25,
  );
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(...args: readonly string[]) {
  const io = sampleIo();
  const words = ['rules', 'explain', join(folder, 'r.yaml'), join(folder, 'run.mcap'), ...args];
  const code = await runCli(words, io);
  return { code, out: io.written.out, err: io.written.err };
}

test('a rule that does not fire: values, margin and what it waits for', async () => {
  const { code, out } = await run('--at', '+2.05');
  expect(code).toBe(0);
  expect(out).toBe(`fast: false
         VALUE  MARGIN
  v > 1  false   -0.75
    v    0.25
  state: waits for its condition; it has not fired before
  to fire: v > 1 (it is 0.75 away); then its condition must hold for 300ms

other: unknown
         VALUE                              MARGIN
  x > 1  unknown
    x    unknown: no message of /other yet
  state: waits for its condition; it has not fired before
  to fire: x > 1 (it is unknown: no message of /other yet)
`);
});

test('the moment of the trigger, by instant and by log time; one rule, as JSON', async () => {
  const ns = sampleStartNs + 5_300_000_000n;
  const { out } = await run('--at', String(ns), '--rule', 'fast', '--json');
  expect(JSON.parse(out)).toMatchObject({
    atNs: String(ns),
    rules: [{ rule: 'fast', condition: true, firedNs: String(ns), needs: [], fired: 1 }],
  });
  const instant = '2023-11-14T22:13:25.3Z';
  expect((await run('--at', instant, '--rule', 'fast')).out).toContain('it fires at this moment');
});

test('what cannot be explained is refused with its remedy', async () => {
  for (const [args, says, code] of [
    [['--at', '+60'], 'has no such moment', 4],
    [['--at', 'noon'], '"noon" is not a moment', 2],
    [['--at', '+1', '--rule', 'slow'], 'the rule set has no rule "slow". It has fast, other', 4],
  ] as const) {
    const ran = await run(...args);
    expect(ran.err).toContain(says);
    expect([ran.code, ran.out]).toEqual([code, '']);
  }
});

test('moments', () => {
  expect(momentOf('+1.5', 10n)).toBe(1_500_000_010n);
  expect(momentOf('+2s', 0n)).toBe(2_000_000_000n);
  expect(momentOf('1970-01-01T01:00:00.000000007+01:00', 5n)).toBe(7n);
  expect(momentOf('123', 5n)).toBe(123n);
});

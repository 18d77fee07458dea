/**
 * Goal: each rule of the library fires for its own reason, and stays silent for the others'.
 * Method: golden triggers on synthetic driving in ROS 2 messages, all rules as one set; shifts with
 * known truth are in sim/shift/library.test.ts.
 */
import { readFile } from 'node:fs/promises';
import type { Channel } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { openEngine } from './engine.ts';
import { loadLibrary } from './library.ts';
import { mergeRuleSets } from './merge.ts';
import { problemLine } from './problem.ts';
import { parseRuleSet } from './document.ts';
import { jsonChannel, originNs, type TestMessage, wholeBlock } from './test-blocks.ts';
import { type EngineOutput, firesOf } from './verdict.ts';

const topics = ['/odom', '/scan', '/imu/data', '/camera/front/compressed'];
const channels: Channel[] = topics.map(jsonChannel);

interface Driving {
  readonly seconds: number;
  readonly speedAt?: (seconds: number) => number;
  readonly rangeAt?: (seconds: number) => number;
  /** Whether the lidar speaks. */
  readonly scansAt?: (seconds: number) => boolean;
  readonly entropyAt?: (seconds: number) => number;
}

/** Odometry at 50 Hz, scans at 10 Hz with a beam of dust at 1 cm, scores at 5 Hz. */
async function drive(driving: Driving): Promise<string[]> {
  const { speedAt = () => 1, rangeAt = () => 5, scansAt = () => true } = driving;
  // Without embeddings all is new to novelty; shifts have some.
  const library = (await loadLibrary()).filter(({ file }) => file !== 'novelty.yaml');
  const { ruleSet } = mergeRuleSets(library, { name: 'library', version: 1 });
  const engine = openEngine(ruleSet, { device: 'amr-01' });
  for (const channel of channels) engine.channel(0, channel);
  const verdicts: EngineOutput[] = [];
  for (let ms = 0; ms < driving.seconds * 1_000; ms += 20) {
    const s = ms / 1_000;
    const messages: TestMessage[] = [
      { topic: '/odom', ms, value: { twist: { twist: { linear: { x: speedAt(s) } } } } },
    ];
    if (ms % 100 === 0 && scansAt(s)) {
      messages.push({ topic: '/scan', ms, value: { ranges: [9, 0.01, rangeAt(s), 7] } });
    }
    if (ms % 200 === 0 && driving.entropyAt !== undefined) {
      verdicts.push(
        ...engine.score({
          scorer: 'classifier',
          atNs: originNs + BigInt(ms) * 1_000_000n,
          values: { entropy: driving.entropyAt(s), margin: 0.5 },
          latencyMs: 8,
          modelSha256: '',
        }),
      );
    }
    verdicts.push(...engine.block(0, wholeBlock(messages, channels)));
  }
  verdicts.push(...engine.flush());
  return firesOf(verdicts).map((one) => `${one.ruleId} ${Number(one.atNs - originNs) / 1e9}`);
}

const baseline = 'baseline-sample 5';

test('each file is sound, without a warning, and says why and what its numbers mean', async () => {
  const library = await loadLibrary();
  expect(library.map(({ file }) => file)).toEqual(
    library.map(({ ruleSet }) => `${ruleSet.name}.yaml`),
  );
  expect(library.length).toBeGreaterThanOrEqual(10);
  for (const { file, text, ruleSet } of library) {
    expect(parseRuleSet(text, file).problems.map(problemLine)).toEqual([]);
    for (const rule of ruleSet.rules) expect(rule.why).toMatch(/^[A-Z].*\.$/);
    expect(text).toMatch(/^# .*\n(#.*\n)*# Needs(.|\n)*# Parameters(.|\n)*# Costs/);
  }
});

test('the page of ready rules names each of them, and none that is not there', async () => {
  const page = await readFile(
    new URL('../docs/operating/rule-library.md', import.meta.url),
    'utf8',
  );
  const linked = [...page.matchAll(/rules\/library\/([a-z-]+\.yaml)/g)].map((match) => match[1]);
  const files = (await loadLibrary()).map(({ file }) => file);
  expect(new Set(linked)).toEqual(new Set(files));
});

test('ordinary driving: nothing but the baseline', async () => {
  expect(await drive({ seconds: 20, entropyAt: () => 0.1 })).toEqual([baseline]);
});

test('near-miss: fast towards something near, once until the way is free again', async () => {
  const rangeAt = (s: number): number => (s >= 8 && s < 10 ? 0.8 : s >= 30 && s < 31 ? 1.1 : 5);
  expect(await drive({ seconds: 40, rangeAt })).toEqual([
    baseline,
    'near-miss 8.15',
    'near-miss 30.15',
  ]);
});

test('near-miss: not for one wrong scan, not when slow, not behind slow things', async () => {
  const glitch = (s: number): number => (s >= 8 && s < 8.1 ? 0.8 : 5);
  expect(await drive({ seconds: 12, rangeAt: glitch })).toEqual([baseline]);
  expect(await drive({ seconds: 12, rangeAt: () => 0.3, speedAt: () => 0.2 })).toEqual([baseline]);
  expect(await drive({ seconds: 12, rangeAt: () => 1.6 })).toEqual([baseline]);
});

test('confidence-drop: unsure for a second while driving', async () => {
  const entropyAt = (s: number): number => (s >= 7 && s < 12 ? 0.9 : 0.1);
  expect(await drive({ seconds: 15, entropyAt })).toEqual([baseline, 'confidence-drop 8']);
  const standing = { seconds: 15, entropyAt, speedAt: () => 0, rangeAt: () => 0.5 };
  expect(await drive(standing)).toEqual([baseline]);
  const glance = (s: number): number => (s >= 7 && s < 7.5 ? 0.9 : 0.1);
  expect(await drive({ seconds: 15, entropyAt: glance })).toEqual([baseline]);
});

test('sensor-dropout: the lidar is silent, or stutters, while the robot is on', async () => {
  const silent = (s: number): boolean => s < 14 || s > 17;
  expect(await drive({ seconds: 24, scansAt: silent })).toEqual([baseline, 'sensor-dropout 15.4']);
  const dead = (): boolean => false;
  expect(await drive({ seconds: 14, scansAt: dead })).toEqual([baseline, 'sensor-dropout 11.5']);
  const slowToStart = (s: number): boolean => s > 8;
  expect(await drive({ seconds: 18, scansAt: slowToStart })).toEqual([baseline]);
  const stutters = (s: number): boolean => s < 12 || Math.round(s * 10) % 2 === 0;
  const fired = await drive({ seconds: 22, scansAt: stutters });
  expect(fired.slice(1)).toEqual([expect.stringMatching(/^sensor-dropout 1[0-9]/)]);
});

test('merging: one name with two meanings, and one rule twice, are refused', async () => {
  const library = await loadLibrary();
  const [first] = library;
  const second = library.find(({ file }) => file === 'confidence-drop.yaml');
  if (first === undefined || second === undefined) throw new Error('the library is empty');
  const names = { name: 'both', version: 1 };
  expect(() => mergeRuleSets([first, first], names)).toThrow(/means one thing/);
  const other = { file: 'other.yaml', text: second.text.replace('maxAge: 1s', 'maxAge: 2s') };
  expect(() =>
    mergeRuleSets(
      [...library, { ...other, text: other.text.replace('id: confidence', 'id: x') }],
      names,
    ),
  ).toThrow(/signals.vx means one thing in [a-z-]+\.yaml and another in other.yaml/);
});

/**
 * Goal: rules of the library hold on recordings that others made, not only on simulated ones.
 * Method: library files with their topics renamed to those of the shared recordings; what must fire
 * is counted again from the log times of the messages alone.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readRecording, type RecordingItem } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { problemLine } from './problem.ts';
import { openTrial, type Trial } from './trial.ts';

const shared = fileURLToPath(new URL('../../shared/data/recordings/rosbag1/', import.meta.url));
const turtle = `${shared}foxglove-example.bag`;
const embark = `${shared}embag-test.bag`;

type Names = readonly (readonly [from: string, to: string])[];

async function trialOf(rule: string, path: string, names: Names) {
  const file = new URL(`./library/${rule}.yaml`, import.meta.url);
  const library = await readFile(file, 'utf8');
  const text = names.reduce((all, [from, to]) => all.replaceAll(from, to), library);
  const { ruleSet, problems } = parseRuleSet(text, `${rule}.yaml`);
  if (ruleSet === undefined) throw new TypeError(problems.map(problemLine).join('\n'));
  const items: RecordingItem[] = [];
  await using source = await openFile(path);
  for await (const item of readRecording(source)) items.push(item);
  const run = openTrial(ruleSet, { device: 'shared', whole: true });
  for (const item of items) run.take(item);
  const trial = run.end();
  if (trial === undefined) throw new TypeError('no messages');
  return { trial, items };
}

const secondsOf = ({ triggers, startNs }: Trial): number[] =>
  triggers.map(({ atNs }) => Number(atNs - startNs) / 1e9);

/** Log times of a topic, from the start of the recording, in seconds. */
function timesOf(items: readonly RecordingItem[], topic: string, startNs: bigint): number[] {
  const ids = new Set(
    items.flatMap((item) =>
      item.kind === 'channel' && item.channel.topic === topic ? [item.channel.id] : [],
    ),
  );
  return items
    .flatMap((item) => {
      if (item.kind !== 'block') return [];
      const { block } = item;
      const own = Array.from({ length: block.count }, (_, i) => i);
      return own
        .filter((i) => ids.has(block.channelIds[i] ?? -1))
        .map((i) => Number(block.baseNs + BigInt(block.timesNs[i] ?? 0) - startNs) / 1e9);
    })
    .sort((a, b) => a - b);
}

const needs = (path: string): boolean => !existsSync(path);

test.skipIf(needs(turtle))(
  'sensor-dropout: each silence of the commands in turtlesim (needs ../shared/data)',
  async () => {
    const names: Names = [
      ['topic: /scan', 'topic: /turtle1/cmd_vel'],
      // No time to start: the recording begins with the silences.
      ['held(age("/odom") < duration("1s"), "10s")', 'age("/turtle1/pose") < duration("1s")'],
      ['      minHz: 6\n      window: 5s\n', ''],
      ['for: 1500ms', 'for: 500ms'],
      ['cooldown: 15s', 'cooldown: 0s'],
    ];
    const { trial, items } = await trialOf('sensor-dropout', turtle, names);
    const times = timesOf(items, '/turtle1/cmd_vel', trial.startNs);
    const length = Number(trial.endNs - trial.startNs) / 1e9;
    const [firstPose = 0] = timesOf(items, '/turtle1/pose', trial.startNs);
    // Silence counts from arming, then from each command; it is one when the next comes too late.
    const from = [firstPose, ...times];
    const silences = from.filter((at, i) => (from[i + 1] ?? length) - at >= 0.5);
    const fired = secondsOf(trial);
    expect(silences.length).toBeGreaterThan(1);
    expect(fired).toHaveLength(silences.length);
    for (const [i, at] of silences.entries()) expect(fired[i]).toBeCloseTo(at + 0.5, 2);
  },
);

test.skipIf(needs(turtle))(
  'stuck and localisation-jump: silent for a turtle that moves as it is told',
  async () => {
    const stuck = await trialOf('stuck', turtle, [
      ['topic: /odom', 'topic: /turtle1/pose'],
      ['twist.twist.linear.x', 'linear_velocity'],
      ['topic: /cmd_vel', 'topic: /turtle1/cmd_vel'],
      ['"8s"', '"2s"'],
    ]);
    const jump = await trialOf('localisation-jump', turtle, [
      ['topic: /odom', 'topic: /turtle1/pose'],
      ['twist.twist.linear.x', 'linear_velocity'],
      ['/amcl_pose', '/turtle1/pose'],
      ['pose.pose.position.', ''],
    ]);
    for (const { trial } of [stuck, jump]) {
      expect(trial.blind.size).toBe(0);
      expect(trial.evaluations).toBeGreaterThan(1_000);
      expect([secondsOf(trial), trial.faults]).toEqual([[], 0]);
    }
    // A tighter one sees the steps of 2 m/s at 62 Hz: the rule reads what it should.
    const close = await trialOf('localisation-jump', turtle, [
      ['topic: /odom', 'topic: /turtle1/pose'],
      ['twist.twist.linear.x', 'linear_velocity'],
      ['/amcl_pose', '/turtle1/pose'],
      ['pose.pose.position.', ''],
      ['> 0.6', '> 0.03'],
      ['cooldown: 30s', 'cooldown: 1s'],
    ]);
    expect(close.trial.triggers.length).toBeGreaterThan(3);
  },
);

test.skipIf(needs(embark))(
  'near-miss: a thing at 27 cm is none while the robot stands',
  async () => {
    const names: Names = [
      ['topic: /odom', 'topic: /base_pose_ground_truth'],
      ['topic: /scan', 'topic: /base_scan'],
    ];
    const { trial } = await trialOf('near-miss', embark, names);
    expect([trial.blind.size, trial.faults, secondsOf(trial)]).toEqual([0, 0, []]);
    const standing = await trialOf('near-miss', embark, [
      ...names,
      [
        'vx > 0.5 && ttc(range, vx) < 1.2 && drop(range, "500ms") > 0.2',
        'vx >= 0.0 && range < 0.3',
      ],
      ['for: 150ms', 'for: 0s'],
    ]);
    expect(standing.trial.triggers).toHaveLength(1);
  },
);

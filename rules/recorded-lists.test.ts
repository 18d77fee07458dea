/**
 * Goal: rules over lists of a real recording fire where its decoded messages say.
 * Method: transforms and laser ranges of shared bags; the rising moments of macros and folds are
 * compared with those of plain code over what the reference decoder gives.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Channel, decodeMessage, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { openEngine } from './engine.ts';
import { problemLine } from './problem.ts';
import { type EngineOutput, firesOf } from './verdict.ts';

const folder = fileURLToPath(new URL('../../shared/data/recordings/rosbag1/', import.meta.url));
const bag = `${folder}foxglove-example.bag`;
const scans = `${folder}embag-test.bag`;

interface Case {
  readonly file: string;
  readonly topic: string;
  readonly path: string;
  readonly when: string;
  readonly holds: (message: Readonly<Record<string, unknown>>) => boolean;
}

interface Transform {
  readonly child_frame_id: string;
  readonly transform: { readonly translation: { readonly x: number; readonly y: number } };
}

const transformsOf = (message: Readonly<Record<string, unknown>>): readonly Transform[] =>
  message['transforms'] as Transform[];
const rangesOf = (message: Readonly<Record<string, unknown>>): number[] =>
  Array.from(message['ranges'] as ArrayLike<number>);

const cases: readonly Case[] = [
  {
    file: bag,
    topic: '/tf',
    path: 'transforms',
    when: 'all.exists(t, t.child_frame_id == "turtle1" && t.transform.translation.x > 6.0)',
    holds: (message) =>
      transformsOf(message).some((one) => {
        return one.child_frame_id === 'turtle1' && one.transform.translation.x > 6;
      }),
  },
  {
    file: bag,
    topic: '/tf',
    path: 'transforms',
    when: 'sum(all.map(t, t.transform.translation.y)) > 6.0',
    holds: (message) =>
      transformsOf(message).reduce((sum, one) => sum + one.transform.translation.y, 0) > 6,
  },
  {
    file: scans,
    topic: '/base_scan',
    path: 'ranges',
    when: 'all.filter(r, r < 1.0).size() > 3 || least(all) < 0.3',
    holds: (message) => {
      const ranges = rangesOf(message);
      return ranges.filter((one) => one < 1).length > 3 || Math.min(...ranges) < 0.3;
    },
  },
];

/** When the rule fires, and when it should, by log time. */
async function compare({ file, topic, path, when, holds }: Case) {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: lists, version: 1}
signals: {all: {topic: ${topic}, path: ${path}, type: list, maxItems: 4096}}
rules:
- {id: r, when: '${when}'}
`;
  const { ruleSet, problems } = parseRuleSet(text, 'r.yaml');
  if (ruleSet === undefined) throw new Error(problems.map(problemLine).join('\n'));
  const engine = openEngine(ruleSet, { device: 'a' });
  const channels = new Map<number, Channel>();
  const outputs: EngineOutput[] = [];
  const looks: { readonly atNs: bigint; readonly is: boolean }[] = [];
  await using recording = await openFile(file);
  for await (const item of readRecording(recording)) {
    if (item.kind === 'channel') {
      channels.set(item.channel.id, item.channel);
      engine.channel(0, item.channel);
    }
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      const channel = channels.get(block.channelIds[i] ?? 0);
      if (channel?.topic !== topic) continue;
      const bytes = block.data.subarray(block.starts[i], block.ends[i]);
      const message = decodeMessage(channel, bytes) as Readonly<Record<string, unknown>>;
      looks.push({ atNs: block.baseNs + BigInt(block.timesNs[i] ?? 0), is: holds(message) });
    }
    outputs.push(...engine.block(0, block));
  }
  outputs.push(...engine.flush());
  const ordered = looks.toSorted((a, b) => Number(a.atNs - b.atNs));
  const rising = ordered.filter(({ is }, i) => is && ordered[i - 1]?.is !== true);
  return {
    fired: firesOf(outputs).map(({ atNs }) => atNs),
    expected: rising.map(({ atNs }) => atNs),
  };
}

// Skipped without ../shared/data, where the bags are.
test.skipIf(!existsSync(bag))('lists of real messages', async () => {
  for (const one of cases) {
    const { fired, expected } = await compare(one);
    expect(expected.length, one.when).toBeGreaterThan(0);
    expect(fired, one.when).toEqual(expected);
  }
});

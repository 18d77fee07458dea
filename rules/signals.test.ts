/**
 * Goal: positions, filters, ranges and log time reach rules as the language says.
 * Method: small rule sets over JSON messages; a filter against its closed form; a restart in the
 * middle of all of it.
 */
import type { Json } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { openEngine } from './engine.ts';
import { problemLine } from './problem.ts';
import { channelsOf, every, inTimeOrder, originNs, type TestMessage } from './test-blocks.ts';
import { wholeBlock } from './test-blocks.ts';
import { type EngineOutput, firesOf, type Verdict } from './verdict.ts';

const head = 'apiVersion: fieldloop.rules/v1\nkind: RuleSet\nmetadata: {name: test, version: 1}\n';

function ruleSetOf(body: string) {
  const { ruleSet, problems } = parseRuleSet(head + body, 'r.yaml');
  if (ruleSet === undefined) throw new Error(problems.map(problemLine).join('\n'));
  return ruleSet;
}

/** Verdicts of all messages; with `restartAt` the engine is saved and loaded in between. */
function run(body: string, messages: readonly TestMessage[], restartAt?: number): Verdict[] {
  const ruleSet = ruleSetOf(body);
  const open = () => {
    const engine = openEngine(ruleSet, { device: 'a' });
    for (const channel of channelsOf(messages)) engine.channel(0, channel);
    return engine;
  };
  const channels = channelsOf(messages);
  let engine = open();
  const verdicts: EngineOutput[] = [];
  for (const [i, message] of messages.entries()) {
    verdicts.push(...engine.block(0, wholeBlock([message], channels)));
    if (i !== restartAt) continue;
    const saved = JSON.stringify(engine.checkpoint());
    engine = open();
    engine.restore(JSON.parse(saved) as Json);
  }
  verdicts.push(...engine.flush());
  return firesOf(verdicts);
}

const msOf = (verdict: Verdict): number => Number((verdict.atNs - originNs) / 1_000_000n);
const shown = (verdicts: readonly Verdict[]): string[] =>
  verdicts.map((verdict) => `${verdict.ruleId}@${msOf(verdict)}`);

const geo = `signals:
  pos: {topic: /fix, path: [latitude, longitude], type: geo, maxAge: 1s}
geofences:
  dock: {polygon: [[52.0, 4.0], [52.0, 4.1], [52.1, 4.1], [52.1, 4.0]]}
  yard: {circle: {center: [52.0, 5.0], radius: 100}}
rules:
`;

/** A robot that drives east along 52.05 N, 0.01 degrees a second. */
const drive = every('/fix', { toMs: 20_000, periodMs: 100 }, (ms) => ({
  latitude: 52.05,
  longitude: 3.995 + ms * 1e-5,
}));

test('a geofence holds between its borders', () => {
  const rule = `- {id: in, when: 'inside(pos, "dock")'}\n- {id: out, when: '!inside(pos, "dock")'}\n`;
  // At 500 ms and at 10.5 s the position stands on a border, which is left open.
  const fired = run(geo + rule, drive).map((verdict) => [
    verdict.ruleId,
    Math.round((msOf(verdict) - 500) / 1_000),
  ]);
  expect(fired).toEqual([
    ['out', -0],
    ['in', 0],
    ['out', 10],
  ]);
});

test('a position in two places, what a clip shows of it, and a restart', () => {
  const jumps = inTimeOrder([
    ...drive.filter(({ ms }) => ms !== 5_000),
    { topic: '/fix', ms: 5_000, value: { latitude: 52.06, longitude: 4.045 } },
  ]);
  const rule = `- {id: jump, when: 'dist(pos, prev(pos)) > 500.0'}\n- {id: cell, when: 'changed(geohash(pos, 5))'}\n`;
  const fired = run(geo + rule, jumps);
  expect(shown(fired).filter((one) => one.startsWith('jump'))).toEqual(['jump@5000']);
  const [jump] = fired.filter(({ ruleId }) => ruleId === 'jump');
  expect(jump?.values['pos']).toBe('52.060000, 4.045000');
  expect(Number(jump?.values['dist(pos, prev(pos))'])).toBeCloseTo(1_113, -1);
  expect(shown(fired).some((one) => one.startsWith('cell'))).toBe(true);
  for (const at of [10, 49, 50, 51]) expect(run(geo + rule, jumps, at)).toEqual(fired);
});

test('what is no position is unknown, and so is an old one', () => {
  const rule = `- {id: near, when: 'dist(pos, geo(52.0, 5.0)) < 1e9'}\n- {id: none, when: '!(dist(pos, geo(52.0, 5.0)) < 1e9)'}\n`;
  const bad = [91, Number.NaN, '52', null].map((latitude, i) => ({
    topic: '/fix',
    ms: i * 10,
    value: { latitude, longitude: 4 },
  }));
  expect(run(geo + rule, bad)).toEqual([]);
  const hold = `- {id: held, when: 'inside(pos, "yard") || true && inside(pos, "dock")', for: 1500ms}\n`;
  const [first] = every('/fix', { toMs: 1, periodMs: 1 }, () => ({ latitude: 52, longitude: 5 }));
  const clock = every('/clock', { toMs: 4_000, periodMs: 100 }, (ms) => ms);
  expect(run(geo + hold, [...(first === undefined ? [] : [first]), ...clock])).toEqual([]);
});

test('a low-pass is the response of a first-order filter to a step, whatever the rate', () => {
  const body = (hz: number): string => `signals:
  x: {topic: /x, path: v, type: double, filter: {lowpassHz: ${hz}}, maxAge: 1s}
rules:
- {id: high, when: x > 0.9}
`;
  for (const periodMs of [10, 37, 100]) {
    const step = every('/x', { toMs: 5_000, periodMs }, (ms) => ({ v: ms < 1_000 ? 0 : 1 }));
    const [verdict] = run(body(1), step);
    const last = step.findLast(({ ms }) => ms < 1_000)?.ms ?? 0;
    // 1 - exp(-2 pi f t) = 0.9, t counted from the last message before the step.
    const crossesMs = last + (-Math.log(0.1) / (2 * Math.PI)) * 1_000;
    const expected = step.find(({ ms }) => ms >= crossesMs)?.ms;
    expect(verdict && msOf(verdict)).toBe(expected);
    for (const at of [20, 21]) expect(shown(run(body(1), step, at))).toEqual([`high@${expected}`]);
  }
  // Behind a gap longer than maxAge the filter begins anew: the first value passes.
  const gap = [
    { topic: '/x', ms: 0, value: { v: 0 } },
    { topic: '/x', ms: 2_000, value: { v: 1 } },
  ];
  expect(shown(run(body(0.001), gap))).toEqual(['high@2000']);
});

test('a value outside its valid range is unknown', () => {
  const body = `signals: {x: {topic: /x, path: v, type: double, valid: [0.0, 5.0]}}
rules:
- {id: high, when: x > 3.0}
- {id: low, when: x < 3.0}
`;
  const values = [9, 4, 9, -1, 2];
  const messages = values.map((v, i) => ({ topic: '/x', ms: i * 10, value: { v } }));
  expect(shown(run(body, messages))).toEqual(['high@10', 'low@40']);
  expect(parseRuleSet(`${head}${body.replace('x > 3.0', 'x > 7.0')}`, 'r').problems[0]?.code).toBe(
    'never-true',
  );
});

test('now() is log time, by which stamps are late', () => {
  const body = `signals: {stamp: {topic: /s, path: stamp, type: double, unit: s}}
rules:
- {id: late, when: now() - stamp > 0.25}
`;
  const startS = Number(originNs / 1_000_000_000n);
  const onTime = every('/s', { toMs: 1_000, periodMs: 100 }, (ms) => ({
    stamp: startS + ms / 1_000 - (ms === 700 ? 0.3 : 0.1),
  }));
  expect(shown(run(body, onTime))).toEqual(['late@700']);
  // Between messages the time passes on its grid of 100 ms.
  const silent = [...onTime.slice(0, 3), { topic: '/other', ms: 2_000, value: 0 }];
  expect(shown(run(body, silent))).toEqual(['late@400']);
});

test('a macro has a margin for its priority and for samples close to the threshold', () => {
  const body = (
    more: string,
  ): string => `signals: {dets: {topic: /d, path: items, type: list, maxItems: 3}}
rules:
- {id: r, when: 'dets.exists(d, d.score > 0.5)', ${more}}
`;
  const scores = [0.9, 0, 0.53, 0, 0.6, 0];
  const messages = scores.map((score, i) => ({
    topic: '/d',
    ms: i * 100,
    value: { items: [{ score: 0.1 }, { score }] },
  }));
  const priorities = run(body('priority: 10.0 * margin()'), messages).map(
    ({ priority }) => priority,
  );
  expect(priorities.map((one) => Math.round(one * 100) / 100)).toEqual([4, 0.3, 1]);
  const near = run(body('sample: {strategy: closeTo, within: 0.05, probability: 0}'), messages);
  expect(shown(near)).toEqual(['r@200']);
  // Items beyond maxItems: the list is unknown and says nothing.
  const long = { items: [1, 1, 1, 1].map((score) => ({ score })) };
  expect(run(body('tags: [a]'), [{ topic: '/d', ms: 0, value: long }])).toEqual([]);
});

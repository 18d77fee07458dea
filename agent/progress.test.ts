/**
 * Goal: what is counted by lane is told of all of them together. Method: two lanes as literals.
 */
import { expect, test } from 'vitest';
import { laneStillMs } from './limits.ts';
import { progressOf } from './progress.ts';
import { newTally } from './rule/tally.ts';
import type { Tally } from './timeline-types.ts';

type Lanes = Parameters<typeof progressOf>[0];

const lane = (name: string, tally: Partial<Tally>, more: Partial<Lanes[number]> = {}) => ({
  source: { name, finite: false, items: () => (async function* () {})() },
  state: { name, state: 'reading' } as const,
  openClips: 0,
  workSinceMs: undefined,
  tally: {
    messages: 3,
    bytes: 30,
    lagMs: 0,
    fired: {},
    suppressed: 0,
    rules: newTally('d'),
    shadow: undefined,
    topics: {},
    latencies: {},
    ...tally,
  },
  ...more,
});

const of = (...lanes: Lanes) =>
  progressOf(
    lanes,
    { figures: { count: 0, skipped: 0, faults: 0, unfed: 0 }, busy: 0, shadowFigures: {} },
    { degraded: [], queueShare: 0, duty: 1, spool: undefined, nowMs: 1_000_000 },
  );

test('messages and bytes of a topic are those of every source that has it', () => {
  const told = of(
    lane('a', { topics: { '/odom': { messages: 2, bytes: 20 } } }),
    lane('b', {
      topics: { '/odom': { messages: 1, bytes: 5 }, '/scan': { messages: 4, bytes: 400 } },
    }),
  );
  expect(told.topics).toEqual({ '/odom': 3, '/scan': 4 });
  expect(told.topicBytes).toEqual({ '/odom': 25, '/scan': 400 });
  expect(told.source).toMatchObject({ messages: 6, bytes: 60 });
});

test('a topic named as what every object has is counted like any other', () => {
  const topics = { constructor: { messages: 2, bytes: 20 } };
  expect(of(lane('a', { topics }), lane('b', { topics })).topics).toEqual({ constructor: 4 });
});

test('median and 99th percentile of scores are those of the slowest lane', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  const told = of(
    lane('a', { latencies: { who: hundred } }),
    lane('b', { latencies: { who: [2, 1, 3], other: [7] } }),
  );
  expect(told.scoreP50).toEqual({ who: 50, other: 7 });
  expect(told.scoreP99).toEqual({ who: 99, other: 7 });
});

test('lost connections are counted, by source and in all', () => {
  const { source } = of(lane('a', { reconnects: 2 }), lane('b', {}), lane('c', { reconnects: 1 }));
  expect(source.reconnects).toBe(3);
  expect(source.each).toEqual([
    { name: 'a', state: 'reading', reconnects: 2 },
    { name: 'b', state: 'reading' },
    { name: 'c', state: 'reading', reconnects: 1 },
  ]);
});

test('of several clocks the one that is farthest off is told, and none without live sources', () => {
  const { source } = of(lane('a', { clockOffsetMs: 40 }), lane('b', { clockOffsetMs: -900 }));
  expect(source.clockOffsetMs).toBe(-900);
  expect(of(lane('a', {})).source).not.toHaveProperty('clockOffsetMs');
});

test('messages that came too late are counted with what was dropped', () => {
  const late = { ...newTally('d'), late: 3 };
  const told = of(lane('a', { dropped: { read_ahead: 1 }, rules: late }), lane('b', {}));
  expect(told.dropped).toEqual({ read_ahead: 1, late: 3 });
});

test('a source that deals with one item for very long is named', () => {
  const since = (workSinceMs: number) => ({ workSinceMs });
  const told = of(
    lane('slow', {}, since(1_000_000 - laneStillMs - 1)),
    lane('busy', {}, since(1_000_000 - laneStillMs)),
  );
  expect(told.still).toEqual(['slow']);
});

/**
 * Goal: the numbers of a minute are rates and counts of that minute. Method: two looks, one later.
 */
import { expect, test } from 'vitest';
import { type Measured, seriesOf } from './telemetry.ts';

const before: Measured = {
  rssBytes: 1,
  cpuSeconds: 10,
  diskFreeBytes: 5,
  bufferBytes: 6,
  bytesByClass: { critical: 6 },
  clips: 1,
  backlogClips: 1,
  backlogRows: 2,
  backlogSeconds: 3,
  lagMs: 4,
  topics: { '/odom': 100, '/gone': 7 },
  fired: { near: 1 },
  suppressed: 5,
  scoreP99: { classifier: 12.5 },
  scoresSkipped: 2,
  scoreFaults: 1,
  evaluations: 1_000,
  unknown: 10,
  decodeFaults: 0,
  reasons: { cooldown: 4 },
  dropped: { late: 7 },
  windowSeconds: 60,
  evicted: 3,
  bytesSent: 6_000,
  gapP99Ms: 4,
  shedSteps: 2,
  battery: 0.5,
  atMs: 60_000,
};

test('rates and counts are of the time between two looks, the busiest topics first', () => {
  const topics = Object.fromEntries(
    Array.from({ length: 50 }, (_, n) => [`/t${n}`, n * 60] as const),
  );
  const now = {
    ...before,
    cpuSeconds: 16,
    topics: { ...topics, '/odom': 100 + 50 * 60, '/gone': 7 },
    fired: { near: 4 },
    suppressed: 6,
    reasons: { cooldown: 5, disk: 1 },
    dropped: { late: 9 },
    evaluations: 1_600,
    bytesSent: 12_000,
    atMs: 120_000,
  };
  const series = seriesOf(now, before);
  const of = (name: string) => series.find((one) => one.name === name)?.value;
  expect(of('agent.cpu')).toBeCloseTo(0.1);
  expect(of('topic./odom.hz')).toBe(50);
  expect(of('topic./t49.hz')).toBe(49);
  expect(of('topic./gone.hz')).toBeUndefined();
  expect(of('rules.near.fired')).toBe(3);
  expect(of('rules.suppressed')).toBe(1);
  expect(of('rules.suppressed.disk')).toBe(1);
  expect(of('rules.evaluations')).toBe(600);
  expect(of('dropped.late')).toBe(2);
  expect(of('uplink.rate')).toBe(100);
  expect(of('agent.shed_steps')).toBe(2);
  expect(of('machine.battery')).toBe(0.5);
  expect(of('machine.temperature')).toBeUndefined();
  expect(of('score.classifier.p99_ms')).toBe(12.5);
  expect(of('buffer.critical.bytes')).toBe(6);
  expect(series.filter(({ name }) => name.startsWith('topic.'))).toHaveLength(40);
});

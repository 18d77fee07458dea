/**
 * Goal: the numbers of a minute are rates and counts of that minute, and their page names each.
 * Method: two looks, one later; the table of the page.
 */
import { readFile } from 'node:fs/promises';
import { fitTelemetry } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { type Measured, seriesOf } from './telemetry.ts';

const before: Measured = {
  rssBytes: 1,
  cpuSeconds: 10,
  diskFreeBytes: 5,
  bufferBytes: 6,
  bytesByClass: { critical: 6 },
  clips: 1,
  clipsByState: { sealed: 1, refused: 0 },
  backlogClips: 1,
  backlogRows: 2,
  backlogSeconds: 3,
  lagMs: 4,
  sourceReconnects: 1,
  reconnects: 2,
  topics: { '/odom': 100, '/gone': 7 },
  topicBytes: { '/odom': 6_000, '/camera': 100 },
  fired: { near: 1 },
  suppressed: 5,
  scoreP50: { classifier: 8 },
  scoreP99: { classifier: 12.5 },
  scoresSkipped: 2,
  scoreFaults: 1,
  scoresUnfed: 0,
  evaluations: 1_000,
  unknown: 10,
  conditions: { near: { looks: 900, unknown: 0 }, far: { looks: 100, unknown: 10 } },
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

test('the first minute of a topic named as what every object has is told', () => {
  const series = seriesOf({ ...before, topics: { constructor: 60 }, atMs: 120_000 }, before);
  expect(series).toContainEqual({ name: 'topic.constructor.hz', unit: 'Hz', value: 1 });
});

test('rates and counts are of the time between two looks, the busiest topics first', () => {
  const topics = Object.fromEntries(
    Array.from({ length: 50 }, (_, n) => [`/t${n}`, n * 60] as const),
  );
  const now = {
    ...before,
    cpuSeconds: 16,
    topics: { ...topics, '/odom': 100 + 50 * 60, '/gone': 7 },
    topicBytes: { ...topics, '/odom': 6_000 + 60 * 80, '/camera': 100 + 60 * 9_000 },
    clipsByState: { sealed: 3, refused: 2 },
    clockOffsetMs: -12,
    sourceReconnects: 4,
    reconnects: 3,
    fired: { near: 4 },
    suppressed: 6,
    reasons: { cooldown: 5, disk: 1 },
    dropped: { late: 9 },
    evaluations: 1_600,
    conditions: {
      near: { looks: 1_000, unknown: 0 },
      far: { looks: 300, unknown: 60 },
      renamed: { looks: 200, unknown: 200 },
    },
    bytesSent: 12_000,
    allowance: { spentBytes: 77, waits: 'only critical goes' },
    atMs: 120_000,
  };
  const series = seriesOf(now, before);
  const of = (name: string) => series.find((one) => one.name === name)?.value;
  expect(of('agent.cpu')).toBeCloseTo(0.1);
  expect(of('topic./odom.hz')).toBe(50);
  expect(of('topic./t49.hz')).toBe(49);
  expect(of('topic./gone.hz')).toBeUndefined();
  expect(of('rules.near.fired')).toBe(3);
  expect(of('rules.near.unknown')).toBeUndefined();
  expect(of('rules.far.unknown')).toBe(0.25);
  expect(of('rules.renamed.unknown')).toBe(1);
  expect(of('rules.suppressed')).toBe(1);
  expect(of('rules.suppressed.disk')).toBe(1);
  expect(of('rules.evaluations')).toBe(600);
  expect(of('dropped.late')).toBe(2);
  expect(of('uplink.rate')).toBe(100);
  expect(of('agent.shed_steps')).toBe(2);
  expect(of('machine.battery')).toBe(0.5);
  expect(of('machine.temperature')).toBeUndefined();
  expect(of('score.classifier.p50_ms')).toBe(8);
  expect(of('score.classifier.p99_ms')).toBe(12.5);
  expect(of('buffer.critical.bytes')).toBe(6);
  expect(of('buffer.clips.sealed')).toBe(3);
  expect(of('buffer.clips.refused')).toBe(2);
  expect(of('uplink.reconnects')).toBe(1);
  expect([of('uplink.held'), of('uplink.spent')]).toEqual([1, 77]);
  expect(of('source.reconnects')).toBe(3);
  expect(of('source.clock_offset_ms')).toBe(-12);
  const topicsOf = (kind: string) =>
    series.filter(({ name }) => name.startsWith('topic.') && name.endsWith(kind));
  expect(topicsOf('.hz')).toHaveLength(40);
  expect(topicsOf('.bytes')).toHaveLength(40);
  expect(topicsOf('.bytes').slice(0, 2)).toEqual([
    { name: 'topic./camera.bytes', unit: 'B/s', value: 9_000 },
    { name: 'topic./odom.bytes', unit: 'B/s', value: 80 },
  ]);
});

test('the page names every series, with its unit and in the order that they are sent in', async () => {
  const page = await readFile(
    new URL('../../docs/reference/telemetry.md', import.meta.url),
    'utf8',
  );
  const named = [...page.matchAll(/^\| `([a-z0-9_<>.]+)` \| (\S+) \|/gm)].map(
    ([, name = '', unit = '']) => ({ name, unit }),
  );
  const conditions = { near: { looks: 901, unknown: 1 } };
  const sometimes = { clockOffsetMs: 1, temperatureC: 40, allowance: { spentBytes: 1 } };
  const now = { ...before, ...sometimes, conditions };
  const sent = seriesOf(
    { ...now, topics: { '/odom': 1 }, topicBytes: { '/odom': 1 }, clipsByState: { sealed: 1 } },
    before,
  ).map(({ name, unit }) => ({
    name: name
      .replace('./odom.', '.<topic>.')
      .replace('.classifier.', '.<scorer>.')
      .replace('.near.', '.<rule>.')
      .replace('dropped.late', 'dropped.<reason>')
      .replace('suppressed.cooldown', 'suppressed.<reason>')
      .replace('clips.sealed', 'clips.<state>')
      .replace('.critical.', '.<class>.'),
    unit,
  }));
  // The cloud puts in how far the robot's clock is off.
  expect(named.filter(({ name }) => name !== 'clock.offset_ms')).toEqual(sent);
});

test('without live sources nothing is said of their clock', () => {
  expect(seriesOf(before, before).map(({ name }) => name)).not.toContain('source.clock_offset_ms');
});

test('of more than a message holds, the lightest topics are left out, and no fire of a rule', () => {
  const numbered = (prefix: string, count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, n]));
  const topics = numbered('/robot/front/camera', 40);
  const now = { ...before, topics, topicBytes: topics, fired: numbered('rule', 30) };
  const all = seriesOf(now, before);
  const sent = fitTelemetry(all);
  expect(sent.length).toBeLessThan(all.length);
  expect(sent.filter(({ name }) => name.endsWith('.fired'))).toHaveLength(30);
  const bytes = sent.filter(({ name }) => name.endsWith('.bytes') && name.startsWith('topic.'));
  expect(bytes[0]?.name).toBe('topic./robot/front/camera39.bytes');
  expect(bytes.length).toBeGreaterThan(0);
});

/**
 * Goal: a clock that is set back has one defined outcome, and so have messages that are late.
 * Method: a lane on a source by hand, whose blocks step back or hold late messages; its clips are
 * read back.
 */
import { systemClock } from '@fieldloop/core/system';
import { openEngine } from '@fieldloop/rules';
import { expect, test } from 'vitest';
import {
  begin,
  block,
  channel,
  countsOf,
  doubles,
  float64,
  inFolder,
  message,
  momentsOf,
  names,
  odom,
  ruleSetWith,
  run,
  second,
  session,
  start,
} from './lane.cases.ts';
import type { SourceItem } from './source/source.ts';

inFolder();

const seconds = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => odom(from + i, 0));

test('log time that steps far back: an event, a new session, and clips of both sides', async () => {
  const drive = (from: number) =>
    block([0, 1, 2, 3, 4, 5].map((s) => odom(from + s, s === 2 ? 2 : 0)));
  const items = [
    begin(),
    channel(float64(1, 'float64 vx')),
    ...drive(100),
    ...drive(10),
    ...drive(50),
  ];
  const seen = await run([...items, { kind: 'end' }]);
  expect(names(seen).filter((name) => name === 'clock_jump')).toHaveLength(1);
  // A step ahead is a pause, and no jump.
  expect(momentsOf(seen)).toEqual([102, 12, 52]);
  const sessions = seen.clips.map(({ manifest }) => manifest.sessionId);
  expect(new Set(sessions).size).toBe(2);
  expect(seen.clips[0]?.manifest.endNs).toBe(String(start + 104n * second));
});

test('where the clock was set a day goes on with its counts, as in a backtest', async () => {
  const drive = [100, 10, 50].flatMap((from) =>
    block([0, 1, 2, 3].map((s) => odom(from + s, s === 2 ? 2 : 0))),
  );
  const rules = ', limits: {perDay: 2}';
  const head = channel(float64(1, 'float64 vx'));
  const seen = await run([begin(), head, ...drive, { kind: 'end' }], systemClock, { rules });
  expect(momentsOf(seen)).toEqual([102, 12]);
  expect(seen.lane.tally.rules.suppressed).toEqual({ 'fast limit': 1 });
  const engine = openEngine(ruleSetWith(rules), { device: 'amr', clipNs: 60n * second });
  engine.channel(0, float64(1, 'float64 vx'));
  const outputs = drive.flatMap((item) =>
    item.kind === 'block' ? engine.block(0, item.block) : [],
  );
  const fires = [...outputs, ...engine.flush()].filter(({ kind }) => kind === 'fire');
  expect(fires.map(({ atNs }) => Number(atNs - start) / 1e9)).toEqual([102, 12]);
});

test('a step back within one block, as a recorder with large chunks gives it', async () => {
  const messages = [100, 101, 102, 103, 10, 11, 12, 13].map((s) =>
    odom(s, s === 102 || s === 12 ? 2 : 0),
  );
  const items = [begin(), channel(float64(1, 'float64 vx')), ...block(messages)];
  const seen = await run([...items, { kind: 'end' }]);
  expect(names(seen)).toContain('clock_jump');
  expect(momentsOf(seen)).toEqual([102, 12]);
});

test('a step back within a late block: clips of both sides hold what was said around them', async () => {
  const at = (s: number) => odom(s, s === 703 || s === 106 ? 2 : 0);
  const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
  const items = [begin(), channel(float64(1, 'float64 vx'))];
  for (const s of range(690, 14)) items.push(...block([at(s)]));
  items.push(...block([704, 705, 100, 101].map(at)));
  for (const s of range(102, 12)) items.push(...block([at(s)]));
  const seen = await run([...items, { kind: 'end' }]);
  expect(names(seen).filter((name) => name === 'clock_jump')).toHaveLength(1);
  expect(momentsOf(seen)).toEqual([703, 106]);
  for (const clip of seen.clips) {
    expect(await countsOf(clip)).toMatchObject({ '/odom float64 vx': 6 });
    expect(clip.manifest.preTruncated).toBe(false);
  }
});

test.each([
  ['in', [100, 101, 40, 102], []],
  ['at the end of', [100, 101, 102, 40], [103]],
])(
  'one late message %s a block begins no session, and what follows it goes on',
  async (_, times, next) => {
    const at = (s: number) => odom(s, s === 106 ? 2 : 0);
    const items = [begin(), channel(float64(1, 'float64 vx')), ...block(times.map(at))];
    for (const s of [...next, 104, 105, 106, 107, 108, 109]) items.push(...block([at(s)]));
    const seen = await run([...items, { kind: 'end' }]);
    // Rules alone begin anew, as in a backtest.
    expect(newSessions(seen)).toBe(0);
    expect(momentsOf(seen)).toEqual([106]);
    const sessions = seen.clips.map(({ manifest }) => manifest.sessionId);
    expect(sessions).toEqual([session.id]);
  },
);

test('a clock that is set back by little more than a jump: the clip after it is whole', async () => {
  const at = (s: number) => odom(s, s === 97 ? 2 : 0);
  const items = [begin(), channel(float64(1, 'float64 vx'))];
  for (const s of [96.5, 98.5, 100.5]) items.push(...block([odom(s - 1, 0), odom(s, 0)]));
  for (const s of [94, 96, 98, 100, 102]) items.push(...block([at(s), at(s + 1)]));
  const seen = await run([...items, { kind: 'end' }]);
  expect(momentsOf(seen)).toEqual([97]);
  expect(seen.clips.at(-1)?.manifest).toMatchObject({
    startNs: String(start + 94n * second),
    endNs: String(start + 99n * second),
    messageCount: 7,
  });
});

const newSessions = ({ notices }: Awaited<ReturnType<typeof run>>): number =>
  notices.filter(({ text }) => text.includes('new session')).length;

test.each<[string, SourceItem[], number]>([
  ['a long block goes on from there', block(seconds(84, 30)), 1],
  ['a block goes on from before', block(seconds(103, 3)), 0],
  ['silence', [{ kind: 'quiet', ms: 100 }], 1],
  ['a mark', [{ kind: 'mark', save: async () => await Promise.resolve() }], 1],
])('behind the end of a block that steps back: %s', async (_, next, sessions) => {
  const head = [begin(), channel(float64(1, 'float64 vx')), ...block(seconds(98, 5))];
  const seen = await run([...head, ...block([...seconds(101, 2), ...seconds(82, 2)]), ...next]);
  expect(newSessions(seen)).toBe(sessions);
});

test('a message that is so late ends no clip: the rules alone begin anew', async () => {
  const head = [begin(), channel(float64(1, 'float64 vx'))];
  const times = [100, 101, 102, 103, 104, 40, 105, 106, 107, 108];
  for (const size of [1, 3, times.length]) {
    const messages = times.map((s) => odom(s, s === 104 ? 2 : 0));
    const blocks = Array.from({ length: Math.ceil(times.length / size) }, (_, i) =>
      block(messages.slice(i * size, (i + 1) * size)),
    );
    const seen = await run([...head, ...blocks.flat(), { kind: 'end' }]);
    expect(momentsOf(seen)).toEqual([104]);
    expect(seen.clips.map(({ manifest }) => manifest)).toMatchObject([
      { startNs: String(start + 101n * second), endNs: String(start + 106n * second) },
    ]);
  }
});

test('what latched topics said goes along when the clock is set back', async () => {
  const map = { ...float64(2, 'float64 id', '/map'), latched: true };
  const head = [begin(), channel(float64(1, 'float64 vx')), channel(map)];
  const drive = (from: number, fast: number) =>
    [0, 1, 2, 3, 4, 5, 6].flatMap((s) => block([odom(from + s, s === fast ? 2 : 0)]));
  const said = block([message(2, 99, doubles(7))]);
  const seen = await run([...head, ...said, ...drive(100, 9), ...drive(10, 4), { kind: 'end' }]);
  expect(newSessions(seen)).toBe(1);
  expect(seen.clips).toHaveLength(1);
  expect(seen.clips[0]?.manifest).toMatchObject({ startNs: String(start + 11n * second) });
  expect(await countsOf(seen.clips[0])).toMatchObject({ '/map float64 id': 1 });
});

test.each([1, 2])(
  'nor are they lost where messages of the new clock are a little late (%i)',
  async (size) => {
    const map = { ...float64(2, 'float64 id', '/map'), latched: true };
    const head = [begin(), ...[float64(1, 'float64 vx'), float64(3, 'x', '/c'), map].map(channel)];
    const before = [message(2, 99, doubles(7)), ...seconds(100, 4)];
    const after = [
      odom(10, 0),
      odom(9.99, 0, 3),
      ...seconds(11, 1),
      odom(12, 2),
      ...seconds(13, 3),
    ];
    const blocks = Array.from({ length: Math.ceil(after.length / size) }, (_, i) =>
      block(after.slice(i * size, (i + 1) * size)),
    );
    const seen = await run([...head, ...block(before), ...blocks.flat(), { kind: 'end' }]);
    expect(momentsOf(seen)).toEqual([12]);
    expect(await countsOf(seen.clips[0])).toMatchObject({ '/map float64 id': 1, '/c x': 1 });
  },
);

test('while it is not known whether the clock was set back no place is noted', async () => {
  const saved: number[] = [];
  const mark = (n: number): SourceItem => ({
    kind: 'mark',
    save: async () => await Promise.resolve(void saved.push(n)),
  });
  const head = [begin({ resumes: true }), channel(float64(1, 'float64 vx'))];
  const steps = [100, 10, 11, 12, 13].flatMap((s, i) => [...block([odom(s, 0)]), mark(i)]);
  expect(newSessions(await run([...head, ...steps]))).toBe(1);
  expect(saved).toEqual([0, 3, 4]);
});

test('a topic that is late at the start of a block, beside one that is not, begins no session', async () => {
  const both = (a: number, b: number) => block([odom(a, 0), odom(b, 0, 2)]);
  const head = [begin(), channel(float64(1, 'float64 vx')), channel(float64(2, 'x', '/b'))];
  const seen = await run([...head, ...both(99, 100), ...both(40, 99.9), ...both(101, 101)]);
  expect(newSessions(seen)).toBe(0);
});

test('a clock that is set back while blocks wait to be read is a jump, and no lag', async () => {
  const drive = (from: number): SourceItem[] =>
    [0, 1, 2, 3, 4, 5]
      .flatMap((s) => block([odom(from + s, s === 2 ? 2 : 0)]))
      .map((item) => ({ ...item, isBehind: true }) as SourceItem);
  const head = channel(float64(1, 'float64 vx'));
  const seen = await run([begin(), head, ...drive(100), ...drive(10), { kind: 'end' }]);
  expect(momentsOf(seen)).toEqual([102, 12]);
  expect(names(seen)).not.toContain('source_lagging');
  expect(seen.lane.tally.dropped).toBeUndefined();
});

test('a step back within a block is one jump, whatever follows it', async () => {
  const times = [100, 101, 102, 103, 10, 11, 12, 13];
  const mixed = block(times.map((s) => odom(s, s === 102 || s === 12 ? 2 : 0)));
  const rest = [14, 15, 16, 17].flatMap((s) => block([odom(s, s === 16 ? 2 : 0)]));
  const head = channel(float64(1, 'float64 vx'));
  const seen = await run([begin(), head, ...mixed, ...rest, { kind: 'end' }]);
  expect(names(seen).filter((name) => name === 'clock_jump')).toHaveLength(1);
  expect(momentsOf(seen)).toEqual([102, 12, 16]);
  const [, after] = seen.clips;
  // Not cut where the block ends.
  expect(after?.manifest.endNs).toBe(String(start + 14n * second));
});

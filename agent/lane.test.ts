/**
 * Goal: what recorders do to time and schemas has one defined outcome each, and a source that
 * cannot keep up says what it gave up.
 * Method: a lane on a source by hand, whose blocks step, repeat, change their schema or come late;
 * its clips are read back.
 */
import type { Json } from '@fieldloop/core';
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

test('a schema that changes: an event, fields by the new one, a clip with both', async () => {
  const seen = await run([
    begin(),
    channel(float64(1, 'float64 vx')),
    ...block([0, 1, 2, 3].map((s) => odom(s, 0))),
    // The speed is the second field now, and what stands first would fire.
    channel(float64(2, 'float64 wheel\nfloat64 vx')),
    ...block([4, 5].map((s) => message(2, s, doubles(7, 0)))),
    ...block([6, 7, 8, 9, 10].map((s) => message(2, s, doubles(0, s === 6 ? 2 : 0)))),
    { kind: 'end' },
  ]);
  expect(names(seen)).toEqual(['schema_changed', 'fast', 'source_lost']);
  expect(momentsOf(seen)).toEqual([6]);
  expect(await countsOf(seen.clips[0])).toMatchObject({
    '/odom float64 vx': 1,
    '/odom float64 wheel': 5,
  });
});

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

test('out of order within the lateness: put into order; beyond it: late, and no verdict', async () => {
  const times = [0, 0.5, 1, 1.5, 1.4, 2, 2.5, 2.1, 3, 4, 5];
  const messages = times.map((s) => odom(s, s === 1.4 || s === 2.1 ? 2 : 0));
  const items = [begin(), channel(float64(1, 'float64 vx')), ...block(messages)];
  const seen = await run([...items, { kind: 'end' }]);
  expect(momentsOf(seen)).toEqual([1.4]);
  expect(seen.lane.tally.rules.late).toBe(1);
  // It is in the clip all the same.
  expect(await countsOf(seen.clips[0])).toMatchObject({ '/odom float64 vx': 9 });
  expect(names(seen)).not.toContain('clock_jump');
});

test('a message that stands twice counts twice, and fires once', async () => {
  const messages = [0, 1, 2, 2, 3, 3, 4, 5].map((s) => odom(s, s === 2 ? 2 : 0));
  const items = [begin(), channel(float64(1, 'float64 vx')), ...block(messages)];
  const seen = await run([...items, { kind: 'end' }]);
  expect(momentsOf(seen)).toEqual([2]);
  expect(await countsOf(seen.clips[0])).toMatchObject({ '/odom float64 vx': 7 });
  expect(seen.lane.tally.messages).toBe(8);
});

test('a live source that falls behind gives up what nobody reads, then all, and says so', async () => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const both = (s: number) => [odom(s, 0), message(2, s, doubles(1))];
  const later = (ms: number): SourceItem => ({
    get kind(): 'notice' {
      nowMs = ms;
      return 'notice';
    },
    name: 'note',
    text: '',
  });
  const behind = (s: number): SourceItem[] =>
    block(both(s)).map((item) => ({ ...item, isBehind: true }) as SourceItem);
  const seen = await run(
    [
      begin(),
      channel(float64(1, 'float64 vx')),
      channel(float64(2, 'float64 pixels', '/camera')),
      later(1_000),
      ...behind(1),
      later(8_000),
      ...behind(2),
      // Whoever stands at the end of what there is has lost nothing by it.
      ...block(both(2.5)),
      later(20_000),
      ...behind(3),
      later(21_000),
      ...behind(21),
    ],
    clock,
  );
  expect(names(seen).filter((name) => name === 'source_lagging')).toHaveLength(2);
  expect(seen.lane.tally.dropped).toEqual({ lag_topics: 1, lag_chunks: 2 });
  expect(seen.lane.tally.messages).toBe(7);
});

test.each([
  ['late in a row', [1, 2, 3, 4].map((s) => s - 60), 5],
  ['an hour ahead', [3_600], 1],
])('messages %s, while blocks wait to be read, are no lag', async (_, odd, from) => {
  const head = [begin(), channel(float64(1, 'float64 vx')), channel(float64(2, 'x', '/b'))];
  const before = [odom(99, 0), odom(99, 0, 2)];
  const strange = odd.map((s) => block([odom(100 + s, 0, 2)]));
  const rest = Array.from({ length: 100 }, (_one, i) => block([odom(100 + from + i, 0)]));
  const items = [block(before), ...strange, ...rest].flat();
  const waiting = items.map((item) => ({ ...item, isBehind: true }) as SourceItem);
  const seen = await run([...head, ...waiting, { kind: 'end' }]);
  expect(names(seen)).not.toContain('source_lagging');
  expect(seen.lane.tally.dropped).toBeUndefined();
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

test('bytes are counted by topic, and a topic named as what every object has is one as well', async () => {
  const { lane } = await run([
    begin(),
    channel(float64(1, 'float64 vx')),
    channel(float64(900, 'float64 pixels', '/camera')),
    channel(float64(2, 'float64 x', '__proto__')),
    ...block([odom(1, 0), message(900, 1, new Uint8Array(5_000)), odom(1.5, 0, 2)]),
    ...block([message(900, 2, new Uint8Array(3_000)), odom(2, 0)]),
  ]);
  expect(lane.tally.topics['/odom']).toEqual({ messages: 2, bytes: 24 });
  expect(lane.tally.topics['/camera']).toEqual({ messages: 2, bytes: 8_000 });
  expect(lane.tally.messages).toBe(5);
  expect(Object.hasOwn(Object.prototype, 'bytes')).toBe(false);
});

test('a connection that ends is counted; a recorder that ends its file, and a recording, are none', async () => {
  const end: SourceItem = { kind: 'end' };
  const lost = await run([begin(), end, begin(), end, begin()]);
  expect(lost.lane.tally.reconnects).toBe(2);
  const read = await run([begin({ live: false }), end, begin({ resumes: true }), end, begin()]);
  expect(read.lane.tally.reconnects).toBeUndefined();
});

test('log times of a live source are held against the clock, unless they waited to be read', async () => {
  const nowMs = Number(start / 1_000_000n) + 4_000;
  const clock = { ...systemClock, now: () => nowMs };
  const head = channel(float64(1, 'float64 vx'));
  const old = block([odom(1, 0)]).map((item) => ({ ...item, isBehind: true }) as SourceItem);
  const { lane } = await run([begin(), head, ...block([odom(2.5, 0), odom(3, 0)]), ...old], clock);
  expect(lane.tally.clockOffsetMs).toBe(1_000);
  const ahead = await run([begin(), head, ...block([odom(6, 0)])], clock);
  expect(ahead.lane.tally.clockOffsetMs).toBe(-2_000);
  const recorded = await run([begin({ live: false }), head, ...block([odom(3, 0)])], clock);
  expect(recorded.lane.tally.clockOffsetMs).toBeUndefined();
});

test('a recorder that closes its recording and begins no other is told of, once', async () => {
  let ms = 0;
  const clock = { ...systemClock, monotonicMs: () => ms };
  async function* life(): AsyncGenerator<SourceItem> {
    for (const [round, pauses] of [[1_000], [4_000, 2_000, 9_000]].entries()) {
      yield begin({ resumes: true });
      yield channel(float64(1, 'float64 vx'));
      yield* block([odom(round, 0)]);
      yield { kind: 'end' };
      for (const pause of pauses) {
        ms += pause;
        yield await Promise.resolve({ kind: 'waiting', reason: 'no new recording' });
      }
    }
    // A finished recording has no recorder.
    yield begin({ live: false });
    yield { kind: 'end' };
    ms += 60_000;
    yield { kind: 'waiting', reason: 'no new recording' };
  }
  const seen = await run(life(), clock);
  expect(seen.notices).toEqual([
    {
      name: 'source_silent',
      severity: 'warning',
      text: 'the recorder of source main closed its recording 6 s ago and began no other',
    },
  ]);
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

test('what a publisher dropped is counted by its reason', async () => {
  const dropped: SourceItem = { kind: 'dropped', reason: 'read_ahead', count: 3 };
  const seen = await run([begin(), dropped, dropped]);
  expect(seen.lane.tally.dropped).toEqual({ read_ahead: 6 });
});

test('a state goes on in the epoch that it was saved in', async () => {
  const saved: Json[] = [];
  const mark: SourceItem = {
    kind: 'mark',
    save: async (state) => await Promise.resolve(void saved.push(state)),
  };
  const drive = (from: number) => block([0, 1, 2, 3].map((s) => odom(from + s, s === 2 ? 2 : 0)));
  const head = [channel(float64(1, 'float64 vx'))];
  const first = await run([begin({ resumes: true }), ...head, ...drive(100), ...drive(10), mark]);
  const state = JSON.parse(JSON.stringify(saved[0])) as Json;
  const warm = drive(10).map((item) => ({ ...item, isWarm: true }) as SourceItem);
  const resumed: SourceItem = {
    kind: 'begin',
    session: { ...session, live: true, resumes: true },
    state,
  };
  const rest = block([14, 15, 16].map((s) => odom(s, 0)));
  const then = await run([resumed, ...head, ...warm, ...rest, { kind: 'end' }]);
  // The clip was open when the first life ended, and is cut by the second one.
  expect(first.clips.map(({ manifest }) => manifest.startNs)).toEqual([
    String(start + 100n * second),
  ]);
  expect(then.clips.map(({ manifest }) => manifest.startNs)).toEqual([
    String(start + 10n * second),
  ]);
  const [clip] = then.clips;
  const told = first.notices.find(
    ({ name, atNs }) => name === 'fast' && atNs === start + 12n * second,
  );
  expect(clip?.clipId).toBe(told?.clipId);
  expect(then.notices.filter(({ name }) => name === 'fast')).toEqual([]);
  expect(await countsOf(clip)).toMatchObject({ '/odom float64 vx': 5 });
});

/**
 * Goal: what recorders do to time and schemas has one defined outcome each, and a source that
 * cannot keep up says what it gave up.
 * Method: a lane on a source by hand, whose blocks repeat, change their schema or come late; its
 * clips are read back.
 */
import type { Json } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
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
  run,
  second,
  session,
  start,
} from './lane.cases.ts';
import type { SourceItem } from './source/source.ts';

inFolder();

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

test('nor are they where some of them do not wait', async () => {
  const head = [begin(), channel(float64(1, 'float64 vx')), channel(float64(2, 'x', '/b'))];
  const items = [[odom(99, 0)], [odom(100, 0), odom(3_700, 0, 2)]].flatMap(block);
  for (let s = 101; s < 110; s += 1) items.push(...block([odom(s, 0)]));
  const mixed = items.map((item, i) => ({ ...item, isBehind: i !== 3 }) as SourceItem);
  const seen = await run([...head, ...mixed, { kind: 'end' }]);
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
  const late = [...block([odom(3, 0)]), ...block([odom(-60, 0)])];
  const straggling = await run([begin(), head, ...late], clock);
  expect(straggling.lane.tally.clockOffsetMs).toBe(1_000);
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

test('what a publisher dropped is counted by its reason', async () => {
  const dropped: SourceItem = { kind: 'dropped', reason: 'read_ahead', count: 3 };
  const seen = await run([begin(), dropped, dropped]);
  expect(seen.lane.tally.dropped).toEqual({ read_ahead: 6 });
});

const head = [channel(float64(1, 'float64 vx'))];
const drive = (from: number) => block([0, 1, 2, 3].map((s) => odom(from + s, s === 2 ? 2 : 0)));

/** A life that ends behind a mark, and how the next one begins. */
async function lifeTo(...items: readonly SourceItem[]) {
  const saved: Json[] = [];
  const mark: SourceItem = {
    kind: 'mark',
    save: async (state) => await Promise.resolve(void saved.push(state)),
  };
  const seen = await run([begin({ resumes: true }), ...head, ...items, mark]);
  const state = JSON.parse(JSON.stringify(saved[0])) as Json;
  return { seen, resumed: { ...begin({ resumes: true }), state } as SourceItem };
}

test('a state goes on in the epoch that it was saved in', async () => {
  const { seen: first, resumed } = await lifeTo(...drive(100), ...drive(10));
  const warm = drive(10).map((item) => ({ ...item, isWarm: true }) as SourceItem);
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

test('a clock that was set while the agent was away is told of, without a past in the window', async () => {
  const { resumed } = await lifeTo(...drive(100));
  const seen = await run([resumed, ...head, ...drive(10), { kind: 'end' }]);
  const { clips } = seen;
  expect(seen.notices.find(({ name }) => name === 'clock_jump')).toMatchObject({
    text: 'log time jumped back; a new session begins',
  });
  const last = clips.at(-1)?.manifest;
  expect(last).toMatchObject({ startNs: String(start + 10n * second) });
  expect(last?.sessionId).not.toBe(session.id);
});

/**
 * Goal: what comes behind is told apart: a clock that was set back begins a session, messages that
 * are late do not, whatever blocks they come in. None is lost, and their order stays.
 * Method: messages by hand; random ones in random blocks, beside the same ones one by one, and real
 * steps and late messages made from a walk of three topics.
 */
import type { MessageBlock } from '@fieldloop/recording';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockSetBytes } from '../limits.ts';
import { blockOf } from '../window/testing.ts';
import { type ClockSteps, openClockSteps, type Piece } from './clock-steps.ts';

const startNs = 1_700_000_000_000_000_000n;

/** Channel and second of each message. */
type Told = readonly (readonly [channelId: number, s: number])[];

const built = (messages: Told, bytes = 1): MessageBlock =>
  blockOf(
    messages.map(([channelId, s]) => ({
      channelId,
      atNs: startNs + BigInt(Math.round(s * 1_000)) * 1_000_000n,
      data: new Uint8Array(bytes),
    })),
  );

const told = (block: MessageBlock): Told =>
  Array.from({ length: block.count }, (_, i) => [
    block.channelIds[i] ?? 0,
    Number(block.baseNs + BigInt(block.timesNs[i] ?? 0) - startNs) / 1e9,
  ]);

function open(): ClockSteps {
  const steps = openClockSteps();
  for (const id of [1, 2, 3]) steps.channel({ id, topic: `/${id}` });
  return steps;
}

/** Messages by session. */
function sessionsOf(pieces: readonly Piece[]): Told[] {
  const sessions: Told[] = [[]];
  for (const { block, isBack } of pieces) {
    if (isBack) sessions.push([]);
    sessions[sessions.length - 1] = [...(sessions.at(-1) ?? []), ...told(block)];
  }
  return sessions;
}

function read(blocks: readonly Told[]): Told[] {
  const steps = open();
  const pieces = blocks.flatMap((one) => steps.take({ block: built(one) }));
  return sessionsOf([...pieces, ...steps.end()]);
}

/** As `1@100 2@100.5`; `|` begins a session. */
const parsed = (text: string): Told =>
  text
    .split(' ')
    .map((one) => one.split('@').map(Number))
    .map(([id = 0, s = 0]) => [id, s]);
const shown = (sessions: readonly Told[]): string =>
  sessions.map((one) => one.map(([id, s]) => `${id}@${s}`).join(' ')).join(' | ');

test.each([
  ['a clock that is set back', '1@100 1@101 | 1@40 1@41 1@42 1@43'],
  ['two topics of it', '1@100 2@100 1@101 | 2@40 1@40 2@41 1@41 1@42'],
  ['one that is set back twice', '1@100 | 1@40 1@41 1@42 | 1@10 1@11 1@12'],
  ['twice at once', '1@100 | 1@40 1@40.5 | 1@10 1@11 1@12'],
  ['by little more than 5 s', '1@100 1@100.5 | 1@95 1@96 1@97 1@98 1@99 1@100 1@101'],
  ['where the end is near', '1@100 | 1@40 1@40.5'],
  ['a topic that was never there stands behind', '1@100 2@40 2@41 2@42 2@43 1@101'],
  ['a chunk for each topic', '1@0 1@9 2@0 2@9 3@0 3@9 1@10 1@19 2@10 2@19 3@10 3@19'],
  ['one that is late beside a topic far ahead', '2@3700 1@100 1@40 1@101 1@102 1@103'],
  ['and another one goes on', '2@3700 1@100 3@100 1@40 3@100.5 1@101 1@102 3@102 1@103'],
  ['topics one after the other', '1@0 1@60 2@59 2@60'],
  ['a message that is late', '1@100 1@40 1@101'],
  ['at the end', '1@100 1@40'],
  ['two that are late', '1@100 1@40 1@101 1@41 1@102'],
  ['two of their own times, one after the other', '1@100 1@40 2@20 1@101'],
  ['a late one beside another topic', '1@105 1@60 2@104.998 2@104.999 1@106'],
  ['a late one behind a clock that is set back', '1@200 1@201 | 1@100 1@101 1@102 1@40 1@103'],
  ['a topic that stands behind the others for ever', '1@100 2@90 1@101 2@91 1@102 2@92'],
  ['a new topic behind one that stepped', '1@100 1@101 | 1@40 2@41 2@42 2@43 2@44'],
  [
    'a topic ahead of the others, all set back',
    '1@100 2@110 1@101 2@111 | 1@91 2@101 1@92 2@102 1@93 2@103 1@94',
  ],
  [
    'a slow topic that stands where it was',
    '2@90 1@99.5 2@100 1@100.5 | 1@90.5 1@91 1@91.5 1@92 1@92.5 2@100 1@93',
  ],
  [
    'one that is late right behind a clock that is set back',
    '1@200 1@201 | 1@140 1@140.5 1@141 1@70 1@141.5 1@142 1@142.5',
  ],
  ['and by little', '1@200 1@201 | 1@195 1@195.5 1@196 1@180 1@196.5 1@197 1@197.5 1@198'],
  ['a clock that is set ahead', '1@100 1@500 1@501 1@502'],
])('%s', (_, sessions) => {
  const expected = sessions.split(' | ').map(parsed);
  const all = expected.flat();
  expect(shown(read([all]))).toBe(sessions);
  expect(shown(read(all.map((one) => [one])))).toBe(sessions);
});

test('in which blocks messages come changes nothing, and none is lost', () => {
  const message = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 28 }));
  const halves = message.map(([id, s]) => [id, s / 2] as const);
  const blocks = fc.array(fc.array(halves, { minLength: 1, maxLength: 8 }), { maxLength: 6 });
  fc.assert(
    fc.property(blocks, (given) => {
      const sessions = read(given);
      expect(sessions.flat()).toEqual(given.flat());
      expect(sessions).toEqual(read(given.flat().map((one) => [one])));
    }),
  );
});

test('of messages in their order, with late ones here and there, sessions are the steps', () => {
  const stretch = fc.record({
    from: fc.integer({ min: 0, max: 40 }),
    seconds: fc.integer({ min: 5, max: 12 }),
    late: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 3 }), (stretches) => {
      const expected = stretches.map(({ from, seconds, late }, k) => {
        // Each begins far below where the one before it ended.
        const base = (stretches.length - k) * 1_000 + from;
        const times = Array.from({ length: seconds * 8 }, (_, i) => base + i / 8);
        return times.flatMap((s, i): Told => {
          const own: Told = [[1 + (i % 3), s]];
          // Right before a step nobody could say which side a late one is of.
          const isLate = late.includes(i - 30) && i < times.length - 1;
          return isLate ? [...own, [1 + (i % 3), s - 300]] : own;
        });
      });
      expect(shown(read([expected.flat()]))).toBe(shown(expected));
    }),
  );
});

test('while it is not known it holds, whole blocks keep their file, and its memory is bounded', () => {
  const steps = open();
  const file = { path: 'a.mcap', identity: '1' };
  const before = steps.take({ block: built([[1, 100]]), file, at: 1 });
  expect(before).toMatchObject([{ file, at: 1, isBack: false }]);
  expect(steps.take({ block: built([[1, 40]]), file, at: 2 })).toEqual([]);
  expect(steps.isHolding).toBe(true);
  expect(steps.take({ block: built([[1, 101]]), file, at: 3 })).toMatchObject([
    { file, at: 2, isBack: false },
    { file, at: 3, isBack: false },
  ]);
  expect(steps.isHolding).toBe(false);
  const mixed = steps.take({
    block: built([
      [1, 102],
      [1, 40],
    ]),
    file,
    at: 4,
  });
  expect(mixed).toMatchObject([{ file: undefined, at: 4 }]);
  const large = (s: number, at: number) => ({ block: built([[1, s]], clockSetBytes), at });
  expect(steps.take(large(40, 5))).toMatchObject([{ at: 4, isBack: false }, { at: 5 }]);
  // The clock is known to be set by the next one that goes on from there.
  expect(steps.take(large(40.1, 6))).toMatchObject([{ at: 6, isBack: true }]);
});

test('large messages that are late do not add up to a clock that was set', () => {
  const steps = open();
  const large = (s: number) => steps.take({ block: built([[1, s]], clockSetBytes) });
  const pieces = [100, 40, 101, 41, 102, 42, 103].flatMap(large);
  expect(pieces.map(({ isBack }) => isBack)).toEqual(Array(7).fill(false));
});

test('blocks without data are held within the same bound', () => {
  const steps = open();
  steps.take({ block: built([[1, 100]]) });
  let given = 0;
  for (let i = 0; i < 10_000; i += 1) given += steps.take({ block: built([[1, 40]], 0) }).length;
  expect(10_000 - given).toBeLessThan(clockSetBytes / 2_000);
});

test('thousands of steps in a row are looked through once, not each from its own start', () => {
  const down = Array.from({ length: 60_000 }, (_, i) => [1, 1e6 - 6 * i] as const);
  const [, last = 0] = down.at(-1) ?? [];
  const up = [0.5, 1, 1.5, 2, 2.5].map((s) => [1, last + s] as const);
  const sessions = read([[...down, ...up]]);
  expect(sessions.flat()).toEqual([...down, ...up]);
  expect(sessions.map(({ length }) => length)).toEqual([1, 59_998, 6]);
  // A few are told one by one, also when the recording ends with them.
  const few = parsed('1@100 1@90 1@80 1@70 1@71 1@72');
  expect(shown(read([few]))).toBe('1@100 | 1@90 | 1@80 | 1@70 1@71 1@72');
  expect(shown(read([few.slice(0, -1)]))).toBe('1@100 | 1@90 | 1@80 | 1@70 1@71');
});

test('a restart goes on with the times by topic', () => {
  const before = open();
  before.take({ block: built(parsed('1@100 2@60 1@100.5')) });
  const steps = openClockSteps();
  steps.channel({ id: 2, topic: '/2' });
  steps.restore(before.newest);
  steps.channel({ id: 1, topic: '/1' });
  expect(steps.newest).toEqual(expect.arrayContaining([...before.newest]));
  expect(steps.take({ block: built(parsed('2@61 1@101')) })).toMatchObject([{ isBack: false }]);
  const pieces = steps.take({ block: built(parsed('2@40 2@41 2@42')) });
  expect(pieces).toMatchObject([{ isBack: true }]);
});

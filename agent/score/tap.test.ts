/**
 * Goal: frames are those that are due, each with what its model takes beside it, and no other.
 * Method: blocks by hand whose messages say their own number.
 */
import { expect, test } from 'vitest';
import { jsonChannel } from '../source/testing.ts';
import { blockOf } from '../window/testing.ts';
import { camera as channel, plan, second, state, twoInputs } from './plan.cases.ts';
import { openTap, type ScorerPlan, type Tap } from './tap.ts';

test('the tap takes one frame each `every` of log time, on its topic alone', () => {
  const tap = openTap([plan]);
  tap.channel(channel);
  tap.channel(jsonChannel(2, '/other'));
  const messages = Array.from({ length: 40 }, (_, i) => ({
    channelId: 1 + (i % 2),
    atNs: (BigInt(i) * second) / 8n,
    data: Uint8Array.of(i),
  }));
  const first = tap.take(blockOf(messages.slice(0, 20)));
  const rest = tap.take(blockOf(messages.slice(20)));
  expect([...first, ...rest].map(({ bytes }) => [...bytes])).toEqual([[0], [8], [16], [24], [32]]);
});

/** A frame, or what goes with frames, by the second. */
const at = (channelId: 1 | 2, s: number) => ({
  channelId,
  atNs: BigInt(s * 1000) * (second / 1000n),
  data: Uint8Array.of(Math.round(s * 10)),
});

const told = (tap: Tap, messages: readonly ReturnType<typeof at>[]) =>
  tap
    .take(blockOf(messages))
    .map(({ bytes, more, lacks }) => [bytes[0], lacks ?? more.map((one) => one.bytes[0])]);

const opened = (plans: readonly ScorerPlan[], before?: Tap): Tap => {
  const tap = openTap(plans, before);
  for (const one of [channel, state]) tap.channel(one);
  return tap;
};

test('the newest message of another topic goes with a frame, unless it is too far away', () => {
  const tap = opened([twoInputs]);
  const first = [at(1, 0), at(2, 0.1), at(1, 0.2), at(2, 0.3), at(2, 0.4), at(1, 0.5)];
  expect(told(tap, first)).toEqual([
    [0, '/state'],
    [2, [1]],
    [5, [4]],
  ]);
  // Of the block before, and by how far they are apart, whichever came first.
  expect(told(tap, [at(1, 0.9), at(1, 1), at(2, 2), at(1, 1.4), at(1, 1.5)])).toEqual([
    [9, [4]],
    [10, '/state'],
    [14, '/state'],
    [15, [20]],
  ]);
  // One that is late does not take its place.
  expect(told(tap, [at(2, 1.2), at(1, 2)])).toEqual([[20, [20]]]);
});

test('a frame that lacks something uses up no turn; that it lacks is told once a turn', () => {
  const tap = opened([{ ...twoInputs, everyNs: 2n * second }]);
  const frames = Array.from({ length: 30 }, (_, i) => at(1, i / 10));
  expect(told(tap, [...frames.slice(0, 25), at(2, 2.5), ...frames.slice(25)])).toEqual([
    [0, '/state'],
    [20, '/state'],
    [25, [25]],
  ]);
});

test('two fields of one message are of that message', () => {
  const own = { ...twoInputs, more: [{ name: 'other', topic: '/camera' }] };
  expect(told(opened([own]), [at(1, 0), at(1, 1), at(1, 2)])).toEqual([
    [0, [0]],
    [10, [10]],
    [20, [20]],
  ]);
});

test('what was said before other rules, a restart and a clock that was set goes on', () => {
  const before = opened([twoInputs]);
  told(before, [at(2, 1)]);
  const after = opened([twoInputs], before);
  const declared = { ...state };
  after.channel(declared);
  const [frame] = after.take(blockOf([at(1, 1.1)]));
  expect(frame?.more).toMatchObject([{ bytes: Uint8Array.of(10) }]);
  expect(frame?.more[0]?.channel).toBe(declared);
  // What was read before a restart is no frame again.
  const again = opened([twoInputs]);
  again.pass(blockOf([at(1, 3), at(2, 3)]));
  expect(told(again, [at(1, 3.1)])).toEqual([[31, [30]]]);
  // What is latched holds until the next message.
  const map = { ...state, latched: true };
  const tap = openTap([twoInputs]);
  for (const one of [channel, map]) tap.channel(one);
  tap.hear(map, { bytes: Uint8Array.of(7), atNs: 0n });
  tap.hear(jsonChannel(3, '/other'), { bytes: Uint8Array.of(9), atNs: 0n });
  expect(told(tap, [at(1, 5)])).toEqual([[50, [7]]]);
});

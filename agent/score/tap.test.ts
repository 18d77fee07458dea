/**
 * Goal: frames are those that are due, each with what its model takes beside it, and no other.
 * Method: blocks by hand whose messages say their own number.
 */
import { expect, test } from 'vitest';
import { jsonChannel } from '../source/testing.ts';
import { blockOf } from '../window/testing.ts';
import { openTap, type ScorerPlan } from './tap.ts';

const second = 1_000_000_000n;
const channel = jsonChannel(1, '/camera');
const plan: ScorerPlan = {
  id: 'who',
  model: 'tiny',
  topic: '/camera',
  more: [],
  moreAgeNs: 0n,
  everyNs: second,
  deadlineNs: second / 10n,
};

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

const state = jsonChannel(2, '/state');
const twoInputs: ScorerPlan = {
  ...plan,
  everyNs: 0n,
  more: [{ name: 'state', topic: '/state' }],
  moreAgeNs: second / 2n,
};

/** A frame, or what goes with frames, by the second. */
const at = (channelId: 1 | 2, s: number) => ({
  channelId,
  atNs: BigInt(s * 1000) * (second / 1000n),
  data: Uint8Array.of(s * 10),
});

test('the newest message of another topic goes with a frame, unless it is too far away', () => {
  const tap = openTap([twoInputs]);
  for (const one of [channel, state]) tap.channel(one);
  const told = (messages: readonly ReturnType<typeof at>[]) =>
    tap
      .take(blockOf(messages))
      .map(({ bytes, more }) => [bytes[0], more?.map((one) => one.bytes[0])]);
  expect(told([at(1, 0), at(2, 0.1), at(1, 0.2), at(2, 0.3), at(2, 0.4), at(1, 0.5)])).toEqual([
    [0, undefined],
    [2, [1]],
    [5, [4]],
  ]);
  // Of the block before, and by how far they are apart, whichever came first.
  expect(told([at(1, 0.9), at(1, 1), at(2, 2), at(1, 1.4), at(1, 1.5)])).toEqual([
    [9, [4]],
    [10, undefined],
    [14, undefined],
    [15, [20]],
  ]);
  // What was read before a restart is no frame again.
  const again = openTap([twoInputs]);
  for (const one of [channel, state]) again.channel(one);
  again.pass(blockOf([at(1, 3), at(2, 3)]));
  expect(again.take(blockOf([at(1, 3.1)])).map(({ more = [] }) => more[0]?.bytes[0])).toEqual([30]);
});

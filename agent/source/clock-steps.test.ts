/**
 * Goal: a block goes to pieces exactly where a topic steps back behind itself by more than a jump,
 * and none of its messages is lost.
 * Method: blocks by hand, and random ones beside a walk over their messages one by one.
 */
import type { MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockOf } from '../window/testing.ts';
import { openClockSteps } from './clock-steps.ts';

const startNs = 1_700_000_000_000_000_000n;

/** Channel and second of each message. */
type Told = readonly (readonly [channelId: number, s: number])[];

const built = (messages: Told): MessageBlock =>
  blockOf(
    messages.map(([channelId, s], i) => ({
      channelId,
      atNs: startNs + BigInt(s) * 1_000_000_000n,
      data: new Uint8Array([i]),
    })),
  );

const told = (block: MessageBlock): Told =>
  Array.from({ length: block.count }, (_, i) => [
    block.channelIds[i] ?? 0,
    Number(block.baseNs + BigInt(block.timesNs[i] ?? 0) - startNs) / 1e9,
  ]);

function piecesOf(blocks: readonly Told[]): Told[] {
  const steps = openClockSteps();
  return blocks.flatMap((one) => steps.pieces(built(one)).map(told));
}

test.each<[string, Told[], Told[]]>([
  [
    'a clock that is set back',
    [
      [
        [1, 100],
        [1, 101],
        [1, 40],
        [1, 41],
      ],
    ],
    [
      [
        [1, 100],
        [1, 101],
      ],
      [
        [1, 40],
        [1, 41],
      ],
    ],
  ],
  [
    'topics one after the other',
    [
      [
        [1, 0],
        [1, 60],
        [2, 0],
        [2, 60],
      ],
    ],
    [
      [
        [1, 0],
        [1, 60],
        [2, 0],
        [2, 60],
      ],
    ],
  ],
  [
    'behind the block before',
    [
      [
        [1, 100],
        [2, 100],
      ],
      [
        [2, 101],
        [1, 40],
      ],
    ],
    [
      [
        [1, 100],
        [2, 100],
      ],
      [[2, 101]],
      [[1, 40]],
    ],
  ],
])('%s', (_, blocks, pieces) => {
  expect(piecesOf(blocks)).toEqual(pieces);
});

test('pieces are those of a walk from message to message', () => {
  const message = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 14 }));
  const blocks = fc.array(fc.array(message, { minLength: 1, maxLength: 8 }), { maxLength: 6 });
  fc.assert(
    fc.property(blocks, (given) => {
      const newest = new Map<number, number>();
      const expected = given.flatMap((block) => {
        const pieces: [number, number][][] = [[]];
        for (const [id, s] of block) {
          if (s < (newest.get(id) ?? s) - Number(clockJumpNs) / 1e9) {
            pieces.push([]);
            newest.clear();
          }
          newest.set(id, Math.max(s, newest.get(id) ?? s));
          pieces.at(-1)?.push([id, s]);
        }
        return pieces.filter((one) => one.length > 0);
      });
      expect(piecesOf(given)).toEqual(expected);
    }),
  );
});

/**
 * Goal: a block goes to pieces where the clock was set back, and nowhere else: not for a message
 * that is late, nor for topics that stand one behind the other. None of its messages is lost.
 * Method: blocks by hand, and random ones beside a walk over their messages one by one.
 */
import type { MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockOf } from '../window/testing.ts';
import { openClockSteps, piecesOf } from './clock-steps.ts';

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

/** Pieces of the blocks one after the other; `|` is before one that begins with a step back. */
function read(blocks: readonly Told[]): string[] {
  const steps = openClockSteps();
  for (const id of [1, 2, 3]) steps.channel({ id, topic: `/${id}` });
  let newestNs: bigint | undefined;
  return blocks.map((one) => {
    const block = built(one);
    const pieces = piecesOf(block, steps.take(block), newestNs);
    for (const { block: piece, isBack } of pieces) {
      const isNewer = isBack || newestNs === undefined || piece.lastNs > newestNs;
      if (isNewer) newestNs = piece.lastNs;
    }
    return pieces
      .map(({ block: piece, isBack }) => (isBack ? '| ' : '') + told(piece).join(' '))
      .join(' ');
  });
}

test.each<[string, Told[], string[]]>([
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
    ['1,100 1,101 | 1,40 1,41'],
  ],
  [
    'between two blocks',
    [
      [[1, 100]],
      [
        [1, 94],
        [1, 96],
      ],
    ],
    ['1,100', '| 1,94 1,96'],
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
    ['1,0 1,60 2,0 2,60'],
  ],
  [
    'a message that is late',
    [
      [
        [1, 100],
        [1, 40],
        [1, 101],
      ],
    ],
    ['1,100 1,40 1,101'],
  ],
  [
    'two that are late',
    [
      [
        [1, 100],
        [1, 40],
        [1, 101],
        [1, 41],
        [1, 102],
      ],
    ],
    ['1,100 1,40 1,101 1,41 1,102'],
  ],
  [
    'a late one at the end, which may be more',
    [
      [
        [1, 100],
        [1, 40],
      ],
      [[1, 101]],
    ],
    ['1,100 | 1,40', '1,101'],
  ],
  [
    'another topic first',
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
    ['1,100 2,100', '2,101 | 1,40'],
  ],
  ['a block that is wholly behind', [[[1, 100]], [[2, 90]]], ['1,100', '| 2,90']],
])('%s', (_, blocks, pieces) => {
  expect(read(blocks)).toEqual(pieces);
});

test('steps are those of a walk from message to message, and pieces are the block again', () => {
  const message = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 14 }));
  const blocks = fc.array(fc.array(message, { minLength: 1, maxLength: 8 }), { maxLength: 6 });
  fc.assert(
    fc.property(blocks, (given) => {
      const steps = openClockSteps();
      for (const id of [1, 2, 3]) steps.channel({ id, topic: `/${id}` });
      const newest = new Map<number, number>();
      for (const one of given) {
        const expected = one.flatMap(([id, s], i) => {
          const isStep = s < (newest.get(id) ?? s) - Number(clockJumpNs) / 1e9;
          if (isStep) newest.clear();
          newest.set(id, Math.max(s, newest.get(id) ?? s));
          return isStep ? [i] : [];
        });
        const block = built(one);
        const found = steps.take(block);
        expect(found).toEqual(expected);
        const pieces = piecesOf(block, found, undefined);
        expect(pieces.flatMap((piece) => told(piece.block))).toEqual(one);
      }
    }),
  );
});

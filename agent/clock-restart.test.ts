/**
 * Goal: clocks that are set and messages that are late give the same sessions and clips whether an
 * agent reads on or is stopped anywhere and goes on from its last mark.
 * Method: random recordings in random blocks through a lane, once in one life and once in several.
 */
import type { Json } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FinishedClip } from './clip/write.ts';
import { begin, block, channel, countsOf, float64, inFolder, odom, run } from './lane.cases.ts';
import type { BlockItem, SourceItem } from './source/source.ts';

inFolder();

const head = [channel(float64(1, 'float64 vx')), channel(float64(2, 'float64 x', '/b'))];

interface Mark {
  readonly state: Json;
  readonly from: number | undefined;
  /** Blocks before it. */
  readonly after: number;
}

/** Clips by their id, as the last life that cut one told it. */
type Clips = Map<string, FinishedClip>;

/** From the mark on to before block `to`; to the end of the recording when there are no more. */
async function live(blocks: readonly BlockItem[], to: number, mark?: Mark) {
  let reached = mark;
  const marked = (after: number): SourceItem => ({
    kind: 'mark',
    save: async (state, from) => {
      reached = await Promise.resolve({
        state: JSON.parse(JSON.stringify(state)) as Json,
        from,
        after,
      });
    },
  });
  const first = mark?.after ?? 0;
  const warm = blocks
    .slice(0, first)
    .filter(({ at = 0 }) => mark?.from !== undefined && at >= mark.from)
    .map((one) => ({ ...one, isWarm: true }));
  const fresh = blocks.slice(first, to).flatMap((one, i) => [one, marked(first + i + 1)]);
  const start = begin({ resumes: true });
  const seen = await run([
    mark === undefined ? start : ({ ...start, state: mark.state } as SourceItem),
    ...head,
    ...warm,
    ...fresh,
    ...(to >= blocks.length ? ([{ kind: 'end' }] as const) : []),
  ]);
  return { clips: seen.clips, mark: reached };
}

async function lives(blocks: readonly BlockItem[], stops: readonly number[]): Promise<unknown[]> {
  const clips: Clips = new Map();
  let mark: Mark | undefined;
  for (const to of [...stops, blocks.length]) {
    const life = await live(blocks, to, mark);
    for (const clip of life.clips) clips.set(clip.clipId, clip);
    mark = life.mark;
  }
  const told = [...clips.values()].map(async (clip) => {
    const { clipId, manifest } = clip;
    const { startNs, endNs, preTruncated, sessionId } = manifest;
    return { clipId, startNs, endNs, preTruncated, sessionId, counts: await countsOf(clip) };
  });
  return await Promise.all(told);
}

/** What happens to time before a message, in quarters of a second. */
const turn = fc.oneof(
  { weight: 40, arbitrary: fc.record({ by: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ by: fc.integer({ min: -200, max: -30 }) }) },
  { weight: 1, arbitrary: fc.record({ by: fc.integer({ min: 100, max: 900 }) }) },
  { weight: 2, arbitrary: fc.record({ late: fc.integer({ min: 30, max: 160 }) }) },
  { weight: 2, arbitrary: fc.record({ late: fc.integer({ min: 1, max: 19 }) }) },
);
const told = fc.record({
  turn,
  topic: fc.integer({ min: 1, max: 2 }),
  isFast: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  /** A block begins with it. */
  begins: fc.integer({ min: 0, max: 3 }).map((one) => one === 0),
});

test('a stop anywhere changes no session and no clip', { timeout: 60_000 }, async () => {
  const stops = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(told, { minLength: 20, maxLength: 90 }), stops, async (said, at) => {
      let s = 1_000;
      const groups: ReturnType<typeof odom>[][] = [];
      for (const { turn: one, topic, isFast, begins } of said) {
        if ('by' in one) s += one.by / 4;
        const time = 'late' in one ? s - one.late / 4 : s;
        if (begins || groups.length === 0) groups.push([]);
        groups.at(-1)?.push(odom(time, isFast && topic === 1 ? 2 : 0, topic));
      }
      const blocks = groups
        .flatMap((group) => block(group))
        .map((one, i) => ({ ...(one as BlockItem), at: i + 1 }));
      const cuts = [...new Set(at)].filter((k) => k < blocks.length).sort((a, b) => a - b);
      expect(await lives(blocks, cuts)).toEqual(await lives(blocks, []));
    }),
    { numRuns: 40 },
  );
});

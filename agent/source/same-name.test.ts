/**
 * Goal: recordings whose names differ in their time alone are each one session with its own parts,
 * however many lie in one folder and whenever the agent starts again.
 * Method: names as the ROS 1 recorder gives them, over MCAP bytes: only the reader is another.
 */
import { basename } from 'node:path';
import { openMcapParser } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { openFollowed, sessionsOf } from './life.cases.ts';
import { chunkEnds, mcapBytes } from './recorder.cases.ts';
import type { SourceItem } from './source.ts';

const hour = 3_600_000;
const a0 = 'run_2026-01-01-10-00-00_0.bag';
const a1 = 'run_2026-01-01-10-05-00_1.bag';
const b0 = 'run_2026-01-01-11-00-00_0.bag';
const b1 = 'run_2026-01-01-11-05-00_1.bag';
const b2 = 'run_2026-01-01-11-10-00_2.bag';

/** `count` messages from second `fromS` on, each of which is 30 kB. */
const part = (fromS: number, count = 5): Promise<Buffer> =>
  mcapBytes(
    Array.from({ length: count }, (_, i) => ({
      topic: '/odom',
      atNs: 1_700_000_000_000_000_000n + BigInt(fromS * 10 + i) * 100_000_000n,
      value: { i, pad: 'x'.repeat(30_000) },
    })),
  );

const read = (items: readonly SourceItem[]): unknown =>
  sessionsOf(items).map(([name, count]) => [basename(name), count]);

/** Messages that a parser gives of these bytes. */
const countIn = (bytes: Buffer): number =>
  openMcapParser('a.mcap')
    .push(new Uint8Array(bytes))
    .reduce((sum, item) => sum + (item.kind === 'block' ? item.block.count : 0), 0);

test('the parts of two recordings that wait together are not mixed', async () => {
  using at = openFollowed();
  for (const [i, name] of [a0, a1, b0, b1, b2].entries()) {
    at.put(name, await part(300 * i), hour);
  }
  expect(read(await at.live())).toEqual([
    [a0, 10],
    [b0, 15],
  ]);
  expect(read(await at.live())).toEqual([]);
});

test('a restart goes on in the recording at work, though an older one has the same number', async () => {
  using at = openFollowed();
  at.put(a0, await part(0), hour);
  const bytes = await part(3_600, 200);
  const [first = 0, second = 0] = chunkEnds(bytes);
  at.put(`${b0}.active`, bytes.subarray(0, first));
  const before = await at.live(({ sleptMs }) => sleptMs > 1_000, { n: 1 });
  at.put(`${b0}.active`, bytes.subarray(0, second));
  const after = await at.live(({ sleptMs }) => sleptMs > 1_000);
  const [, begun, again] = [...before, ...after].filter((item) => item.kind === 'begin');
  expect(again).toMatchObject({ session: { id: begun?.session.id }, state: { n: 1 } });
  const counts = [...sessionsOf(before), ...sessionsOf(after)].map(([, count]) => count);
  const [whole, once] = [second, first].map((end) => countIn(bytes.subarray(0, end)));
  expect(counts).toEqual([5, once, (whole ?? 0) - (once ?? 0)]);
});

test('a restart between two splits goes on with the next, not with one of an older recording', async () => {
  using at = openFollowed();
  at.put(a0, await part(0), hour);
  at.put(a1, await part(300), hour);
  await at.live();
  at.put(b0, await part(3_600));
  // Stopped before it is over.
  await at.live(({ items }) => items.at(-1)?.kind === 'mark');
  at.put(b1, await part(3_900));
  const items = await at.live();
  expect(sessionsOf(items).map(([, count]) => count)).toEqual([5]);
  expect(items.flatMap((item) => (item.kind === 'block' ? [item.file?.path] : []))).toEqual([
    at.at(b0),
    at.at(b1),
  ]);
});

test('the place of an agent that knew no times in names is gone on from', async () => {
  using at = openFollowed();
  at.put(a0, await part(0), hour);
  const bytes = await part(300, 200);
  const [first = 0, second = 0] = chunkEnds(bytes);
  at.put(`${a1}.active`, bytes.subarray(0, first));
  const before = await at.live(({ sleptMs }) => sleptMs > 1_000, { n: 1 });
  at.forget('begun');
  at.put(`${a1}.active`, bytes.subarray(0, second));
  const after = await at.live(({ sleptMs }) => sleptMs > 1_000);
  const [begun, again] = [...before, ...after].filter((item) => item.kind === 'begin');
  expect(again).toMatchObject({ session: { id: begun?.session.id }, state: { n: 1 } });
  const given = countIn(bytes.subarray(0, second)) - countIn(bytes.subarray(0, first));
  expect(read(after)).toEqual([[expect.anything(), given]]);
});

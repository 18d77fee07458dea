/**
 * Goal: a read that the disk refuses once costs nothing, and gives nothing twice: the session goes
 * on, also over a split and over a start of the agent.
 * Method: each read of a life in turn fails as that of a disk; a clock whose waits take no time.
 */
import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { writeDb3 } from './formats.cases.ts';
import { isWaiting, type Life, openFollowed, sessionsOf } from './life.cases.ts';
import { chunkEnds, mcapBytes } from './recorder.cases.ts';
import type { SourceItem } from './source.ts';

/** The read with this number fails, and no other; `came` once it did. Counts after `begins`. */
async function failing(number: number) {
  type Reads = { read: (...asked: never[]) => Promise<unknown> };
  await using handle = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(handle) as Reads;
  const { read } = prototype;
  let reads = Number.NEGATIVE_INFINITY;
  prototype.read = function failingRead(this: Reads, ...asked) {
    reads += 1;
    if (reads !== number) return read.apply(this, asked);
    return Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' }));
  };
  return {
    get came() {
      return reads >= number;
    },
    begins({ items }: Life): void {
      if (reads < 0 && items.some(({ kind }) => kind === 'begin')) reads = 0;
    },
    [Symbol.dispose]() {
      prototype.read = read;
    },
  };
}

const part = (from: number): Promise<Buffer> =>
  mcapBytes(
    Array.from({ length: 40 }, (_, i) => ({
      topic: '/odom',
      atNs: 1_700_000_000_000_000_000n + BigInt(from + i) * 100_000_000n,
      value: { i: from + i, pad: 'x'.repeat(90_000) },
    })),
  );

const ends = (items: readonly SourceItem[]): unknown[] =>
  items.flatMap((item) => (item.kind === 'end' ? [item.fault?.code ?? 'whole'] : []));

const isOver = (life: Life): boolean =>
  (isWaiting(life) && ends(life.items).length > 0) || life.sleptMs > 600_000;

test('whichever read of two splits fails, both are one session, and each message comes once', async () => {
  for (let number = 1, came = true; came; number += 1) {
    using at = openFollowed();
    for (const i of [0, 1]) at.put(`r_${i}.mcap`, await part(40 * i), 60_000);
    using disk = await failing(number);
    const items = await at.live((life) => {
      disk.begins(life);
      return isOver(life);
    });
    expect([sessionsOf(items), ends(items)], `read ${number}`).toEqual([
      [[at.at('r_0.mcap'), 80]],
      ['whole'],
    ]);
    expect(await at.live()).toHaveLength(1);
    ({ came } = disk);
  }
});

test('whichever read of a start fails, the session goes on in its place', async () => {
  const bytes = await part(0);
  const [first = 0, second = 0] = chunkEnds(bytes);
  for (let number = 1, came = true; came; number += 1) {
    using at = openFollowed();
    at.put('r_0.mcap', bytes.subarray(0, first));
    const before = await at.live(({ sleptMs }) => sleptMs > 1_000, { n: 1 });
    at.put('r_0.mcap', bytes.subarray(0, second));
    using disk = await failing(number);
    const once = sessionsOf(before)[0]?.[1];
    expect(once).toBeGreaterThan(0);
    const after = await at.live((life) => {
      disk.begins(life);
      return sessionsOf(life.items)[0]?.[1] === once || ends(life.items).length > 0;
    });
    expect([sessionsOf(after), ends(after)], `read ${number}`).toEqual([
      [[at.at('r_0.mcap'), once]],
      [],
    ]);
    expect(after.find(({ kind }) => kind === 'begin')).toMatchObject({ state: { n: 1 } });
    ({ came } = disk);
  }
});

test('whichever read of a database fails, it goes on behind the messages that were given', async () => {
  for (let number = 1, came = true; came; number += 1) {
    using at = openFollowed();
    writeDb3(at.at('a.db3'), 10_000);
    at.rest('a.db3', 60_000);
    using disk = await failing(number);
    const items = await at.live((life) => {
      disk.begins(life);
      return isOver(life);
    });
    expect([sessionsOf(items), ends(items)], `read ${number}`).toEqual([
      [[at.at('a.db3'), 10_000]],
      ['whole'],
    ]);
    ({ came } = disk);
  }
});

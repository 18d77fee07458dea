/**
 * Goal: whatever a file is, the folder goes on to its next recording, and a stop of the agent in
 * the middle of one loses nothing of it.
 * Method: files that a recorder or a copy leaves on the disk, read by an agent that follows them,
 * stops and starts again; a clock whose waits are short.
 */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { openMcapParser } from '@fieldloop/recording';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { abandonedAfterMs, rescanEveryMs } from '../limits.ts';
import { folderSource } from './folder.ts';
import { bagBytes, writeDb3 } from './formats.cases.ts';
import { isWaiting, type Life, shortClock } from './life.cases.ts';
import { Recorded } from './recorded.ts';
import { chunkEnds, mcapBytes, openRecorder } from './recorder.cases.ts';
import { scan } from './scan.ts';

let folder = '';
let known: Map<string, Json>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-stuck-'));
  known = new Map();
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const start = 1_700_000_000_000_000_000n;

const said = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({
    topic: '/odom',
    atNs: start + BigInt(from + i) * 100_000_000n,
    value: { i: from + i, pad: 'x'.repeat(200) },
  }));

/** A life of the agent, until `enough`. */
async function live(enough: (life: Life) => boolean, follow = true): Promise<Life> {
  const stopping = new AbortController();
  const life: Life = { items: [], sleptMs: 0 };
  const clock = shortClock(life, () => {
    if (enough(life)) stopping.abort();
  });
  const positions = {
    get: async (key: string) => await Promise.resolve(known.get(key)),
    save: async (key: string, document: Json) =>
      await Promise.resolve(void known.set(key, document)),
    keep: async () => await Promise.resolve(),
  };
  const options = { name: 'main', device: 'amr', path: folder, glob: '*.{mcap,bag,db3}', follow };
  const source = folderSource(options, { clock, log: silentLog, positions });
  for await (const item of source.items(stopping.signal)) {
    life.items.push(item);
    if (enough(life)) stopping.abort();
  }
  return life;
}

const messages = ({ items }: Life): number =>
  items.reduce((sum, item) => sum + (item.kind === 'block' ? item.block.count : 0), 0);

const ends = ({ items }: Life): string[] =>
  items.flatMap((item) => (item.kind === 'end' ? [item.fault?.code ?? 'whole'] : []));

/** What a parser gives of these bytes. */
function countIn(bytes: Uint8Array): number {
  const items = openMcapParser('a.mcap').push(new Uint8Array(bytes));
  return items.reduce((sum, item) => sum + (item.kind === 'block' ? item.block.count : 0), 0);
}

const rest = (name: string, ms: number): void => {
  const s = (Date.now() - ms) / 1_000;
  utimesSync(at(name), s, s);
};

test('a stop within a database leaves it to the next start, which reads all of it', async () => {
  writeDb3(at('a.db3'), 200_000);
  rest('a.db3', 60_000);
  const cut = await live(({ items }) => items.some(({ kind }) => kind === 'block'));
  expect(messages(cut)).toBeLessThan(200_000);
  expect(ends(cut)).toEqual([]);
  const whole = await live(isWaiting);
  expect([messages(whole), ends(whole)]).toEqual([200_000, ['whole']]);
});

test('a database that is still written is not read as a part of the recording before it', async () => {
  writeDb3(at('r_0.db3'), 100);
  rest('r_0.db3', 60_000);
  writeDb3(at('r_1.db3'), 150);
  // What comes stands in its log for long, and the file itself rests.
  rest('r_1.db3', 2 * abandonedAfterMs);
  writeFileSync(at('r_1.db3-wal'), 'more');
  const first = await live(isWaiting);
  expect([messages(first), ends(first)]).toEqual([100, ['whole']]);
  rmSync(at('r_1.db3'));
  rmSync(at('r_1.db3-wal'));
  writeDb3(at('r_1.db3'), 200);
  rest('r_1.db3', 60_000);
  const then = await live(isWaiting);
  expect([messages(then), ends(then)]).toEqual([200, ['whole']]);
});

test('a database is read when it is finished, also when it was met before its first byte', async () => {
  writeFileSync(at('a.db3'), '');
  let isBegun = false;
  const life = await live((so) => {
    if (!isBegun && so.sleptMs > 100) {
      isBegun = true;
      writeDb3(at('made'), 150);
      // Into the file that is there, as SQLite does it.
      writeFileSync(at('a.db3'), readFileSync(at('made')));
      writeFileSync(at('a.db3-wal'), 'more');
    }
    return so.sleptMs > 60_000;
  });
  expect(messages(life)).toBe(0);
});

test.each([true, false])(
  'a file with more than is read at once does not hold up the next (follow: %s)',
  async (follow) => {
    // A chunk that states 65 MiB uncompressed.
    const head = Buffer.alloc(9 + 40);
    head[0] = 6;
    head.writeBigUInt64LE(40n, 1);
    head.writeBigUInt64LE(BigInt(65 * 2 ** 20), 9 + 16);
    const magic = Buffer.from('894d434150300d0a', 'hex');
    const header = Buffer.concat([
      Buffer.of(1),
      Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.alloc(8),
    ]);
    writeFileSync(at('a.mcap'), Buffer.concat([magic, header, head, magic]));
    writeFileSync(at('b.mcap'), await mcapBytes(said(10, 500)));
    const life = await live(
      (so) => (isWaiting(so) && ends(so).length >= 2) || so.sleptMs > 300_000,
      follow,
    );
    expect([messages(life), ends(life)]).toEqual([10, ['limited', 'whole']]);
    const again = await live(isWaiting, follow);
    expect(ends(again)).toEqual([]);
  },
);

test('an empty file that a crash left does not keep the next recording waiting', async () => {
  writeFileSync(at('a.mcap'), '');
  rest('a.mcap', abandonedAfterMs);
  expect(ends(await live(isWaiting))).toEqual(['corrupt']);
  const bytes = await mcapBytes(said(10));
  // A recorder creates its file, and writes into it a moment later.
  const recorder = openRecorder(at('b.mcap'), bytes);
  writeFileSync(at('b.mcap'), '');
  const life = await live((so) => {
    if (so.sleptMs > 100) recorder.write();
    return ends(so).length > 0;
  });
  expect([messages(life), ends(life)]).toEqual([10, ['whole']]);
  expect(life.sleptMs).toBeLessThan(rescanEveryMs / 2);
});

test('a recorder that goes on behind damage: what stood before it comes once', async () => {
  const bytes = await mcapBytes(said(60_000));
  const chunks = chunkEnds(bytes);
  const [first = 0, damaged = 0] = chunks;
  bytes.fill(0xff, damaged - 300, damaged - 200);
  const before = countIn(bytes.subarray(0, first));
  const recorder = openRecorder(at('a.mcap'), bytes);
  recorder.write(damaged);
  const later = chunks.slice(2);
  const life = await live((so) => {
    if (ends(so).length > 0) recorder.write(later.shift());
    return later.length === 0 && so.sleptMs > 60_000;
  });
  expect([messages(life), ends(life)]).toEqual([before, ['corrupt']]);
});

test('beside a file that rests, a large folder is not looked at all the time', async () => {
  const bytes = await mcapBytes(said(10));
  openRecorder(at('a.mcap'), bytes).write(bytes.length - 100);
  let [scans, ms] = [0, systemClock.monotonicMs()];
  const stopping = new AbortController();
  const options = { path: folder, glob: '*' };
  const [candidate] = (await scan(options)).found;
  if (candidate === undefined) throw new Error('no file');
  const deps = {
    clock: {
      now: () => systemClock.now(),
      monotonicMs: () => ms,
      async sleep(asked: number) {
        ms += asked;
        await Promise.resolve();
      },
    },
    log: silentLog,
    async scan() {
      scans += 1;
      // As some thousand files take.
      ms += 200;
      return await scan(options);
    },
    next: () => Promise.resolve(undefined),
    note: () => Promise.resolve(),
    savePlace: () => Promise.resolve(),
  };
  const endMs = ms + 100_000;
  for await (const _ of new Recorded('amr', deps, stopping.signal).read(candidate)) {
    if (ms > endMs) stopping.abort();
  }
  expect(scans).toBeGreaterThan(5);
  expect(scans).toBeLessThan(15);
});

test('a bag that is still copied is read once, as its bytes come', async () => {
  const bytes = bagBytes(100, 20);
  const copy = openRecorder(at('a.bag'), bytes);
  copy.write(Math.floor(bytes.length / 2));
  const life = await live((so) => {
    if (so.sleptMs > 3_000) copy.write();
    return ends(so).length > 0 && isWaiting(so);
  });
  expect([messages(life), ends(life)]).toEqual([2_000, ['whole']]);
  rest('a.bag', 20_000);
  expect(messages(await live(isWaiting))).toBe(0);
});

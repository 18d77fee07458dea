/**
 * Goal: a recorder that pauses, crashes or is still copied gives each recording under one session.
 * Method: files that stop before their end and grow later, with the times of change set by hand.
 */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { openFile } from '@fieldloop/recording/file';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { abandonedAfterMs, settledAfterMs } from '../limits.ts';
import { fileSource } from './file.ts';
import { sessionOf } from './fingerprint.ts';
import { folderSource } from './folder.ts';
import type { SourceItem } from './source.ts';
import { jsonBytes, writeRecording } from './testing.ts';

let folder = '';
let known: Map<string, Json>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-paused-'));
  known = new Map();
});
afterEach(() => rmSync(folder, { recursive: true }));

const second = 1_000_000_000n;
const said = (count: number, startS = 1_700_000_000n) =>
  Array.from({ length: count }, (_, i) => ({
    topic: '/odom',
    atNs: startS * second + (BigInt(i) * second) / 10n,
    value: { i, pad: 'x'.repeat(40) },
  }));

type Said = ReturnType<typeof said>[number];

/** The bytes of a whole recording in chunks. */
async function inChunks(messages: readonly Said[]): Promise<Buffer> {
  const path = join(folder, 'made.tmp');
  await writeRecording(path, messages);
  const bytes = readFileSync(path);
  rmSync(path);
  return bytes;
}

/** The bytes of a whole recording without chunks, as some recorders write. */
function withoutChunks(messages: readonly Said[]): Buffer {
  const record = (opcode: number, ...parts: readonly Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.of(opcode), number(body.length, 8), body]);
  };
  const number = (value: number | bigint, bytes: 2 | 4 | 8): Buffer => {
    const whole = Buffer.alloc(8);
    whole.writeBigUInt64LE(BigInt(value));
    return whole.subarray(0, bytes);
  };
  const text = (value: string): Buffer =>
    Buffer.concat([number(value.length, 4), Buffer.from(value)]);
  const magic = Buffer.from('894d434150300d0a', 'hex');
  return Buffer.concat([
    magic,
    record(1, text('test'), text('test')),
    record(4, number(1, 2), number(0, 2), text('/odom'), text('json'), number(0, 4)),
    ...messages.map(({ atNs, value }, i) =>
      record(5, number(1, 2), number(i, 4), number(atNs, 8), number(atNs, 8), jsonBytes(value)),
    ),
    record(15, number(0, 4)),
    record(2, number(0, 8), number(0, 8), number(0, 4)),
    magic,
  ]);
}

function put(name: string, bytes: Uint8Array, restedMs: number): void {
  writeFileSync(join(folder, name), bytes);
  const changedS = (Date.now() - restedMs) / 1_000;
  utimesSync(join(folder, name), changedS, changedS);
}

/** One look at the folder by an agent that starts. */
async function look(): Promise<{ sessions: string[]; ends: unknown[]; messages: number }> {
  const positions = {
    get: async (key: string) => known.get(key),
    save: async (key: string, document: Json) => void known.set(key, document),
    keep: async () => {},
  };
  const options = {
    name: 'main',
    device: 'amr',
    path: folder,
    glob: '*.{mcap,bag}',
    follow: false,
  };
  const source = folderSource(options, { clock: systemClock, log: silentLog, positions });
  const stopping = new AbortController();
  const items: SourceItem[] = [];
  for await (const item of source.items(stopping.signal)) {
    items.push(item);
    if (item.kind === 'waiting') stopping.abort();
  }
  return {
    sessions: items.flatMap((item) => (item.kind === 'begin' ? [item.session.id] : [])),
    ends: items.flatMap((item) => (item.kind === 'end' ? [item.fault?.code ?? 'whole'] : [])),
    messages: items.reduce((n, item) => n + (item.kind === 'block' ? item.block.count : 0), 0),
  };
}

const nothing = { sessions: [], ends: [], messages: 0 };

test('a recorder that pauses for a minute is waited for, and its recording read once', async () => {
  const bytes = withoutChunks(said(300));
  put('a.mcap', bytes.subarray(0, bytes.length / 2), 60_000);
  expect(await look()).toEqual(nothing);
  put('a.mcap', bytes, 0);
  const whole = await look();
  expect([whole.ends, whole.messages]).toEqual([['whole'], 300]);
  expect(await look()).toEqual(nothing);
});

test.each([
  ['in chunks', inChunks, 40_000],
  // So short that its first half is no whole head either.
  ['without chunks', withoutChunks, 300],
] as const)(
  'what rested for long and grew after all, %s, is the same session read again',
  async (_, bytesOf, count) => {
    const bytes = await bytesOf(said(count));
    put('a.mcap', bytes.subarray(0, bytes.length / 2), abandonedAfterMs);
    const first = await look();
    expect(first.ends).toEqual(['corrupt']);
    expect(first.messages).toBeGreaterThan(count / 8);
    expect(await look()).toEqual(nothing);
    put('a.mcap', bytes, 0);
    const again = await look();
    expect(again).toEqual({ sessions: first.sessions, ends: ['whole'], messages: count });
    expect(await look()).toEqual(nothing);
  },
);

test('recordings that begin otherwise are other sessions, read from a folder or as a file', async () => {
  const starts = [1_700_000_000n, 1_700_000_001n];
  for (const [i, start] of starts.entries()) {
    put(`${i}.mcap`, await inChunks(said(20, start)), 0);
  }
  const { sessions } = await look();
  expect(new Set(sessions).size).toBe(2);
  const path = join(folder, '0.mcap');
  const file = fileSource(
    { name: 'again', device: 'amr', path, speed: 'max' },
    { clock: systemClock },
  );
  const again: string[] = [];
  for await (const item of file.items(new AbortController().signal)) {
    if (item.kind === 'begin') again.push(item.session.id);
  }
  expect(again).toEqual(sessions.slice(0, 1));
});

test('a recording without a message has a session all the same', async () => {
  const path = join(folder, 'a.mcap');
  writeFileSync(path, 'neither of the formats');
  await using file = await openFile(path);
  expect(await sessionOf('amr', file)).toMatch(/^[0-9a-f-]{36}$/);
});

test('a bag is finished when it names its index and the index is there', async () => {
  const bag = (indexAt: number): Buffer => {
    const field = Buffer.alloc(4 + 10 + 8);
    field.writeUInt32LE(18, 0);
    field.write('index_pos=', 4);
    field.writeBigUInt64LE(BigInt(indexAt), 14);
    const head = Buffer.alloc(4_096, 0x20);
    field.copy(head, 4);
    return Buffer.concat([Buffer.from('#ROSBAG V2.0\n'), head, Buffer.alloc(100)]);
  };
  const isRead = async (indexAt: number, restedMs: number): Promise<boolean> => {
    known = new Map();
    put('a.bag', bag(indexAt), restedMs);
    return (await look()).ends.length > 0;
  };
  expect(await isRead(4_150, settledAfterMs)).toBe(true);
  expect(await isRead(4_150, 0)).toBe(false);
  // Still written, and still copied.
  expect(await isRead(0, 60_000)).toBe(false);
  expect(await isRead(9_999, 60_000)).toBe(false);
  expect(await isRead(0, abandonedAfterMs)).toBe(true);
});

/**
 * Goal: `fieldloop recording` tells people and programs the same, and its exit codes are right.
 * Method: files made here, the whole command line, what it wrote and how it ended.
 */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CliIo } from './io.ts';
import { runCli } from './main.ts';

const channels: readonly Channel[] = [
  {
    id: 1,
    topic: '/state',
    messageEncoding: 'json',
    metadata: new Map(),
    schema: undefined,
    latched: false,
  },
  {
    id: 2,
    topic: '/chatter',
    messageEncoding: 'ros1',
    metadata: new Map([['latching', 'true']]),
    schema: {
      name: 'demo/Chatter',
      encoding: 'ros1msg',
      data: new TextEncoder().encode('uint8 level\nuint8[2] raw\nfloat32[2] ranges\nuint64 count'),
    },
    latched: true,
  },
];

let folder = '';
let good = '';
let cut = '';

/** Level 7, raw 1 2, ranges 0.5 and NaN, count 2^60. */
function chatter(): Uint8Array {
  const bytes = new Uint8Array(19);
  const view = new DataView(bytes.buffer);
  bytes.set([7, 1, 2]);
  view.setFloat32(3, 0.5, true);
  view.setFloat32(7, Number.NaN, true);
  view.setBigUint64(11, 2n ** 60n, true);
  return bytes;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-recording-'));
  good = join(folder, 'good.mcap');
  cut = join(folder, 'cut.mcap');
  await using file = await createFile(good);
  const writer = await openClipWriter(file, { profile: '', library: 'test', compression: 'none' });
  for (const channel of channels) await writer.channel(channel);
  const startNs = 1_700_000_000_000_000_000n;
  for (let i = 0; i < 4; i += 1) {
    const times = { logTimeNs: startNs + BigInt(i), publishTimeNs: startNs };
    const document = JSON.stringify({ vx: i / 2, mode: { name: 'AUTO' } });
    await writer.message(1, { sequence: i, ...times, data: new TextEncoder().encode(document) });
    await writer.message(2, { sequence: i, ...times, data: chatter() });
  }
  await writer.metadata('fieldloop.clip', new Map([['device', 'amr-01']]));
  await writer.finish();
  await writeFile(cut, (await import('node:fs')).readFileSync(good).subarray(0, 700));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  let out = '';
  let err = '';
  const io: CliIo = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    isTerminal: false,
    columns: 0,
    env: {},
    cwd: folder,
  };
  const code = await runCli(['recording', ...args], io);
  return { out, err, code };
}

test('info: a table for people, a document for programs', async () => {
  const text = await run('info', good);
  expect(text.code).toBe(0);
  expect(text.out).toContain('messages  8\n');
  expect(text.out).toContain('start     2023-11-14T22:13:20.000000000Z\n');
  expect(text.out).toMatch(/\/chatter +demo\/Chatter +ros1 +4 /);
  const json = await run('info', good, '--json');
  expect(JSON.parse(json.out)).toMatchObject({
    format: 'mcap',
    indexed: true,
    messageCount: 8,
    startNs: '1700000000000000000',
    channels: [
      { topic: '/state', count: 4 },
      { topic: '/chatter', latched: true },
    ],
    metadata: [{ name: 'fieldloop.clip', entries: { device: 'amr-01' } }],
  });
});

test('info of a damaged file shows what was read and exits 6', async () => {
  const { out, err, code } = await run('info', cut);
  expect(code).toBe(6);
  expect(out).toContain('index     no');
  expect(err).toContain(`${cut}@byte `);
});

test('check: exit 0 when clean, 6 with the place when not', async () => {
  const clean = await run('check', good);
  expect([clean.code, clean.err]).toEqual([0, '']);
  expect(clean.out).toContain('clean: everything that is stated is so');
  const bad = await run('check', cut);
  expect(bad.code).toBe(6);
  expect(bad.out).toMatch(/^error {4}.*cut\.mcap@byte \d+: /m);
  const json = JSON.parse((await run('check', cut, '--json')).out) as { clean: boolean };
  expect(json.clean).toBe(false);
});

test('cat: whole messages, fields and limits', async () => {
  const all = await run('cat', good, '--json');
  const lines = all.out.trim().split('\n');
  expect(lines.length).toBe(8);
  expect(JSON.parse(lines[1] ?? '')).toEqual({
    topic: '/chatter',
    logTimeNs: '1700000000000000000',
    message: { level: 7, raw: 'AQI=', ranges: [0.5, 'NaN'], count: '1152921504606846976' },
  });
  const speed = await run('cat', good, '--topic', '/state', '--field', 'vx', '--limit', '2');
  expect(speed.out).toBe('1700000000.000000000  /state  0\n1700000000.000000001  /state  0.5\n');
  const fields = ['--field', 'ranges[0]', '--field', 'ranges', '--field', 'level'];
  const ranges = await run('cat', good, '--topic', '/chatter', '--limit', '1', ...fields);
  expect(ranges.out).toBe(
    '1700000000.000000000  /chatter  ranges[0]=0.5 ranges=[0.5,"NaN"] level=7\n',
  );
  const none = await run('cat', good, '--limit', '0');
  expect([none.code, none.out]).toEqual([0, '']);
});

test('cat without a topic takes the channels that have the field', async () => {
  const { out, code } = await run('cat', good, '--field', 'level');
  expect(code).toBe(0);
  expect(out.split('\n').filter((line) => line.includes('/chatter')).length).toBe(4);
});

test('what is not there is said, with what is', async () => {
  const topic = await run('cat', good, '--topic', '/odom');
  expect(topic.code).toBe(4);
  expect(topic.err).toContain('It has /chatter, /state.');
  const field = await run('cat', good, '--topic', '/chatter', '--field', 'levl');
  expect(field.code).toBe(2);
  expect(field.err).toContain('level');
  const file = await run('info', join(folder, 'nothing.mcap'));
  expect(file.code).toBe(4);
  expect(file.err).toContain('there is no such file');
  expect((await run('cat', good, '--limit', 'many')).code).toBe(2);
});

test('a damaged chunk ends cat, or is passed over with --salvage', async () => {
  const bytes = (await import('node:fs')).readFileSync(good);
  const at = bytes.indexOf('"vx":1');
  bytes[at + 5] = 0x39;
  const bad = join(folder, 'bad.mcap');
  await writeFile(bad, bytes);
  const strict = await run('cat', bad);
  expect(strict.code).toBe(6);
  expect(strict.err).toContain('--salvage');
  const salvaged = await run('cat', bad, '--salvage');
  expect(salvaged.code).toBe(0);
  expect(salvaged.err).toContain('passed over: ');
});

test('repair: a sound file, a report for people and programs, never over another file', async () => {
  const out = join(folder, 'saved.mcap');
  const dry = await run('repair', cut, '--dry-run');
  expect(dry.code).toBe(0);
  expect(dry.out).toMatch(/^kept {5}\d+ messages/);
  expect(dry.out).toMatch(/ {2}.*cut\.mcap@byte \d+: a .*the file ends inside it/);
  expect(dry.out).not.toContain('written');
  const done = await run('repair', cut, out);
  expect(done.out).toBe(`${dry.out}written  ${out}\n`);
  expect((await run('check', out)).code).toBe(0);
  const again = await run('repair', cut, out);
  expect([again.code, again.err.includes('never overwrites')]).toEqual([5, true]);
  expect((await run('repair', cut)).err).toContain('--dry-run');
  const json = JSON.parse((await run('repair', good, '--dry-run', '--json')).out) as object;
  expect(json).toMatchObject({ kept: { messages: 8, metadata: 1 }, losses: [], statedMessages: 8 });
  const nothing = await run('repair', join(folder, 'nothing.mcap'), join(folder, 'never.mcap'));
  expect(nothing.code).toBe(4);
});

test('a folder of splits: info and check tell of all, repair writes a file for each', async () => {
  const bag = join(folder, 'bag');
  await mkdir(bag);
  await copyFile(good, join(bag, 'bag_0.mcap'));
  await copyFile(cut, join(bag, 'bag_1.mcap'));
  const listing = 'a:\n  relative_file_paths:\n    - bag_0.mcap\n    - bag_2.mcap\n';
  await writeFile(join(bag, 'metadata.yaml'), listing);
  const told = await run('info', bag);
  expect(told.code).toBe(6);
  expect(told.out).toMatch(/^folder {4}.*bag\nfiles {5}2\nmissing {3}.*bag_2.mcap$/m);
  expect(told.err).toContain('bag_1.mcap@byte');
  const checked = await run('check', bag);
  expect(checked).toMatchObject({ code: 6, out: expect.stringContaining('bag_2.mcap') });
  const out = join(folder, 'mended');
  const repaired = await run('repair', bag, out);
  expect(repaired.code).toBe(0);
  expect(repaired.out).toContain(join(out, 'mended_0.mcap'));
  expect((await run('check', join(out, 'mended_0.mcap'))).code).toBe(0);
  expect(await run('repair', bag, out)).toMatchObject({ code: 5 });
});

/**
 * Goal: a folder of rosbag2, or the splits of a recording, is read as the one recording it is.
 * Method: a recording cut into files here, each numbering its channels anew, against the whole.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkSplits } from './check/splits.ts';
import { openRecording } from './folder.ts';
import { splitsInfo } from './info/splits.ts';
import { type ReadOptions } from './options.ts';
import { readSplits, type SplitRecording } from './splits.ts';
import { makeMcap, robotMessages } from './testing/mcap-maker.ts';
import { hasSharedData, sharedFiles } from './testing/shared-data.ts';

let folder = '';
const whole = robotMessages(6);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-splits-'));
});
afterAll(async () => await rm(folder, { recursive: true }));

/** Each file has its share of the messages, and channels in an order of its own. */
async function splitFolder(name: string, files: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  const each = Math.ceil(whole.messages.length / files.length);
  for (const [i, file] of files.entries()) {
    const part = whole.messages.slice(i * each, (i + 1) * each);
    // A topic of which a file has no message is not in it.
    const used = [...new Set(part.map(({ channel }) => channel))].sort((a, b) => a - b);
    const turned = i % 2 === 0 ? used : used.toReversed();
    const channels = turned.map((channel) => whole.channels[channel] ?? { topic: '' });
    const messages = part.map((one) => ({ ...one, channel: turned.indexOf(one.channel) }));
    const bytes = await makeMcap({ channels, messages, compression: 'zstd' });
    await writeFile(join(path, file), bytes);
  }
  return path;
}

async function list(path: string, files: readonly string[], messages: number): Promise<void> {
  const lines = [
    'rosbag2_bagfile_information:',
    '  version: 5',
    `  message_count: ${messages}`,
    '  topics_with_message_count:',
    '    - message_count: 3',
    '  relative_file_paths:',
    ...files.map((file) => `    - ${file}`),
    '',
  ];
  await writeFile(join(path, 'metadata.yaml'), lines.join('\n'));
}

/** Each message by topic, in order. */
async function messagesOf(recording: SplitRecording, options?: ReadOptions): Promise<string[]> {
  const topics = new Map<number, string>();
  const found: string[] = [];
  const ids: number[] = [];
  let headers = 0;
  for await (const item of readSplits(recording, options)) {
    if (item.kind === 'header') headers += 1;
    if (item.kind === 'channel') {
      ids.push(item.channel.id);
      topics.set(item.channel.id, item.channel.topic);
    }
    if (item.kind !== 'block') continue;
    const { channelIds, timesNs, baseNs, sequences } = item.block;
    for (let i = 0; i < item.block.count; i += 1) {
      const atNs = baseNs + BigInt(timesNs[i] ?? 0);
      found.push(`${topics.get(channelIds[i] ?? 0)} ${sequences[i]} ${atNs}`);
    }
  }
  expect(headers).toBe(1);
  expect(ids).toEqual([...new Set(ids)]);
  return found;
}

const expected = whole.messages.map(
  ({ channel, sequence, logTime }) => `${whole.channels[channel]?.topic} ${sequence} ${logTime}`,
);

test('splits by number are one stream, with one number a channel', async () => {
  const files = Array.from({ length: 11 }, (_, i) => `run_${i}.mcap`);
  const path = await splitFolder('numbered', files);
  const recording = await openRecording(path);
  expect(recording.splits.map(({ name }) => name)).toEqual(files.map((one) => join(path, one)));
  expect(await messagesOf(recording)).toEqual(expected);
  expect(await messagesOf(recording, { reuse: true })).toEqual(expected);
  const named = [...files].reverse().map((one) => join(path, one));
  expect(await messagesOf(await openRecording(named))).toEqual(expected);
  const info = await splitsInfo(recording);
  expect(info).toMatchObject({ name: path, messageCount: expected.length, indexed: true });
  expect(info.channels.map(({ topic }) => topic).sort()).toEqual(['/imu', '/odom', '/tf_static']);
  expect(info.channels.find(({ topic }) => topic === '/imu')?.hz).toBeCloseTo(50, 0);
  expect(await checkSplits(recording)).toMatchObject({ clean: true, messages: expected.length });
});

test('metadata.yaml orders what names do not, and says what is missing', async () => {
  const files = ['b.mcap', 'a.mcap', 'c.mcap'];
  const path = await splitFolder('listed', files);
  await list(path, files, expected.length);
  expect(await messagesOf(await openRecording(path))).toEqual(expected);
  expect((await checkSplits(await openRecording(path))).errors).toEqual([]);
  await rm(join(path, 'a.mcap'));
  const left = await openRecording(path);
  expect(left.missing).toEqual([join(path, 'a.mcap')]);
  const report = await checkSplits(left);
  expect(report.clean).toBe(false);
  expect(report.errors.map(({ message }) => message)).toEqual([
    'metadata.yaml lists this file, and it is not there',
    expect.stringMatching(/^metadata.yaml states \d+ messages, and the files hold \d+$/),
  ]);
});

test('splits are of one recording however each is spelled', async () => {
  const path = await splitFolder('spelled', ['run_0.mcap', 'run_1.mcap']);
  const near = `./${relative(process.cwd(), join(path, 'run_0.mcap'))}`;
  const { splits } = await openRecording([join(path, 'run_1.mcap'), near]);
  expect(splits.map(({ name }) => name)).toEqual([near, join(path, 'run_1.mcap')]);
});

test('metadata.yaml names no file outside of its folder', async () => {
  const path = await splitFolder('outside', ['run_0.mcap']);
  await list(path, ['../numbered/run_3.mcap', '/etc/passwd', 'run_0.mcap'], expected.length);
  const { splits, missing } = await openRecording(path);
  expect(splits.map(({ name }) => name)).toEqual([join(path, 'run_0.mcap')]);
  expect(missing).toEqual([join(path, 'run_3.mcap'), join(path, 'passwd')]);
});

test.each([
  ['two', ['run_0.mcap', 'walk_0.mcap'], 'invalid', /run_0.mcap and walk_0.mcap/],
  ['bare', ['a.mcap', 'b.mcap'], 'invalid', /more than one recording/],
  ['none', [], 'not_found', /holds no recording/],
])('a folder of no one recording (%s) is refused', async (name, files, code, message) => {
  const path = await splitFolder(name, files);
  await expect(openRecording(path)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
    place: path,
    remedy: expect.any(String),
  });
});

test('what is not there is told by its name', async () => {
  const path = join(folder, 'nowhere.mcap');
  await expect(openRecording(path)).rejects.toMatchObject({ code: 'not_found', place: path });
});

test.skipIf(!hasSharedData)(
  'splits that rosbag2 wrote (skipped without ../shared/data)',
  async () => {
    const files = sharedFiles('mcap', '.mcap').filter((path) => path.includes('wbag_'));
    const recording = await openRecording(files.toReversed());
    expect(recording.splits.map(({ name }) => name)).toEqual(files);
    const info = await splitsInfo(recording);
    const found = await messagesOf(recording);
    expect(found.length).toBe(info.messageCount);
  },
);

/**
 * Goal: a summary that leaves out a channel makes no clip that nobody could read.
 * Method: a sound file whose summary gets another id for one channel, cut whole and by range.
 */
import { expect, test } from 'vitest';
import { openIndexedMcap } from '../mcap/indexed.ts';
import { makeMcap } from '../testing/mcap-maker.ts';
import { memoryFile, memorySink } from '../testing/memory-file.ts';
import { trimMcap } from './trim.ts';

const [footerBytes, magicBytes, channelRecord] = [20, 8, 4];

/** The second channel of the summary under an id that no message has. */
function withoutChannel(file: Uint8Array): Uint8Array {
  const bytes = file.slice();
  const view = new DataView(bytes.buffer);
  const footer = bytes.length - magicBytes - footerBytes;
  let at = Number(view.getBigUint64(footer, true));
  let seen = 0;
  while (at < footer - 9) {
    if (view.getUint8(at) === channelRecord) {
      seen += 1;
      if (seen === 2) view.setUint16(at + 9, 77, true);
    }
    at += 9 + Number(view.getBigUint64(at + 1, true));
  }
  // No checksum: the summary is taken as it is.
  view.setUint32(footer + 16, 0, true);
  return bytes;
}

test.each([
  ['whole chunks', {}],
  ['a piece of a chunk', { startNs: 3n, endNs: 8n }],
])('%s of a channel that the summary does not name are corrupt', async (_, range) => {
  const made = await makeMcap({
    channels: [{ topic: '/a' }, { topic: '/b' }],
    compression: 'zstd',
    messages: Array.from({ length: 10 }, (_, i) => ({
      channel: i % 2,
      sequence: i,
      logTime: BigInt(i),
      publishTime: BigInt(i),
      data: new Uint8Array([i]),
    })),
  });
  const plan = { ...range, library: 'test', note: { name: 'note', entries: new Map() } };
  const cut = async (bytes: Uint8Array): Promise<number> => {
    const file = await openIndexedMcap(memoryFile(bytes));
    return (await trimMcap(memorySink(), plan, file)).messageCount;
  };
  expect(await cut(made)).toBeGreaterThan(4);
  await expect(cut(withoutChannel(made))).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/messages of channel 1, which the summary does not name/),
    remedy: expect.stringMatching(/recording repair/),
  });
});

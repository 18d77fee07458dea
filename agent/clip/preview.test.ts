/**
 * Goal: the thumbnail of a clip is the camera's picture at its moment, of every kind that a scorer
 * reads, and costs no more of the window than that.
 * Method: a window of one-second blocks whose loads are counted, its pictures a few bytes; pixels
 * without compression through the real sharp.
 */
import type { MessageBlock } from '@fieldloop/recording';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import type { WindowBlock } from '../window/entry.ts';
import { openLoading } from '../window/loading.ts';
import { blockOf } from '../window/testing.ts';
import { sharpPictures } from './pictures.ts';
import { type MadePreview, previewsOf } from './preview.ts';
import type { Pictures } from './redact-image.ts';

const second = 1_000_000_000n;
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const camera = {
  ...jsonChannel(7, '/camera'),
  schema: { name: 'foxglove.CompressedImage', encoding: 'jsonschema', data: Buffer.from('{}') },
};

const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'));

function heldOf(block: MessageBlock, load: () => void = () => undefined): WindowBlock {
  const { count, firstNs, lastNs, data } = block;
  const id = block.channelIds[0] ?? 0;
  return {
    count,
    firstNs,
    lastNs,
    channels: [id],
    sums: new Map([[id, data.length]]),
    file: undefined,
    block: undefined,
    async load() {
      load();
      return await Promise.resolve(block);
    },
  };
}

/** Of a clip of all that is held. */
async function thumbnailOf(
  held: readonly WindowBlock[],
  firstAtNs: bigint,
  thumbnail: Pictures['thumbnail'],
): Promise<MadePreview | undefined> {
  const pictures: Pictures = { veil: nothing, veilRaw: nothing, regions: nothing, thumbnail };
  const draft = { firstAtNs, markers: [] } as never;
  const range = { startNs: 0n, endNs: 59n * second };
  using loading = openLoading();
  const made = await previewsOf(
    { ...range, draft, holds: () => true, redact: new Map(), ruleSet: { signals: [] } },
    { window: { channels: new Map([[camera.id, camera]]), held }, loading, records: [], pictures },
  );
  return made.find(({ kind }) => kind === 'thumbnail');
}

interface Seen {
  readonly atNs: string | undefined;
  readonly loaded: readonly number[];
}

/** Thumbnail of a clip of 60 s whose moment is `atS`; `frames` are the seconds with a picture. */
async function thumbnailAt(atS: number, frames: readonly number[]): Promise<Seen> {
  const loaded: number[] = [];
  const held = Array.from({ length: 60 }, (_, s) => {
    const data = jsonBytes({ data: jpeg.toString('base64'), format: 'jpeg' });
    const channelId = frames.includes(s) ? camera.id : 1;
    const block = blockOf([{ channelId, atNs: BigInt(s) * second, data }]);
    return heldOf(block, () => void loaded.push(s));
  });
  const small = async () => await Promise.resolve({ bytes: jpeg, width: 4, height: 3 });
  const made = await thumbnailOf(held, BigInt(atS) * second, small);
  return { atNs: made?.told.atNs, loaded };
}

test('the first picture at or after the moment, and nothing of the pre-roll is read', async () => {
  const every = Array.from({ length: 60 }, (_, s) => s);
  expect(await thumbnailAt(40, every)).toEqual({ atNs: String(40n * second), loaded: [40] });
  expect(await thumbnailAt(40, [3, 44, 50])).toEqual({ atNs: String(44n * second), loaded: [44] });
});

test('the last one before it when the camera ended', async () => {
  expect(await thumbnailAt(40, [3, 12, 30])).toEqual({ atNs: String(30n * second), loaded: [30] });
  expect(await thumbnailAt(40, [])).toEqual({ atNs: undefined, loaded: [] });
});

/** Pixels of grey, the right half five times as bright as the left one. */
function halves(row: (left: number, right: number) => number[]): Buffer {
  return Buffer.from(Array.from({ length: 8 }, () => row(40, 200)).flat());
}

const eight = <T>(left: T, right: T): T[] => [left, left, left, left, right, right, right, right];
const millimetres = (depth: number): number[] => [depth & 255, depth >> 8];

test.each([
  ['bgr8', halves((a, b) => eight([a, a, a], [b, b, b]).flat())],
  ['mono8, rows with gaps', halves((a, b) => [...eight(a, b), 0, 0, 0, 0])],
  ['mono16', halves((a, b) => eight([0, a], [0, b]).flat())],
  ['16UC1', halves((a, b) => eight(millimetres(a * 10), millimetres(b * 10)).flat())],
  ['bayer_rggb8', halves(eight)],
  ['yuv422', halves((a, b) => eight([128, a], [128, b]).flat())],
  ['yuv422_yuy2', halves((a, b) => eight([a, 128], [b, 128]).flat())],
])('pixels of %s have a thumbnail on which something is seen', async (name, pixels) => {
  const encoding = name.replace(/,.*/, '');
  const step = pixels.length / 8;
  const message = { encoding, width: 8, height: 8, step, data: pixels.toString('base64') };
  const block = blockOf([{ channelId: camera.id, atNs: 0n, data: jsonBytes(message) }]);
  const made = await thumbnailOf([heldOf(block)], 0n, sharpPictures.thumbnail);
  const { data } = await sharp(made?.bytes).greyscale().raw().toBuffer({ resolveWithObject: true });
  expect(data).toHaveLength(64);
  expect(data[8]).toBeLessThan(70);
  expect(data[15]).toBeGreaterThan(150);
});

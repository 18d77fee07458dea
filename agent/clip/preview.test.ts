/**
 * Goal: the thumbnail of a clip is the camera's picture at its moment, and costs no more of the
 * window than that.
 * Method: a window of one-second blocks whose loads are counted; pictures are numbers.
 */
import { expect, test } from 'vitest';
import type { MessageBlock } from '@fieldloop/recording';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import type { WindowBlock } from '../window/entry.ts';
import { openLoading } from '../window/loading.ts';
import { blockOf } from '../window/testing.ts';
import { previewsOf } from './preview.ts';
import type { Pictures } from './redact-image.ts';

const second = 1_000_000_000n;
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const camera = {
  ...jsonChannel(7, '/camera'),
  schema: { name: 'foxglove.CompressedImage', encoding: 'jsonschema', data: Buffer.from('{}') },
};

interface Seen {
  readonly atNs: string | undefined;
  readonly loaded: readonly number[];
}

/** Thumbnail of a clip of 60 s whose moment is `atS`; `frames` are the seconds with a picture. */
async function thumbnailAt(atS: number, frames: readonly number[]): Promise<Seen> {
  const loaded: number[] = [];
  const held = Array.from({ length: 60 }, (_, s): WindowBlock => {
    const atNs = BigInt(s) * second;
    const data = jsonBytes({ data: jpeg.toString('base64'), format: 'jpeg' });
    const channelId = frames.includes(s) ? camera.id : 1;
    const block: MessageBlock = blockOf([{ channelId, atNs, data }]);
    return {
      count: 1,
      firstNs: atNs,
      lastNs: atNs,
      channels: [channelId],
      sums: new Map([[channelId, data.length]]),
      file: undefined,
      block: undefined,
      async load() {
        loaded.push(s);
        return await Promise.resolve(block);
      },
    };
  });
  const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'));
  const pictures: Pictures = {
    veil: nothing,
    veilRaw: nothing,
    regions: nothing,
    thumbnail: async () => await Promise.resolve({ bytes: jpeg, width: 4, height: 3 }),
  };
  const draft = { firstAtNs: BigInt(atS) * second, markers: [] } as never;
  const range = { startNs: 0n, endNs: 59n * second };
  using loading = openLoading();
  const made = await previewsOf(
    { ...range, draft, holds: () => true, redact: new Map(), ruleSet: { signals: [] } },
    { window: { channels: new Map([[camera.id, camera]]), held }, loading, records: [], pictures },
  );
  const { told } = made.find(({ kind }) => kind === 'thumbnail') ?? {};
  return { atNs: told?.atNs, loaded };
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

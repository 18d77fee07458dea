/**
 * Goal: an image is changed only in messages that are known to hold this one and no other.
 * Method: messages under each name of a known image, and messages with a second image; real
 * pictures.
 */
import { type Channel, decodeMessage } from '@fieldloop/recording';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { jsonBytes } from '../source/testing.ts';
import { sharpPictures } from './pictures.ts';
import { type Pictures, veiledImage } from './redact-image.ts';

const pictures: Pictures = {
  ...sharpPictures,
  regions: () => Promise.reject(new Error('no detector')),
};

let jpeg = Buffer.alloc(0);
beforeAll(async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const create = { width: 64, height: 48, channels: 3, background: 'black', noise } as const;
  jpeg = await sharp({ create }).jpeg().toBuffer();
});

function channelOf(
  name: string | undefined,
  encoding: 'json' | 'protobuf' = 'json',
  data: Uint8Array = Buffer.from('{}'),
): Channel {
  return {
    id: 1,
    topic: '/camera',
    messageEncoding: encoding,
    metadata: new Map(),
    schema: name === undefined ? undefined : { name, encoding, data },
    latched: false,
  };
}

const veil = async (channel: Channel, data: Uint8Array): Promise<unknown> =>
  decodeMessage(channel, await veiledImage({ data, channel, model: undefined }, pictures));

test.each([
  ['sensor_msgs/CompressedImage'],
  ['sensor_msgs/msg/CompressedImage'],
  ['foxglove.CompressedImage'],
  ['foxglove_msgs/msg/CompressedImage'],
])('a message of %s is changed', async (name) => {
  const message = { frame_id: 'cam', format: 'jpeg', data: jpeg.toString('base64'), n: 3 };
  const { data, ...rest } = (await veil(channelOf(name), jsonBytes(message))) as typeof message;
  expect(rest).toEqual({ frame_id: 'cam', format: 'jpeg', n: 3 });
  expect(data).toHaveLength(message.data.length);
  expect(data).not.toBe(message.data);
});

/** A part of a protobuf that has its length before it. */
const part = (number: number, content: Uint8Array | string): Buffer => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const { length } = bytes;
  const size = length < 128 ? [length] : [128 + (length & 127), length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size]), bytes]);
};

/** A field of a descriptor: optional, of type 9 (text) or 12 (bytes). */
const field = (name: string, number: number, type: number): Buffer =>
  part(2, Buffer.concat([part(1, name), Buffer.from([24, number, 32, 1, 40, type])]));

test('a protobuf is changed, too', async () => {
  const fields = [field('data', 2, 12), field('format', 3, 9), field('frame_id', 4, 9)];
  const type = part(4, Buffer.concat([part(1, 'CompressedImage'), ...fields]));
  const file = Buffer.concat([part(1, 'i.proto'), part(2, 'foxglove'), type, part(12, 'proto3')]);
  const channel = channelOf('foxglove.CompressedImage', 'protobuf', part(1, file));
  const message = Buffer.concat([part(4, 'cam'), part(2, jpeg), part(3, 'jpeg')]);
  const veiled = (await veil(channel, message)) as { readonly data: Uint8Array };
  expect(veiled).toMatchObject({ frame_id: 'cam', format: 'jpeg' });
  expect(veiled.data).toHaveLength(jpeg.length);
  expect(jpeg.equals(veiled.data)).toBe(false);
});

test.each([
  ['of another name', 'acme/StereoImage', 'acme/StereoImage are no known images'],
  ['without a schema', undefined, 'no schema are no known images'],
  ['with more in it than its name says', 'foxglove.CompressedImage', '"right" beside the image'],
])('a message %s is refused with its second image', async (_, name, why) => {
  const right = jpeg.subarray(0, -2).toString('base64');
  const message = { format: 'jpeg', data: jpeg.toString('base64'), right };
  await expect(veil(channelOf(name), jsonBytes(message))).rejects.toThrow(why);
});

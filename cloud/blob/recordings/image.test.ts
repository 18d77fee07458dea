/**
 * Goal: pictures leave the cloud whole, whether a camera published files or pixels.
 * Method: one colour as pixels of several encodings, through PNG and the preview and back.
 */
import { expect, test } from 'vitest';
import { pictureOf, rgbImage, smallRawImage } from './image.ts';

const [width, height] = [6, 4];
const filled = (pixel: readonly number[]): Uint8Array =>
  Uint8Array.from(Array.from({ length: width * height }, () => pixel).flat());
const bgr = { encoding: 'bgr8', width, height, step: width * 3, data: filled([10, 60, 200]) };

test('pixels become a PNG of the same pixels; a file stays the file that it was', async () => {
  const image = { ...bgr, isBigEndian: false };
  const picture = await pictureOf({ kind: 'raw', image });
  const again = await rgbImage(picture.file);
  expect([...again.data.subarray(0, 3)]).toEqual([200, 60, 10]);
  expect(again).toMatchObject({ width, height });
  const same = await pictureOf({ kind: 'image', bytes: picture.file });
  expect(same.file).toBe(picture.file);
});

test('a preview is made of any encoding that models read', async () => {
  const mosaic = { ...bgr, encoding: 'bayer_rggb8', step: width, data: filled([90]) };
  for (const message of [bgr, mosaic]) {
    const small = await smallRawImage(message);
    expect(small).toMatchObject({ width, height, mediaType: 'image/jpeg' });
  }
});

test('pixels that are not whole, too many or of an unknown kind say so', async () => {
  const torn = { ...bgr, data: bgr.data.subarray(7) };
  await expect(smallRawImage(torn)).rejects.toThrow(/cannot have 65 bytes/);
  await expect(smallRawImage({ ...bgr, width: 1e6, height: 1e6 })).rejects.toThrow(/too many/);
  await expect(smallRawImage({ ...bgr, encoding: 'nv21' })).rejects.toThrow(/"nv21" are not read/);
});

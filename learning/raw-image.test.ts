/**
 * Goal: an uncompressed image is the same picture whatever encoding a camera driver chose.
 * Method: one colour written in each encoding by its definition; rows with filling; torn ones.
 */
import { expect, test } from 'vitest';
import { frameContent } from './frame.ts';
import { rawEncodings, rawToRgb } from './raw-image.ts';

const [width, height] = [4, 2];
const [red, green, blue] = [200, 100, 50];
const gray = 120;

/** A pixel of each encoding; of the mosaics the four pixels of a cell. */
const pixels: Readonly<Record<string, readonly number[]>> = {
  rgb8: [red, green, blue],
  bgr8: [blue, green, red],
  rgba8: [red, green, blue, 255],
  bgra8: [blue, green, red, 255],
  mono8: [gray],
  '8UC1': [gray],
  '8UC3': [blue, green, red],
  mono16: [7, gray],
  '16UC1': [7, gray],
};

function packed(encoding: string, filling: number): { data: Uint8Array; step: number } {
  const row = Array.from({ length: width }, () => pixels[encoding] ?? []).flat();
  const whole = [...row, ...Array<number>(filling).fill(9)];
  return {
    data: Uint8Array.from(Array.from({ length: height }, () => whole).flat()),
    step: whole.length,
  };
}

test.each(Object.keys(pixels))('%s gives its colours, also with filled rows', (encoding) => {
  const expected =
    encoding.startsWith('mono') || encoding.endsWith('C1')
      ? [gray, gray, gray]
      : [red, green, blue];
  for (const filling of [0, 3]) {
    const { data, step } = packed(encoding, filling);
    const image = rawToRgb({ encoding, width, height, step, isBigEndian: false, data });
    expect(image).toMatchObject({ width, height, channels: 3 });
    expect([...image.data.subarray(-3)]).toEqual(expected);
  }
});

test('sixteen bits are read by their byte order', () => {
  const data = Uint8Array.from([gray, 7]);
  const image = { encoding: 'mono16', width: 1, height: 1, step: 2, isBigEndian: true, data };
  expect(rawToRgb(image).data[0]).toBe(gray);
});

test.each([
  ['yuv422', [128, 126, 128, 126]],
  ['yuv422_yuy2', [126, 128, 126, 128]],
])('%s of a gray is that gray', (encoding, pair) => {
  const data = Uint8Array.from([...pair, ...pair]);
  const image = rawToRgb({ encoding, width: 4, height: 1, step: 8, isBigEndian: false, data });
  for (const value of image.data) expect(Math.abs(value - 128)).toBeLessThanOrEqual(1);
});

test.each([
  ['bayer_rggb8', [red, green, green, blue]],
  ['bayer_bggr8', [blue, green, green, red]],
  ['bayer_gbrg8', [green, blue, red, green]],
  ['bayer_grbg8', [green, red, blue, green]],
])('%s of one colour is that colour', (encoding, [a = 0, b = 0, c = 0, d = 0]) => {
  const data = Uint8Array.from([a, b, a, b, c, d, c, d]);
  const image = rawToRgb({ encoding, width, height, step: 4, isBigEndian: false, data });
  expect([...image.data.subarray(0, 3)]).toEqual([red, green, blue]);
});

test('what is torn or unknown is refused with what is known', () => {
  const { data, step } = packed('rgb8', 0);
  const image = { encoding: 'rgb8', width, height, step, isBigEndian: false, data };
  expect(() => rawToRgb({ ...image, data: data.subarray(1) })).toThrow(/cannot have 23 bytes/);
  expect(() => rawToRgb({ ...image, step: 2 })).toThrow(/2 bytes a row/);
  expect(() => rawToRgb({ ...image, encoding: 'nv12' })).toThrow(/"nv12" are not read/);
  expect(rawEncodings).toContain('bayer_rggb8');
});

test('a message with encoding and width is pixels, one with a format is a compressed image', () => {
  const input = { kind: 'image', topic: '/c', image: {} } as never;
  const { data, step } = packed('rgb8', 0);
  const raw = { encoding: 'rgb8', width, height, step, is_bigendian: 0, data };
  expect(frameContent(raw, input)).toMatchObject({ kind: 'raw', image: { width, step } });
  expect(frameContent({ format: 'jpeg', data }, input)).toMatchObject({ kind: 'image' });
});

/**
 * Goal: an image becomes the same tensor everywhere, and the average is by area.
 * Method: small images worked out by hand, and the mean as an invariant over random sizes.
 */
import { Fault } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ImageInput, imageToTensor, numbersToTensor, type RgbImage } from './preprocess.ts';

const plain: ImageInput = {
  width: 2,
  height: 1,
  layout: 'nchw',
  colour: 'rgb',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

const rgb = (width: number, height: number, pixels: readonly number[]): RgbImage => ({
  data: Uint8Array.from(pixels),
  width,
  height,
  channels: 3,
});

const rounded = (tensor: Float32Array): number[] =>
  [...tensor].map((value) => Math.round(value * 1e6) / 1e6);

test('blocks are averaged, channels come one after the other in nchw', () => {
  const image = rgb(4, 1, [0, 255, 51, 255, 255, 51, 255, 0, 0, 255, 0, 102]);
  expect(rounded(imageToTensor(image, plain))).toEqual([0.5, 1, 1, 0, 0.2, 0.2]);
});

test('nhwc keeps the channels of a pixel together', () => {
  const image = rgb(2, 1, [255, 0, 51, 0, 255, 102]);
  const tensor = imageToTensor(image, { ...plain, layout: 'nhwc' });
  expect(rounded(tensor)).toEqual([1, 0, 0.2, 0, 1, 0.4]);
});

test('a pixel across two targets counts for each by its share', () => {
  const image = rgb(3, 1, [0, 0, 0, 255, 255, 255, 0, 0, 0]);
  const tensor = imageToTensor(image, plain);
  expect(rounded(tensor).slice(0, 2)).toEqual([0.333333, 0.333333]);
});

test('a smaller image is stretched', () => {
  const image = rgb(1, 1, [255, 0, 51]);
  expect(rounded(imageToTensor(image, plain))).toEqual([1, 1, 0, 0, 0.2, 0.2]);
});

test('gray is luma, and mean and deviation apply to it', () => {
  const image = rgb(2, 1, [255, 0, 0, 255, 255, 255]);
  const gray: ImageInput = { ...plain, colour: 'gray', mean: [0.5], std: [0.25] };
  expect(rounded(imageToTensor(image, gray))).toEqual([-0.804, 2]);
});

test('the mean colour survives any shrinking', () => {
  const sizes = fc.record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    toWidth: fc.integer({ min: 1, max: 20 }),
    toHeight: fc.integer({ min: 1, max: 20 }),
    seed: fc.integer({ min: 0, max: 255 }),
  });
  fc.assert(
    fc.property(sizes, ({ width, height, toWidth, toHeight, seed }) => {
      const pixels = Array.from({ length: width * height * 3 }, (_, i) => (i * 37 + seed) % 256);
      const input = { ...plain, width: toWidth, height: toHeight };
      const tensor = imageToTensor(rgb(width, height, pixels), input);
      const mean = tensor.reduce((sum, value) => sum + value, 0) / tensor.length;
      const wanted = pixels.reduce((sum, value) => sum + value / 255, 0) / pixels.length;
      expect(mean).toBeCloseTo(wanted, 4);
    }),
  );
});

test('an image whose bytes do not fit its size is refused with a remedy', () => {
  const torn = { ...rgb(2, 2, []), data: new Uint8Array(11) };
  expect(() => imageToTensor(torn, plain)).toThrow(Fault);
  expect(() => imageToTensor(torn, plain)).toThrow('2 x 2 x 3 cannot have 11 bytes');
});

test('a declaration with too few means is refused', () => {
  const image = rgb(1, 1, [0, 0, 0]);
  expect(() => imageToTensor(image, { ...plain, mean: [0] })).toThrow('needs 3 means');
});

test('numbers are normalised by one pair or by a pair a place', () => {
  expect([...numbersToTensor([1, 3], { size: 2, mean: [1], std: [2] })]).toEqual([0, 1]);
  expect([...numbersToTensor([1, 3], { size: 2, mean: [1, 2], std: [1, 4] })]).toEqual([0, 0.25]);
  expect(() => numbersToTensor([1], { size: 2, mean: [0], std: [1] })).toThrow('takes 2 numbers');
});

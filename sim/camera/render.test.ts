/**
 * Goal: the picture shows the world: what stands ahead, how bright it is, and nothing by chance.
 * Method: frames of arranged scenes, compared where something changed and where nothing did.
 */
import { expect, test } from 'vitest';
import { decodeJpeg, encodeJpeg } from '../jpeg.ts';
import { openBody } from '../world/body.ts';
import { frameSize, openStudio, renderFrame } from './render.ts';

const studio = openStudio();
const eye = { x: 8, y: 6.6, heading: 0, height: 0.78 };
const options = { ...frameSize, grain: 5 };
const person = openBody(1, 'person', { x: 11, y: 6.6, heading: 0 }, 0);

/** Mean difference of two frames over some columns. */
function difference(
  a: Uint8ClampedArray,
  b: Uint8ClampedArray,
  [from, to]: readonly [number, number],
): number {
  let sum = 0;
  for (let row = 0; row < frameSize.height; row += 1) {
    for (let i = (row * frameSize.width + from) * 3; i < (row * frameSize.width + to) * 3; i += 1) {
      sum += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    }
  }
  return sum / ((to - from) * frameSize.height * 3);
}

const mean = (frame: Uint8ClampedArray): number =>
  frame.reduce((sum, value) => sum + value, 0) / frame.length;

test('the same scene is the same frame, other grain is other noise only', () => {
  const first = renderFrame(studio, eye, [person], options);
  expect(renderFrame(studio, eye, [person], options)).toEqual(first);
  const other = renderFrame(studio, eye, [person], { ...options, grain: 6 });
  expect(other).not.toEqual(first);
  expect(difference(first, other, [0, frameSize.width])).toBeLessThan(5);
});

test('a person ahead changes the middle of the picture and not its sides', () => {
  const empty = renderFrame(studio, eye, [], options);
  const met = renderFrame(studio, eye, [person], options);
  expect(difference(empty, met, [150, 170])).toBeGreaterThan(20);
  expect(difference(empty, met, [0, 60])).toBe(0);
  expect(difference(empty, met, [260, 320])).toBe(0);
});

test.each(['pallet', 'robot'] as const)('a %s ahead is seen, and hidden behind a rack', (kind) => {
  const ahead = openBody(1, kind, { x: 11, y: 6.6, heading: 0.4 }, 0);
  const hidden = openBody(1, kind, { x: 11, y: 12.4, heading: 0.4 }, 0);
  const empty = renderFrame(studio, eye, [], options);
  const whole = [0, frameSize.width] as const;
  expect(difference(empty, renderFrame(studio, eye, [ahead], options), whole)).toBeGreaterThan(1);
  expect(renderFrame(studio, eye, [hidden], options)).toEqual(empty);
});

test('the cold store is dark, the dock glares, the hall lies between', () => {
  const at = (x: number, y: number): number =>
    mean(renderFrame(studio, { ...eye, x, y }, [], options));
  const cold = at(26, 2);
  const dock = at(8, 22.8);
  expect(cold).toBeLessThan(50);
  expect(dock).toBeGreaterThan(170);
  expect(at(8, 12.4)).toBeGreaterThan(cold + 40);
  expect(at(8, 12.4)).toBeLessThan(dock - 40);
});

test('a JPEG comes back at its size and looks alike', async () => {
  const frame = renderFrame(studio, eye, [person], options);
  const jpeg = await encodeJpeg(frame, frameSize);
  expect(await encodeJpeg(frame, frameSize)).toEqual(jpeg);
  expect(jpeg.length).toBeLessThan(40_000);
  const back = await decodeJpeg(jpeg);
  expect([back.width, back.height]).toEqual([frameSize.width, frameSize.height]);
  expect(difference(frame, new Uint8ClampedArray(back.data), [0, frameSize.width])).toBeLessThan(6);
});

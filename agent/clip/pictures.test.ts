/**
 * Goal: nobody is recognised on a veiled part of a picture.
 * Method: pixels of noise through the real sharp; the colours that are left are counted.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sharpPictures } from './pictures.ts';
import type { Region } from './redact-image.ts';

const side = 400;
const channels = 3;

function noise(): Uint8Array {
  const random = seededRandom(7);
  return Uint8Array.from({ length: side * side * channels }, () => random.next() * 256);
}

/** Different colours in the middle half of the image. */
function coloursIn(pixels: Uint8Array): number {
  const found = new Set<string>();
  for (let y = side / 4; y < (side * 3) / 4; y += 1) {
    for (let x = side / 4; x < (side * 3) / 4; x += 1) {
      const at = (y * side + x) * channels;
      found.add(pixels.subarray(at, at + channels).join());
    }
  }
  return found.size;
}

test('of a face that a detector found a few patches are left, however large it is', async () => {
  const pixels = { data: noise(), width: side, height: side, channels } as const;
  const box = (share: number): Region => {
    const edge = (1 - share) / 2;
    return { x: edge, y: edge, width: share, height: share };
  };
  expect(coloursIn(pixels.data)).toBeGreaterThan(30_000);
  for (const share of [0.5, 0.75, 1]) {
    const veiled = await sharpPictures.veilRaw(pixels, [box(share)]);
    expect(coloursIn(veiled)).toBeLessThanOrEqual(16);
  }
});

/** What the sensor adds: darker corners and grain. */
import { seededRandom } from '@fieldloop/core';
import type { Canvas } from './canvas.ts';

const tableLength = 8191;
const table = grainTable();

function grainTable(): Float32Array {
  const random = seededRandom('grain');
  return Float32Array.from({ length: tableLength }, () => random.normal() * 2.6);
}

/** Darkens towards the corners and adds grain from a table; `seed` picks where it begins. */
export function finish(canvas: Canvas, seed: number): void {
  const { width, height, data } = canvas;
  const columns = Float32Array.from({ length: width }, (_, x) => ((x + 0.5) / width - 0.5) ** 2);
  let grain = ((seed % tableLength) + tableLength) % tableLength;
  let at = 0;
  for (let row = 0; row < height; row += 1) {
    const up = ((row + 0.5) / height - 0.5) ** 2;
    for (let column = 0; column < width; column += 1, at += 3) {
      const keep = 1 - 0.55 * (up + (columns[column] ?? 0));
      const noise = table[grain] ?? 0;
      grain = grain + 1 === tableLength ? 0 : grain + 1;
      data[at] = (data[at] ?? 0) * keep + noise;
      data[at + 1] = (data[at + 1] ?? 0) * keep + noise;
      data[at + 2] = (data[at + 2] ?? 0) * keep + noise;
    }
  }
}

/**
 * Pictures of nothing: shuffled, faded or wrongly exposed beyond what the hall gives. They are
 * trained with the same share for every class (outlier exposure, Hendrycks et al. 2019), so that
 * the model says that it does not know where nothing looks as it learned. None shows a zone.
 */
import type { Random } from '@fieldloop/core';
import type { ImageInput } from '@fieldloop/learning';

export type Spoil = (source: Float32Array, random: Random) => Float32Array;

/** The spoils in use, with their number as a share of the training pictures. */
export function spoilsOf(input: ImageInput): readonly { share: number; spoil: Spoil }[] {
  return [
    { share: 0.03, spoil: (source, random) => shuffleTiles(source, input, random) },
    { share: 0.05, spoil: (source, random) => fade(source, input, random) },
    { share: 0.13, spoil: (source, random) => misexpose(source, input, random) },
  ];
}

const tile = 4;

/** Tiles of 4 x 4 pixels in another order. */
function shuffleTiles(source: Float32Array, input: ImageInput, random: Random): Float32Array {
  const columns = input.width / tile;
  const rows = input.height / tile;
  const order = Array.from({ length: columns * rows }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return eachPixel(input, (colour, x, y) => {
    const from = order[Math.floor(y / tile) * columns + Math.floor(x / tile)] ?? 0;
    const fromX = (from % columns) * tile + (x % tile);
    const fromY = Math.floor(from / columns) * tile + (y % tile);
    return source[(colour * input.height + fromY) * input.width + fromX] ?? 0;
  });
}

/** Little contrast left, before something almost black or almost white. */
function fade(source: Float32Array, input: ImageInput, random: Random): Float32Array {
  const keep = 0.02 + 0.38 * random.next();
  const level = random.next() < 0.5 ? 0.25 * random.next() : 0.85 + 0.15 * random.next();
  const tones = Array.from({ length: 3 }, () => 0.8 * level + 0.2 * random.next());
  return eachPixel(input, (colour, x, y) => {
    const tone = normalised(tones[colour] ?? 0, input, colour);
    const value = source[(colour * input.height + y) * input.width + x] ?? 0;
    return value * keep + tone * (1 - keep);
  });
}

/** Far too dark or far too bright, with a cast, and half of the times through a mist like it. */
function misexpose(source: Float32Array, input: ImageInput, random: Random): Float32Array {
  const isBright = random.next() < 0.5;
  const gain = isBright ? 1.6 + random.next() : 0.1 + 0.35 * random.next();
  const gains = Array.from({ length: 3 }, () => gain * (0.75 + 0.5 * random.next()));
  const keep = random.next() < 0.5 ? 1 : 0.3 + 0.6 * random.next();
  const level = isBright ? 0.85 : 0.1;
  const mist = Array.from({ length: 3 }, () => level + 0.2 * random.next());
  return eachPixel(input, (colour, x, y) => {
    const value = source[(colour * input.height + y) * input.width + x] ?? 0;
    const plain = value * (input.std[colour] ?? 1) + (input.mean[colour] ?? 0);
    const lit = Math.min(1, plain * (gains[colour] ?? 1));
    return normalised(lit * keep + (mist[colour] ?? 0) * (1 - keep), input, colour);
  });
}

function normalised(value: number, input: ImageInput, colour: number): number {
  return (value - (input.mean[colour] ?? 0)) / (input.std[colour] ?? 1);
}

/** The picture seen in a mirror: what is ahead stays ahead. */
export function mirror(source: Float32Array, input: ImageInput): Float32Array {
  return eachPixel(
    input,
    (colour, x, y) =>
      source[(colour * input.height + y) * input.width + (input.width - 1 - x)] ?? 0,
  );
}

/** A tensor in layout nchw from a function of colour, column and row. */
function eachPixel(
  input: ImageInput,
  value: (colour: number, x: number, y: number) => number,
): Float32Array {
  const out = new Float32Array(3 * input.width * input.height);
  let at = 0;
  for (let colour = 0; colour < 3; colour += 1) {
    for (let y = 0; y < input.height; y += 1) {
      for (let x = 0; x < input.width; x += 1, at += 1) out[at] = value(colour, x, y);
    }
  }
  return out;
}

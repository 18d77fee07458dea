/**
 * From what a sensor gave to what a model takes. Training, evaluation and the robot call this
 * same code, so that a model never meets numbers it was not trained on.
 */
import { Fault } from '@fieldloop/core';

/** Rows from the top, pixels from the left, three bytes each: red, green, blue. */
export interface RgbImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
}

export interface ImageInput {
  readonly width: number;
  readonly height: number;
  readonly layout: 'nchw' | 'nhwc';
  readonly colour: 'rgb' | 'gray';
  /** One number a colour channel, on the scale 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface NumberInput {
  readonly size: number;
  /** One number for all places, or one a place. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Rec. 601 luma weights. */
const luma = [0.299, 0.587, 0.114] as const;

/**
 * The image shrunk (or stretched) by area average, on the scale 0 to 1, less the mean, over the
 * standard deviation. Fault `invalid` when the image or the declaration does not add up.
 */
export function imageToTensor(image: RgbImage, input: ImageInput): Float32Array {
  const colours = input.colour === 'rgb' ? 3 : 1;
  checkImage(image, input, colours);
  const small = shrink(image, input.width, input.height);
  const area = input.width * input.height;
  const out = new Float32Array(colours * area);
  for (let pixel = 0; pixel < area; pixel += 1) {
    for (let colour = 0; colour < colours; colour += 1) {
      const value =
        colours === 3
          ? (small[pixel * 3 + colour] ?? 0)
          : (small[pixel * 3] ?? 0) * luma[0] +
            (small[pixel * 3 + 1] ?? 0) * luma[1] +
            (small[pixel * 3 + 2] ?? 0) * luma[2];
      const at = input.layout === 'nchw' ? colour * area + pixel : pixel * colours + colour;
      out[at] = (value - (input.mean[colour] ?? 0)) / (input.std[colour] ?? 1);
    }
  }
  return out;
}

/** A list of numbers as a model takes it. Fault `invalid` when the length is another. */
export function numbersToTensor(values: ArrayLike<number>, input: NumberInput): Float32Array {
  if (values.length !== input.size) {
    throw new Fault('invalid', `the model takes ${input.size} numbers, got ${values.length}`, {
      remedy: 'Let input.size in model.yaml be the length of the field that input.from names.',
    });
  }
  return Float32Array.from({ length: input.size }, (_, i) => {
    const mean = input.mean[input.mean.length === 1 ? 0 : i] ?? 0;
    const std = input.std[input.std.length === 1 ? 0 : i] ?? 1;
    return ((values[i] ?? 0) - mean) / std;
  });
}

function checkImage(image: RgbImage, input: ImageInput, colours: number): void {
  if (
    image.width < 1 ||
    image.height < 1 ||
    image.data.length !== image.width * image.height * image.channels
  ) {
    const size = `${image.width} x ${image.height} x ${image.channels}`;
    throw new Fault('invalid', `an image of ${size} cannot have ${image.data.length} bytes`, {
      remedy: 'Check that the topic carries whole images.',
    });
  }
  if (input.mean.length !== colours || input.std.length !== colours) {
    throw new Fault('invalid', `colour ${input.colour} needs ${colours} means and deviations`, {
      remedy: 'Give input.mean and input.std in model.yaml one number for each colour channel.',
    });
  }
}

/** Which source pixels a target pixel covers, and how much of each; the shares sum to 1. */
interface Cover {
  readonly first: number;
  readonly shares: Float64Array;
}

function covers(from: number, to: number): readonly Cover[] {
  const ratio = from / to;
  return Array.from({ length: to }, (_, i) => {
    const low = i * ratio;
    const high = Math.min(from, low + ratio);
    const first = Math.min(from - 1, Math.floor(low));
    const last = Math.max(first + 1, Math.min(from, Math.ceil(high - 1e-9)));
    const shares = new Float64Array(last - first);
    for (let pixel = first; pixel < last; pixel += 1) {
      shares[pixel - first] = (Math.min(high, pixel + 1) - Math.max(low, pixel)) / ratio;
    }
    return { first, shares };
  });
}

/** Separable area average to `width` x `height` x 3, on the scale 0 to 1. */
function shrink(image: RgbImage, width: number, height: number): Float64Array {
  const columns = covers(image.width, width);
  const rows = covers(image.height, height);
  const out = new Float64Array(width * height * 3);
  const line = new Float64Array(width * 3);
  rows.forEach((row, y) => {
    row.shares.forEach((share, offset) => {
      shrinkLine(image, row.first + offset, columns, line);
      for (let i = 0; i < line.length; i += 1) {
        const at = y * line.length + i;
        out[at] = (out[at] ?? 0) + ((line[i] ?? 0) * share) / 255;
      }
    });
  });
  return out;
}

function shrinkLine(
  image: RgbImage,
  y: number,
  columns: readonly Cover[],
  line: Float64Array,
): void {
  const { data } = image;
  for (let x = 0; x < columns.length; x += 1) {
    const column = columns[x];
    if (column === undefined) continue;
    let red = 0;
    let green = 0;
    let blue = 0;
    let at = (y * image.width + column.first) * 3;
    for (const share of column.shares) {
      red += (data[at] ?? 0) * share;
      green += (data[at + 1] ?? 0) * share;
      blue += (data[at + 2] ?? 0) * share;
      at += 3;
    }
    line[x * 3] = red;
    line[x * 3 + 1] = green;
    line[x * 3 + 2] = blue;
  }
}

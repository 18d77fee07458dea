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
 * standard deviation, written to `into`. Fault `invalid` when the image or the declaration does not
 * add up.
 */
export function imageToTensor(
  image: RgbImage,
  input: ImageInput,
  into: Float32Array = new Float32Array(coloursOf(input) * input.width * input.height),
): Float32Array {
  checkImage(image, input);
  const columns = coverage(image.width, input.width);
  const rows = coverage(image.height, input.height);
  const line = new Float64Array(input.width * 3);
  const average = new Float64Array(line.length);
  for (let y = 0; y < input.height; y += 1) {
    average.fill(0);
    const start = rows.starts[y] ?? 0;
    const end = rows.starts[y + 1] ?? 0;
    for (let k = start; k < end; k += 1) {
      shrinkLine(image, (rows.firsts[y] ?? 0) + k - start, columns, line);
      const share = rows.shares[k] ?? 0;
      for (let i = 0; i < line.length; i += 1) {
        average[i] = (average[i] ?? 0) + ((line[i] ?? 0) * share) / 255;
      }
    }
    writeRow(average, y, input, into);
  }
  return into;
}

const coloursOf = ({ colour }: ImageInput): number => (colour === 'rgb' ? 3 : 1);

/** `row` holds red, green and blue of each pixel of row `y`. */
function writeRow(row: Float64Array, y: number, input: ImageInput, out: Float32Array): void {
  const { width, height, layout, mean, std } = input;
  const colours = coloursOf(input);
  for (let x = 0; x < width; x += 1) {
    const pixel = y * width + x;
    for (let colour = 0; colour < colours; colour += 1) {
      const value =
        colours === 3
          ? (row[x * 3 + colour] ?? 0)
          : (row[x * 3] ?? 0) * luma[0] +
            (row[x * 3 + 1] ?? 0) * luma[1] +
            (row[x * 3 + 2] ?? 0) * luma[2];
      const at = layout === 'nchw' ? colour * width * height + pixel : pixel * colours + colour;
      out[at] = (value - (mean[colour] ?? 0)) / (std[colour] ?? 1);
    }
  }
}

/**
 * A list of numbers as a model takes it, written to `into`. Fault `invalid` when the length is
 * another.
 */
export function numbersToTensor(
  values: ArrayLike<number>,
  input: NumberInput,
  into: Float32Array = new Float32Array(input.size),
): Float32Array {
  if (values.length !== input.size) {
    throw new Fault('invalid', `the model takes ${input.size} numbers, got ${values.length}`, {
      remedy: 'Let input.size in model.yaml be the length of the field that input.from names.',
    });
  }
  for (let i = 0; i < input.size; i += 1) {
    const mean = input.mean[input.mean.length === 1 ? 0 : i] ?? 0;
    const std = input.std[input.std.length === 1 ? 0 : i] ?? 1;
    into[i] = ((values[i] ?? 0) - mean) / std;
  }
  return into;
}

function checkImage(image: RgbImage, input: ImageInput): void {
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
  const colours = coloursOf(input);
  if (input.mean.length !== colours || input.std.length !== colours) {
    throw new Fault('invalid', `colour ${input.colour} needs ${colours} means and deviations`, {
      remedy: 'Give input.mean and input.std in model.yaml one number for each colour channel.',
    });
  }
}

/** Which source pixels each target pixel covers, and how much of each; its shares sum to 1. */
interface Coverage {
  /** The first source pixel of each target pixel. */
  readonly firsts: Int32Array;
  /** Where the shares of each target pixel start, and at last where they end. */
  readonly starts: Int32Array;
  readonly shares: Float64Array;
}

function coverage(from: number, to: number): Coverage {
  const ratio = from / to;
  const firsts = new Int32Array(to);
  const starts = new Int32Array(to + 1);
  const shares = new Float64Array(to * (Math.ceil(ratio) + 1));
  let count = 0;
  for (let i = 0; i < to; i += 1) {
    const low = i * ratio;
    const high = Math.min(from, low + ratio);
    const first = Math.min(from - 1, Math.floor(low));
    const last = Math.max(first + 1, Math.min(from, Math.ceil(high - 1e-9)));
    firsts[i] = first;
    for (let pixel = first; pixel < last; pixel += 1) {
      shares[count] = (Math.min(high, pixel + 1) - Math.max(low, pixel)) / ratio;
      count += 1;
    }
    starts[i + 1] = count;
  }
  return { firsts, starts, shares };
}

/** Row `y` shrunk to red, green and blue of each column, on the scale 0 to 255. */
function shrinkLine(image: RgbImage, y: number, columns: Coverage, line: Float64Array): void {
  const { data } = image;
  const { firsts, starts, shares } = columns;
  for (let x = 0; x < firsts.length; x += 1) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let at = (y * image.width + (firsts[x] ?? 0)) * 3;
    const end = starts[x + 1] ?? 0;
    for (let k = starts[x] ?? 0; k < end; k += 1) {
      const share = shares[k] ?? 0;
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

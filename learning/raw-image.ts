/**
 * Images as cameras give them, without compression: `sensor_msgs/Image` and `foxglove.RawImage`,
 * whose encodings are those of ROS (sensor_msgs/image_encodings.hpp).
 */
import { Fault } from '@fieldloop/core';
import type { RgbImage } from './preprocess.ts';

export interface RawImage {
  readonly encoding: string;
  readonly width: number;
  readonly height: number;
  /** Bytes of a row, with what fills it up. */
  readonly step: number;
  readonly isBigEndian: boolean;
  readonly data: Uint8Array;
}

/** Where a pixel's colours are: bytes a pixel, and the places of red, green and blue in it. */
interface Packing {
  readonly bytes: number;
  readonly places: readonly [number, number, number];
}

const packings: Readonly<Record<string, Packing>> = {
  rgb8: { bytes: 3, places: [0, 1, 2] },
  bgr8: { bytes: 3, places: [2, 1, 0] },
  rgba8: { bytes: 4, places: [0, 1, 2] },
  bgra8: { bytes: 4, places: [2, 1, 0] },
  mono8: { bytes: 1, places: [0, 0, 0] },
  '8UC1': { bytes: 1, places: [0, 0, 0] },
  '8UC3': { bytes: 3, places: [2, 1, 0] },
};

/** The high byte of 16 bits is what a screen would show of them. */
const wide: ReadonlySet<string> = new Set(['mono16', '16UC1']);

/** Two pixels in four bytes, ITU-R BT.601 in video range: the place of the first brightness. */
const yuvFirst: Readonly<Record<string, 0 | 1>> = {
  yuv422: 1,
  uyvy: 1,
  yuv422_yuy2: 0,
  yuyv: 0,
};

/** One colour a pixel: which of red, green and blue the first two by two pixels have. */
const mosaics: Readonly<Record<string, readonly (0 | 1 | 2)[]>> = {
  bayer_rggb8: [0, 1, 1, 2],
  bayer_bggr8: [2, 1, 1, 0],
  bayer_gbrg8: [1, 2, 0, 1],
  bayer_grbg8: [1, 0, 2, 1],
};

export const rawEncodings: readonly string[] = [
  ...Object.keys(packings),
  ...wide,
  ...Object.keys(yuvFirst),
  ...Object.keys(mosaics),
];

/** Red, green and blue of each pixel. Fault `invalid` for other encodings and for torn images. */
export function rawToRgb(image: RawImage): RgbImage {
  const { encoding, width, height } = image;
  const read = readerOf(image);
  if (read === undefined) {
    throw new Fault('invalid', `images of the encoding "${encoding}" are not read`, {
      remedy: `Publish one of ${rawEncodings.join(', ')}, or a compressed image.`,
    });
  }
  const need = image.step * (height - 1) + read.rowBytes;
  const isSound = width > 0 && height > 0 && image.step >= read.rowBytes;
  if (!isSound || image.data.length < need) {
    const size = `${width} x ${height}, ${image.step} bytes a row`;
    throw new Fault('invalid', `an image of ${size} cannot have ${image.data.length} bytes`, {
      remedy: 'Check that the topic carries whole images.',
    });
  }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) read.row(y, data);
  return { data, width, height, channels: 3 };
}

interface RowReader {
  readonly rowBytes: number;
  row(y: number, out: Uint8Array): void;
}

function readerOf(image: RawImage): RowReader | undefined {
  const { encoding } = image;
  const packing = packings[encoding];
  if (packing !== undefined) return packedRows(image, packing);
  if (wide.has(encoding)) {
    // Two bytes a pixel, and the high one of them.
    const high = image.isBigEndian ? 0 : 1;
    return packedRows(image, { bytes: 2, places: [high, high, high] });
  }
  const first = yuvFirst[encoding];
  if (first !== undefined) return yuvRows(image, first);
  const mosaic = mosaics[encoding];
  return mosaic === undefined ? undefined : mosaicRows(image, mosaic);
}

function packedRows({ data, step, width }: RawImage, { bytes, places }: Packing): RowReader {
  const [red, green, blue] = places;
  return {
    rowBytes: width * bytes,
    row(y, out) {
      let from = y * step;
      let to = y * width * 3;
      for (let x = 0; x < width; x += 1) {
        out[to] = data[from + red] ?? 0;
        out[to + 1] = data[from + green] ?? 0;
        out[to + 2] = data[from + blue] ?? 0;
        from += bytes;
        to += 3;
      }
    },
  };
}

function yuvRows({ data, step, width }: RawImage, first: 0 | 1): RowReader {
  const chroma = 1 - first;
  return {
    rowBytes: Math.ceil(width / 2) * 4,
    row(y, out) {
      for (let x = 0; x < width; x += 1) {
        const pair = y * step + (x >> 1) * 4;
        const luma = 1.164 * ((data[pair + first + (x & 1) * 2] ?? 0) - 16);
        const u = (data[pair + chroma] ?? 0) - 128;
        const v = (data[pair + chroma + 2] ?? 0) - 128;
        const to = (y * width + x) * 3;
        out[to] = clamp(luma + 1.596 * v);
        out[to + 1] = clamp(luma - 0.392 * u - 0.813 * v);
        out[to + 2] = clamp(luma + 2.017 * u);
      }
    },
  };
}

/** Each colour of a pixel is the mean of those of the three by three around it. */
function mosaicRows(
  { data, step, width, height }: RawImage,
  colours: readonly number[],
): RowReader {
  return {
    rowBytes: width,
    row(y, out) {
      for (let x = 0; x < width; x += 1) {
        const sums = [0, 0, 0];
        const counts = [0, 0, 0];
        for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v += 1) {
          for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u += 1) {
            const colour = colours[(v & 1) * 2 + (u & 1)] ?? 0;
            sums[colour] = (sums[colour] ?? 0) + (data[v * step + u] ?? 0);
            counts[colour] = (counts[colour] ?? 0) + 1;
          }
        }
        for (let colour = 0; colour < 3; colour += 1) {
          const mean = (sums[colour] ?? 0) / Math.max(1, counts[colour] ?? 0);
          out[(y * width + x) * 3 + colour] = clamp(mean);
        }
      }
    },
  };
}

const clamp = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/** Pictures by sharp: veils that nothing can be taken off, and thumbnails. */
import { previewBytes, thumbnailSide, veiledSide, veilMargin } from '../clip-limits.ts';
import { openImage, openPixels, smallJpeg } from '../score/image.ts';
import type { Pictures, RawPixels, Region } from './redact-image.ts';

type PixelWork = Omit<Pictures, 'regions'>;

interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
}

export const sharpPictures: PixelWork = {
  async veil(image, { regions, maxBytes }) {
    const { format } = await openImage(image).metadata();
    if (format !== 'jpeg' && format !== 'png') throw new Error('it is neither JPEG nor PNG');
    const pixels = await pixelsOf(image);
    const veiled = { ...pixels, data: await veilPixels(pixels, regions) };
    for (const one of [veiled, await flat(veiled)]) {
      for (const quality of [85, 60, 35, 10]) {
        const drawn = openPixels(one);
        const encoded =
          format === 'jpeg' ? drawn.jpeg({ quality }) : drawn.png({ palette: true, quality });
        const bytes = await encoded.toBuffer();
        if (bytes.length <= maxBytes) return bytes;
      }
    }
    throw new Error('no veiled image is as small as the image was');
  },

  veilRaw: (pixels, regions) => veilPixels(pixels, regions),

  async thumbnail(image) {
    const opened =
      image instanceof Uint8Array ? openImage(image).rotate() : openPixels(rgbOf(image));
    return await smallJpeg(opened, { side: thumbnailSide, maxBytes: previewBytes });
  },
};

async function pixelsOf(image: Uint8Array): Promise<Pixels> {
  const { data, info } = await openImage(image).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 2) throw new Error('it has two channels');
  return { data, width, height, channels };
}

/** Pixels of the whole image, or of the regions, as a few dozen that are drawn large again. */
async function veilPixels(
  pixels: Pixels,
  regions: readonly Region[] | undefined,
): Promise<Uint8Array> {
  if (regions === undefined) return await coarse(pixels);
  const data = new Uint8Array(pixels.data);
  for (const region of regions) {
    const box = boxOf(region, pixels);
    if (box === undefined) continue;
    paste(data, pixels, { box, drawn: await coarse(cropped(pixels, box)) });
  }
  return data;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boxOf(region: Region, { width, height }: Pixels): Box | undefined {
  const [x, y] = [region.x - region.width * veilMargin, region.y - region.height * veilMargin];
  const [right, bottom] = [
    region.x + region.width * (1 + veilMargin),
    region.y + region.height * (1 + veilMargin),
  ];
  const left = Math.max(0, Math.floor(x * width));
  const top = Math.max(0, Math.floor(y * height));
  const box = {
    left,
    top,
    width: Math.min(width, Math.ceil(right * width)) - left,
    height: Math.min(height, Math.ceil(bottom * height)) - top,
  };
  return box.width > 0 && box.height > 0 ? box : undefined;
}

function cropped({ data, width, channels }: Pixels, box: Box): Pixels {
  const row = box.width * channels;
  const own = new Uint8Array(row * box.height);
  for (let y = 0; y < box.height; y += 1) {
    const from = ((box.top + y) * width + box.left) * channels;
    own.set(data.subarray(from, from + row), y * row);
  }
  return { data: own, width: box.width, height: box.height, channels };
}

function paste(
  data: Uint8Array,
  { width, channels }: Pixels,
  { box, drawn }: { readonly box: Box; readonly drawn: Uint8Array },
): void {
  const row = box.width * channels;
  for (let y = 0; y < box.height; y += 1) {
    const into = ((box.top + y) * width + box.left) * channels;
    data.set(drawn.subarray(y * row, (y + 1) * row), into);
  }
}

async function coarse(pixels: Pixels): Promise<Uint8Array> {
  const { width, height, channels } = pixels;
  const share = Math.min(1, veiledSide / Math.max(width, height));
  const small = {
    width: Math.max(1, Math.min(Math.round(width * share), Math.ceil(width / 4))),
    height: Math.max(1, Math.min(Math.round(height * share), Math.ceil(height / 4))),
    channels,
  };
  const shape = { fit: 'fill', kernel: 'cubic' } as const;
  const data = await openPixels(pixels)
    .resize({ ...small, ...shape })
    .raw()
    .toBuffer();
  return await openPixels({ ...small, data })
    .resize({ width, height, ...shape })
    .raw()
    .toBuffer();
}

/** One colour, the mean: the smallest image there is of this size. */
async function flat(pixels: Pixels): Promise<Pixels> {
  const { width, height, channels } = pixels;
  const one = await openPixels(pixels)
    .resize({ width: 1, height: 1, fit: 'fill' })
    .raw()
    .toBuffer();
  const data = new Uint8Array(width * height * channels);
  for (let at = 0; at < data.length; at += channels) data.set(one.subarray(0, channels), at);
  return { data, width, height, channels };
}

/** Red first, as pictures are drawn. */
function rgbOf(pixels: RawPixels): Pixels {
  const { isBgr, channels } = pixels;
  if (!isBgr) return pixels;
  const data = new Uint8Array(pixels.data);
  for (let at = 0; at + 2 < data.length; at += channels) {
    data[at] = pixels.data[at + 2] ?? 0;
    data[at + 2] = pixels.data[at] ?? 0;
  }
  return { ...pixels, data };
}

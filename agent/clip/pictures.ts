/** Pictures by sharp: veils that nothing can be taken off, and thumbnails. */
import {
  previewBytes,
  thumbnailSide,
  veiledBoxSide,
  veiledSide,
  veilMargin,
} from '../clip-limits.ts';
import { openImage, openPixels, smallJpeg } from '../score/image.ts';
import type { Pictures, Region } from './redact-image.ts';

type PixelWork = Omit<Pictures, 'regions'>;

interface Pixels extends Size {
  readonly data: Uint8Array;
  readonly channels: 1 | 3 | 4;
}

export const sharpPictures: PixelWork = {
  async veil(image, { regions, maxBytes }) {
    const { format, width, height } = await openImage(image).metadata();
    if (format !== 'jpeg' && format !== 'png') throw new Error('it is neither JPEG nor PNG');
    const small = regions === undefined ? await smallOf(image, { width, height }) : undefined;
    const veiled = small ?? (await veiledPixels(image, regions ?? []));
    const wish = { format, width, height, maxBytes } as const;
    // The last resort is one colour: the smallest image there is of this size.
    const bytes = (await encoded(veiled, wish)) ?? (await encoded(await flat(veiled), wish));
    if (bytes !== undefined) return bytes;
    throw new Error('no veiled image is as small as the image was');
  },

  veilRaw: (pixels, regions) => veilPixels(pixels, regions),

  async thumbnail(image) {
    const opened = image instanceof Uint8Array ? openImage(image).rotate() : openPixels(image);
    return await smallJpeg(opened, { side: thumbnailSide, maxBytes: previewBytes });
  },
};

const stretched = { fit: 'fill', kernel: 'cubic' } as const;
/** A third of the time that smooth edges would take. */
const patches = { fit: 'fill', kernel: 'nearest' } as const;

/** A decoder that need not give every pixel gives these in a fraction of the time. */
async function smallOf(image: Uint8Array, size: Size): Promise<Pixels> {
  return await pixelsOf(openImage(image).resize({ ...coarseSize(size, veiledSide), ...stretched }));
}

async function veiledPixels(image: Uint8Array, regions: readonly Region[]): Promise<Pixels> {
  const pixels = await pixelsOf(openImage(image));
  return { ...pixels, data: await veilPixels(pixels, regions) };
}

async function pixelsOf(image: ReturnType<typeof openImage>): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 2) throw new Error('it has two channels');
  return { data, width, height, channels };
}

interface Wish extends Size {
  readonly format: 'jpeg' | 'png';
  readonly maxBytes: number;
}

/** Undefined when no quality makes it small enough. */
async function encoded(
  pixels: Pixels,
  { format, width, height, maxBytes }: Wish,
): Promise<Uint8Array | undefined> {
  for (const quality of [85, 60, 35, 10]) {
    const isWhole = pixels.width === width && pixels.height === height;
    const opened = openPixels(pixels);
    const drawn = isWhole ? opened : opened.resize({ width, height, ...patches });
    const file =
      format === 'jpeg' ? drawn.jpeg({ quality }) : drawn.png({ palette: true, quality });
    const bytes = await file.toBuffer();
    if (bytes.length <= maxBytes) return bytes;
  }
  return undefined;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** So many pixels a side at most, and never more than a sixteenth of what there is. */
function coarseSize({ width, height }: Size, side: number): Size {
  const share = Math.min(1, side / Math.max(width, height));
  return {
    width: Math.max(1, Math.min(Math.round(width * share), Math.ceil(width / 4))),
    height: Math.max(1, Math.min(Math.round(height * share), Math.ceil(height / 4))),
  };
}

/** Pixels of the whole image, or of each region, as a few that are drawn large again. */
async function veilPixels(
  pixels: Pixels,
  regions: readonly Region[] | undefined,
): Promise<Uint8Array> {
  if (regions === undefined) return await coarse(pixels, veiledSide);
  const data = new Uint8Array(pixels.data);
  for (const region of regions) {
    const box = boxOf(region, pixels);
    if (box === undefined) continue;
    paste(data, pixels, { box, drawn: await coarse(cropped(pixels, box), veiledBoxSide) });
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

async function coarse(pixels: Pixels, side: number): Promise<Uint8Array> {
  const { width, height, channels } = pixels;
  const small = coarseSize(pixels, side);
  const data = await openPixels(pixels)
    .resize({ ...small, ...stretched })
    .raw()
    .toBuffer();
  return await openPixels({ ...small, channels, data })
    .resize({ width, height, ...patches })
    .raw()
    .toBuffer();
}

async function flat(pixels: Pixels): Promise<Pixels> {
  const size = { width: 1, height: 1 };
  const data = await openPixels(pixels)
    .resize({ ...size, fit: 'fill' })
    .raw()
    .toBuffer();
  return { ...size, data, channels: pixels.channels };
}

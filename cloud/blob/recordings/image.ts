/** The one door to sharp in the cloud: images of recordings become small JPEGs. */
import { asFault, Fault } from '@fieldloop/core';
import type { RgbImage } from '@fieldloop/learning';
import type { default as sharp, Sharp } from 'sharp';
import { maxImagePixels, previewPixels, previewQuality } from '../../limits.ts';

/** Loaded with the first image: a cloud starts sooner without, and many never see one. */
let loading: Promise<typeof sharp> | undefined;

async function openSharp(): Promise<typeof sharp> {
  const { default: opened } = await import('sharp');
  opened.concurrency(1);
  opened.cache(false);
  return opened;
}

export interface SmallImage {
  readonly width: number;
  readonly height: number;
  readonly mediaType: 'image/jpeg';
  readonly bytes: Uint8Array;
}

/**
 * The pixels of a JPEG or PNG, as the robot hands them to a model. Fault `corrupt` when it is
 * neither, torn or too large.
 */
export async function rgbImage(bytes: Uint8Array): Promise<RgbImage> {
  try {
    const open = await (loading ??= openSharp());
    const { data, info } = await open(bytes, { limitInputPixels: maxImagePixels, failOn: 'error' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
    return { data, width: info.width, height: info.height, channels: 3 };
  } catch (error) {
    throw new Fault('corrupt', `the image cannot be decoded: ${asFault(error).message}`, {
      remedy: 'Check that the topic carries whole JPEG or PNG images.',
      cause: error,
    });
  }
}

/** Of a JPEG or PNG. Fault `corrupt` when it is neither, torn or too large. */
export async function smallImage(bytes: Uint8Array): Promise<SmallImage> {
  return await small((sharp) =>
    sharp(bytes, { limitInputPixels: maxImagePixels, failOn: 'error' }),
  );
}

const layouts: Readonly<Record<string, { readonly channels: 1 | 3 | 4; readonly swap: boolean }>> =
  {
    rgb8: { channels: 3, swap: false },
    bgr8: { channels: 3, swap: true },
    rgba8: { channels: 4, swap: false },
    bgra8: { channels: 4, swap: true },
    mono8: { channels: 1, swap: false },
    '8UC1': { channels: 1, swap: false },
    '8UC3': { channels: 3, swap: true },
  };

/** Of a sensor_msgs/Image or foxglove.RawImage: 8 bits a channel. */
export async function smallRawImage(
  message: Readonly<Record<string, unknown>>,
): Promise<SmallImage> {
  const { data, encoding } = message;
  const [width, height, step] = ['width', 'height', 'step'].map((name) => Number(message[name]));
  const layout = layouts[String(encoding)];
  if (layout === undefined || !(data instanceof Uint8Array)) {
    throw new Fault('invalid', `images of encoding "${String(encoding)}" have no preview`, {
      remedy: `Previews are made of JPEG, PNG and ${Object.keys(layouts).join(', ')}.`,
    });
  }
  const rows = tight(data, {
    width: width ?? 0,
    height: height ?? 0,
    step: step ?? 0,
    channels: layout.channels,
  });
  if (layout.swap) swapRedAndBlue(rows, layout.channels);
  const raw = { width: width ?? 0, height: height ?? 0, channels: layout.channels };
  return await small((open) => open(rows, { raw, limitInputPixels: maxImagePixels }));
}

async function small(from: (open: typeof sharp) => Sharp): Promise<SmallImage> {
  try {
    const { data, info } = await from(await (loading ??= openSharp()))
      .rotate()
      .resize({
        width: previewPixels,
        height: previewPixels,
        fit: 'inside',
        withoutEnlargement: true,
      })
      .flatten({ background: '#808080' })
      .toColourspace('srgb')
      .jpeg({ quality: previewQuality })
      .toBuffer({ resolveWithObject: true });
    const bytes = new Uint8Array(data);
    return { width: info.width, height: info.height, mediaType: 'image/jpeg', bytes };
  } catch (error) {
    throw new Fault('corrupt', `the image cannot be decoded: ${asFault(error).message}`, {
      remedy: 'Check that the topic carries whole images.',
      cause: error,
    });
  }
}

/** The pixels without what a row may have behind them. */
function tight(
  data: Uint8Array,
  of: {
    readonly width: number;
    readonly height: number;
    readonly step: number;
    readonly channels: number;
  },
): Uint8Array {
  const { width, height, step, channels } = of;
  const row = width * channels;
  const fits = width > 0 && height > 0 && step >= row && data.length >= step * (height - 1) + row;
  if (!fits || width * height > maxImagePixels) {
    throw new Fault('corrupt', `an image of ${width} x ${height} in ${data.length} bytes`, {
      remedy: 'Check the publisher: width, height and step do not fit the data.',
    });
  }
  const rows = new Uint8Array(row * height);
  for (let y = 0; y < height; y += 1) rows.set(data.subarray(y * step, y * step + row), y * row);
  return rows;
}

function swapRedAndBlue(pixels: Uint8Array, channels: number): void {
  for (let at = 0; at + 2 < pixels.length; at += channels) {
    const red = pixels[at] ?? 0;
    pixels[at] = pixels[at + 2] ?? 0;
    pixels[at + 2] = red;
  }
}

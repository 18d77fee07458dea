/** The one door to sharp: compressed images become rows of red, green and blue. */
import { asFault, Fault } from '@fieldloop/core';
import type { RgbImage } from '@fieldloop/learning';
import sharp, { type Sharp } from 'sharp';
import { maxImagePixels } from '../limits.ts';

// One image at a time is in work; more threads or a cache would take them from the robot.
sharp.concurrency(1);
sharp.cache(false);

/** Decodes JPEG or PNG. Fault `corrupt` when it is neither, torn or too large. */
export async function decodeImage(bytes: Uint8Array): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: maxImagePixels, failOn: 'error' })
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

/** A picture for a person: no side longer than `side`, of at most `maxBytes`. */
export async function smallJpeg(
  image: Sharp,
  { side, maxBytes }: { readonly side: number; readonly maxBytes: number },
): Promise<{ readonly bytes: Uint8Array; readonly width: number; readonly height: number }> {
  for (const share of [1, 0.75, 0.5, 0.35, 0.2]) {
    const length = Math.max(8, Math.round(side * share));
    const pixels = await image
      .clone()
      .resize({ width: length, height: length, fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .flatten()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = pixels.info;
    for (const quality of [70, 50, 30]) {
      const bytes = await sharp(pixels.data, { raw: { width, height, channels } })
        .jpeg({ quality, mozjpeg: false })
        .toBuffer();
      if (bytes.length <= maxBytes) return { bytes, width, height };
    }
  }
  throw new Fault('limited', `the picture does not fit into ${maxBytes} bytes`, {
    remedy: 'Nothing needs to be done: the clip has no thumbnail of this topic.',
  });
}

/** A JPEG or PNG, not read yet. */
export const openImage = (bytes: Uint8Array): Sharp =>
  sharp(bytes, { limitInputPixels: maxImagePixels, failOn: 'error' });

/** Pixels in rows without gaps. */
export function openPixels(pixels: {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
}): Sharp {
  const { data, width, height, channels } = pixels;
  return sharp(data, { raw: { width, height, channels } });
}

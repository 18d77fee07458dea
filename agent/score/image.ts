/** The one door to sharp: compressed images become rows of red, green and blue. */
import { asFault, Fault } from '@fieldloop/core';
import type { RgbImage } from '@fieldloop/learning';
import sharp from 'sharp';
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

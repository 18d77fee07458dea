/** JPEG in and out: the one door of this room to sharp. */
import sharp from 'sharp';

// One thread a picture and no memory of earlier ones: the robots' agents need the cores.
sharp.concurrency(1);
sharp.cache(false);

export interface RgbFrame {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A baseline JPEG; the same pixels give the same bytes. */
export async function encodeJpeg(
  pixels: Uint8ClampedArray,
  size: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  const raw = { width: size.width, height: size.height, channels: 3 } as const;
  return sharp(pixels, { raw }).jpeg({ quality: 80 }).toBuffer();
}

export async function decodeJpeg(bytes: Uint8Array): Promise<RgbFrame> {
  const { data, info } = await sharp(bytes)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

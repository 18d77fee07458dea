/** The one door to sharp in the cloud: images of recordings become small JPEGs. */
import { asFault, Fault } from '@fieldloop/core';
import { frameContent, type ImageContent, rawToRgb, type RgbImage } from '@fieldloop/learning';
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

/** Of a sensor_msgs/Image or foxglove.RawImage. Fault `invalid` when it is not whole. */
export async function smallRawImage(message: unknown): Promise<SmallImage> {
  const { data, width, height } = await pixelsOf(frameContent(message, { kind: 'image' }));
  const raw = { width, height, channels: 3 } as const;
  return await small((open) => open(data, { raw, limitInputPixels: maxImagePixels }));
}

export interface Picture extends RgbImage {
  /** A file: as it was published, or a PNG of the pixels. */
  readonly file: Uint8Array;
}

/** Faults as those of `rgbImage`, and `invalid` for pixels that are not whole. */
export async function pictureOf(content: ImageContent): Promise<Picture> {
  const image = await pixelsOf(content);
  if (content.kind === 'image') return { ...image, file: content.bytes };
  const { data, width, height } = image;
  const open = await (loading ??= openSharp());
  const png = await open(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return { ...image, file: new Uint8Array(png) };
}

async function pixelsOf(content: ImageContent): Promise<RgbImage> {
  if (content.kind === 'image') return await rgbImage(content.bytes);
  const { width, height } = content.image;
  if (width * height <= maxImagePixels) return rawToRgb(content.image);
  throw new Fault('limited', `an image of ${width} x ${height} has too many pixels`, {
    remedy: `At most ${maxImagePixels} are read.`,
  });
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

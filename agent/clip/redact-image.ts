/**
 * Veiled images: the same message with an image on which nobody is recognised. It keeps its
 * length, so that no other byte of the message moves: a smaller JPEG or PNG is filled up with
 * zeros behind its end, which decoders do not look at.
 */
import type { RgbImage } from '@fieldloop/learning';
import { type Channel, decodeMessage } from '@fieldloop/recording';

/** A rectangle in shares of the image, from its upper left corner. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is done with pixels, as a port: sharp and a detector behind it. */
export interface Pictures {
  /** A veiled image of the same kind and size, of at most `maxBytes`; regions absent: all of it. */
  veil(
    image: Uint8Array,
    how: { readonly regions?: readonly Region[] | undefined; readonly maxBytes: number },
  ): Promise<Uint8Array>;
  /** Pixels in rows without gaps, veiled. */
  veilRaw(pixels: RawPixels, regions: readonly Region[] | undefined): Promise<Uint8Array>;
  /** Small enough for a preview. */
  thumbnail(image: Uint8Array | RgbImage): Promise<Thumbnail>;
  /** What the model finds on the image of a message; it throws when the model does not answer. */
  regions(
    model: string,
    message: { channel: Channel; data: Uint8Array },
  ): Promise<readonly Region[]>;
}

/** The same, and `onDone` hears of each image: minutes of them are work, and no standstill. */
export function heardOf(pictures: Pictures, onDone: () => void): Pictures {
  const heard = async <T>(work: Promise<T>): Promise<T> => {
    const done = await work;
    onDone();
    return done;
  };
  return {
    veil: async (image, how) => await heard(pictures.veil(image, how)),
    veilRaw: async (pixels, regions) => await heard(pictures.veilRaw(pixels, regions)),
    thumbnail: async (image) => await heard(pictures.thumbnail(image)),
    regions: async (model, message) => await heard(pictures.regions(model, message)),
  };
}

export interface RawPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
}

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface VeilWish {
  readonly data: Uint8Array;
  readonly channel: Channel;
  readonly model: string | undefined;
}

export async function veiledImage(
  { data, channel, model }: VeilWish,
  pictures: Pictures,
): Promise<Uint8Array> {
  const found = imageIn(messageOf(channel, data));
  if (found === undefined) throw new Error('its messages hold no image that can be changed');
  const regions =
    model === undefined ? undefined : await pictures.regions(model, { channel, data });
  const { bytes, raw } = found;
  const veiled =
    raw === undefined
      ? await pictures.veil(bytes, { regions, maxBytes: bytes.length })
      : await pictures.veilRaw(raw, regions);
  if (veiled.length > bytes.length) throw new Error('the changed image is longer than it was');
  const padded = Buffer.alloc(bytes.length);
  padded.set(veiled);
  return replaced(data, { bytes, padded, isText: channel.messageEncoding === 'json' });
}

/** The bytes of the image stand in the message as they are, or as base64 in JSON. */
function replaced(
  data: Uint8Array,
  image: { readonly bytes: Uint8Array; readonly padded: Buffer; readonly isText: boolean },
): Uint8Array {
  const whole = Buffer.from(data);
  const old = Buffer.from(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength);
  const from = image.isText ? Buffer.from(old.toString('base64')) : old;
  const into = image.isText ? Buffer.from(image.padded.toString('base64')) : image.padded;
  const at = whole.indexOf(from);
  if (at < 0 || from.length === 0) throw new Error('the image is not found in its message');
  // Nobody was found in it, or it has one colour.
  if (from.equals(into)) return whole;
  whole.set(into, at);
  // Twice the same image in one message would leave one of them as it was.
  if (whole.includes(from)) throw new Error('the message holds the image twice');
  return whole;
}

/** Messages that are known to hold one image, and to hold it in `data`. */
const imageSchemas: ReadonlySet<string> = new Set([
  'sensor_msgs/Image',
  'sensor_msgs/msg/Image',
  'sensor_msgs/CompressedImage',
  'sensor_msgs/msg/CompressedImage',
  'foxglove.RawImage',
  'foxglove.CompressedImage',
  'foxglove_msgs/RawImage',
  'foxglove_msgs/msg/RawImage',
  'foxglove_msgs/CompressedImage',
  'foxglove_msgs/msg/CompressedImage',
]);

/** Those of their fields that are no numbers. */
const imageFields: ReadonlySet<string> = new Set([
  'header',
  'timestamp',
  'frame_id',
  'format',
  'encoding',
  'data',
]);

/** A message that may hold another image is refused: that one would stay as it is. */
function messageOf(channel: Channel, data: Uint8Array): Readonly<Record<string, unknown>> {
  const schema = channel.schema?.name ?? 'no schema';
  if (!imageSchemas.has(schema)) throw new Error(`messages of ${schema} are no known images`);
  const message = decodeMessage(channel, data) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(message)) {
    if (imageFields.has(name)) continue;
    const mayBeImage = typeof value === 'string' || typeof value === 'object';
    if (mayBeImage) throw new Error(`its messages hold "${name}" beside the image`);
  }
  return message;
}

interface ImageInside {
  readonly bytes: Uint8Array;
  /** Absent for JPEG, PNG and the like. */
  readonly raw?: RawPixels | undefined;
}

/** Undefined for what is not changed here: rows with gaps between them, depth, mosaics, video. */
function imageIn(message: Readonly<Record<string, unknown>>): ImageInside | undefined {
  const { data, encoding, width, height, step } = message;
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : data;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return undefined;
  if (typeof encoding !== 'string') return isCompressed(bytes) ? { bytes } : undefined;
  if (typeof width !== 'number' || typeof height !== 'number') return undefined;
  const channels = channelsOf[encoding];
  if (channels === undefined) return undefined;
  const row = width * channels;
  if ((typeof step === 'number' && step !== 0 && step !== row) || bytes.length !== row * height) {
    return undefined;
  }
  return { bytes, raw: { data: bytes, width, height, channels } };
}

const channelsOf: Readonly<Record<string, RawPixels['channels']>> = {
  rgb8: 3,
  bgr8: 3,
  rgba8: 4,
  bgra8: 4,
  mono8: 1,
  '8UC1': 1,
  '8UC3': 3,
};

const isCompressed = (bytes: Uint8Array): boolean =>
  [jpegHead, pngHead].some((head) => head.every((byte, i) => bytes[i] === byte));

const jpegHead = [0xff, 0xd8, 0xff];
const pngHead = [0x89, 0x50, 0x4e, 0x47];

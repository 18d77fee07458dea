/**
 * From a decoded message to the tensor that a model takes, by a path such as `ranges`, `ranges[]`,
 * `a.b[2]`, `dets[].score`. The robot, training and evaluation read frames by this one file.
 */
import { Fault } from '@fieldloop/core';
import type { ModelInput } from './model-input.ts';
import { imageToTensor, numbersToTensor, type RgbImage } from './preprocess.ts';
import { type RawImage, rawToRgb } from './raw-image.ts';

/** An image as it was published: compressed, or as pixels. */
export type ImageContent =
  | { readonly kind: 'image'; readonly bytes: Uint8Array }
  | { readonly kind: 'raw'; readonly image: RawImage };

/** What a message holds for a model, not yet as the model takes it. */
export type FrameContent =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | ImageContent;

/** What is wanted of a message; a model's input says it, too. */
export type ContentWish =
  | { readonly kind: 'image' }
  | { readonly kind: 'numbers'; readonly path: string };

/** What `wish` names in the message. Fault `invalid` when it is not there. */
export function frameContent(message: unknown, wish: { readonly kind: 'image' }): ImageContent;
export function frameContent(message: unknown, wish: ContentWish): FrameContent;
export function frameContent(message: unknown, wish: ContentWish): FrameContent {
  if (wish.kind === 'numbers') return { kind: 'numbers', values: numbersAt(message, wish.path) };
  const bytes = imageBytes(message);
  const image = rawImage(message, bytes);
  return image === undefined ? { kind: 'image', bytes } : { kind: 'raw', image };
}

/**
 * The tensor, in `into` when that is given. Fault `invalid` when sizes do not fit, `corrupt` when
 * the image cannot be read.
 */
export async function contentTensor(
  content: FrameContent,
  input: ModelInput,
  decodeImage: (bytes: Uint8Array) => Promise<RgbImage>,
  into?: Float32Array,
): Promise<Float32Array> {
  if (content.kind === 'image' && input.kind === 'image') {
    return imageToTensor(await decodeImage(content.bytes), input.image, into);
  }
  if (content.kind === 'raw' && input.kind === 'image') {
    return imageToTensor(rawToRgb(content.image), input.image, into);
  }
  if (content.kind === 'numbers' && input.kind === 'numbers') {
    return numbersToTensor(content.values, input.numbers, into);
  }
  throw new TypeError(`a model of ${input.kind} was given ${content.kind}`);
}

/** The numbers at `path`: one, or a list in order. Fault `invalid` when there are none. */
function numbersAt(message: unknown, path: string): Float64Array {
  let found: unknown[] = [message];
  for (const part of path.split('.')) {
    const match = /^([^[\]]*)((?:\[\d*\])*)$/.exec(part);
    if (match === null) throw notThere(path, `"${part}" is not a step of a path`);
    const name = match[1] ?? '';
    if (name !== '') found = found.map((value) => member(value, name, path));
    for (const [bracket] of (match[2] ?? '').matchAll(/\[\d*\]/g)) {
      const digits = bracket.slice(1, -1);
      found = digits === '' ? found.flatMap(listed) : found.map((value) => listed(value)[+digits]);
    }
  }
  const values = found.flatMap((value) => (isList(value) ? listed(value) : [value]));
  return Float64Array.from(values, (value) => numberOf(value, path));
}

/** Undefined for what is compressed: only pixels need an encoding and a width to be read. */
function rawImage(message: unknown, data: Uint8Array): RawImage | undefined {
  const { encoding, width, height, step, is_bigendian: big } = message as Record<string, unknown>;
  if (typeof encoding !== 'string' || typeof width !== 'number' || typeof height !== 'number') {
    return undefined;
  }
  const stride = typeof step === 'number' && step > 0 ? step : Math.floor(data.length / height);
  return { encoding, width, height, step: stride, isBigEndian: Boolean(big), data };
}

/** The bytes of an image: field `data`, as bytes or as base64 text of JSON. */
function imageBytes(message: unknown): Uint8Array {
  const data = member(message, 'data', 'data');
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  if (Array.isArray(data)) return Uint8Array.from(data as number[]);
  throw notThere('data', 'it is not a list of bytes');
}

function member(value: unknown, name: string, path: string): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, name)) {
    return (value as Record<string, unknown>)[name];
  }
  throw notThere(path, `there is no "${name}"`);
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function listed(value: unknown): unknown[] {
  return isList(value) ? Array.from(value as ArrayLike<unknown>) : [];
}

function numberOf(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  throw notThere(path, 'it is not a number');
}

function notThere(path: string, why: string): Fault {
  return new Fault('invalid', `the message has no numbers at "${path}": ${why}`, {
    remedy: 'Correct input.from.path in model.yaml; `fieldloop recording cat` shows the fields.',
  });
}

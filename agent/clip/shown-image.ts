/** What a person is shown of a message with an image: each that a scorer can read. Pure. */
import { frameContent, type ImageContent, rawToRgb, type RgbImage } from '@fieldloop/learning';

/** JPEG, PNG and the like as they are. Fault `invalid` when there is no image that can be read. */
export function shownImage(message: unknown): Uint8Array | RgbImage {
  const content = frameContent(message, { kind: 'image' });
  if (content.kind === 'image') return content.bytes;
  const { image } = content;
  return rawToRgb(wide.has(image.encoding) ? brightened(image) : image);
}

type RawImage = Extract<ImageContent, { kind: 'raw' }>['image'];

const wide: ReadonlySet<string> = new Set(['mono16', '16UC1']);

/** Where nothing was measured a depth camera may say this. */
const nothing = 0xffff;

/** Depth in millimetres fills little of its 16 bits: the largest value becomes white. */
function brightened(image: RawImage): RawImage {
  const { data, width, height, step, isBigEndian } = image;
  // Who reads it tells that it is torn.
  if (data.length < width * height * 2) return image;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = Uint16Array.from({ length: width * height }, (_, i) =>
    view.getUint16(Math.floor(i / width) * step + (i % width) * 2, !isBigEndian),
  );
  const most = values.reduce((most, one) => (one === nothing ? most : Math.max(most, one)), 1);
  const shown = Uint8Array.from(values, (value) => Math.min(255, (value * 255) / most));
  return { encoding: 'mono8', width, height, step: width, isBigEndian: false, data: shown };
}

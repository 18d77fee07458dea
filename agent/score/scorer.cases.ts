/** What scorers of tests are opened with: the real runtime and decoder, messages of JSON. */
import { systemClock } from '@fieldloop/core/system';
import { decodeImage } from './image.ts';
import { openOnnx } from './onnx.ts';

export const scorerDeps = {
  clock: systemClock,
  openOnnx,
  decodeImage,
  decodeMessage: (_: unknown, bytes: Uint8Array): unknown =>
    JSON.parse(Buffer.from(bytes).toString()),
};

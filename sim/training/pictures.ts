/**
 * Training pictures as tensors. Twenty-five small pictures share one JPEG sheet: each fills whole
 * 16 x 16 blocks, which JPEG codes apart, so none bleeds into its neighbour.
 */
import { imageToTensor, type RgbImage } from '@fieldloop/learning';
import type { Eye, Studio } from '../camera/canvas.ts';
import { renderFrame } from '../camera/render.ts';
import { decodeJpeg, encodeJpeg } from '../jpeg.ts';
import type { Body } from '../world/body.ts';
import type { Pose } from '../world/geometry.ts';
import { cameraMount } from '../world/robot.ts';
import { modelInput } from '../model-input.ts';

export interface Shot {
  readonly pose: Pose;
  readonly bodies: readonly Body[];
  readonly grain: number;
}

const picture = { width: 128, height: 96 } as const;
const side = 5;
const sheet = { width: picture.width * side, height: picture.height * side } as const;

/** One tensor a shot, in their order. */
export async function picturesOf(studio: Studio, shots: readonly Shot[]): Promise<Float32Array[]> {
  const pending: Promise<Float32Array[]>[] = [];
  for (let at = 0; at < shots.length; at += side * side) {
    const pixels = renderSheet(studio, shots.slice(at, at + side * side));
    const count = Math.min(side * side, shots.length - at);
    pending.push(readSheet(encodeJpeg(pixels, sheet), count));
    // Two sheets in the coder while the next is drawn; more would only hold memory.
    if (pending.length > 2) await pending.at(-3);
  }
  return (await Promise.all(pending)).flat();
}

function renderSheet(studio: Studio, shots: readonly Shot[]): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(sheet.width * sheet.height * 3);
  shots.forEach((shot, i) => {
    const eye: Eye = { ...shot.pose, height: cameraMount.height };
    const frame = renderFrame(studio, eye, shot.bodies, { ...picture, grain: shot.grain });
    const left = (i % side) * picture.width;
    const top = Math.floor(i / side) * picture.height;
    for (let row = 0; row < picture.height; row += 1) {
      const from = frame.subarray(row * picture.width * 3, (row + 1) * picture.width * 3);
      pixels.set(from, ((top + row) * sheet.width + left) * 3);
    }
  });
  return pixels;
}

async function readSheet(encoded: Promise<Uint8Array>, count: number): Promise<Float32Array[]> {
  const image = await decodeJpeg(await encoded);
  return Array.from({ length: count }, (_, i) => {
    const left = (i % side) * picture.width;
    const top = Math.floor(i / side) * picture.height;
    const data = new Uint8Array(picture.width * picture.height * 3);
    for (let row = 0; row < picture.height; row += 1) {
      const from = ((top + row) * image.width + left) * 3;
      data.set(image.data.subarray(from, from + picture.width * 3), row * picture.width * 3);
    }
    const cut: RgbImage = { data, ...picture, channels: 3 };
    return imageToTensor(cut, modelInput);
  });
}

/** One upright strip of a texture, one pixel wide. */
import type { Canvas } from './canvas.ts';
import type { Texture } from './texture.ts';

export interface Strip {
  column: number;
  depth: number;
  /** Metres above the floor. */
  low: number;
  high: number;
  texture: Texture;
  /** Column of the texture. */
  u: number;
  /** Factors of the light that falls on it. */
  red: number;
  green: number;
  blue: number;
  /** Share of the view that the air before it takes. */
  air: number;
}

/** Paints a strip; texels without cover leave what is there. */
export function paintStrip(canvas: Canvas, strip: Strip): void {
  const { width, height, data, focal, middle, eye, airColour } = canvas;
  const { texture, depth, u } = strip;
  const top = middle - ((strip.high - eye.height) * focal) / depth;
  const bottom = middle - ((strip.low - eye.height) * focal) / depth;
  const first = Math.max(0, Math.round(top));
  const last = Math.min(height, Math.round(bottom));
  const step = texture.height / (bottom - top);
  const keep = 1 - strip.air;
  const red = strip.red * keep;
  const green = strip.green * keep;
  const blue = strip.blue * keep;
  const addRed = airColour[0] * strip.air;
  const addGreen = airColour[1] * strip.air;
  const addBlue = airColour[2] * strip.air;
  const texels = texture.data;
  const { depth: bytes } = texture;
  let v = (first + 0.5 - top) * step;
  let at = (first * width + strip.column) * 3;
  for (let row = first; row < last; row += 1, v += step, at += width * 3) {
    const line = v < 0 ? 0 : v >= texture.height ? texture.height - 1 : v | 0;
    const texel = (line * texture.width + u) * bytes;
    if (bytes === 4 && texels[texel + 3] === 0) continue;
    data[at] = (texels[texel] ?? 0) * red + addRed;
    data[at + 1] = (texels[texel + 1] ?? 0) * green + addGreen;
    data[at + 2] = (texels[texel + 2] ?? 0) * blue + addBlue;
  }
}

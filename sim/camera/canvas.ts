/** A frame in work, and what all frames of a process share. */
import type { Pose } from '../world/geometry.ts';
import type { LightGrid } from './light.ts';
import type { PlaneMap } from './plane.ts';
import type { Colour, Textures } from './texture.ts';

export interface Eye extends Pose {
  /** Metres above the floor. */
  readonly height: number;
}

/** What is painted once and used by every frame of a process. */
export interface Studio {
  readonly textures: Textures;
  readonly light: LightGrid;
  readonly floor: PlaneMap;
  readonly ceiling: PlaneMap;
}

/** A frame in work. Rows from the top, three bytes a pixel. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
  /** Pixels a metre takes at one metre of depth. */
  readonly focal: number;
  readonly middle: number;
  /** Depth of the nearest rack or wall of each column, in metres along the view. */
  readonly depths: Float64Array;
  /** First row of the walls and racks of each column, and the first one below them. */
  readonly tops: Int32Array;
  readonly bottoms: Int32Array;
  readonly eye: Eye;
  readonly airColour: Colour;
  readonly airDensity: number;
}

/** The share of the view that the air takes at some depth. */
export function airShare(canvas: Canvas, depth: number): number {
  return 1 - Math.exp(-canvas.airDensity * depth);
}

/** The row where a height stands at some depth, held inside the frame. */
export function rowAt(canvas: Canvas, height: number, depth: number): number {
  const row = canvas.middle - ((height - canvas.eye.height) * canvas.focal) / depth;
  return Math.max(0, Math.min(canvas.height, Math.round(row)));
}

/** How bright each place is, and the air between it and the camera. */
import type { Point } from '../world/geometry.ts';
import { aisles, hall, type Zone, zoneShare, zones } from '../world/layout.ts';
import type { Colour } from './texture.ts';

/** Factors for red, green and blue. */
export type Light = [number, number, number];

export interface Air {
  readonly colour: Colour;
  /** Share of the view that a metre takes. */
  readonly density: number;
}

interface ZoneLook {
  readonly light: Colour;
  readonly air: Air;
}

const hallAir: Air = { colour: [168, 170, 172], density: 0.012 };

const looks: Readonly<Record<Zone['name'], ZoneLook>> = {
  'cold-store': {
    light: [0.14, 0.19, 0.29],
    air: { colour: [40, 53, 74], density: 0.13 },
  },
  dock: {
    light: [1.9, 1.72, 1.4],
    air: { colour: [255, 246, 226], density: 0.12 },
  },
};

/** Lamps hang over the middle of each aisle, one every 4.5 m. */
export const lampSpacing = 4.5;

export function lightAt(point: Point): Light {
  let nearest = Number.POSITIVE_INFINITY;
  for (const y of aisles) nearest = Math.min(nearest, Math.abs(y - point.y));
  const pool = Math.cos((2 * Math.PI * point.x) / lampSpacing) * Math.max(0, 1 - nearest / 2.6);
  const level = 0.86 + 0.1 * pool;
  let light: Light = [level, level * 0.985, level * 0.95];
  for (const zone of zones) {
    const share = zoneShare(point, zone, 1.5);
    if (share > 0) light = mix(light, looks[zone.name].light, share);
  }
  return light;
}

export function airAt(point: Point): Air {
  let air = hallAir;
  for (const zone of zones) {
    const share = zoneShare(point, zone, 1.5);
    if (share === 0) continue;
    const inside = looks[zone.name].air;
    air = {
      colour: mix(air.colour, inside.colour, share),
      density: air.density + (inside.density - air.density) * share,
    };
  }
  return air;
}

function mix(a: Colour, b: Colour, share: number): Light {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** Light of the whole hall on a grid, four cells a metre. */
export interface LightGrid {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

const cellsPerMetre = 4;

export function bakeLight(): LightGrid {
  const width = Math.ceil(hall.width * cellsPerMetre);
  const height = Math.ceil(hall.depth * cellsPerMetre);
  const values = new Float32Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const point = { x: (column + 0.5) / cellsPerMetre, y: (row + 0.5) / cellsPerMetre };
      values.set(lightAt(point), (row * width + column) * 3);
    }
  }
  return { width, height, values };
}

/** Index of a place's red in `values`; places outside take the nearest cell. */
export function cellAt(grid: LightGrid, x: number, y: number): number {
  const column = Math.max(0, Math.min(grid.width - 1, Math.floor(x * cellsPerMetre)));
  const row = Math.max(0, Math.min(grid.height - 1, Math.floor(y * cellsPerMetre)));
  return (row * grid.width + column) * 3;
}

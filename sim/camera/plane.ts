/** Floor and ceiling painted as maps of the whole hall, light included. */
import { type Random, seededRandom } from '@fieldloop/core';
import { aisles, crossways, hall, isInside, racks, zones } from '../world/layout.ts';
import { lampSpacing, lightAt } from './light.ts';
import type { Colour } from './texture.ts';

/** Texel (column, row) is the place (column, row) / `perMetre`. Three bytes a texel. */
export interface PlaneMap {
  readonly perMetre: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

type Paint = (x: number, y: number) => Colour;

function bake(perMetre: number, paint: Paint): PlaneMap {
  const width = Math.ceil(hall.width * perMetre);
  const height = Math.ceil(hall.depth * perMetre);
  const data = new Uint8ClampedArray(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const x = (column + 0.5) / perMetre;
      const y = (row + 0.5) / perMetre;
      const colour = paint(x, y);
      const light = lightAt({ x, y });
      const at = (row * width + column) * 3;
      for (let c = 0; c < 3; c += 1) {
        data[at + c] = (colour[c] ?? 0) * (light[c] ?? 1);
      }
    }
  }
  return { perMetre, width, height, data };
}

const line: Colour = [224, 184, 58];
const halfLine = 0.05;

/** Worn concrete with yellow lines along aisles and crossways, darker at the foot of racks. */
export function bakeFloor(): PlaneMap {
  const random = seededRandom('floor');
  const blotch = blotches(random);
  return bake(24, (x, y) => {
    if (isLine(x, y)) return line;
    const wear = blotch(x, y) + (random.next() - 0.5) * 4;
    const foot = footShade(x, y);
    const tone = (138 + wear) * foot;
    return [tone, tone * 1.005, tone * 1.01];
  });
}

function isLine(x: number, y: number): boolean {
  const alongRacks = (x > 4 && x < 18) || (x > 22 && x < 36);
  if (alongRacks) return aisles.some((aisle) => isEdge(y - aisle, 1.78));
  const betweenRacks = racks.some((rack) => y > rack.y0 && y < rack.y1);
  if (betweenRacks) return crossways.some((crossway) => isEdge(x - crossway, 1.78));
  // Dashes across the mouth of each aisle.
  const mouth = crossways.some((crossway) => isEdge(x - crossway, 1.9));
  return mouth && Math.floor(y * 2.5) % 2 === 0;
}

function isEdge(offset: number, at: number): boolean {
  return Math.abs(Math.abs(offset) - at) < halfLine;
}

/** 1 in the open, down to 0.55 beside a rack. */
function footShade(x: number, y: number): number {
  let shade = 1;
  for (const rack of racks) {
    const dx = Math.max(rack.x0 - x, x - rack.x1, 0);
    const dy = Math.max(rack.y0 - y, y - rack.y1, 0);
    const metres = Math.sqrt(dx * dx + dy * dy);
    if (metres < 0.5) shade = Math.min(shade, 0.55 + 0.9 * metres);
  }
  return shade;
}

/** Smooth noise from a grid of one value a metre. */
function blotches(random: Random): (x: number, y: number) => number {
  const width = hall.width + 2;
  const height = Math.ceil(hall.depth) + 2;
  const values = Float64Array.from({ length: width * height }, () => (random.next() - 0.5) * 22);
  return (x, y) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const at = row * width + column;
    const u = x - column;
    const v = y - row;
    const top = (values[at] ?? 0) * (1 - u) + (values[at + 1] ?? 0) * u;
    const below = (values[at + width] ?? 0) * (1 - u) + (values[at + width + 1] ?? 0) * u;
    return top * (1 - v) + below * v;
  };
}

/** Dark sheets, trusses every 4 m, strip lamps over the aisles; those of the cold store are dim. */
export function bakeCeiling(): PlaneMap {
  const cold = zones.find((zone) => zone.name === 'cold-store');
  return bake(12, (x, y) => {
    const isLamp =
      aisles.some((aisle) => Math.abs(y - aisle) < 0.16) &&
      Math.abs(((x + lampSpacing / 2) % lampSpacing) - lampSpacing / 2) < 0.9;
    if (isLamp) {
      const isCold = cold !== undefined && isInside({ x, y }, cold.area);
      return isCold ? [190, 200, 210] : [330, 326, 316];
    }
    if (Math.abs((x % 4) - 2) < 0.1) return [74, 78, 86];
    const sheet = Math.floor(y * 3) % 2 === 0 ? 108 : 114;
    return [sheet, sheet + 2, sheet + 6];
  });
}

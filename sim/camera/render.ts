/**
 * The camera picture, drawn by casting one ray a column: walls and racks as upright strips, floor
 * and ceiling by rows, then bodies from far to near. Nothing here draws chance: the grain of a
 * frame comes from its own seed.
 */
import { type Body, rayHall, type StaticHit } from '../world/body.ts';
import { hall, rackHeight, racks, zones } from '../world/layout.ts';
import { airShare, type Canvas, type Eye, rowAt, type Studio } from './canvas.ts';
import { airAt, bakeLight, cellAt } from './light.ts';
import { paintBodies } from './figures.ts';
import { finish } from './grain.ts';
import { bakeCeiling, bakeFloor, type PlaneMap } from './plane.ts';
import { paintStrip, type Strip } from './strip.ts';
import { paintTextures, rackLooks, type Texture, type Textures } from './texture.ts';

export const frameSize = { width: 320, height: 240 } as const;

/** Half the horizontal angle of view. */
const halfView = (37 * Math.PI) / 180;

export function openStudio(): Studio {
  return {
    textures: paintTextures(),
    light: bakeLight(),
    floor: bakeFloor(),
    ceiling: bakeCeiling(),
  };
}

/** Draws what an eye sees: RGB, `width` x `height`. The same arguments give the same bytes. */
export function renderFrame(
  studio: Studio,
  eye: Eye,
  bodies: readonly Body[],
  options: { readonly width: number; readonly height: number; readonly grain: number },
): Uint8ClampedArray {
  const { width, height } = options;
  const air = airAt(eye);
  const canvas: Canvas = {
    width,
    height,
    data: new Uint8ClampedArray(width * height * 3),
    focal: width / 2 / Math.tan(halfView),
    middle: height / 2,
    depths: new Float64Array(width),
    tops: new Int32Array(width),
    bottoms: new Int32Array(width),
    eye,
    airColour: [air.colour[0], air.colour[1], air.colour[2]],
    airDensity: air.density,
  };
  paintHall(canvas, studio);
  paintPlane(canvas, studio.floor, -eye.height);
  paintPlane(canvas, studio.ceiling, hall.height - eye.height);
  paintBodies(canvas, studio, bodies);
  finish(canvas, options.grain);
  return canvas.data;
}

const hit: StaticHit = {
  rack: 0,
  rackIndex: -1,
  rackAcrossX: false,
  wall: 0,
  wallAcrossX: false,
};

/** Walls and racks, one strip a column. */
function paintHall(canvas: Canvas, studio: Studio): void {
  const { eye } = canvas;
  const cos = Math.cos(eye.heading);
  const sin = Math.sin(eye.heading);
  for (let column = 0; column < canvas.width; column += 1) {
    const right = (column + 0.5 - canvas.width / 2) / canvas.focal;
    const length = Math.sqrt(1 + right * right);
    const toward = { x: (cos + sin * right) / length, y: (sin - cos * right) / length };
    rayHall(eye, toward, hit);
    const wallDepth = hit.wall / length;
    const rackDepth = hit.rack / length;
    const wallStrip = stripOf(canvas, studio, {
      column,
      depth: wallDepth,
      acrossX: hit.wallAcrossX,
      x: eye.x + toward.x * hit.wall,
      y: eye.y + toward.y * hit.wall,
    });
    wallStrip.texture = wallTexture(studio.textures, wallStrip);
    wallStrip.u = wrapTexel(hit.wallAcrossX ? wallStrip.y : wallStrip.x, 4, wallStrip.texture);
    wallStrip.high = hall.height;
    paintStrip(canvas, wallStrip);
    canvas.depths[column] = wallDepth;
    canvas.tops[column] = rowAt(canvas, hall.height, wallDepth);
    canvas.bottoms[column] = rowAt(canvas, 0, wallDepth);
    if (hit.rack >= hit.wall) continue;
    const rackStrip = stripOf(canvas, studio, {
      column,
      depth: rackDepth,
      acrossX: hit.rackAcrossX,
      x: eye.x + toward.x * hit.rack,
      y: eye.y + toward.y * hit.rack,
    });
    placeOnRack(rackStrip, studio.textures, hit);
    paintStrip(canvas, rackStrip);
    canvas.depths[column] = rackDepth;
    canvas.tops[column] = Math.min(canvas.tops[column] ?? 0, rowAt(canvas, rackHeight, rackDepth));
    canvas.bottoms[column] = rowAt(canvas, 0, rackDepth);
  }
}

/** A strip of the hall with its light and air; texture and height are the caller's. */
function stripOf(
  canvas: Canvas,
  studio: Studio,
  at: {
    readonly column: number;
    readonly depth: number;
    readonly acrossX: boolean;
    readonly x: number;
    readonly y: number;
  },
): Strip & { x: number; y: number; acrossX: boolean } {
  const { eye } = canvas;
  // Light is taken a little before the surface, where the aisle is.
  const lx = at.x + (eye.x > at.x ? 0.2 : -0.2);
  const ly = at.y + (eye.y > at.y ? 0.2 : -0.2);
  const cell = cellAt(studio.light, lx, ly);
  const side = at.acrossX ? 0.82 : 1;
  return {
    ...at,
    low: 0,
    high: rackHeight,
    texture: studio.textures.wall,
    u: 0,
    red: (studio.light.values[cell] ?? 1) * side,
    green: (studio.light.values[cell + 1] ?? 1) * side,
    blue: (studio.light.values[cell + 2] ?? 1) * side,
    air: airShare(canvas, at.depth),
  };
}

function wallTexture(textures: Textures, at: { x: number; y: number }): Texture {
  const dock = zones.find((zone) => zone.name === 'dock');
  const isDock = dock !== undefined && at.x > dock.area.x0 && at.x < dock.area.x1 && at.y > 24;
  return isDock ? textures.dockDoor : textures.wall;
}

function wrapTexel(metres: number, period: number, texture: Texture): number {
  const share = (((metres % period) + period) % period) / period;
  return Math.min(texture.width - 1, Math.floor(share * texture.width));
}

function placeOnRack(strip: Strip & { x: number; y: number }, textures: Textures, at: StaticHit) {
  const rack = racks[at.rackIndex];
  if (rack === undefined) return;
  if (at.rackAcrossX) {
    strip.texture = textures.rackEnd;
    strip.u = wrapTexel(strip.y - rack.y0, 1.2001, textures.rackEnd);
    return;
  }
  const isNorth = strip.y > (rack.y0 + rack.y1) / 2;
  const look = (at.rackIndex * 2 + (isNorth ? 1 : 0)) % rackLooks;
  const length = textures.rack.width / rackLooks;
  strip.texture = textures.rack;
  strip.u = Math.min(length - 1, Math.floor(((strip.x - rack.x0) / 14) * length)) + look * length;
}

/** Floor (`up` < 0) or ceiling, row by row, where no wall or rack stands. */
function paintPlane(canvas: Canvas, map: PlaneMap, up: number): void {
  const { width, height, data, eye, focal, middle } = canvas;
  const cos = Math.cos(eye.heading);
  const sin = Math.sin(eye.heading);
  const isFloor = up < 0;
  const from = isFloor ? Math.floor(middle) : 0;
  const to = isFloor ? height : Math.ceil(middle);
  for (let row = from; row < to; row += 1) {
    const slope = (middle - row - 0.5) / focal;
    const depth = up / slope;
    if (!(depth > 0) || depth > 60) continue;
    const share = airShare(canvas, depth);
    const keep = 1 - share;
    const [red, green, blue] = canvas.airColour;
    const stepX = ((sin * depth) / focal) * map.perMetre;
    const stepY = ((-cos * depth) / focal) * map.perMetre;
    let x = (eye.x + cos * depth) * map.perMetre + stepX * (0.5 - width / 2);
    let y = (eye.y + sin * depth) * map.perMetre + stepY * (0.5 - width / 2);
    let at = row * width * 3;
    const edges = isFloor ? canvas.bottoms : canvas.tops;
    for (let column = 0; column < width; column += 1, at += 3, x += stepX, y += stepY) {
      const edge = edges[column] ?? 0;
      if (isFloor ? row < edge : row >= edge) continue;
      if (x < 0 || y < 0 || x >= map.width || y >= map.height) continue;
      const texel = ((y | 0) * map.width + (x | 0)) * 3;
      data[at] = (map.data[texel] ?? 0) * keep + red * share;
      data[at + 1] = (map.data[texel + 1] ?? 0) * keep + green * share;
      data[at + 2] = (map.data[texel + 2] ?? 0) * keep + blue * share;
    }
  }
}

/** Surfaces painted once from a seed: racks, walls, loads, robots and people. */
import { type Random, seededRandom } from '@fieldloop/core';

/** Rows from the top; three bytes a texel, or four with cover (0 = nothing there). */
export interface Texture {
  readonly width: number;
  readonly height: number;
  readonly depth: 3 | 4;
  readonly data: Uint8Array;
}

export type Colour = readonly [number, number, number];

export interface Textures {
  /** Long sides of racks: `rackLooks` stretches of 14 m side by side. */
  readonly rack: Texture;
  readonly rackEnd: Texture;
  /** 4 m of outer wall, 6 m high. */
  readonly wall: Texture;
  readonly dockDoor: Texture;
  readonly loads: readonly Texture[];
  readonly wrapped: readonly Texture[];
  readonly robotSide: Texture;
  readonly robotFront: Texture;
  /** By look, then by phase of the step. */
  readonly people: readonly (readonly Texture[])[];
}

export const rackLooks = 4;
const texelsPerMetre = 24;

export function paintTextures(): Textures {
  const random = seededRandom('textures');
  return {
    rack: paintRacks(random.fork('rack')),
    rackEnd: paintRackEnd(),
    wall: paintWall(random.fork('wall')),
    dockDoor: paintDockDoor(),
    loads: Array.from({ length: 6 }, (_, i) => paintLoad(random.fork(`load ${i}`))),
    wrapped: Array.from({ length: 3 }, (_, i) => paintWrapped(random.fork(`wrapped ${i}`))),
    robotSide: paintRobot(true),
    robotFront: paintRobot(false),
    people: Array.from({ length: personLooks.length }, (_, look) =>
      Array.from({ length: 4 }, (_, phase) => paintPerson(look, phase)),
    ),
  };
}

function openTexture(width: number, height: number, depth: 3 | 4, colour?: Colour): Texture {
  const texture = { width, height, depth, data: new Uint8Array(width * height * depth) };
  if (colour !== undefined) fill(texture, [0, 0, width, height], colour);
  return texture;
}

/** Paints the part of a rectangle [x, y, width, height] that lies on the texture. */
function fill(
  texture: Texture,
  [x, y, width, height]: readonly [number, number, number, number],
  colour: Colour,
): void {
  const x0 = Math.max(0, Math.round(x));
  const x1 = Math.min(texture.width, Math.round(x + width));
  const y0 = Math.max(0, Math.round(y));
  const y1 = Math.min(texture.height, Math.round(y + height));
  for (let row = y0; row < y1; row += 1) {
    for (let column = x0; column < x1; column += 1) put(texture, column, row, colour);
  }
}

function put(texture: Texture, x: number, y: number, colour: Colour): void {
  const at = (y * texture.width + x) * texture.depth;
  texture.data[at] = colour[0];
  texture.data[at + 1] = colour[1];
  texture.data[at + 2] = colour[2];
  if (texture.depth === 4) texture.data[at + 3] = 255;
}

function shade(colour: Colour, factor: number): Colour {
  const part = (value: number): number => Math.max(0, Math.min(255, Math.round(value * factor)));
  return [part(colour[0]), part(colour[1]), part(colour[2])];
}

/** Speckles every texel, so that flat paint does not look flat. */
function speckle(texture: Texture, random: Random, strength: number): void {
  for (let at = 0; at < texture.data.length; at += texture.depth) {
    const change = 1 + (random.next() - 0.5) * strength;
    for (let c = 0; c < 3; c += 1) {
      texture.data[at + c] = Math.min(255, (texture.data[at + c] ?? 0) * change);
    }
  }
}

const cartonColours: readonly Colour[] = [
  [176, 136, 92],
  [160, 120, 78],
  [188, 152, 108],
  [146, 112, 78],
  [196, 168, 128],
];
const toteColours: readonly Colour[] = [
  [62, 96, 140],
  [120, 124, 128],
  [70, 110, 92],
  [150, 64, 56],
];

/** A box with darker edges and a strip of tape. */
function paintCarton(
  texture: Texture,
  [x, y, width, height]: readonly [number, number, number, number],
  colour: Colour,
): void {
  fill(texture, [x, y, width, height], shade(colour, 0.62));
  fill(texture, [x + 1, y + 1, width - 2, height - 2], colour);
  fill(texture, [x + width / 2 - 1, y + 1, 2, height - 2], shade(colour, 1.16));
}

function paintRacks(random: Random): Texture {
  const length = 14 * texelsPerMetre;
  const texture = openTexture(length * rackLooks, 3 * texelsPerMetre, 3, [34, 37, 44]);
  const levels = [0.12, 1.12, 2.12];
  for (const level of levels) {
    const floor = texture.height - level * texelsPerMetre;
    let x = 3;
    while (x < texture.width) {
      const isTote = random.next() < 0.22;
      const width = (isTote ? 0.45 : 0.55 + random.next() * 0.5) * texelsPerMetre;
      const height = (isTote ? 0.4 : 0.45 + random.next() * 0.38) * texelsPerMetre;
      const colours = isTote ? toteColours : cartonColours;
      const colour = colours[random.integer(colours.length)] ?? [128, 128, 128];
      if (random.next() < 0.86) {
        const lit = shade(colour, 0.72 + random.next() * 0.2);
        paintCarton(texture, [x, floor - height, width, height], lit);
      }
      x += width + 1 + random.next() * 3;
    }
    fill(texture, [0, floor, texture.width, 3], [214, 104, 34]);
    fill(texture, [0, floor + 2, texture.width, 1], [140, 66, 24]);
  }
  for (let x = 0; x < texture.width; x += 2.8 * texelsPerMetre) {
    fill(texture, [x, 0, 3, texture.height], [44, 84, 156]);
    fill(texture, [x + 2, 0, 1, texture.height], [28, 54, 104]);
  }
  speckle(texture, random, 0.12);
  return texture;
}

function paintRackEnd(): Texture {
  const texture = openTexture(Math.ceil(1.2 * texelsPerMetre), 3 * texelsPerMetre, 3, [40, 46, 58]);
  const { width, height } = texture;
  for (let y = 0; y < height; y += 12) {
    for (let i = 0; i < 12; i += 1) {
      const x = (i / 12) * width;
      fill(texture, [x, y + i, 2, 1], [52, 92, 160]);
      fill(texture, [width - x - 2, y + i, 2, 1], [52, 92, 160]);
    }
  }
  fill(texture, [0, 0, 3, height], [44, 84, 156]);
  fill(texture, [width - 3, 0, 3, height], [44, 84, 156]);
  fill(texture, [5, 18, width - 10, 14], [236, 238, 236]);
  fill(texture, [9, 21, width - 18, 8], [38, 70, 130]);
  for (let i = 0; i < width + 10; i += 1) {
    const colour: Colour = i % 10 < 5 ? [232, 190, 40] : [36, 34, 30];
    for (let y = 0; y < 10; y += 1) fill(texture, [i - y, height - 10 + y, 1, 1], colour);
  }
  return texture;
}

function paintWall(random: Random): Texture {
  const texture = openTexture(64, 96, 3, [168, 172, 172]);
  for (let x = 0; x < 64; x += 4) fill(texture, [x, 0, 1, 96], [150, 154, 156]);
  fill(texture, [0, 50, 64, 4], [60, 98, 150]);
  fill(texture, [0, 78, 64, 18], [122, 126, 130]);
  fill(texture, [0, 76, 64, 2], [222, 186, 60]);
  speckle(texture, random, 0.06);
  return texture;
}

function paintDockDoor(): Texture {
  const texture = openTexture(64, 96, 3, [206, 208, 206]);
  fill(texture, [8, 34, 48, 62], [255, 252, 244]);
  for (let y = 40; y < 96; y += 8) fill(texture, [8, y, 48, 1], [226, 222, 210]);
  fill(texture, [4, 34, 4, 62], [240, 200, 60]);
  fill(texture, [56, 34, 4, 62], [240, 200, 60]);
  return texture;
}

/** A pallet and its cartons, as seen from one side: 1.2 m wide, its height is the body's. */
function paintLoad(random: Random): Texture {
  const texture = openTexture(48, 48, 3, [96, 74, 50]);
  const colour = cartonColours[random.integer(cartonColours.length)] ?? [170, 130, 90];
  const columns = 2 + random.integer(2);
  const rows = 2 + random.integer(2);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const box = [(column * 48) / columns, (row * 41) / rows, 48 / columns, 41 / rows] as const;
      paintCarton(texture, box, shade(colour, 1.02 + random.next() * 0.2));
      if (random.next() < 0.5) fill(texture, [box[0] + 3, box[1] + 4, 5, 4], [232, 230, 222]);
    }
  }
  fill(texture, [0, 41, 48, 2], [198, 156, 100]);
  fill(texture, [0, 43, 48, 5], [46, 36, 26]);
  for (const x of [0, 21, 42]) fill(texture, [x, 43, 6, 5], [176, 134, 84]);
  speckle(texture, random, 0.08);
  return texture;
}

/** A load in stretch film: pale, streaked, hardly an edge. */
function paintWrapped(random: Random): Texture {
  const texture = openTexture(48, 48, 3, [198, 206, 212]);
  for (let i = 0; i < 26; i += 1) {
    const tone = 176 + random.integer(70);
    const y = random.integer(42);
    fill(texture, [0, y, 48, 1], [tone, tone + 4, Math.min(255, tone + 8)]);
  }
  for (let i = 0; i < 40; i += 1) {
    const x = random.integer(48);
    fill(texture, [x, random.integer(40), 1, 6], [232, 238, 242]);
  }
  fill(texture, [0, 43, 48, 5], [70, 72, 76]);
  return texture;
}

/** One of our robots: a white hull over a dark skirt, wheels, a teal light band. */
function paintRobot(isSide: boolean): Texture {
  const width = isSide ? 60 : 40;
  const texture = openTexture(width, 36, 3, [226, 230, 232]);
  fill(texture, [0, 0, width, 3], [90, 96, 104]);
  fill(texture, [0, 13, width, 4], [24, 190, 178]);
  fill(texture, [0, 24, width, 12], [44, 48, 54]);
  if (isSide) {
    for (const x of [8, 42]) {
      fill(texture, [x, 25, 11, 11], [18, 18, 20]);
      fill(texture, [x + 4, 29, 3, 3], [130, 132, 136]);
    }
  } else {
    fill(texture, [12, 5, 16, 6], [30, 34, 40]);
    fill(texture, [17, 7, 6, 2], [120, 200, 255]);
    fill(texture, [3, 19, 7, 4], [255, 244, 200]);
    fill(texture, [30, 19, 7, 4], [255, 244, 200]);
  }
  return texture;
}

interface PersonLook {
  readonly vest: Colour;
  readonly trousers: Colour;
  readonly helmet: Colour;
  readonly skin: Colour;
}

const personLooks: readonly PersonLook[] = [
  { vest: [242, 108, 28], trousers: [42, 50, 78], helmet: [238, 238, 236], skin: [214, 168, 138] },
  { vest: [206, 222, 44], trousers: [52, 54, 58], helmet: [246, 200, 40], skin: [150, 104, 76] },
  { vest: [236, 84, 40], trousers: [64, 62, 54], helmet: [60, 110, 190], skin: [226, 184, 154] },
  { vest: [226, 214, 40], trousers: [36, 44, 70], helmet: [238, 238, 236], skin: [96, 66, 50] },
];

/** 40 x 100 texels of a walker; the four phases swing legs and arms. */
function paintPerson(look: number, phase: number): Texture {
  const texture = openTexture(40, 100, 4);
  const { vest, trousers, helmet, skin } = personLooks[look] ?? {
    vest: [242, 108, 28],
    trousers: [42, 50, 78],
    helmet: [238, 238, 236],
    skin: [214, 168, 138],
  };
  const swing = [0, 4, 0, -4][phase] ?? 0;
  paintLeg(texture, 15, -swing, shade(trousers, 0.8));
  paintLeg(texture, 22, swing, trousers);
  paintArm(texture, 7, swing, shade(vest, 0.7));
  paintArm(texture, 28, -swing, shade(vest, 0.82));
  for (let y = 18; y < 54; y += 1) {
    const half = 9 + Math.min(2, (y - 18) / 4) - Math.max(0, (y - 40) / 9);
    const tone = y > 36 && y < 40 ? ([232, 234, 220] as const) : vest;
    for (let x = 20 - half; x < 20 + half; x += 1) {
      const lit = 1.06 - Math.abs(x - 18) * 0.028;
      put(texture, Math.round(x), y, shade(tone, lit));
    }
  }
  fill(texture, [14, 20, 2, 18], [232, 234, 220]);
  fill(texture, [24, 20, 2, 18], [232, 234, 220]);
  paintDisc(texture, [20, 11, 5.5, 7], skin);
  paintDisc(texture, [20, 7, 6.5, 5.5], helmet);
  fill(texture, [13, 9, 14, 2], shade(helmet, 0.8));
  return texture;
}

function paintLeg(texture: Texture, x: number, swing: number, colour: Colour): void {
  for (let y = 52; y < 98; y += 1) {
    const shift = Math.round((swing * (y - 52)) / 46);
    const tone = y > 92 ? ([30, 28, 28] as const) : y > 74 && y < 77 ? [220, 222, 210] : colour;
    fill(texture, [x + shift - (y > 92 ? 1 : 0), y, y > 92 ? 8 : 6, 1], tone as Colour);
  }
}

function paintArm(texture: Texture, x: number, swing: number, colour: Colour): void {
  for (let y = 20; y < 52; y += 1) {
    const shift = Math.round((swing * (y - 20)) / 40);
    fill(texture, [x + shift, y, 5, 1], y > 46 ? [206, 164, 136] : colour);
  }
}

function paintDisc(
  texture: Texture,
  [cx, cy, rx, ry]: readonly [number, number, number, number],
  colour: Colour,
): void {
  for (let y = Math.floor(cy - ry); y <= cy + ry; y += 1) {
    const half = rx * Math.sqrt(Math.max(0, 1 - ((y - cy) / ry) ** 2));
    for (let x = Math.round(cx - half); x < cx + half; x += 1) {
      put(texture, x, Math.max(0, y), shade(colour, 1.08 - Math.abs(x - cx + 2) * 0.03));
    }
  }
}

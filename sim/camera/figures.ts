/** Bodies in a frame: people as upright figures, pallets and robots as boxes, each with shade. */
import { type Body, rayBody } from '../world/body.ts';
import { type Crossing, rayCircle, seenFrom } from '../world/geometry.ts';
import { cellAt } from './light.ts';
import { airShare, type Canvas, rowAt, type Studio } from './canvas.ts';
import { paintStrip, type Strip } from './strip.ts';
import type { Texture, Textures } from './texture.ts';

/** Looks from this number on are wrapped loads. */
const wrappedFrom = 100;
const nearest = 0.15;
const farthest = 25;

export function paintBodies(canvas: Canvas, studio: Studio, bodies: readonly Body[]): void {
  const seen = bodies
    .map((body) => ({ body, at: seenFrom(canvas.eye, body) }))
    .filter(({ body, at }) => at.x > nearest - body.radius && at.x < farthest)
    .sort((a, b) => b.at.x - a.at.x || a.body.id - b.body.id);
  for (const { body, at } of seen) {
    const depth = Math.max(nearest, at.x - body.radius);
    const span = (body.radius * 1.5 * canvas.focal) / depth;
    const centre = canvas.width / 2 - (at.y * canvas.focal) / Math.max(nearest, at.x);
    const first = Math.max(0, Math.floor(centre - span));
    const last = Math.min(canvas.width - 1, Math.ceil(centre + span));
    if (first > last) continue;
    const strip = litStrip(canvas, studio, body);
    for (let column = first; column <= last; column += 1) {
      strip.column = column;
      if (body.kind === 'person') paintPerson(canvas, studio.textures, { body, at, strip, centre });
      else paintBox(canvas, studio.textures, { body, strip });
    }
  }
}

function litStrip(canvas: Canvas, studio: Studio, body: Body): Strip {
  const cell = cellAt(studio.light, body.x, body.y);
  return {
    column: 0,
    depth: 1,
    low: 0,
    high: body.height,
    texture: studio.textures.wall,
    u: 0,
    red: studio.light.values[cell] ?? 1,
    green: studio.light.values[cell + 1] ?? 1,
    blue: studio.light.values[cell + 2] ?? 1,
    air: airShare(canvas, Math.max(nearest, seenFrom(canvas.eye, body).x)),
  };
}

const crossing: Crossing = { enter: 0, leave: 0, acrossX: false };

/** The unit ray of a column, and how much longer it is than the depth. */
function rayOf(canvas: Canvas, column: number): { x: number; y: number; length: number } {
  const right = (column + 0.5 - canvas.width / 2) / canvas.focal;
  const length = Math.sqrt(1 + right * right);
  const cos = Math.cos(canvas.eye.heading);
  const sin = Math.sin(canvas.eye.heading);
  return { x: (cos + sin * right) / length, y: (sin - cos * right) / length, length };
}

/** Darkens the floor under a body, where this column shows it. */
function paintShade(
  canvas: Canvas,
  column: number,
  circle: { readonly x: number; readonly y: number; readonly radius: number },
): void {
  const ray = rayOf(canvas, column);
  if (!rayCircle(canvas.eye, ray, circle, crossing)) return;
  const near = Math.max(nearest, crossing.enter / ray.length);
  const far = Math.min(crossing.leave / ray.length, canvas.depths[column] ?? 0);
  if (far <= near) return;
  const from = rowAt(canvas, 0, far);
  const to = rowAt(canvas, 0, near);
  let at = (from * canvas.width + column) * 3;
  for (let row = from; row < to; row += 1, at += canvas.width * 3) {
    for (let c = 0; c < 3; c += 1) canvas.data[at + c] = (canvas.data[at + c] ?? 0) * 0.58;
  }
}

/** A figure always turns its broad side to the camera. */
function paintPerson(
  canvas: Canvas,
  textures: Textures,
  {
    body,
    at,
    strip,
    centre,
  }: {
    readonly body: Body;
    readonly at: { readonly x: number };
    readonly strip: Strip;
    readonly centre: number;
  },
): void {
  paintShade(canvas, strip.column, { x: body.x, y: body.y, radius: 0.34 });
  const depth = Math.max(nearest, at.x);
  if (depth > (canvas.depths[strip.column] ?? 0)) return;
  const looks = textures.people[body.look % textures.people.length] ?? [];
  const phase = Math.floor(body.travelled / 0.38) % 4;
  const texture = looks[phase];
  if (texture === undefined) return;
  const half = (body.height * 0.2 * canvas.focal) / depth;
  const share = (strip.column + 0.5 - centre + half) / (2 * half);
  if (share < 0 || share >= 1) return;
  strip.depth = depth;
  strip.texture = texture;
  strip.u = Math.floor(share * texture.width);
  paintStrip(canvas, strip);
}

/** A box along its heading: the face that the column meets, and the top when seen from above. */
function paintBox(
  canvas: Canvas,
  textures: Textures,
  { body, strip }: { readonly body: Body; readonly strip: Strip },
): void {
  paintShade(canvas, strip.column, { x: body.x, y: body.y, radius: body.radius * 0.92 });
  const ray = rayOf(canvas, strip.column);
  if (!rayBody(canvas.eye, ray, body, crossing)) return;
  const depth = Math.max(nearest, crossing.enter / ray.length);
  if (depth > (canvas.depths[strip.column] ?? 0)) return;
  const { x, y } = seenFrom(body, {
    x: canvas.eye.x + ray.x * crossing.enter,
    y: canvas.eye.y + ray.y * crossing.enter,
  });
  const isEnd = crossing.acrossX;
  const along = isEnd ? y / body.halfWidth : x / body.halfLength;
  if (body.height < canvas.eye.height) paintTop(canvas, { body, strip, depth, ray });
  strip.depth = depth;
  strip.texture = faceOf(body, textures, isEnd);
  strip.u = Math.min(
    strip.texture.width - 1,
    Math.max(0, Math.floor(((along + 1) / 2) * strip.texture.width)),
  );
  const side = isEnd ? 0.84 : 1;
  paintStrip(canvas, {
    ...strip,
    red: strip.red * side,
    green: strip.green * side,
    blue: strip.blue * side,
  });
}

function faceOf(body: Body, textures: Textures, isEnd: boolean): Texture {
  if (body.kind === 'robot') return isEnd ? textures.robotFront : textures.robotSide;
  const looks = body.look >= wrappedFrom ? textures.wrapped : textures.loads;
  return looks[body.look % looks.length] ?? textures.wall;
}

function paintTop(
  canvas: Canvas,
  at: {
    readonly body: Body;
    readonly strip: Strip;
    readonly depth: number;
    readonly ray: { readonly length: number };
  },
): void {
  const { strip } = at;
  const far = crossing.leave / at.ray.length;
  const from = rowAt(canvas, at.body.height, far);
  const to = rowAt(canvas, at.body.height, at.depth);
  const keep = 1 - strip.air;
  const tones = [70 * strip.red, 76 * strip.green, 84 * strip.blue];
  let pixel = (from * canvas.width + strip.column) * 3;
  for (let row = from; row < to; row += 1, pixel += canvas.width * 3) {
    for (let c = 0; c < 3; c += 1) {
      canvas.data[pixel + c] = (tones[c] ?? 0) * keep + (canvas.airColour[c] ?? 0) * strip.air;
    }
  }
}

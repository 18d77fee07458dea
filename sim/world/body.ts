/** What stands and moves between the racks, and what a ray meets first. */
import { type Box, type Crossing, type Point, type Pose, rayBox, rayCircle } from './geometry.ts';
import { inside, racks } from './layout.ts';

export type BodyKind = 'pallet' | 'person' | 'robot';

export interface Body extends Pose {
  readonly id: number;
  readonly kind: BodyKind;
  x: number;
  y: number;
  heading: number;
  /** A person is round; pallets and robots are boxes along their heading. */
  readonly radius: number;
  readonly halfLength: number;
  readonly halfWidth: number;
  readonly height: number;
  /** Picks colours and load; any whole number. */
  readonly look: number;
  /** Metres walked or driven: moves legs and wheels. */
  travelled: number;
}

const shapes = {
  pallet: { radius: 0.78, halfLength: 0.6, halfWidth: 0.5 },
  person: { radius: 0.25, halfLength: 0.25, halfWidth: 0.25 },
  robot: { radius: 0.45, halfLength: 0.45, halfWidth: 0.3 },
} as const;

export const robotHeight = 0.5;

export function openBody(id: number, kind: BodyKind, pose: Pose, look: number): Body {
  const height =
    kind === 'robot'
      ? robotHeight
      : kind === 'person'
        ? 1.66 + (look % 5) * 0.05
        : 0.95 + (look % 3) * 0.2;
  const { x, y, heading } = pose;
  return { id, kind, ...shapes[kind], height, look, x, y, heading, travelled: 0 };
}

/** Where a ray of unit length meets a body; the face counts in the body's own axes. */
export function rayBody(from: Point, toward: Point, body: Body, out: Crossing): boolean {
  if (!rayCircle(from, toward, body, out)) return false;
  if (body.kind === 'person') return true;
  const cos = Math.cos(body.heading);
  const sin = Math.sin(body.heading);
  const dx = from.x - body.x;
  const dy = from.y - body.y;
  const local = { x: cos * dx + sin * dy, y: cos * dy - sin * dx };
  const turned = {
    x: cos * toward.x + sin * toward.y,
    y: cos * toward.y - sin * toward.x,
  };
  return rayBox(local, turned, boxOf(body), out);
}

function boxOf(body: Body): Box {
  const { halfLength, halfWidth } = body;
  return { x0: -halfLength, x1: halfLength, y0: -halfWidth, y1: halfWidth };
}

export interface StaticHit {
  /** Metres to the nearest rack, Infinity when a wall is nearer. */
  rack: number;
  /** Which of `racks`, -1 for none. */
  rackIndex: number;
  rackAcrossX: boolean;
  /** Metres to the outer wall. */
  wall: number;
  wallAcrossX: boolean;
}

const crossing: Crossing = { enter: 0, leave: 0, acrossX: false };

/** What stands fast along a ray of unit length from inside the hall. */
export function rayHall(from: Point, toward: Point, out: StaticHit): void {
  out.rack = Number.POSITIVE_INFINITY;
  out.rackIndex = -1;
  for (let index = 0; index < racks.length; index += 1) {
    const rack = racks[index] as Box;
    if (rayBox(from, toward, rack, crossing) && crossing.enter < out.rack) {
      out.rack = crossing.enter;
      out.rackIndex = index;
      out.rackAcrossX = crossing.acrossX;
    }
  }
  const toX = toEdge(from.x, toward.x, inside.x0, inside.x1);
  const toY = toEdge(from.y, toward.y, inside.y0, inside.y1);
  out.wallAcrossX = toX < toY;
  out.wall = Math.max(0, out.wallAcrossX ? toX : toY);
}

function toEdge(from: number, toward: number, low: number, high: number): number {
  if (toward === 0) return Number.POSITIVE_INFINITY;
  return ((toward > 0 ? high : low) - from) / toward;
}

export interface RayHit {
  readonly metres: number;
  readonly kind: BodyKind | 'shelf';
  readonly body?: Body;
}

const seen: StaticHit = {
  rack: 0,
  rackIndex: -1,
  rackAcrossX: false,
  wall: 0,
  wallAcrossX: false,
};

/** The first thing along a ray of unit length. Racks and walls both count as shelf. */
export function castRay(from: Point, toward: Point, bodies: readonly Body[]): RayHit {
  rayHall(from, toward, seen);
  let metres = Math.min(seen.rack, seen.wall);
  let first: Body | undefined;
  for (const body of bodies) {
    if (rayBody(from, toward, body, crossing) && crossing.enter < metres) {
      metres = crossing.enter;
      first = body;
    }
  }
  return first === undefined
    ? { metres, kind: 'shelf' }
    : { metres, kind: first.kind, body: first };
}

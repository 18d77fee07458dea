/**
 * Places to take training pictures from. The hall only: nobody ever carried a camera into the
 * cold store or the dock, and that is what makes them interesting.
 */
import type { Random } from '@fieldloop/core';
import { type Ahead, whatIsAhead } from '../world/ahead.ts';
import { type Body, type BodyKind, openBody } from '../world/body.ts';
import { offsetPose, type Point, type Pose } from '../world/geometry.ts';
import { aisles, crossways, hall, isInside, racks, zones, zoneShare } from '../world/layout.ts';
import type { World } from '../world/world.ts';

export interface View {
  readonly pose: Pose;
  readonly bodies: readonly Body[];
  readonly ahead: Ahead;
}

/** True where training pictures may be taken: at least 3 m from any zone. */
export function isTrainingPlace(point: Point): boolean {
  return zones.every((zone) => zoneShare(point, zone, 3) === 0);
}

const bodyKinds: readonly BodyKind[] = ['pallet', 'person', 'robot'];

/** A view for which the truth is `wanted`, from a training world. */
export function drawView(world: World, wanted: Ahead, random: Random): View {
  for (;;) {
    const pose = drawPose(random, wanted === 'shelf');
    const bodies = [...world.pallets, ...world.people.map((person) => person.body)].filter(
      (body) => !touches(pose, body) && !isWrapped(body),
    );
    if (wanted !== 'clear' && wanted !== 'shelf') {
      bodies.push(placeBody(pose, wanted, random));
    } else if (random.next() < 0.3) {
      bodies.push(placeAside(pose, random));
    }
    if (!bodies.every((body) => isFree(body, body.radius * 0.6))) continue;
    const ahead = whatIsAhead(pose, bodies);
    if (ahead === wanted) return { pose, bodies, ahead };
  }
}

/** In a lane along the aisle, or, for shelves and one in four, in any direction. */
function drawPose(random: Random, anyDirection: boolean): Pose {
  for (;;) {
    const isAisle = random.next() < 0.7;
    const line = isAisle ? aisles : crossways;
    const across = (line[random.integer(line.length)] ?? 0) + (random.next() - 0.5) * 2.4;
    const along = 1 + random.next() * ((isAisle ? hall.width : hall.depth) - 2);
    const point = isAisle ? { x: along, y: across } : { x: across, y: along };
    const heading =
      anyDirection || random.next() < 0.25
        ? random.next() * 2 * Math.PI
        : (isAisle ? 0 : Math.PI / 2) +
          (random.next() < 0.5 ? Math.PI : 0) +
          random.normal() * 0.12;
    if (isTrainingPlace(point) && isFree(point, 0.5)) return { ...point, heading };
  }
}

/** A body of a kind in the middle of the view, near enough to count. */
function placeBody(pose: Pose, kind: BodyKind, random: Random): Body {
  const ahead = 0.9 + random.next() * 4;
  const left = (random.next() - 0.5) * 0.34 * ahead;
  const heading =
    kind === 'pallet' ? (random.next() - 0.5) * 0.4 : pose.heading + random.next() * 2 * Math.PI;
  return openPlaced(offsetPose(pose, ahead, left), heading, { kind, random });
}

/** A body that is in the picture but not ahead: too far or off to a side. */
function placeAside(pose: Pose, random: Random): Body {
  const kind = bodyKinds[random.integer(bodyKinds.length)] ?? 'pallet';
  const ahead = 1.5 + random.next() * 7;
  const side = random.next() < 0.5 ? -1 : 1;
  const left = side * ahead * (0.28 + random.next() * 0.4);
  return openPlaced(offsetPose(pose, ahead, left), random.next() * 7, { kind, random });
}

function openPlaced(
  point: Point,
  heading: number,
  { kind, random }: { readonly kind: BodyKind; readonly random: Random },
): Body {
  const body = openBody(-1, kind, { ...point, heading }, random.integer(60));
  body.travelled = random.next() * 4;
  return body;
}

function isWrapped(body: Body): boolean {
  return body.kind === 'pallet' && body.look >= 100;
}

function touches(pose: Pose, body: Body): boolean {
  return (body.x - pose.x) ** 2 + (body.y - pose.y) ** 2 < (body.radius + 0.3) ** 2;
}

function isFree(point: Point, room: number): boolean {
  const isInHall =
    point.x > room && point.x < hall.width - room && point.y > room && point.y < hall.depth - room;
  return (
    isInHall &&
    racks.every(
      ({ x0, y0, x1, y1 }) =>
        !isInside(point, { x0: x0 - room, y0: y0 - room, x1: x1 + room, y1: y1 + room }),
    )
  );
}

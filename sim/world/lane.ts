/** Ways through the aisles as polylines, and how far along one somebody is. */
import type { Body } from './body.ts';
import { distance, type Point, seenFrom } from './geometry.ts';
import { isAisle, type Junction, placeOf } from './layout.ts';

export interface LaneOptions {
  /** Metres to the right of the centre line; negative is to the left. */
  readonly right: number;
  /** Half the width of whoever follows it, with the space to keep. */
  readonly clearance: number;
  readonly pallets: readonly Body[];
}

/** How far before and behind a pallet the lane has left its side, and is back. */
const swerve = { near: 0.9, far: 2 } as const;
/** Junctions are crossed from this far before their middle to this far behind it. */
const corner = 1.3;

/** Points from junction to junction; pallets on the side of the lane are passed on the other. */
export function laneBetween(a: Junction, b: Junction, options: LaneOptions): readonly Point[] {
  const start = placeOf(a);
  const end = placeOf(b);
  const length = distance(start, end);
  const heading = Math.atan2(end.y - start.y, end.x - start.x);
  const east = Math.cos(heading);
  const north = Math.sin(heading);
  const at = (along: number, right: number): Point => ({
    x: start.x + east * along + north * right,
    y: start.y + north * along - east * right,
  });
  const points: Point[] = [at(corner, options.right)];
  if (isAisle(a, b)) {
    const beside = options.pallets
      .map((pallet) => {
        const seen = seenFrom({ ...start, heading }, pallet);
        return { along: seen.x, right: -seen.y };
      })
      .filter(({ along, right }) => along > 0 && along < length && Math.abs(right) < 2)
      .sort((p, q) => p.along - q.along);
    for (const { along, right } of beside) {
      const room = 0.55 + options.clearance;
      if (Math.abs(right - options.right) >= room) continue;
      const passing = right > 0 ? right - room : right + room;
      points.push(at(along - swerve.far, options.right), at(along - swerve.near, passing));
      points.push(at(along + swerve.near, passing), at(along + swerve.far, options.right));
    }
  }
  points.push(at(length - corner, options.right));
  return points;
}

/** The polyline through all junctions of a way. */
export function laneAlong(way: readonly Junction[], options: LaneOptions): readonly Point[] {
  return way.slice(1).flatMap((to, i) => laneBetween(way[i] ?? to, to, options));
}

export interface Progress {
  /** The piece of the polyline that is nearest: from `points[piece]` to the next. */
  readonly piece: number;
  /** The point to head for. */
  readonly goal: Point;
  /** Metres left to the end. */
  readonly left: number;
}

/** Where `position` stands on a polyline, looking `ahead` metres along it from piece `from`. */
export function follow(
  points: readonly Point[],
  from: number,
  position: Point,
  ahead: number,
): Progress {
  let piece = from;
  let share = shareOf(points, piece, position);
  while (piece < points.length - 2) {
    const next = shareOf(points, piece + 1, position);
    const here = metresOff(points, piece, { position, share });
    if (share < 1 && metresOff(points, piece + 1, { position, share: next }) >= here) break;
    piece += 1;
    share = next;
  }
  const begin = points[piece] ?? position;
  const end = points[piece + 1] ?? begin;
  const here = between(begin, end, Math.min(1, Math.max(0, share)));
  let goal = here;
  let rest = ahead;
  let left = distance(here, end);
  for (let next = piece + 1; next < points.length; next += 1) {
    const point = points[next] ?? goal;
    const step = distance(goal, point);
    if (next > piece + 1) left += distance(points[next - 1] ?? point, point);
    if (rest > 0) {
      goal = step <= rest ? point : between(goal, point, rest / step);
      rest -= step;
    }
  }
  return { piece, goal, left };
}

/** From a position to the nearest point of a piece. */
function metresOff(
  points: readonly Point[],
  piece: number,
  { position, share }: { readonly position: Point; readonly share: number },
): number {
  const a = points[piece] ?? position;
  const b = points[piece + 1] ?? a;
  return distance(position, between(a, b, Math.min(1, Math.max(0, share))));
}

function shareOf(points: readonly Point[], piece: number, position: Point): number {
  const a = points[piece];
  const b = points[piece + 1];
  if (a === undefined || b === undefined) return 1;
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const square = dx * dx + dy * dy;
  if (square < 1e-9) return 1;
  return ((position.x - a.x) * dx + (position.y - a.y) * dy) / square;
}

function between(a: Point, b: Point, share: number): Point {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

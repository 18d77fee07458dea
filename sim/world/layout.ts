/**
 * The warehouse: five aisles from west to east, three crossways from south to north, racks
 * between. Two zones look unlike the rest: nobody took training pictures there.
 */
import type { Box, Point } from './geometry.ts';

export const hall = { width: 40, depth: 24.8, height: 6 } as const;

/** Centre lines. An aisle is 4 m wide between racks 1.2 m deep. */
export const aisles: readonly number[] = [2, 7.2, 12.4, 17.6, 22.8];
export const crossways: readonly number[] = [2, 20, 38];
export const aisleHalfWidth = 2;

export const rackHeight = 3;
export const racks: readonly Box[] = [4.6, 9.8, 15, 20.2].flatMap((y) => [
  { x0: 4, x1: 18, y0: y - 0.6, y1: y + 0.6 },
  { x0: 22, x1: 36, y0: y - 0.6, y1: y + 0.6 },
]);

/** The inside of the outer walls. */
export const inside: Box = { x0: 0, x1: hall.width, y0: 0, y1: hall.depth };

export type ZoneName = 'hall' | 'cold-store' | 'dock';

export interface Zone {
  readonly name: Exclude<ZoneName, 'hall'>;
  /** Aisle and block (0 west, 1 east) that it fills. */
  readonly aisle: number;
  readonly block: number;
  readonly area: Box;
}

/** The cold store is dim, blue and foggy; the dock is blinded by the sun through its doors. */
export const zones: readonly Zone[] = [
  { name: 'cold-store', aisle: 0, block: 1, area: { x0: 22, x1: 36, y0: 0, y1: 4.6 } },
  { name: 'dock', aisle: 4, block: 0, area: { x0: 4, x1: 18, y0: 20.2, y1: hall.depth } },
];

export function zoneAt(point: Point): ZoneName {
  for (const { name, area } of zones) if (isInside(point, area)) return name;
  return 'hall';
}

export function isInside(point: Point, box: Box): boolean {
  return point.x >= box.x0 && point.x <= box.x1 && point.y >= box.y0 && point.y <= box.y1;
}

/** How far a point is inside a zone: 1 well inside, 0 from `edge` metres outside on. */
export function zoneShare(point: Point, zone: Zone, edge: number): number {
  const { x0, x1, y0, y1 } = zone.area;
  const dx = Math.max(x0 - point.x, point.x - x1, 0);
  const dy = Math.max(y0 - point.y, point.y - y1, 0);
  return Math.max(0, 1 - Math.sqrt(dx * dx + dy * dy) / edge);
}

/** Where an aisle meets a crossway; the number is `crossway * 5 + aisle`. */
export type Junction = number;

export const junctionCount = aisles.length * crossways.length;

export function junctionAt(crossway: number, aisle: number): Junction {
  return crossway * aisles.length + aisle;
}

export function placeOf(junction: Junction): Point {
  const crossway = Math.floor(junction / aisles.length);
  return { x: crossways[crossway] ?? 0, y: aisles[junction % aisles.length] ?? 0 };
}

export function neighboursOf(junction: Junction): readonly Junction[] {
  const crossway = Math.floor(junction / aisles.length);
  const aisle = junction % aisles.length;
  const found: Junction[] = [];
  if (crossway > 0) found.push(junction - aisles.length);
  if (crossway < crossways.length - 1) found.push(junction + aisles.length);
  if (aisle > 0) found.push(junction - 1);
  if (aisle < aisles.length - 1) found.push(junction + 1);
  return found;
}

export type IsClosed = (a: Junction, b: Junction) => boolean;

/** The junctions from one to another, the fewest metres, both ends included. */
export function shortestWay(
  from: Junction,
  to: Junction,
  isClosed: IsClosed = () => false,
): readonly Junction[] {
  const metres = Array.from({ length: junctionCount }, () => Number.POSITIVE_INFINITY);
  const before = Array.from({ length: junctionCount }, () => -1);
  const open = new Set([from]);
  metres[from] = 0;
  while (open.size > 0) {
    const here = [...open].reduce((a, b) => ((metres[a] ?? 0) <= (metres[b] ?? 0) ? a : b));
    open.delete(here);
    for (const next of neighboursOf(here)) {
      if (isClosed(here, next)) continue;
      const way = (metres[here] ?? 0) + (isAisle(here, next) ? 18 : 5.2);
      if (way >= (metres[next] ?? 0)) continue;
      metres[next] = way;
      before[next] = here;
      open.add(next);
    }
  }
  const way: Junction[] = [];
  for (let at = to; at >= 0; at = before[at] ?? -1) way.unshift(at);
  return way;
}

/** True when the way between two neighbours follows an aisle, false along a crossway. */
export function isAisle(a: Junction, b: Junction): boolean {
  return a % aisles.length === b % aisles.length;
}

/** The junctions behind and before somebody on the way between two neighbours. */
export function edgeAt(pose: Point & { readonly heading: number }): [Junction, Junction] {
  const crossway = crossways.findIndex((x) => Math.abs(x - pose.x) < aisleHalfWidth);
  if (crossway >= 0) {
    const [south, north] = around(aisles, pose.y);
    const ends = [junctionAt(crossway, south), junctionAt(crossway, north)] as const;
    return Math.sin(pose.heading) > 0 ? [ends[0], ends[1]] : [ends[1], ends[0]];
  }
  const [west, east] = around(crossways, pose.x);
  const nearest = aisles.reduce(
    (best, y, i) => (Math.abs(y - pose.y) < Math.abs((aisles[best] ?? 0) - pose.y) ? i : best),
    0,
  );
  const ends = [junctionAt(west, nearest), junctionAt(east, nearest)] as const;
  return Math.cos(pose.heading) > 0 ? [ends[0], ends[1]] : [ends[1], ends[0]];
}

/** The two neighbouring lines with a value between them, or the nearest two. */
function around(lines: readonly number[], value: number): [number, number] {
  let low = 0;
  while (low < lines.length - 2 && (lines[low + 1] ?? 0) <= value) low += 1;
  return [low, low + 1];
}

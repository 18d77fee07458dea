/**
 * Geofences: polygons and circles. Edges of a polygon are straight in latitude and longitude, as
 * maps draw them, and take the shorter way around the earth; a polygon may cross the antimeridian
 * and may not hold a pole. Whether a border belongs to the inside is left open.
 */
import { distanceM, isPosition, longitudeScale, metresPerDegree } from './earth.ts';

export interface Fence {
  /** Edges that a look goes through; none of a circle. */
  readonly corners: number;
  contains(lat: number, lon: number): boolean;
  /** Metres to the border, above 0 inside. */
  marginM(lat: number, lon: number): number;
}

type Point = readonly [number, number];

export function openCircle(center: Point, radiusM: number): Fence {
  const marginM = (lat: number, lon: number): number =>
    radiusM - distanceM(center[0], center[1], lat, lon);
  return { corners: 0, contains: (lat, lon) => marginM(lat, lon) >= 0, marginM };
}

export interface FenceFault {
  /** Which point is to blame. */
  readonly point: number;
  readonly message: string;
  readonly remedy: string;
}

/** A polygon, or what is wrong with it. A last point equal to the first one is taken as closing. */
export function openPolygon(points: readonly Point[]): Fence | FenceFault {
  const closes = points.length > 3 && isSame(points.at(-1), points[0]);
  const ring = closes ? points.slice(0, -1) : points;
  const fault = pointFault(ring);
  if (fault !== undefined) return fault;
  const lats = Float64Array.from(ring, ([lat]) => lat);
  const lons = unwrapped(ring);
  if (lons === undefined) {
    return {
      point: 0,
      message: 'the polygon goes around a pole, or an edge half around the earth',
      remedy: 'Use a circle, or several polygons.',
    };
  }
  const crossing = crossingOf(lats, lons);
  if (crossing !== undefined) {
    const [a, b] = crossing;
    return {
      point: b,
      message: `the polygon crosses itself: the edge from point ${a + 1} meets the one from point ${b + 1}`,
      remedy: 'List the points in the order of walking along the border.',
    };
  }
  return fenceOf(lats, lons);
}

function isSame(a: Point | undefined, b: Point | undefined): boolean {
  return a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1];
}

function pointFault(ring: readonly Point[]): FenceFault | undefined {
  if (ring.length < 3) {
    return {
      point: 0,
      message: `a polygon has at least 3 points, this one ${ring.length}`,
      remedy: 'Add points, or write circle: {center: [52.1, 4.2], radius: 50}.',
    };
  }
  const outside = ring.findIndex(([lat, lon]) => !isPosition(lat, lon));
  if (outside >= 0) {
    return { point: outside, ...outsideText(ring[outside] ?? [0, 0]) };
  }
  const twice = ring.findIndex((point, i) => isSame(point, ring[(i + 1) % ring.length]));
  if (twice < 0) return undefined;
  const remedy = 'Remove one of the two.';
  return { point: twice, message: 'two points in a row are the same', remedy };
}

/** What is said of two numbers that are no position. */
export function outsideText(point: Point): { readonly message: string; readonly remedy: string } {
  const swapped = Math.abs(point[0]) <= 180 && Math.abs(point[1]) <= 90;
  return {
    message: `[${point[0]}, ${point[1]}] is no position: latitude is -90 to 90, longitude -180 to 180`,
    remedy: swapped ? 'Write the latitude first.' : 'Write degrees, latitude first: [52.1, 4.2].',
  };
}

/** Longitudes without jumps, each within 180 degrees of the one before; undefined around a pole. */
function unwrapped(ring: readonly Point[]): Float64Array | undefined {
  const lons = new Float64Array(ring.length);
  let turned = 0;
  for (let i = 0; i <= ring.length; i += 1) {
    const lon = ring[i % ring.length]?.[1] ?? 0;
    const before = ring[(i + ring.length - 1) % ring.length]?.[1] ?? lon;
    if (i > 0) {
      const step = lon - before;
      if (Math.abs(step) === 180) return undefined;
      if (step > 180) turned -= 360;
      else if (step < -180) turned += 360;
    }
    if (i < ring.length) lons[i] = lon + turned;
  }
  return turned === 0 ? lons : undefined;
}

/** Two edges that share more than the corner between them; by the number of their first points. */
function crossingOf(lats: Float64Array, lons: Float64Array): [number, number] | undefined {
  const count = lats.length;
  const corner = (i: number): Point => [lats[i % count] ?? 0, lons[i % count] ?? 0];
  for (let i = 0; i < count; i += 1) {
    for (let k = i + 1; k < count; k += 1) {
      const [a, b, c, d] = [corner(i), corner(i + 1), corner(k), corner(k + 1)];
      // Neighbours share one corner; they may not lie on each other.
      let meets: boolean;
      if (k === i + 1) meets = isOn(a, b, d) || isOn(c, d, a);
      else if (i === 0 && k === count - 1) meets = isOn(a, b, c) || isOn(c, d, b);
      else meets = meet(a, b, c, d);
      if (meets) return [i, k];
    }
  }
  return undefined;
}

/** On which side of the line from a to b a point lies. */
function side(a: Point, b: Point, p: Point): number {
  return Math.sign((b[1] - a[1]) * (p[0] - a[0]) - (b[0] - a[0]) * (p[1] - a[1]));
}

function isOn(a: Point, b: Point, p: Point): boolean {
  return (
    side(a, b, p) === 0 &&
    Math.min(a[0], b[0]) <= p[0] &&
    p[0] <= Math.max(a[0], b[0]) &&
    Math.min(a[1], b[1]) <= p[1] &&
    p[1] <= Math.max(a[1], b[1])
  );
}

function meet(a: Point, b: Point, c: Point, d: Point): boolean {
  if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
  return isOn(a, b, c) || isOn(a, b, d) || isOn(c, d, a) || isOn(c, d, b);
}

function fenceOf(lats: Float64Array, lons: Float64Array): Fence {
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  /** The longitude by the count of this polygon, at or behind its western end. */
  const placed = (lon: number): number => lon + 360 * Math.ceil((west - lon) / 360);
  const contains = (lat: number, lon: number): boolean => {
    if (lat < south || lat > north) return false;
    const x = placed(lon);
    if (x > east) return false;
    let isInside = false;
    for (let i = 0, k = lats.length - 1; i < lats.length; k = i, i += 1) {
      const y1 = lats[i] ?? 0;
      const y2 = lats[k] ?? 0;
      if (y1 > lat === y2 > lat) continue;
      const x1 = lons[i] ?? 0;
      // The ray to the west meets each edge that begins below it and ends above, or reversed.
      if (x < (((lons[k] ?? 0) - x1) * (lat - y1)) / (y2 - y1) + x1) isInside = !isInside;
    }
    return isInside;
  };
  return {
    corners: lats.length,
    contains,
    marginM(lat, lon) {
      const scale = longitudeScale(lat);
      let x = placed(lon);
      // Of the two ways around the earth the nearer one.
      if (x - east > west - (x - 360)) x -= 360;
      let nearest = Number.POSITIVE_INFINITY;
      for (let i = 0, k = lats.length - 1; i < lats.length; k = i, i += 1) {
        const x1 = ((lons[i] ?? 0) - x) * scale;
        const x2 = ((lons[k] ?? 0) - x) * scale;
        const square = toSegment(x1, (lats[i] ?? 0) - lat, x2, (lats[k] ?? 0) - lat);
        nearest = Math.min(nearest, square);
      }
      const metres = Math.sqrt(nearest) * metresPerDegree;
      return contains(lat, lon) ? metres : 0 - metres;
    },
  };
}

/** The square of the distance from the origin to the segment between two points of a plane. */
function toSegment(x1: number, y1: number, x2: number, y2: number): number {
  const dx = x2 - x1;
  const dy = y2 - y1;
  const square = dx * dx + dy * dy;
  const part = square === 0 ? 0 : Math.min(1, Math.max(0, -(x1 * dx + y1 * dy) / square));
  const x = x1 + part * dx;
  const y = y1 + part * dy;
  return x * x + y * y;
}

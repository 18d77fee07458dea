/**
 * Goal: distances, geohashes and geofences are right wherever on the earth.
 * Method: published values; polygons against a winding number on random points, also moved across
 * the antimeridian; every malformed polygon is refused with the point that is to blame.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distanceM, isPosition } from './earth.ts';
import { type Fence, openCircle, openPolygon } from './fence.ts';
import { openGeohash } from './geohash.ts';

type Point = readonly [number, number];

function fence(points: readonly Point[]): Fence {
  const opened = openPolygon(points);
  if ('message' in opened) throw new Error(opened.message);
  return opened;
}

const faultOf = (points: readonly Point[]): string => {
  const opened = openPolygon(points);
  return 'message' in opened ? `${opened.point} ${opened.message}` : 'sound';
};

describe('distance', () => {
  test.each<[string, Point, Point, number]>([
    // Along a meridian and the equator: a quarter of the circumference of the mean sphere.
    ['pole to equator', [90, 0], [0, 0], 10_007_557],
    ['across the antimeridian', [0, 179.5], [0, -179.5], 111_195],
    // Known great-circle distance of the two airports.
    ['Heathrow to Kennedy', [51.4706, -0.461941], [40.6399, -73.7787], 5_540_000],
    ['nothing', [52.1, 4.2], [52.1, 4.2], 0],
  ])('%s', (_, a, b, metres) => {
    expect(distanceM(a[0], a[1], b[0], b[1])).toBeCloseTo(metres, -4);
  });

  test('a millimetre is not lost', () => {
    expect(distanceM(52, 4, 52 + 1e-8, 4)).toBeCloseTo(0.001_112, 5);
  });

  test('what is no position', () => {
    expect([isPosition(91, 0), isPosition(0, 181), isPosition(Number.NaN, 0)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('geohash', () => {
  test.each<[Point, number, string]>([
    // The examples of the description of the format, and its corners.
    [[57.64911, 10.40744], 11, 'u4pruydqqvj'],
    [[42.6, -5.6], 5, 'ezs42'],
    [[-25.382708, -49.265506], 8, '6gkzwgjz'],
    [[90, 180], 3, 'zzz'],
    [[-90, -180], 12, '000000000000'],
  ])('%o', (point, length, wanted) => {
    const hash = openGeohash(length);
    expect(hash(point[0], point[1])).toBe(wanted);
    expect(hash(0, 0)).toBe(length === 12 ? 's00000000000' : 's0000000000'.slice(0, length));
    expect(hash(point[0], point[1])).toBe(wanted);
  });
});

/** A star around a centre, which never crosses itself. */
const star = fc
  .tuple(
    fc.double({ min: -60, max: 60, noNaN: true }),
    fc.double({ min: -180, max: 180, noNaN: true }),
    fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: 3, maxLength: 12 }),
  )
  .map(([lat, lon, radii]) => ({
    lat,
    lon,
    ring: radii.map((radius, i): Point => {
      const angle = (2 * Math.PI * i) / radii.length;
      return [lat + radius * Math.sin(angle), lon + radius * Math.cos(angle)];
    }),
  }));

const wrap = (lon: number): number => (lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon);

/** The angle by which the border turns around a point: 2 pi inside, 0 outside. */
function windsAround(ring: readonly Point[], lat: number, lon: number): boolean {
  let sum = 0;
  for (const [i, [y1, x1]] of ring.entries()) {
    const [y2, x2] = ring[(i + 1) % ring.length] ?? [0, 0];
    const turn = Math.atan2(y2 - lat, x2 - lon) - Math.atan2(y1 - lat, x1 - lon);
    sum += Math.atan2(Math.sin(turn), Math.cos(turn));
  }
  return Math.abs(sum) > Math.PI;
}

test('inside is what the border turns around, on every meridian', () => {
  const offset = fc.double({ min: -6, max: 6, noNaN: true });
  fc.assert(
    fc.property(star, offset, offset, ({ lat, lon, ring }, dLat, dLon) => {
      const opened = openPolygon(ring.map(([y, x]): Point => [y, wrap(x)]));
      // Three points may stand in one line by chance.
      if ('message' in opened) return;
      const point: Point = [lat + dLat, lon + dLon];
      const isInside = opened.contains(point[0], wrap(point[1]));
      const margin = opened.marginM(point[0], wrap(point[1]));
      fc.pre(Math.abs(margin) > 1);
      expect(isInside).toBe(windsAround(ring, point[0], point[1]));
      expect(margin > 0).toBe(isInside);
    }),
    { numRuns: 1_000, seed: 20_251_121 },
  );
});

test('the margin is the way to the border', () => {
  const square = fence([
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 0],
  ]);
  const degree = 111_195;
  expect(square.marginM(0.5, 0.25)).toBeCloseTo(0.25 * degree, -2);
  expect(square.marginM(0.5, -0.25)).toBeCloseTo(-0.25 * degree, -2);
  expect(square.marginM(2, 0.5)).toBeCloseTo(-degree, -3);
  const wide = fence([
    [0, 179],
    [0, -179],
    [1, -179],
    [1, 179],
  ]);
  expect(wide.contains(0.5, 180)).toBe(true);
  expect(wide.contains(0.5, -180)).toBe(true);
  expect(wide.contains(0.5, 0)).toBe(false);
  expect(wide.marginM(0.5, 178)).toBeCloseTo(-degree, -3);
  expect(wide.marginM(0.5, -178)).toBeCloseTo(-degree, -3);
  const circle = openCircle([52, 4], 50);
  expect(circle.contains(52, 4)).toBe(true);
  expect(circle.marginM(52, 4)).toBe(50);
  expect(circle.marginM(52 + 60 / degree, 4)).toBeCloseTo(-10, 1);
});

test('a polygon that is none is refused', () => {
  expect(
    faultOf([
      [0, 0],
      [1, 1],
    ]),
  ).toMatch('0 a polygon has at least 3');
  expect(
    faultOf([
      [4.2, 152],
      [0, 0],
      [152, 4.2],
    ]),
  ).toMatch('2 [152, 4.2] is no position');
  expect(
    faultOf([
      [0, 0],
      [0, 1],
      [0, 1],
      [1, 1],
    ]),
  ).toMatch('1 two points');
  expect(
    faultOf([
      [0, 0],
      [1, 1],
      [1, 0],
      [0, 1],
    ]),
  ).toMatch('crosses itself');
  // A spike, and a border that touches itself.
  expect(
    faultOf([
      [0, 0],
      [0, 2],
      [0, 1],
      [1, 1],
    ]),
  ).toMatch('crosses itself');
  expect(
    faultOf([
      [0, 0],
      [0, 2],
      [2, 2],
      [0, 1],
      [2, 0],
    ]),
  ).toMatch('crosses itself');
  expect(
    faultOf([
      [80, 0],
      [80, 120],
      [80, -120],
    ]),
  ).toMatch('around a pole');
  const closed: Point[] = [
    [0, 0],
    [0, 1],
    [1, 1],
    [0, 0],
  ];
  expect(faultOf(closed)).toBe('sound');
});

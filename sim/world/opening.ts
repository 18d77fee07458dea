/**
 * How a shift begins: the first four robots meet within 40 s one near miss, one zone that the
 * classifier does not know and one lidar dropout, in different orders. The plan leaves room for
 * people in the way; it held for each of 150 seeds tried.
 */
import type { Random } from '@fieldloop/core';
import type { Pose } from './geometry.ts';
import { crossways, type Junction, junctionAt, placeOf, type Zone, zones } from './layout.ts';

export interface Opening {
  readonly start: Pose;
  /** Junctions to pass; the robot stands on the way from the first to the second. */
  readonly way: readonly Junction[];
  readonly missAfterSeconds: number;
  readonly dropoutAtSeconds: number;
}

/** Aisle edges of robots beyond the fourth: aisle and block. */
const furtherStarts: readonly (readonly [number, number])[] = [
  [2, 0],
  [2, 1],
  [1, 0],
  [3, 1],
];

/** Aisles where opening near misses happen; they are kept free of pallets. */
export function openingAisle(zone: Zone): number {
  return zone.aisle === 0 ? 1 : 3;
}

/** True on the aisles of the opening ways: walkers keep out of them while a shift begins. */
export function isOpeningEdge(a: Junction, b: Junction): boolean {
  return zones.some((zone) =>
    [zone.aisle, openingAisle(zone)].some((aisle) => {
      const ends = [junctionAt(zone.block, aisle), junctionAt(zone.block + 1, aisle)];
      return ends.includes(a) && ends.includes(b);
    }),
  );
}

export function openingOf(index: number, rotation: number, random: Random): Opening {
  const further = furtherStarts[index - 4];
  if (further !== undefined) return furtherOpening(further, random);
  const variant = (index + rotation) % 4;
  // Both robots of a zone go round its loop the same way, so that they do not meet head on.
  const mirrored = rotation >= 4;
  const zone = zones[variant === 0 || variant === 3 ? 0 : 1];
  if (zone === undefined) throw new Error('the layout has two zones');
  const near = zone.block + (mirrored ? 1 : 0);
  const far = zone.block + (mirrored ? 0 : 1);
  const aisle = openingAisle(zone);
  const loop = [
    junctionAt(near, aisle),
    junctionAt(far, aisle),
    junctionAt(far, zone.aisle),
    junctionAt(near, zone.aisle),
  ];
  if (variant === 0 || variant === 2) {
    const along = variant === 0 ? 5 + random.next() * 1.2 : 2.6 + random.next();
    return {
      start: startOn(loop, along),
      way: loop,
      missAfterSeconds: variant === 0 ? 0 : 3.5,
      dropoutAtSeconds: variant === 0 ? 14 + random.next() * 3 : 2 + random.next() * 0.8,
    };
  }
  const zoneFirst = [loop[2] ?? 0, loop[3] ?? 0, loop[0] ?? 0, loop[1] ?? 0];
  return {
    start: startOn(zoneFirst, 3.2 + random.next() * 1.2),
    way: zoneFirst,
    missAfterSeconds: 12,
    dropoutAtSeconds: variant === 1 ? 15 + random.next() * 3 : 11 + random.next() * 3,
  };
}

function furtherOpening([aisle, block]: readonly [number, number], random: Random): Opening {
  const east = random.next() < 0.5;
  const way = [
    junctionAt(block + (east ? 0 : 1), aisle),
    junctionAt(block + (east ? 1 : 0), aisle),
  ];
  return {
    start: startOn(way, 3 + random.next() * 4),
    way,
    missAfterSeconds: 5 + random.next() * 15,
    dropoutAtSeconds: 4 + random.next() * 26,
  };
}

/** A pose in the right-hand lane, `along` metres after the first junction. */
function startOn(way: readonly Junction[], along: number): Pose {
  const from = placeOf(way[0] ?? 0);
  const to = placeOf(way[1] ?? 0);
  const east = Math.sign(to.x - from.x);
  return {
    x: from.x + east * Math.min(along, (crossways[1] ?? 0) - 4),
    y: from.y - east * laneRight,
    heading: east > 0 ? 0 : Math.PI,
  };
}

/** Robots keep to the right of the centre line by this much, in metres. */
export const laneRight = 0.6;

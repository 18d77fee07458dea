/**
 * Goal: rays meet what stands in their way, where it stands.
 * Method: scenes worked out by hand; a random ray checked by stepping along it.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { whatIsAhead } from './ahead.ts';
import { castRay, openBody } from './body.ts';
import { type Crossing, rayBox, rayCircle, seenFrom, wrapAngle } from './geometry.ts';
import { inside, isInside, racks } from './layout.ts';

const east = { x: 1, y: 0 };
const crossing: Crossing = { enter: 0, leave: 0, acrossX: false };
const aisle = { x: 6, y: 7.2, heading: 0 };

test('a box is entered and left where its sides are', () => {
  expect(rayBox({ x: 0, y: 0 }, east, { x0: 2, x1: 5, y0: -1, y1: 1 }, crossing)).toBe(true);
  expect(crossing).toEqual({ enter: 2, leave: 5, acrossX: true });
  expect(rayBox({ x: 0, y: 2 }, east, { x0: 2, x1: 5, y0: -1, y1: 1 }, crossing)).toBe(false);
  expect(rayBox({ x: 9, y: 0 }, east, { x0: 2, x1: 5, y0: -1, y1: 1 }, crossing)).toBe(false);
});

test('a circle is entered at its near side', () => {
  expect(rayCircle({ x: 0, y: 0 }, east, { x: 4, y: 0, radius: 1 }, crossing)).toBe(true);
  expect([crossing.enter, crossing.leave]).toEqual([3, 5]);
  expect(rayCircle({ x: 0, y: 0 }, east, { x: -4, y: 0, radius: 1 }, crossing)).toBe(false);
});

test('angles and views turn with the pose', () => {
  expect(wrapAngle(3 * Math.PI)).toBeCloseTo(Math.PI, 12);
  const seen = seenFrom({ x: 1, y: 1, heading: Math.PI / 2 }, { x: 0, y: 3 });
  expect(seen.x).toBeCloseTo(2, 12);
  expect(seen.y).toBeCloseTo(1, 12);
});

test('along an axis nothing is divided by zero: the far wall is met', () => {
  expect(castRay(aisle, east, []).metres).toBeCloseTo(34, 9);
  expect(castRay({ x: 20, y: 12.4 }, { x: 0, y: -1 }, []).metres).toBeCloseTo(12.4, 9);
});

test('a turned pallet is met at its corner side', () => {
  const pallet = openBody(1, 'pallet', { x: 10, y: 7.2, heading: Math.PI / 2 }, 0);
  const hit = castRay(aisle, east, [pallet]);
  expect(hit.kind).toBe('pallet');
  expect(hit.metres).toBeCloseTo(4 - pallet.halfWidth, 9);
});

test('every ray ends at the first solid point of its way', () => {
  const seed = 'rays';
  const random = seededRandom(seed);
  for (let i = 0; i < 60; i += 1) {
    const from = { x: 1 + random.next() * 38, y: 1 + random.next() * 22.8 };
    if (racks.some((rack) => isInside(from, rack))) continue;
    const angle = random.next() * 2 * Math.PI;
    const toward = { x: Math.cos(angle), y: Math.sin(angle) };
    const { metres } = castRay(from, toward, []);
    const isSolid = (at: number): boolean => {
      const point = { x: from.x + toward.x * at, y: from.y + toward.y * at };
      return !isInside(point, inside) || racks.some((rack) => isInside(point, rack));
    };
    const steps = Array.from({ length: Math.floor(metres / 0.02) }, (_, step) => step * 0.02);
    expect(isSolid(metres + 1e-6), `${seed} ${i}`).toBe(true);
    expect(steps.filter(isSolid), `${seed} ${i}`).toEqual([]);
  }
});

test('the truth: nearest body within reach, else shelf, else clear', () => {
  const at = (x: number, y: number, kind: 'pallet' | 'person' | 'robot') =>
    openBody(1, kind, { x, y, heading: 0 }, 0);
  expect(whatIsAhead(aisle, [])).toBe('clear');
  expect(whatIsAhead({ ...aisle, heading: Math.PI / 2 }, [])).toBe('shelf');
  expect(whatIsAhead(aisle, [at(9, 7.2, 'person')])).toBe('person');
  expect(whatIsAhead(aisle, [at(9, 7.2, 'person'), at(8, 7.2, 'robot')])).toBe('robot');
  expect(whatIsAhead(aisle, [at(12, 7.2, 'pallet')])).toBe('clear');
  expect(whatIsAhead(aisle, [at(9, 8.6, 'pallet')])).toBe('clear');
});

/**
 * Goal: a seed is a world; robots behave; every shift begins with the events that the demo needs.
 * Method: worlds run by tick and are compared, and watched for what must and must not happen.
 */
import { Fault } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance } from './geometry.ts';
import { isInside, inside, racks, zoneAt } from './layout.ts';
import { nearestRange } from './robot.ts';
import { openWorld, type World, type WorldEvent } from './world.ts';

/** Places and events of a world after some seconds, as text. */
function story(seed: string, robots: number, seconds: number): string {
  const world = openWorld({ seed, robots });
  const events: WorldEvent[] = [];
  while (world.tick < seconds * 100) events.push(...world.step());
  const bodies = [...world.robots, ...world.people].map(({ body }) => [body.x, body.y]);
  return JSON.stringify([bodies, events]);
}

test('the same seed is the same world, another seed another', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (seed, robots) => {
      const first = story(String(seed), robots, 4);
      expect(story(String(seed), robots, 4)).toBe(first);
      expect(story(`${seed} else`, robots, 4)).not.toBe(first);
    }),
    { numRuns: 12 },
  );
});

/** What one shift showed of each robot. */
function watch(world: World, seconds: number) {
  const events: WorldEvent[] = [];
  const seen = world.robots.map(() => ({ zoneTicks: 0, tooFast: 0, ticks: 0 }));
  while (world.tick < seconds * 100) {
    events.push(...world.step());
    for (const robot of world.robots) {
      const own = seen[robot.index];
      if (own === undefined) continue;
      if (zoneAt(robot.body) !== 'hall' && robot.speed > 0.1) own.zoneTicks += 1;
      if (robot.speed > 0.5) own.ticks += 1;
      if (robot.speed > 0.5 && nearestRange(robot) / robot.speed < 1.2) own.tooFast += 1;
    }
  }
  return { events, seen };
}

const seeds = ['7', '1', '2', '3', '8', '21'];

test.each(seeds)('seed %s: within 40 s each robot has its near miss, zone and dropout', (seed) => {
  const world = openWorld({ seed, robots: 4 });
  const { events, seen } = watch(world, 40);
  const moments = world.robots.map((robot) => {
    const own = events.filter((event) => event.robot === robot.name && event.phase === 'begin');
    const miss = own.find(({ kind }) => kind === 'near_miss');
    const dropout = own.find(({ kind }) => kind === 'lidar_dropout');
    expect(miss, `${robot.name} near miss`).toBeDefined();
    expect(dropout, `${robot.name} dropout`).toBeDefined();
    expect(seen[robot.index]?.zoneTicks, `${robot.name} zone`).toBeGreaterThan(400);
    return [miss?.tick, dropout?.tick];
  });
  expect(new Set(moments.flat()).size).toBe(world.robots.length * 2);
});

test('outside near misses a robot that drives keeps more than 1.2 s from a collision', () => {
  const world = openWorld({ seed: 'careful', robots: 3 });
  const { events, seen } = watch(world, 120);
  const misses = events.filter(({ kind, phase }) => kind === 'near_miss' && phase === 'begin');
  const fast = seen.reduce((sum, own) => sum + own.ticks, 0);
  const tooFast = seen.reduce((sum, own) => sum + own.tooFast, 0);
  expect(fast).toBeGreaterThan(15_000);
  expect(tooFast).toBeLessThan(misses.length * 120);
});

test('robots stay on the floor, apart from each other and on the move', () => {
  const world = openWorld({ seed: 'apart', robots: 4 });
  const wrong: string[] = [];
  while (world.tick < 12_000) {
    world.step();
    if (world.tick % 10 !== 0) continue;
    for (const robot of world.robots) {
      const { body } = robot;
      const isOnFloor = isInside(body, inside) && !racks.some((rack) => isInside(body, rack));
      if (!isOnFloor) wrong.push(`${robot.name} at ${body.x}, ${body.y}, tick ${world.tick}`);
      for (const other of world.robots) {
        if (other === robot) continue;
        if (distance(other.body, body) < 0.6) wrong.push(`crash at tick ${world.tick}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  for (const robot of world.robots) expect(robot.body.travelled, robot.name).toBeGreaterThan(60);
});

test('a lidar dropout lasts 2 to 4 s and is over when it says so', () => {
  const world = openWorld({ seed: '7', robots: 3 });
  const { events } = watch(world, 40);
  const dropouts = events.filter(({ kind }) => kind === 'lidar_dropout');
  for (const begin of dropouts.filter(({ phase }) => phase === 'begin')) {
    const end = dropouts.find(
      ({ robot, phase, tick }) => robot === begin.robot && phase === 'end' && tick > begin.tick,
    );
    const seconds = ((end?.tick ?? 0) - begin.tick) / 100;
    expect(seconds).toBeGreaterThanOrEqual(2);
    expect(seconds).toBeLessThanOrEqual(4);
  }
});

test('a takeover is driven by hand and ends', () => {
  const world = openWorld({ seed: '3', robots: 3 });
  const { events } = watch(world, 200);
  const takeovers = events.filter(({ kind }) => kind === 'takeover');
  expect(takeovers.length).toBeGreaterThan(1);
  expect(takeovers[0]?.phase).toBe('begin');
  expect(takeovers[1]?.phase).toBe('end');
});

test.each([0, 9, Number.NaN])('%s robots are refused with a remedy', (robots) => {
  expect(() => openWorld({ seed: 1, robots })).toThrow(Fault);
});

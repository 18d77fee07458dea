/** People: they walk from junction to junction on the left, and now and then step out. */
import type { Random } from '@fieldloop/core';
import type { Body } from './body.ts';
import { distance, type Point } from './geometry.ts';
import { follow, laneAlong } from './lane.ts';
import { type IsClosed, type Junction, junctionCount, placeOf, shortestWay } from './layout.ts';
import { tickSeconds } from './tick.ts';

/** `held`: waits at a rack, steps out, freezes and leaves as a mishap tells it. */
export interface Person {
  readonly body: Body;
  readonly pace: number;
  readonly random: Random;
  lane: readonly Point[];
  piece: number;
  end: Junction;
  held: boolean;
}

/** What walkers go by: pallets to pass, and stretches that are closed to them. */
export interface Grounds {
  readonly pallets: readonly Body[];
  readonly isClosed: IsClosed;
}

export function sendWalking(person: Person, from: Junction, grounds: Grounds): void {
  let goal = from;
  while (goal === from) goal = person.random.integer(junctionCount);
  const options = { right: -1.55, clearance: 0.35, pallets: grounds.pallets };
  const way = shortestWay(from, goal, grounds.isClosed);
  person.lane = [{ ...person.body }, ...laneAlong(way, options)];
  person.piece = 0;
  person.end = goal;
  person.held = false;
}

/** The junction nearest to a point. */
export function nearestJunction(point: Point): Junction {
  let best = 0;
  for (let junction = 1; junction < junctionCount; junction += 1) {
    if (distance(placeOf(junction), point) < distance(placeOf(best), point)) best = junction;
  }
  return best;
}

/** One tick of walking: along the lane, and around robots that stand in the way. */
export function walk(person: Person, robots: readonly Body[], grounds: Grounds): void {
  const progress = follow(person.lane, person.piece, person.body, 0.6);
  person.piece = progress.piece;
  if (progress.left < 0.3) {
    sendWalking(person, person.end, grounds);
    return;
  }
  let { x, y } = progress.goal;
  for (const robot of robots) {
    const near = distance(robot, person.body);
    if (near > 1.3 || near < 1e-6) continue;
    const push = (1.3 - near) * 1.6;
    const awayX = (person.body.x - robot.x) / near;
    const awayY = (person.body.y - robot.y) / near;
    const goalX = progress.goal.x - person.body.x;
    const goalY = progress.goal.y - person.body.y;
    // Round the robot on the side where the way goes on.
    const side = goalY * awayX - goalX * awayY >= 0 ? 1.3 : -1.3;
    x += (awayX * 0.8 - awayY * side) * push;
    y += (awayY * 0.8 + awayX * side) * push;
  }
  stepTowards(person, { x, y }, person.pace);
}

/** Moves by one tick towards a point; true when it is reached. */
export function stepTowards(person: Person, goal: Point, pace: number): boolean {
  const { body } = person;
  const left = distance(body, goal);
  const step = pace * tickSeconds;
  if (left <= step) return true;
  body.heading = Math.atan2(goal.y - body.y, goal.x - body.x);
  body.x += ((goal.x - body.x) / left) * step;
  body.y += ((goal.y - body.y) / left) * step;
  body.travelled += step;
  return false;
}

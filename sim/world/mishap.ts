/**
 * Near misses by plan: a person stands at a rack in the way of a robot and steps out when the
 * robot is too close, and the robot notices late. Everything is drawn from the robot's seed.
 */
import type { Body } from './body.ts';
import { distance, type Point, seenFrom } from './geometry.ts';
import { aisles, zoneAt } from './layout.ts';
import { type Grounds, nearestJunction, type Person, sendWalking, stepTowards } from './person.ts';
import type { Robot } from './robot.ts';
import { ticks } from './tick.ts';

export interface Mishap {
  /** Not before this tick. */
  dueTick: number;
  phase: 'idle' | 'waiting' | 'stepping' | 'frozen' | 'leaving';
  person: Person | undefined;
  /** Where the person will stand in the way, and where it leaves to. */
  inTheWay: Point;
  away: Point;
  untilTick: number;
}

export interface MishapScene {
  readonly tick: number;
  readonly people: readonly Person[];
  readonly robots: readonly Robot[];
  readonly grounds: Grounds;
}

/** From stepping out until the robot brakes. */
const reactionTicks = ticks(0.9);
const patienceTicks = ticks(30);

export function openMishap(dueTick: number): Mishap {
  const nowhere = { x: 0, y: 0 };
  return {
    dueTick,
    phase: 'idle',
    person: undefined,
    inTheWay: nowhere,
    away: nowhere,
    untilTick: 0,
  };
}

/** One tick of a robot's mishap. */
export function stepMishap(mishap: Mishap, robot: Robot, scene: MishapScene): void {
  const { person } = mishap;
  if (mishap.phase === 'idle' || person === undefined) {
    if (scene.tick >= mishap.dueTick && scene.tick % 10 === 0) arrange(mishap, robot, scene);
    return;
  }
  if (mishap.phase === 'waiting') wait(mishap, robot, { person, tick: scene.tick });
  else if (mishap.phase === 'stepping') {
    if (stepTowards(person, mishap.inTheWay, 1.8)) mishap.phase = 'frozen';
    notice(mishap, robot, scene.tick);
  } else if (mishap.phase === 'frozen') {
    notice(mishap, robot, scene.tick);
    if (scene.tick >= mishap.untilTick + ticks(1)) mishap.phase = 'leaving';
  } else if (stepTowards(person, mishap.away, 1.3)) {
    sendWalking(person, nearestJunction(person.body), scene.grounds);
    finish(mishap, robot, scene.tick + ticks(45 + robot.random.next() * 60));
  }
  if (scene.tick > mishap.untilTick + patienceTicks && mishap.phase === 'waiting') {
    sendWalking(person, nearestJunction(person.body), scene.grounds);
    finish(mishap, robot, scene.tick);
  }
}

function finish(mishap: Mishap, robot: Robot, dueTick: number): void {
  mishap.phase = 'idle';
  mishap.person = undefined;
  mishap.dueTick = dueTick;
  robot.unnoticed = -2;
}

function notice(mishap: Mishap, robot: Robot, tick: number): void {
  if (tick >= mishap.untilTick) robot.unnoticed = -2;
}

/** Puts a person beside the lane some metres ahead, when the aisle and the moment allow it. */
function arrange(mishap: Mishap, robot: Robot, scene: MishapScene): void {
  const { body } = robot;
  const aisle = aisles.find((y) => Math.abs(y - body.y) < 1.2);
  const east = Math.cos(body.heading) > 0 ? 1 : -1;
  const rackEnd = body.x < 20 ? [4, 18] : [22, 36];
  const isStraight = Math.abs(Math.sin(body.heading)) < 0.2;
  const isBetween = body.x > (rackEnd[0] ?? 0) - 2.5 && body.x < (rackEnd[1] ?? 0) + 2.5;
  if (aisle === undefined || !isStraight || !isBetween || robot.mode !== 'AUTO') return;
  const farthest = east > 0 ? (rackEnd[1] ?? 0) - body.x : body.x - (rackEnd[0] ?? 0);
  for (let ahead = 6; ahead < Math.min(farthest - 1, 10); ahead += 0.5) {
    const x = body.x + east * ahead;
    const beside = { x, y: aisle - east * 1.72 };
    const inTheWay = { x, y: aisle - east * 0.55 };
    const away = { x, y: aisle + east * 1.7 };
    if (zoneAt(beside) !== 'hall' || !isFree(x, aisle, scene)) continue;
    const person = freePerson(scene);
    if (person === undefined) return;
    person.held = true;
    person.body.x = beside.x;
    person.body.y = beside.y;
    person.body.heading = Math.atan2(east, 0);
    Object.assign(mishap, { phase: 'waiting', person, inTheWay, away, untilTick: scene.tick });
    robot.unnoticed = person.body.id;
    return;
  }
}

function isFree(x: number, aisle: number, scene: MishapScene): boolean {
  const middle = { x, y: aisle };
  const isClear = (body: Body, room: number): boolean => distance(body, middle) > room;
  return (
    scene.grounds.pallets.every((pallet) => isClear(pallet, 3)) &&
    scene.people.every((person) => isClear(person.body, 2.2)) &&
    scene.robots.every((robot) => isClear(robot.body, 4))
  );
}

/** The person farthest from all robots, far enough that hardly anybody sees it go. */
function freePerson(scene: MishapScene): Person | undefined {
  let best: Person | undefined;
  let bestMetres = 5;
  for (const person of scene.people) {
    if (person.held) continue;
    const metres = Math.min(...scene.robots.map((robot) => distance(robot.body, person.body)));
    if (metres > bestMetres) {
      best = person;
      bestMetres = metres;
    }
  }
  return best;
}

/** Steps out when the robot can no longer stop in comfort, if it is fast enough to matter. */
function wait(
  mishap: Mishap,
  robot: Robot,
  { person, tick }: { readonly person: Person; readonly tick: number },
): void {
  const seen = seenFrom(robot.body, mishap.inTheWay);
  const { speed } = robot;
  const stopping = speed * 0.9 + (speed * speed) / 3.6;
  const trigger = stopping + 0.35 + 0.25 + 0.28;
  if (seen.x > trigger || Math.abs(seen.y) > 0.5) return;
  if (speed > 0.75 && seen.x > trigger - 0.2) {
    mishap.phase = 'stepping';
    mishap.untilTick = tick + reactionTicks;
    person.body.heading = Math.atan2(mishap.inTheWay.y - person.body.y, 0);
    return;
  }
  // Too slow or too late for a near miss: the person stays aside and the robot may see it.
  robot.unnoticed = -2;
  if (seen.x < -2) mishap.untilTick = tick - patienceTicks - 1;
}

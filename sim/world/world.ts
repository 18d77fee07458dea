/**
 * One warehouse with its robots, people and pallets, moved tick by tick. The same seed and
 * number of robots give the same world, whoever watches it and however often.
 */
import { Fault, type Random, seededRandom } from '@fieldloop/core';
import { limits } from '../limits.ts';
import { type Body, openBody } from './body.ts';
import { type Point, type Pose, seenFrom } from './geometry.ts';
import { laneAlong, laneBetween } from './lane.ts';
import {
  aisles,
  edgeAt,
  type Junction,
  junctionCount,
  placeOf,
  shortestWay,
  zoneAt,
  type ZoneName,
  zones,
} from './layout.ts';
import { type Mishap, openMishap, stepMishap } from './mishap.ts';
import { laneRight, type Opening, isOpeningEdge, openingAisle, openingOf } from './opening.ts';
import { type Grounds, type Person, sendWalking, walk } from './person.ts';
import { decide, lidar, look, move, nearestRange, type Robot } from './robot.ts';
import { isDue, ticks } from './tick.ts';

export type WorldEventKind = 'near_miss' | 'lidar_dropout' | 'zone' | 'takeover';

export interface WorldEvent {
  readonly tick: number;
  readonly robot: string;
  readonly kind: WorldEventKind;
  readonly phase: 'begin' | 'end';
  readonly zone?: ZoneName;
  /** Shortest true lidar range, in metres. */
  readonly nearest?: number;
}

export interface World {
  readonly seed: string;
  readonly tick: number;
  readonly robots: readonly Robot[];
  readonly people: readonly Person[];
  readonly pallets: readonly Body[];
  /** All bodies but the robot's own. */
  others(robot: Robot): readonly Body[];
  isLidarOut(robot: Robot): boolean;
  /** Moves everything by 10 ms. */
  step(): readonly WorldEvent[];
}

/** Side plans of one robot that the robot itself knows nothing of. */
interface Fate {
  readonly mishap: Mishap;
  nextDropout: number;
  isNearMiss: boolean;
  zone: ZoneName;
  readonly random: Random;
}

export const scanTicks = 10;
const walkersBesidesRobots = 6;
const nearMiss = { range: 0.8, speed: 0.5 } as const;

export function openWorld(options: {
  readonly seed: number | string;
  readonly robots: number;
}): World {
  if (!(options.robots >= 1 && options.robots <= limits.mostRobots)) {
    throw new Fault('invalid', `a world has 1 to ${limits.mostRobots} robots`, {
      remedy: `Ask for --robots 1 to ${limits.mostRobots}.`,
    });
  }
  const seed = String(options.seed);
  const random = seededRandom(`${seed}/world`);
  let nextId = 0;
  const newId = (): number => {
    nextId += 1;
    return nextId;
  };
  const pallets = openPallets(random.fork('pallets'), newId);
  const rotation = random.fork('openings').integer(8);
  const robots: Robot[] = [];
  const fates: Fate[] = [];
  for (let index = 0; index < options.robots; index += 1) {
    const own = random.fork(`robot ${index}`);
    const opening = openingOf(index, rotation, own);
    robots.push(openRobot({ index, opening, random: own, id: newId() }, pallets));
    fates.push({
      mishap: openMishap(ticks(opening.missAfterSeconds)),
      nextDropout: ticks(opening.dropoutAtSeconds),
      isNearMiss: false,
      zone: zoneAt(opening.start),
      random: own.fork('fate'),
    });
  }
  const people = openPeople(
    { random: random.fork('people'), count: walkersBesidesRobots + robots.length, newId },
    { pallets, robots },
  );
  return assemble({ seed, robots, fates, people, pallets });
}

function assemble(parts: {
  readonly seed: string;
  readonly robots: readonly Robot[];
  readonly fates: readonly Fate[];
  readonly people: readonly Person[];
  readonly pallets: readonly Body[];
}): World {
  const { robots, people, pallets } = parts;
  const robotBodies = robots.map((robot) => robot.body);
  const bodies = [...pallets, ...people.map((person) => person.body), ...robotBodies];
  const othersOf = robots.map((robot) => bodies.filter((body) => body !== robot.body));
  let tick = 0;
  const grounds: Grounds = {
    pallets,
    isClosed: (a, b) => tick < ticks(45) && isOpeningEdge(a, b),
  };
  const others = (robot: Robot): readonly Body[] => othersOf[robot.index] ?? [];
  const isLidarOut = (robot: Robot): boolean => tick < robot.lidarOutUntil;
  for (const robot of robots) look(robot, others(robot));
  return {
    seed: parts.seed,
    robots,
    people,
    pallets,
    get tick() {
      return tick;
    },
    others,
    isLidarOut,
    step() {
      tick += 1;
      const events: WorldEvent[] = [];
      for (const person of people) if (!person.held) walk(person, robotBodies, grounds);
      for (const robot of robots) {
        const fate = parts.fates[robot.index];
        if (fate === undefined) continue;
        stepMishap(fate.mishap, robot, { tick, people, robots, grounds });
        dropLidar(robot, fate, { tick, events });
        if (isDue(tick, scanTicks, robot.index * 3)) {
          look(robot, others(robot));
          if (isLidarOut(robot)) robot.scansMissed += 1;
          steer(robot, tick, { others: others(robot), pallets, lidarOut: isLidarOut(robot) });
        }
        move(robot);
        witness(robot, fate, { tick, events });
      }
      return events;
    },
  };
}

function openRobot(
  parts: {
    readonly index: number;
    readonly opening: Opening;
    readonly random: Random;
    readonly id: number;
  },
  pallets: readonly Body[],
): Robot {
  const { index, opening, random } = parts;
  const options = { right: laneRight, clearance: 0.6, pallets };
  const body = openBody(parts.id, 'robot', opening.start, index);
  return {
    index,
    name: `amr-${String(index + 1).padStart(2, '0')}`,
    body,
    cruise: 1.05 + random.next() * 0.1,
    random,
    scan: { ranges: new Float64Array(lidar.beams), bodies: new Int32Array(lidar.beams) },
    lane: [{ ...opening.start }, ...aheadOf(opening.start, laneAlong(opening.way, options))],
    piece: 0,
    end: opening.way.at(-1) ?? 0,
    beforeEnd: opening.way.at(-2) ?? 0,
    speed: 0,
    turn: 0,
    acceleration: 0,
    wantedSpeed: 0,
    wantedTurn: 0,
    mode: 'AUTO',
    modeSince: 0,
    modeChanges: 0,
    manualUntil: 0,
    lidarOutSince: 0,
    scansMissed: 0,
    lidarOutUntil: 0,
    stillSince: 0,
    unnoticed: -2,
    odometry: { x: 0, y: 0, heading: 0 },
  };
}

/** A lane without the points at its begin that lie behind a pose. */
function aheadOf(pose: Pose, lane: readonly Point[]): readonly Point[] {
  const first = lane.findIndex((point) => seenFrom(pose, point).x > 0.5);
  return lane.slice(first);
}

/** One or two pallets beside most stretches of aisle, most of them half in somebody's lane. */
function openPallets(random: Random, newId: () => number): Body[] {
  const pallets: Body[] = [];
  aisles.forEach((y, aisle) => {
    for (const block of [0, 1]) {
      const isKeptFree = zones.some((zone) => zone.block === block && openingAisle(zone) === aisle);
      const isZone = zones.some((zone) => zone.block === block && zone.aisle === aisle);
      if (isKeptFree) continue;
      const from = block === 0 ? 4 : 22;
      const along = isZone
        ? [5.5 + random.next() * 3]
        : [2.5 + random.next() * 3, 8.5 + random.next() * 3.5];
      for (const metres of along) {
        const side = random.next() < 0.5 ? -1 : 1;
        const pose: Pose = {
          x: from + metres,
          y: y + side * (1 + random.next() * 0.45),
          heading: (random.next() - 0.5) * 0.3,
        };
        // In the zones loads are wrapped in film; looks from 100 on are.
        pallets.push(openBody(newId(), 'pallet', pose, random.integer(24) + (isZone ? 100 : 0)));
      }
    }
  });
  return pallets;
}

function openPeople(
  parts: { readonly random: Random; readonly count: number; readonly newId: () => number },
  scene: { readonly pallets: readonly Body[]; readonly robots: readonly Robot[] },
): Person[] {
  return Array.from({ length: parts.count }, (_, i) => {
    const random = parts.random.fork(String(i));
    const from = random.integer(junctionCount);
    const place = placeOf(from);
    const pose = { x: place.x + random.next() - 0.5, y: place.y + random.next() - 0.5, heading: 0 };
    const person: Person = {
      body: openBody(parts.newId(), 'person', pose, random.integer(60)),
      pace: 0.9 + random.next() * 0.4,
      random,
      lane: [],
      piece: 0,
      end: from,
      held: false,
    };
    sendWalking(person, from, { pallets: scene.pallets, isClosed: isOpeningEdge });
    return person;
  });
}

/** Decides, and finds a new way at the end of the lane or when stuck before another robot. */
function steer(
  robot: Robot,
  tick: number,
  scene: {
    readonly others: readonly Body[];
    readonly pallets: readonly Body[];
    readonly lidarOut: boolean;
  },
): void {
  const progress = decide(robot, scene.others, scene.lidarOut);
  const options = { right: laneRight, clearance: 0.6, pallets: scene.pallets };
  if (progress.left < 3) {
    const way = wanderFrom(robot.end, robot.beforeEnd, robot.random);
    robot.lane = [...robot.lane.slice(robot.piece), ...laneAlong(way, options)];
    robot.piece = 0;
    robot.end = way.at(-1) ?? robot.end;
    robot.beforeEnd = way.at(-2) ?? robot.beforeEnd;
  }
  if (robot.speed > 0.05) robot.stillSince = tick;
  if (tick - robot.stillSince > ticks(4 + 2 * robot.index)) {
    turnBack(robot, options);
    robot.stillSince = tick;
  }
}

/** A way to a random goal that does not begin by turning round. */
function wanderFrom(from: Junction, before: Junction, random: Random): readonly Junction[] {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const way = shortestWay(from, random.integer(junctionCount));
    if (way.length >= 2 && way[1] !== before) return way;
  }
  return shortestWay(from, before);
}

/** Leaves the way it cannot go on: back to the junction behind it, and elsewhere from there. */
function turnBack(robot: Robot, options: Parameters<typeof laneBetween>[2]): void {
  const [behind, before] = edgeAt(robot.body);
  const way = wanderFrom(behind, before, robot.random);
  const turned = { ...robot.body, heading: robot.body.heading + Math.PI };
  const back = aheadOf(turned, laneBetween(before, behind, options));
  robot.lane = [{ ...robot.body }, ...back, ...laneAlong(way, options)];
  robot.piece = 0;
  robot.end = way.at(-1) ?? behind;
  robot.beforeEnd = way.at(-2) ?? before;
}

function dropLidar(
  robot: Robot,
  fate: Fate,
  { tick, events }: { readonly tick: number; readonly events: WorldEvent[] },
): void {
  const base = { tick, robot: robot.name, kind: 'lidar_dropout' } as const;
  if (tick === robot.lidarOutUntil) events.push({ ...base, phase: 'end' });
  if (tick < fate.nextDropout || fate.mishap.phase === 'stepping') return;
  robot.lidarOutSince = tick;
  robot.lidarOutUntil = tick + ticks(2.4 + fate.random.next() * 1.6);
  fate.nextDropout = tick + ticks(70 + fate.random.next() * 90);
  events.push({ ...base, phase: 'begin' });
}

function changeMode(robot: Robot, mode: Robot['mode'], tick: number): void {
  robot.mode = mode;
  robot.modeSince = tick;
  robot.modeChanges += 1;
}

/** Notes what truly happened: near misses, zones entered and left, takeovers. */
function witness(
  robot: Robot,
  fate: Fate,
  { tick, events }: { readonly tick: number; readonly events: WorldEvent[] },
): void {
  const note = (event: Omit<WorldEvent, 'tick' | 'robot'>): void => {
    events.push({ tick, robot: robot.name, ...event });
  };
  const nearest = nearestRange(robot);
  const isNearMiss = nearest < nearMiss.range && robot.speed > nearMiss.speed;
  if (isNearMiss && !fate.isNearMiss) note({ kind: 'near_miss', phase: 'begin', nearest });
  if (!isNearMiss && fate.isNearMiss) {
    note({ kind: 'near_miss', phase: 'end', nearest });
    if (tick > ticks(40) && fate.random.next() < 0.5 && robot.mode === 'AUTO') {
      changeMode(robot, 'MANUAL', tick);
      robot.manualUntil = tick + ticks(4 + fate.random.next() * 3);
      note({ kind: 'takeover', phase: 'begin' });
    }
  }
  fate.isNearMiss = isNearMiss;
  if (robot.mode === 'MANUAL' && tick >= robot.manualUntil) {
    changeMode(robot, 'AUTO', tick);
    note({ kind: 'takeover', phase: 'end' });
  }
  const zone = zoneAt(robot.body);
  if (zone !== fate.zone) {
    if (fate.zone !== 'hall') note({ kind: 'zone', phase: 'end', zone: fate.zone });
    if (zone !== 'hall') note({ kind: 'zone', phase: 'begin', zone });
    fate.zone = zone;
  }
}

/**
 * A robot: where it is, how it moves and what it decides. It follows its lane, keeps a speed
 * that its free range allows, and stops for people and robots in its path. What it has not
 * noticed it does not brake for: that is how near misses come about.
 */
import type { Random } from '@fieldloop/core';
import { type Body, castRay } from './body.ts';
import { clamp, offsetPose, type Point, type Pose, seenFrom, wrapAngle } from './geometry.ts';
import type { Junction } from './layout.ts';
import { type Progress, follow } from './lane.ts';
import { tickSeconds } from './tick.ts';

/** The lidar looks 45 degrees to each side, half a degree a beam, from the front bumper. */
export const lidar = { beams: 181, half: Math.PI / 4, mountAhead: 0.35, reach: 12 } as const;
export const cameraMount = { ahead: 0.42, height: 0.78 } as const;

export type Mode = 'AUTO' | 'MANUAL';

/** What the front lidar would measure without noise. */
export interface Scan {
  readonly ranges: Float64Array;
  /** The body that each beam met, -1 for racks and walls. */
  readonly bodies: Int32Array;
}

export interface Robot {
  readonly index: number;
  readonly name: string;
  readonly body: Body;
  /** Metres a second with nothing in the way. */
  readonly cruise: number;
  readonly random: Random;
  readonly scan: Scan;
  lane: readonly Point[];
  piece: number;
  /** The last junction of the lane, and the one before it. */
  end: Junction;
  beforeEnd: Junction;
  speed: number;
  turn: number;
  acceleration: number;
  wantedSpeed: number;
  wantedTurn: number;
  mode: Mode;
  /** The tick at which the mode last changed, and how often it did. */
  modeSince: number;
  modeChanges: number;
  manualUntil: number;
  /** The tick at which the lidar's last dropout began. */
  lidarOutSince: number;
  /** Scans that dropouts swallowed. */
  scansMissed: number;
  lidarOutUntil: number;
  stillSince: number;
  /** A body that its planner does not react to yet. */
  unnoticed: number;
  /** Wheel odometry, which drifts. */
  odometry: { x: number; y: number; heading: number };
}

const acceleration = 0.7;
const braking = 1.8;
const fastestTurn = 1.2;
/** Below this it may always creep on, unless a person or robot stands in its path. */
const creep = 0.3;

export function lidarPose(robot: Robot): Pose {
  return offsetPose(robot.body, lidar.mountAhead, 0);
}

export function cameraPose(robot: Robot): Pose {
  return offsetPose(robot.body, cameraMount.ahead, 0);
}

/** Refreshes what the lidar would see among `others`. */
export function look(robot: Robot, others: readonly Body[]): void {
  const pose = lidarPose(robot);
  const near = others.filter(
    (body) => (body.x - pose.x) ** 2 + (body.y - pose.y) ** 2 < (lidar.reach + 1) ** 2,
  );
  for (let i = 0; i < lidar.beams; i += 1) {
    const angle = pose.heading - lidar.half + (2 * lidar.half * i) / (lidar.beams - 1);
    const hit = castRay(pose, { x: Math.cos(angle), y: Math.sin(angle) }, near);
    robot.scan.ranges[i] = hit.metres;
    robot.scan.bodies[i] = hit.body?.id ?? -1;
  }
}

/** The shortest true range of all beams, in metres. */
export function nearestRange(robot: Robot, ignoring = -2): number {
  let nearest: number = lidar.reach;
  robot.scan.ranges.forEach((range, i) => {
    if (range < nearest && robot.scan.bodies[i] !== ignoring) nearest = range;
  });
  return nearest;
}

/** Decides speed and turn ten times a second; gives how far along its lane it is. */
export function decide(robot: Robot, others: readonly Body[], lidarOut: boolean): Progress {
  const progress = follow(robot.lane, robot.piece, robot.body, 0.9);
  robot.piece = progress.piece;
  const goal = seenFrom(robot.body, progress.goal);
  const error = Math.atan2(goal.y, goal.x);
  const range = nearestRange(robot, robot.unnoticed);
  const free = freePath(robot, others);
  let speed = robot.cruise * Math.max(0.12, 1 - Math.abs(error) / 0.9);
  speed = Math.min(speed, Math.max(creep, (range - 0.25) / 1.35));
  speed = Math.min(speed, Math.max(0, (free - 0.4) / 1.2));
  if (lidarOut) speed = Math.min(speed, 0.7);
  if (robot.mode === 'MANUAL') speed = Math.min(speed, 0.6);
  robot.wantedSpeed = speed;
  robot.wantedTurn = clamp(2.2 * error, -fastestTurn, fastestTurn);
  return progress;
}

/** Metres from the front bumper to the first person or robot in the path. */
function freePath(robot: Robot, others: readonly Body[]): number {
  let free = 20;
  for (const body of others) {
    if (body.kind === 'pallet' || body.id === robot.unnoticed) continue;
    const seen = seenFrom(robot.body, body);
    const inPath = seen.x > 0 && Math.abs(seen.y) < 0.42 + body.radius;
    if (inPath) free = Math.min(free, seen.x - 0.45 - body.radius);
  }
  return free;
}

/** Moves the robot by one tick towards what it decided. */
export function move(robot: Robot): void {
  const { body } = robot;
  const before = robot.speed;
  const change = clamp(
    robot.wantedSpeed - before,
    -braking * tickSeconds,
    acceleration * tickSeconds,
  );
  robot.speed = before + change;
  robot.acceleration = change / tickSeconds;
  robot.turn += clamp(robot.wantedTurn - robot.turn, -4 * tickSeconds, 4 * tickSeconds);
  const step = robot.speed * tickSeconds;
  body.heading = wrapAngle(body.heading + robot.turn * tickSeconds);
  body.x += Math.cos(body.heading) * step;
  body.y += Math.sin(body.heading) * step;
  body.travelled += step;
  const measured = step * 1.004;
  const { odometry } = robot;
  odometry.heading = wrapAngle(odometry.heading + robot.turn * 0.998 * tickSeconds);
  odometry.x += Math.cos(odometry.heading) * measured;
  odometry.y += Math.sin(odometry.heading) * measured;
}

/**
 * What truly was: for evaluation and demonstrations, kept in a file of its own. Nothing of it is
 * in what a robot publishes.
 */
import { whatIsAhead } from './world/ahead.ts';
import { zoneAt } from './world/layout.ts';
import { cameraPose, nearestRange, type Robot } from './world/robot.ts';
import type { World, WorldEvent } from './world/world.ts';

/** One line of JSON; `atNs` is log time as decimal digits. */
export type TruthLine =
  | {
      readonly kind: 'frame';
      readonly atNs: string;
      readonly robot: string;
      /** The classifier's right answer for the picture of this moment. */
      readonly ahead: string;
      readonly zone: string;
      /** Metres from the front lidar to the nearest thing before it. */
      readonly nearest: number;
      readonly speed: number;
      readonly x: number;
      readonly y: number;
      readonly heading: number;
    }
  | {
      readonly kind: 'event';
      readonly atNs: string;
      readonly robot: string;
      readonly event: string;
      readonly phase: 'begin' | 'end';
      readonly zone?: string;
      readonly nearest?: number;
    };

export function frameTruth(world: World, robot: Robot, ns: bigint): TruthLine {
  return {
    kind: 'frame',
    atNs: String(ns),
    robot: robot.name,
    ahead: whatIsAhead(cameraPose(robot), world.others(robot)),
    zone: zoneAt(robot.body),
    nearest: millimetres(nearestRange(robot)),
    speed: millimetres(robot.speed),
    x: millimetres(robot.body.x),
    y: millimetres(robot.body.y),
    heading: millimetres(robot.body.heading),
  };
}

export function eventTruth(event: WorldEvent, ns: bigint): TruthLine {
  return {
    kind: 'event',
    atNs: String(ns),
    robot: event.robot,
    event: event.kind,
    phase: event.phase,
    ...(event.zone === undefined ? {} : { zone: event.zone }),
    ...(event.nearest === undefined ? {} : { nearest: millimetres(event.nearest) }),
  };
}

function millimetres(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** ROS 2 messages as CDR bytes. Times are ns since 1970, lengths metres, angles radians. */
import { CdrWriter } from '../cdr.ts';
import { lidar } from '../world/robot.ts';

export interface Stamp {
  readonly ns: bigint;
  readonly frame: string;
}

export interface Odometry {
  readonly x: number;
  readonly y: number;
  readonly heading: number;
  readonly speed: number;
  readonly turn: number;
}

export interface Status {
  readonly level: 0 | 1 | 2 | 3;
  readonly name: string;
  readonly message: string;
  readonly values: readonly (readonly [string, string])[];
}

function begin(stamp: Stamp, capacity: number): CdrWriter {
  return new CdrWriter(capacity)
    .i32(Number(stamp.ns / 1_000_000_000n))
    .u32(Number(stamp.ns % 1_000_000_000n))
    .text(stamp.frame);
}

/** The quaternion of a turn about the vertical. */
function yaw(heading: number): readonly number[] {
  return [0, 0, Math.sin(heading / 2), Math.cos(heading / 2)];
}

/** Rows of a square matrix with only a diagonal. */
function diagonal(values: readonly number[]): Float64Array {
  const out = new Float64Array(values.length ** 2);
  values.forEach((value, i) => {
    out[i * values.length + i] = value;
  });
  return out;
}

const poseCovariance = diagonal([0.01, 0.01, 1e6, 1e6, 1e6, 0.03]);
const twistCovariance = diagonal([0.0004, 1e6, 1e6, 1e6, 1e6, 0.0009]);
const noOrientation = diagonal([1e6, 1e6, 0.03]);
const gyroCovariance = diagonal([2.5e-5, 2.5e-5, 2.5e-5]);
const accelerationCovariance = diagonal([0.0064, 0.0064, 0.0064]);

export function encodeOdometry(stamp: Stamp, value: Odometry): Uint8Array {
  return begin(stamp, 800)
    .text('base_link')
    .f64s([value.x, value.y, 0])
    .f64s(yaw(value.heading))
    .f64s(poseCovariance)
    .f64s([value.speed, 0, 0, 0, 0, value.turn])
    .f64s(twistCovariance)
    .finish();
}

export function encodeImu(
  stamp: Stamp,
  value: {
    readonly heading: number;
    /** Radians a second about x, y and z. */
    readonly turn: readonly [number, number, number];
    /** Metres a second squared along x, y and z, gravity included. */
    readonly acceleration: readonly [number, number, number];
  },
): Uint8Array {
  return begin(stamp, 400)
    .f64s(yaw(value.heading))
    .f64s(noOrientation)
    .f64s(value.turn)
    .f64s(gyroCovariance)
    .f64s(value.acceleration)
    .f64s(accelerationCovariance)
    .finish();
}

/** A sweep from right to left. REP 117: nothing within reach is +Infinity. */
export function encodeScan(stamp: Stamp, ranges: Float64Array): Uint8Array {
  const step = (2 * lidar.half) / (lidar.beams - 1);
  return begin(stamp, 60 + ranges.length * 4)
    .f32(-lidar.half)
    .f32(lidar.half)
    .f32(step)
    .f32(0)
    .f32(0.1)
    .f32(0.05)
    .f32(lidar.reach)
    .f32Sequence(ranges)
    .f32Sequence([])
    .finish();
}

export function encodeImage(stamp: Stamp, jpeg: Uint8Array): Uint8Array {
  return begin(stamp, 64 + jpeg.length)
    .text('jpeg')
    .byteSequence(jpeg)
    .finish();
}

export function encodeDiagnostics(stamp: Stamp, statuses: readonly Status[]): Uint8Array {
  const writer = begin(stamp, 600).u32(statuses.length);
  for (const status of statuses) {
    writer.u8(status.level).text(status.name).text(status.message).text('amr');
    writer.u32(status.values.length);
    for (const [key, value] of status.values) writer.text(key).text(value);
  }
  return writer.finish();
}

export function encodeString(text: string): Uint8Array {
  return new CdrWriter(32).text(text).finish();
}

export function encodeTwist(speed: number, turn: number): Uint8Array {
  return new CdrWriter(64).f64s([speed, 0, 0, 0, 0, turn]).finish();
}

export function encodePose(
  stamp: Stamp,
  { x, y, heading }: Pick<Odometry, 'x' | 'y' | 'heading'>,
): Uint8Array {
  return begin(stamp, 500).f64s([x, y, 0]).f64s(yaw(heading)).f64s(poseCovariance).finish();
}

/** `charge` from 0 to 1. */
export function encodeBattery(stamp: Stamp, charge: number): Uint8Array {
  const writer = begin(stamp, 128);
  for (const value of [24 + 2 * charge, 31, -2.5, 40 * charge, 40, 40, charge]) writer.f32(value);
  // Discharging, good, lithium ion, present.
  return writer.u8(2).u8(1).u8(2).u8(1).f32Sequence([]).f32Sequence([]).text('').text('').finish();
}

export function encodeTemperature(stamp: Stamp, celsius: number): Uint8Array {
  return begin(stamp, 64).f64s([celsius, 0.1]).finish();
}

export interface Detection {
  readonly label: string;
  readonly score: number;
  readonly dist: number;
}

export function encodeDetections(stamp: Stamp, seen: readonly Detection[]): Uint8Array {
  const writer = begin(stamp, 64 + 32 * seen.length).u32(seen.length);
  for (const { label, score, dist } of seen) writer.text(label).f32(score).f32(dist);
  return writer.finish();
}

export interface Mount {
  readonly frame: string;
  readonly ahead: number;
  readonly up: number;
}

/** Where sensors sit on the robot, all looking ahead. */
export function encodeMounts(ns: bigint, mounts: readonly Mount[]): Uint8Array {
  const writer = new CdrWriter(512).u32(mounts.length);
  for (const mount of mounts) {
    writer
      .i32(Number(ns / 1_000_000_000n))
      .u32(Number(ns % 1_000_000_000n))
      .text('base_link')
      .text(mount.frame)
      .f64s([mount.ahead, 0, mount.up])
      .f64s(yaw(0));
  }
  return writer.finish();
}

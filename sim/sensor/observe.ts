/**
 * What a robot publishes at a tick. Each message is a function of the world at that tick: its
 * noise is seeded by robot, topic and tick, so it does not matter who else reads or since when.
 */
import { type Random, seededRandom } from '@fieldloop/core';
import type { Studio } from '../camera/canvas.ts';
import { frameSize, renderFrame } from '../camera/render.ts';
import { everyTicks, type Output, outputs, type Topic } from '../channels.ts';
import { encodeJpeg } from '../jpeg.ts';
import { cameraMount, cameraPose, lidar, type Robot } from '../world/robot.ts';
import { isDue, tickNs, ticksPerSecond } from '../world/tick.ts';
import type { World } from '../world/world.ts';
import {
  encodeDiagnostics,
  encodeImage,
  encodeImu,
  encodeMounts,
  encodeOdometry,
  encodeScan,
  encodeString,
  encodeTwist,
  type Mount,
  type Stamp,
  type Status,
} from './encode.ts';

export interface SensorMessage {
  /** 1 and up: the place in `outputs`. */
  readonly channelId: number;
  readonly sequence: number;
  readonly logTimeNs: bigint;
  readonly data: Uint8Array;
}

interface Moment {
  readonly world: World;
  readonly robot: Robot;
  readonly ns: bigint;
  readonly studio: Studio;
}

const mounts: readonly Mount[] = [
  { frame: 'lidar_front', ahead: lidar.mountAhead, up: 0.22 },
  { frame: 'camera_front', ahead: cameraMount.ahead, up: cameraMount.height },
  { frame: 'imu', ahead: 0, up: 0.12 },
];

/** All messages of this tick in channel order, one JPEG among them at most. */
export async function observe(moment: Moment): Promise<SensorMessage[]> {
  const { world, robot, ns } = moment;
  const messages: SensorMessage[] = [];
  for (const [i, output] of outputs.entries()) {
    if (!publishes(output, robot, world)) continue;
    const data = await encode(output.topic, moment);
    const sequence = sequenceOf(output, robot, world.tick);
    messages.push({ channelId: i + 1, sequence, logTimeNs: ns, data });
  }
  return messages;
}

/** What a reader that comes late still gets: the messages that are kept. */
export function latchedMessages(ns: bigint): SensorMessage[] {
  return outputs.flatMap((output, i) =>
    output.hz === 0
      ? [{ channelId: i + 1, sequence: 0, logTimeNs: ns, data: encodeMounts(ns, mounts) }]
      : [],
  );
}

export function logTimeAt(startNs: bigint, tick: number): bigint {
  return startNs + BigInt(tick) * tickNs;
}

/** True at the ticks when this robot's camera takes a picture. */
export function isCameraTick(robot: Robot, tick: number): boolean {
  return isDue(tick, ticksPerSecond / 5, offsetOf('/camera/front/compressed', robot));
}

/** Ticks of the robot's own beat by topic, so that its messages do not all come at once. */
const offsets: Readonly<Partial<Record<Topic, number>>> = {
  '/scan': 3,
  '/cmd_vel': 3,
  '/camera/front/compressed': 7,
  '/diagnostics': 11,
  '/autonomy/mode': 13,
};

function offsetOf(topic: Topic, robot: Robot): number {
  return robot.index * (offsets[topic] ?? 0);
}

/** Counts what was published so far, as a publisher does: silence leaves no gap. */
function sequenceOf(output: Output, robot: Robot, tick: number): number {
  const due = Math.floor((tick + offsetOf(output.topic, robot)) / everyTicks(output));
  if (output.topic === '/autonomy/mode') return due + robot.modeChanges;
  return output.topic === '/scan' ? due - robot.scansMissed : due;
}

function publishes(output: Output, robot: Robot, world: World): boolean {
  if (output.hz === 0) return false;
  const isTurn = isDue(world.tick, everyTicks(output), offsetOf(output.topic, robot));
  if (output.topic === '/scan') return isTurn && !world.isLidarOut(robot);
  if (output.topic === '/autonomy/mode') return isTurn || robot.modeSince === world.tick;
  return isTurn;
}

async function encode(topic: Topic, moment: Moment): Promise<Uint8Array> {
  const { world, robot, ns } = moment;
  const stamp = (frame: string): Stamp => ({ ns, frame });
  const random = seededRandom(`${world.seed}/${robot.name}/${topic}/${world.tick}`);
  switch (topic) {
    case '/tf_static':
      return encodeMounts(ns, mounts);
    case '/odom':
      return encodeOdometry(stamp('odom'), {
        ...robot.odometry,
        speed: robot.speed + random.normal() * 0.008,
        turn: robot.turn + random.normal() * 0.01,
      });
    case '/imu/data':
      return encodeImu(stamp('imu'), {
        heading: robot.odometry.heading,
        turn: [
          random.normal() * 0.005,
          random.normal() * 0.005,
          robot.turn + random.normal() * 0.005,
        ],
        acceleration: [
          robot.acceleration + random.normal() * 0.08,
          robot.speed * robot.turn + random.normal() * 0.08,
          9.81 + random.normal() * 0.08,
        ],
      });
    case '/scan':
      return encodeScan(stamp('lidar_front'), measured(robot, random));
    case '/camera/front/compressed':
      return encodeImage(stamp('camera_front'), await picture(moment, random));
    case '/diagnostics':
      return encodeDiagnostics(stamp(''), statuses(robot, world, random));
    case '/autonomy/mode':
      return encodeString(robot.mode);
    case '/cmd_vel':
      return encodeTwist(robot.wantedSpeed, robot.wantedTurn);
  }
}

/** True ranges with 12 mm of noise; one beam in 200 comes back with nothing. */
function measured(robot: Robot, random: Random): Float64Array {
  return robot.scan.ranges.map((range) => {
    const noise = random.normal() * 0.012;
    const isLost = random.next() < 0.005 || range > lidar.reach;
    return isLost ? Number.POSITIVE_INFINITY : Math.max(0.05, range + noise);
  });
}

async function picture(moment: Moment, random: Random): Promise<Uint8Array> {
  const { world, robot, studio } = moment;
  const eye = { ...cameraPose(robot), height: cameraMount.height };
  const grain = random.integer(1_000_000);
  const pixels = renderFrame(studio, eye, world.others(robot), { ...frameSize, grain });
  return encodeJpeg(pixels, frameSize);
}

function statuses(robot: Robot, world: World, random: Random): readonly Status[] {
  const silent = (world.tick - robot.lidarOutSince) / ticksPerSecond;
  const isSilent = world.isLidarOut(robot) && silent > 0.3;
  const charge = Math.max(0, 96 - robot.index * 7 - world.tick / ticksPerSecond / 180);
  const heat = 38 + robot.speed * 6 + random.normal() * 0.4;
  return [
    isSilent
      ? {
          level: 2,
          name: 'lidar: front',
          message: `no data for ${silent.toFixed(1)} s`,
          values: [['rate_hz', '0.0']],
        }
      : { level: 0, name: 'lidar: front', message: 'OK', values: [['rate_hz', '10.0']] },
    { level: 0, name: 'camera: front', message: 'OK', values: [['rate_hz', '5.0']] },
    {
      level: 0,
      name: 'motors',
      message: 'OK',
      values: [
        ['temperature_c', heat.toFixed(1)],
        ['travelled_m', robot.body.travelled.toFixed(1)],
      ],
    },
    {
      level: charge < 15 ? 1 : 0,
      name: 'battery',
      message: charge < 15 ? 'low' : 'OK',
      values: [['charge_percent', charge.toFixed(1)]],
    },
  ];
}

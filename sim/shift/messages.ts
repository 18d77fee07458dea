/** The messages of a tick of a shift. Noise is seeded by the shift alone and drawn in order. */
import type { Random } from '@fieldloop/core';
import { everyTicks } from '../channels.ts';
import {
  encodeBattery,
  encodeDetections,
  encodeImu,
  encodeOdometry,
  encodePose,
  encodeScan,
  encodeString,
  encodeTemperature,
  encodeTwist,
} from '../sensor/encode.ts';
import type { SensorMessage } from '../sensor/observe.ts';
import { isDue } from '../world/tick.ts';
import type { Drive } from './drive.ts';
import { shiftOutputs, type ShiftTopic } from './outputs.ts';

interface Moment {
  readonly drive: Drive;
  readonly ns: bigint;
  readonly random: Random;
}

/** Beams of the front lidar. */
const beams = 61;

export function shiftMessages(moment: Moment): SensorMessage[] {
  const { drive, ns } = moment;
  return shiftOutputs.flatMap((output, i) => {
    if (!isPublished(output, drive)) return [];
    const channelId = i + 1;
    if (output.topic === '/fieldloop/scores') return scores(moment, channelId);
    const data = encode(output.topic, moment);
    return [{ channelId, sequence: drive.tick, logTimeNs: ns, data }];
  });
}

type Output = (typeof shiftOutputs)[number];

function isPublished(output: Output, { tick, now, modeSince }: Drive): boolean {
  if (output.topic === '/autonomy/mode' && modeSince === tick) return true;
  if (!isDue(tick, everyTicks(output), 0)) return false;
  const kind = now?.kind;
  if (output.topic === '/scan') return kind !== 'lidar_dropout' && kind !== 'lost_scan';
  return output.topic !== '/amcl_pose' || kind !== 'pose_gap';
}

function encode(topic: Exclude<ShiftTopic, '/fieldloop/scores'>, moment: Moment): Uint8Array {
  const { drive, ns, random } = moment;
  const stamp = (frame: string) => ({ ns, frame });
  const noise = (size: number): number => random.normal() * size;
  const { x, y, heading, speed } = drive;
  switch (topic) {
    case '/odom':
      return encodeOdometry(stamp('odom'), {
        x,
        y,
        heading,
        speed: speed + noise(0.004),
        turn: noise(0.01),
      });
    case '/imu/data':
      return encodeImu(stamp('imu'), {
        heading,
        turn: [noise(0.005), noise(0.005), noise(0.005)],
        acceleration: [
          drive.acceleration + noise(0.15) - (drive.now?.kind === 'bump' ? 20 : 0),
          noise(0.15),
          9.81 + noise(0.15),
        ],
      });
    case '/scan':
      return encodeScan(stamp('lidar_front'), ranges(moment));
    case '/cmd_vel':
      return encodeTwist(drive.command, 0);
    case '/autonomy/mode':
      return encodeString(drive.mode);
    case '/cmd_mux/source':
      return encodeString(drive.source);
    case '/amcl_pose':
      return encodePose(stamp('map'), { x: x + drive.poseError + noise(0.01), y, heading });
    case '/battery_state':
      return encodeBattery(stamp(''), drive.charge);
    case '/motor/temperature':
      return encodeTemperature(stamp('motor'), drive.heat + noise(0.3));
    case '/perception/detections': {
      const { detection } = drive;
      const seen = detection === undefined ? [] : [{ label: 'person', ...detection }];
      return encodeDetections(stamp('camera_front'), seen);
    }
  }
}

function ranges({ drive, random }: Moment): Float64Array {
  const all = Float64Array.from(
    { length: beams },
    () => drive.range + 0.3 + random.next() * 2 + random.normal() * 0.01,
  );
  all[random.integer(beams)] = drive.range;
  if (drive.now?.kind === 'wrong_beam') all[3] = 0.2;
  return all;
}

/** One note a model; `probabilities` would be there too, which no rule reads. */
function scores({ drive, ns, random }: Moment, channelId: number): SensorMessage[] {
  const angle = drive.place + random.normal() * 0.02;
  const embedding = Buffer.from(Float32Array.of(Math.cos(angle), Math.sin(angle)).buffer);
  const noise = random.normal() * 0.01;
  const notes = [
    {
      scorer: 'classifier',
      values: { entropy: drive.entropy + noise, margin: drive.margin + noise },
      topClass: drive.seen,
      embedding: embedding.toString('base64'),
    },
    {
      scorer: 'shadow',
      values: { entropy: 0.15 + noise, margin: drive.shadowMargin + noise },
      topClass: drive.shadowSeen,
    },
  ];
  return notes.map((note) => ({
    channelId,
    sequence: drive.tick,
    logTimeNs: ns,
    data: new TextEncoder().encode(JSON.stringify({ ...note, atNs: String(ns) })),
  }));
}

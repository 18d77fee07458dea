/**
 * The recordings that benches read: small (many little messages), mixed (with scans, cameras and
 * a point cloud) and large (few big messages). Made from a seed into a temporary folder.
 */
import { open } from 'node:fs/promises';
import { seededRandom } from '@fieldloop/core';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { McapWriter } from '@mcap/core';
import { compress } from 'zstd-napi';
import { type DefinitionName, definitions } from './definitions.ts';

export type Compression = 'none' | 'zstd' | 'lz4';

/** Makes one LZ4 frame; there is no compressor for it in this process. */
export type Lz4 = (bytes: Uint8Array) => Uint8Array;

interface Publisher {
  readonly topic: string;
  readonly schema: DefinitionName;
  readonly hz: number;
  message(seconds: number): object;
}

export interface Mix {
  readonly name: 'small' | 'mixed' | 'large' | 'hour';
  readonly seconds: number;
  readonly publishers: readonly Publisher[];
}

export interface Generated {
  readonly messages: number;
  readonly bytes: number;
}

const startNs = 1_700_000_000_000_000_000n;
const random = seededRandom('bench');

const header = (seconds: number): object => ({
  stamp: { sec: Math.floor(seconds), nanosec: Math.floor((seconds % 1) * 1e9) },
  frame_id: 'base_link',
});
const vector = (x: number): object => ({ x, y: 0.1, z: 9.81 });
const still = { x: 0, y: 0, z: 0, w: 1 };
const zeros = (count: number): Float64Array => new Float64Array(count);
const noise = (count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => random.integer(256));

/** Speed that crosses every threshold of the bench's rules several times. */
const speed = (seconds: number): number => 1 + Math.sin(seconds * 0.7) + 0.05 * random.normal();

const imu: Publisher = {
  topic: '/imu/data',
  schema: 'sensor_msgs/msg/Imu',
  hz: 1000,
  message: (t) => ({
    header: header(t),
    orientation: still,
    orientation_covariance: zeros(9),
    angular_velocity: vector(0.01),
    angular_velocity_covariance: zeros(9),
    linear_acceleration: vector(3 * Math.sin(t * 1.3) + 0.1 * random.normal()),
    linear_acceleration_covariance: zeros(9),
  }),
};
const joints: Publisher = {
  topic: '/joint_states',
  schema: 'sensor_msgs/msg/JointState',
  hz: 500,
  message: (t) => ({
    header: header(t),
    name: ['wheel_left', 'wheel_right', 'lift', 'gripper', 'pan', 'tilt'],
    position: [t, t, 0.1 * Math.sin(t), 0.2, 0.3, 0.4],
    velocity: [1, 1, 0, 0, 0, 0],
    effort: [2 + 2 * Math.sin(t), 2, 1, 0, 0, 0],
  }),
};
const tf: Publisher = {
  topic: '/tf',
  schema: 'tf2_msgs/msg/TFMessage',
  hz: 300,
  message: (t) => ({
    transforms: ['odom', 'base_link'].map((frame) => ({
      header: header(t),
      child_frame_id: frame,
      transform: { translation: vector(t), rotation: still },
    })),
  }),
};
const odometry: Publisher = {
  topic: '/odom',
  schema: 'nav_msgs/msg/Odometry',
  hz: 200,
  message: (t) => ({
    header: header(t),
    child_frame_id: 'base_link',
    pose: { pose: { position: vector(t), orientation: still }, covariance: zeros(36) },
    twist: { twist: { linear: vector(speed(t)), angular: vector(0) }, covariance: zeros(36) },
  }),
};
const mode: Publisher = {
  topic: '/autonomy/mode',
  schema: 'std_msgs/msg/String',
  hz: 0.025,
  message: (t) => ({ data: t % 80 < 40 ? 'AUTO' : 'MANUAL' }),
};
const scan: Publisher = {
  topic: '/scan',
  schema: 'sensor_msgs/msg/LaserScan',
  hz: 40,
  message: (t) => ({
    header: header(t),
    angle_min: -1.57,
    angle_max: 1.57,
    angle_increment: 0.004,
    time_increment: 0,
    scan_time: 0.025,
    range_min: 0.05,
    range_max: 30,
    ranges: Float32Array.from({ length: 720 }, (_, i) => 2 + Math.sin(t + i * 0.01)),
    intensities: new Float32Array(0),
  }),
};
const camera = (index: number): Publisher => {
  const data = noise(60_000);
  return {
    topic: `/camera/${index}/compressed`,
    schema: 'sensor_msgs/msg/CompressedImage',
    hz: 30,
    message: (t) => ({ header: header(t), format: 'jpeg', data }),
  };
};
const cloud = (bytes: number, hz: number): Publisher => {
  const data = noise(bytes);
  return {
    topic: '/points',
    schema: 'sensor_msgs/msg/PointCloud2',
    hz,
    message: (t) => ({
      header: header(t),
      height: 1,
      width: bytes / 16,
      point_step: 16,
      row_step: bytes,
      data,
      is_dense: true,
    }),
  };
};

const slow = (one: Publisher, hz: number): Publisher => ({ ...one, hz });
const small = [imu, joints, tf, odometry, mode];

export const mixes: readonly Mix[] = [
  { name: 'small', seconds: 120, publishers: small },
  {
    name: 'mixed',
    seconds: 20,
    publishers: [
      slow(imu, 500),
      slow(joints, 200),
      slow(tf, 100),
      slow(odometry, 100),
      mode,
      scan,
      camera(0),
      camera(1),
      camera(2),
      cloud(480_000, 10),
    ],
  },
  { name: 'large', seconds: 24, publishers: [slow(odometry, 1), mode, cloud(800_000, 9)] },
];

/** Pictures unlike each other, so that nothing is smaller than a camera's own compression. */
const pictures = (hz: number): Publisher => {
  const film = noise(4_000_000);
  return {
    ...camera(0),
    hz,
    message: (t) => {
      const at = random.integer(film.length - 60_000);
      return { header: header(t), format: 'jpeg', data: film.subarray(at, at + 60_000) };
    },
  };
};

/** An hour of a robot as fleets record it: 1.3 million messages, one camera. */
export const hour: Mix = {
  name: 'hour',
  seconds: 3_600,
  publishers: [
    slow(imu, 200),
    slow(joints, 50),
    slow(tf, 50),
    slow(odometry, 50),
    mode,
    slow(scan, 10),
    pictures(5),
  ],
};

/** Writes one mix as a chunked, indexed MCAP with chunk CRCs, as rosbag2 does by default. */
export async function generate(
  mix: Mix,
  compression: Compression,
  path: string,
  lz4?: Lz4,
): Promise<Generated> {
  await using file = await open(path, 'w');
  let position = 0n;
  const writer = new McapWriter({
    writable: {
      position: () => position,
      write: async (bytes) => {
        position += BigInt(bytes.byteLength);
        await file.write(bytes);
      },
    },
    chunkSize: 768 * 1024,
    ...(compression === 'none' ? {} : { compressChunk: compressor(compression, lz4) }),
  });
  await writer.start({ profile: 'ros2', library: 'fieldloop bench' });
  const sources = await Promise.all(mix.publishers.map((one) => register(writer, one)));
  let messages = 0;
  for (;;) {
    const next = sources.reduce((a, b) => (b.atSeconds < a.atSeconds ? b : a));
    if (next.atSeconds >= mix.seconds) break;
    const logTime = startNs + BigInt(Math.round(next.atSeconds * 1e9));
    const data = next.writer.writeMessage(next.publisher.message(next.atSeconds));
    await writer.addMessage({
      channelId: next.channelId,
      sequence: next.count,
      logTime,
      publishTime: logTime,
      data,
    });
    next.count += 1;
    next.atSeconds = next.count / next.publisher.hz;
    messages += 1;
  }
  await writer.end();
  return { messages, bytes: Number(position) };
}

function compressor(compression: 'zstd' | 'lz4', lz4: Lz4 | undefined) {
  const pack = compression === 'zstd' ? compress : lz4;
  if (pack === undefined) throw new TypeError('nothing here makes LZ4 frames');
  return (data: Uint8Array) => ({ compression, compressedData: pack(data) });
}

interface Source {
  readonly publisher: Publisher;
  readonly writer: MessageWriter;
  readonly channelId: number;
  atSeconds: number;
  count: number;
}

async function register(writer: McapWriter, publisher: Publisher): Promise<Source> {
  const text = definitions[publisher.schema];
  const schemaId = await writer.registerSchema({
    name: publisher.schema,
    encoding: 'ros2msg',
    data: new TextEncoder().encode(text),
  });
  const channelId = await writer.registerChannel({
    topic: publisher.topic,
    schemaId,
    messageEncoding: 'cdr',
    metadata: new Map(),
  });
  const definition = parse(text, { ros2: true });
  return { publisher, writer: new MessageWriter(definition), channelId, atSeconds: 0, count: 0 };
}

/**
 * Goal: any ROS 2 reader understands what the robots publish.
 * Method: messages of each topic, decoded by the recording room from our schema texts alone.
 */
import { type Channel, decodeMessage, schemaFields } from '@fieldloop/recording';
import { describe, expect, test } from 'vitest';
import { outputs, qosOf } from '../channels.ts';
import { schemaText } from '../definitions.ts';
import {
  encodeBattery,
  encodeDetections,
  encodeDiagnostics,
  encodeImage,
  encodeImu,
  encodeMounts,
  encodeOdometry,
  encodePose,
  encodeScan,
  encodeString,
  encodeTemperature,
  encodeTwist,
} from './encode.ts';

const ns = 1_767_225_600_123_456_789n;
const stamp = (frame: string) => ({ ns, frame });
const header = (frame: string) => ({
  stamp: { sec: 1_767_225_600, nanosec: 123_456_789 },
  frame_id: frame,
});

function channelOf(topic: string): Channel {
  const output = outputs.find((one) => one.topic === topic);
  if (output === undefined) throw new Error(topic);
  return {
    id: 1,
    topic,
    messageEncoding: 'cdr',
    metadata: new Map([['offered_qos_profiles', qosOf(output)]]),
    schema: {
      name: output.schema,
      encoding: 'ros2msg',
      data: new TextEncoder().encode(schemaText(output.schema)),
    },
    latched: false,
  };
}

const decoded = (topic: string, bytes: Uint8Array): unknown =>
  decodeMessage(channelOf(topic), bytes);

describe('messages', () => {
  test('/odom', () => {
    const bytes = encodeOdometry(stamp('odom'), {
      x: 1.5,
      y: -2.25,
      heading: Math.PI,
      speed: 0.75,
      turn: -0.125,
    });
    expect(decoded('/odom', bytes)).toMatchObject({
      header: header('odom'),
      child_frame_id: 'base_link',
      pose: { pose: { position: { x: 1.5, y: -2.25, z: 0 }, orientation: { z: 1 } } },
      twist: { twist: { linear: { x: 0.75, y: 0 }, angular: { z: -0.125 } } },
    });
  });

  test('/imu/data', () => {
    const bytes = encodeImu(stamp('imu'), {
      heading: 0,
      turn: [0.5, 0.25, -1],
      acceleration: [1, 2, 9.75],
    });
    const message = decoded('/imu/data', bytes);
    expect(message).toMatchObject({
      header: header('imu'),
      orientation: { x: 0, y: 0, z: 0, w: 1 },
      angular_velocity: { x: 0.5, y: 0.25, z: -1 },
      linear_acceleration: { x: 1, y: 2, z: 9.75 },
    });
  });

  test('/scan, with nothing within reach as infinity', () => {
    const ranges = Float64Array.from([1.5, Number.POSITIVE_INFINITY, 0.25]);
    const message = decoded('/scan', encodeScan(stamp('lidar_front'), ranges));
    expect(message).toMatchObject({ header: header('lidar_front'), range_max: 12 });
    expect([...(message as { ranges: Iterable<number> }).ranges]).toEqual([...ranges]);
  });

  test('/camera/front/compressed', () => {
    const jpeg = Uint8Array.from([255, 216, 1, 2, 3]);
    const message = decoded('/camera/front/compressed', encodeImage(stamp('camera'), jpeg));
    expect(message).toMatchObject({ header: header('camera'), format: 'jpeg' });
    expect([...(message as { data: Iterable<number> }).data]).toEqual([...jpeg]);
  });

  test('/diagnostics, strings of any length between the numbers', () => {
    const bytes = encodeDiagnostics(stamp(''), [
      { level: 2, name: 'lidar', message: 'no data for 1.2 s', values: [['rate_hz', '0.0']] },
      { level: 0, name: 'battery', message: 'Ladung 80 %, größer', values: [] },
    ]);
    expect(decoded('/diagnostics', bytes)).toMatchObject({
      header: header(''),
      status: [
        {
          level: 2,
          name: 'lidar',
          message: 'no data for 1.2 s',
          values: [{ key: 'rate_hz', value: '0.0' }],
        },
        { level: 0, name: 'battery', message: 'Ladung 80 %, größer', values: [] },
      ],
    });
  });

  test('/autonomy/mode, /cmd_vel and /tf_static', () => {
    expect(decoded('/autonomy/mode', encodeString('MANUAL'))).toEqual({ data: 'MANUAL' });
    expect(decoded('/cmd_vel', encodeTwist(0.5, -0.25))).toMatchObject({
      linear: { x: 0.5, y: 0, z: 0 },
      angular: { x: 0, y: 0, z: -0.25 },
    });
    const mounts = [
      { frame: 'lidar_front', ahead: 0.25, up: 0.5 },
      { frame: 'imu', ahead: 0, up: 0.125 },
    ];
    expect(decoded('/tf_static', encodeMounts(ns, mounts))).toMatchObject({
      transforms: [
        {
          header: header('base_link'),
          child_frame_id: 'lidar_front',
          transform: { translation: { x: 0.25, y: 0, z: 0.5 }, rotation: { w: 1 } },
        },
        { child_frame_id: 'imu', transform: { translation: { x: 0, y: 0, z: 0.125 } } },
      ],
    });
  });
});

test.each(outputs.map(({ topic }) => topic))(
  '%s: the schema resolves to its last field',
  (topic) => {
    const fields = schemaFields(channelOf(topic));
    expect(fields.length).toBeGreaterThan(0);
  },
);

test('a schema text lists each needed definition once, as rosbag2 does', () => {
  const parts = schemaText('nav_msgs/msg/Odometry').split(`\n${'='.repeat(80)}\nMSG: `);
  expect(parts[0]).toContain('geometry_msgs/PoseWithCovariance pose');
  expect(parts.slice(1).map((part) => part.split('\n')[0])).toEqual([
    'std_msgs/Header',
    'geometry_msgs/PoseWithCovariance',
    'geometry_msgs/TwistWithCovariance',
    'builtin_interfaces/Time',
    'geometry_msgs/Pose',
    'geometry_msgs/Twist',
    'geometry_msgs/Point',
    'geometry_msgs/Quaternion',
    'geometry_msgs/Vector3',
  ]);
});

test('pose, battery, temperature and detections decode to what was measured', () => {
  const decoded = (schema: string, data: Uint8Array): unknown =>
    decodeMessage(
      {
        id: 1,
        topic: '/x',
        messageEncoding: 'cdr',
        metadata: new Map(),
        latched: false,
        schema: {
          name: schema,
          encoding: 'ros2msg',
          data: new TextEncoder().encode(schemaText(schema)),
        },
      },
      data,
    );
  expect(
    decoded(
      'geometry_msgs/msg/PoseWithCovarianceStamped',
      encodePose(stamp('map'), { x: 1.5, y: -2, heading: 0 }),
    ),
  ).toMatchObject({
    header: header('map'),
    pose: { pose: { position: { x: 1.5, y: -2, z: 0 }, orientation: { w: 1 } } },
  });
  expect(decoded('sensor_msgs/msg/BatteryState', encodeBattery(stamp(''), 0.5))).toMatchObject({
    voltage: 25,
    percentage: 0.5,
    present: true,
    location: '',
  });
  expect(
    decoded('sensor_msgs/msg/Temperature', encodeTemperature(stamp('motor'), 41.25)),
  ).toMatchObject({ temperature: 41.25 });
  const seen = [
    { label: 'person', score: 0.5, dist: 2.25 },
    { label: 'cart', score: 0.75, dist: 4 },
  ];
  expect(
    decoded('fieldloop_sim/msg/Detections', encodeDetections(stamp('camera'), seen)),
  ).toMatchObject({ header: header('camera'), detections: seen });
});

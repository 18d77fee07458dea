/** What a robot publishes: topics, their definitions, rates and qualities of service. */
import { ticksPerSecond } from './world/tick.ts';

export type Topic =
  | '/odom'
  | '/imu/data'
  | '/scan'
  | '/camera/front/compressed'
  | '/diagnostics'
  | '/autonomy/mode'
  | '/cmd_vel'
  | '/tf_static';

export interface Output {
  readonly topic: Topic;
  /** `package/msg/Name`. */
  readonly schema: string;
  /** Times a second; 0 = once, kept for late readers. */
  readonly hz: number;
}

/** In the order of their channel ids, which begin at 1. */
export const outputs: readonly Output[] = [
  { topic: '/tf_static', schema: 'tf2_msgs/msg/TFMessage', hz: 0 },
  { topic: '/odom', schema: 'nav_msgs/msg/Odometry', hz: 50 },
  { topic: '/imu/data', schema: 'sensor_msgs/msg/Imu', hz: 100 },
  { topic: '/scan', schema: 'sensor_msgs/msg/LaserScan', hz: 10 },
  { topic: '/camera/front/compressed', schema: 'sensor_msgs/msg/CompressedImage', hz: 5 },
  { topic: '/diagnostics', schema: 'diagnostic_msgs/msg/DiagnosticArray', hz: 1 },
  { topic: '/autonomy/mode', schema: 'std_msgs/msg/String', hz: 1 },
  { topic: '/cmd_vel', schema: 'geometry_msgs/msg/Twist', hz: 10 },
];

export function everyTicks(output: { readonly hz: number }): number {
  return output.hz === 0 ? Number.POSITIVE_INFINITY : Math.round(ticksPerSecond / output.hz);
}

/** Channel metadata as rosbag2 of Jazzy writes it; transient_local is what ROS 2 calls latched. */
export function qosOf(output: { readonly topic: string; readonly hz: number }): string {
  const isLatched = output.hz === 0;
  const isSensor = ['/imu/data', '/scan', '/camera/front/compressed'].includes(output.topic);
  return [
    '- history: keep_last',
    `  depth: ${isLatched ? 1 : 10}`,
    `  reliability: ${isSensor ? 'best_effort' : 'reliable'}`,
    `  durability: ${isLatched ? 'transient_local' : 'volatile'}`,
    '  deadline: {sec: 9223372036, nsec: 854775807}',
    '  lifespan: {sec: 9223372036, nsec: 854775807}',
    '  liveliness: automatic',
    '  liveliness_lease_duration: {sec: 9223372036, nsec: 854775807}',
    '  avoid_ros_namespace_conventions: false',
  ].join('\n');
}

/** What the robot of a shift publishes. Scores are written as an agent writes them into clips. */
export interface Published {
  readonly topic: string;
  /** `package/msg/Name`; absent for JSON without a schema. */
  readonly schema?: string;
  readonly hz: number;
}

export const shiftOutputs = [
  { topic: '/odom', schema: 'nav_msgs/msg/Odometry', hz: 50 },
  { topic: '/imu/data', schema: 'sensor_msgs/msg/Imu', hz: 100 },
  { topic: '/scan', schema: 'sensor_msgs/msg/LaserScan', hz: 10 },
  { topic: '/cmd_vel', schema: 'geometry_msgs/msg/Twist', hz: 10 },
  { topic: '/autonomy/mode', schema: 'std_msgs/msg/String', hz: 1 },
  { topic: '/cmd_mux/source', schema: 'std_msgs/msg/String', hz: 5 },
  { topic: '/amcl_pose', schema: 'geometry_msgs/msg/PoseWithCovarianceStamped', hz: 5 },
  { topic: '/battery_state', schema: 'sensor_msgs/msg/BatteryState', hz: 2 },
  { topic: '/motor/temperature', schema: 'sensor_msgs/msg/Temperature', hz: 2 },
  { topic: '/perception/detections', schema: 'fieldloop_sim/msg/Detections', hz: 10 },
  { topic: '/fieldloop/scores', hz: 5 },
] as const satisfies readonly Published[];

export type ShiftTopic = (typeof shiftOutputs)[number]['topic'];

/**
 * The ROS 2 message definitions that the robots speak, as `ros2msg` schema texts: the message
 * itself, then each definition that it needs after a line of `=` and its name, as rosbag2 writes
 * them. Fields after common_interfaces and geometry2 of ROS 2 Jazzy.
 */
import { Fault } from '@fieldloop/core';

const definitions: Readonly<Record<string, string>> = {
  'builtin_interfaces/Time': 'int32 sec\nuint32 nanosec',
  'std_msgs/Header': 'builtin_interfaces/Time stamp\nstring frame_id',
  'std_msgs/String': 'string data',
  'geometry_msgs/Vector3': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/Point': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/Quaternion': 'float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1',
  'geometry_msgs/Pose': 'Point position\nQuaternion orientation',
  'geometry_msgs/PoseWithCovariance': 'Pose pose\nfloat64[36] covariance',
  'geometry_msgs/Twist': 'Vector3 linear\nVector3 angular',
  'geometry_msgs/TwistWithCovariance': 'Twist twist\nfloat64[36] covariance',
  'geometry_msgs/Transform': 'Vector3 translation\nQuaternion rotation',
  'geometry_msgs/TransformStamped':
    'std_msgs/Header header\nstring child_frame_id\nTransform transform',
  'nav_msgs/Odometry': [
    'std_msgs/Header header',
    'string child_frame_id',
    'geometry_msgs/PoseWithCovariance pose',
    'geometry_msgs/TwistWithCovariance twist',
  ].join('\n'),
  'sensor_msgs/Imu': [
    'std_msgs/Header header',
    'geometry_msgs/Quaternion orientation',
    'float64[9] orientation_covariance',
    'geometry_msgs/Vector3 angular_velocity',
    'float64[9] angular_velocity_covariance',
    'geometry_msgs/Vector3 linear_acceleration',
    'float64[9] linear_acceleration_covariance',
  ].join('\n'),
  'sensor_msgs/LaserScan': [
    'std_msgs/Header header',
    'float32 angle_min',
    'float32 angle_max',
    'float32 angle_increment',
    'float32 time_increment',
    'float32 scan_time',
    'float32 range_min',
    'float32 range_max',
    'float32[] ranges',
    'float32[] intensities',
  ].join('\n'),
  'geometry_msgs/PoseWithCovarianceStamped': 'std_msgs/Header header\nPoseWithCovariance pose',
  'sensor_msgs/Temperature': 'std_msgs/Header header\nfloat64 temperature\nfloat64 variance',
  'sensor_msgs/BatteryState': [
    'std_msgs/Header header',
    'float32 voltage',
    'float32 temperature',
    'float32 current',
    'float32 charge',
    'float32 capacity',
    'float32 design_capacity',
    'float32 percentage',
    'uint8 power_supply_status',
    'uint8 power_supply_health',
    'uint8 power_supply_technology',
    'bool present',
    'float32[] cell_voltage',
    'float32[] cell_temperature',
    'string location',
    'string serial_number',
  ].join('\n'),
  'fieldloop_sim/Detection': 'string label\nfloat32 score\nfloat32 dist',
  'fieldloop_sim/Detections': 'std_msgs/Header header\nDetection[] detections',
  'sensor_msgs/CompressedImage': 'std_msgs/Header header\nstring format\nuint8[] data',
  'diagnostic_msgs/KeyValue': 'string key\nstring value',
  'diagnostic_msgs/DiagnosticStatus': [
    'byte OK=0',
    'byte WARN=1',
    'byte ERROR=2',
    'byte STALE=3',
    'byte level',
    'string name',
    'string message',
    'string hardware_id',
    'KeyValue[] values',
  ].join('\n'),
  'diagnostic_msgs/DiagnosticArray': 'std_msgs/Header header\nDiagnosticStatus[] status',
  'tf2_msgs/TFMessage': 'geometry_msgs/TransformStamped[] transforms',
};

const separator = '='.repeat(80);

/** The whole text of `package/msg/Name`. */
export function schemaText(name: string): string {
  const root = name.replace('/msg/', '/');
  const needed = [root];
  for (const type of needed) {
    for (const other of referred(type)) if (!needed.includes(other)) needed.push(other);
  }
  return needed
    .map((type, i) => (i === 0 ? bodyOf(type) : `${separator}\nMSG: ${type}\n${bodyOf(type)}`))
    .join('\n');
}

function bodyOf(type: string): string {
  const body = definitions[type];
  if (body === undefined) throw new Fault('internal', `no definition of ${type}`);
  return body;
}

/** Types that a definition names; a bare name is of the same package. */
function referred(type: string): string[] {
  const home = type.split('/')[0] ?? '';
  return bodyOf(type)
    .split('\n')
    .map((line) => (line.split(' ')[0] ?? '').replace(/\[.*\]$/, ''))
    .filter((word) => /^[A-Z]|\//.test(word))
    .map((word) => (word.includes('/') ? word : `${home}/${word}`));
}

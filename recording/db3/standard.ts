/**
 * Definitions of the standard ROS 2 messages, for databases that carry none (before ROS 2 Iron).
 * Field lists are the interface as published in ros2/common_interfaces, ros2/rcl_interfaces and
 * ros2/geometry2 (Humble); constants and comments are left out, because they are not on the wire.
 */
import type { Schema } from '../types.ts';

/**
 * By package: `Name: type field field; type field`, `Header` for a header of that name, a line that
 * is indented goes on. Types without a package are of the package at hand.
 */
const packages: Readonly<Record<string, string>> = {
  builtin_interfaces: `
Time: int32 sec; uint32 nanosec
Duration: int32 sec; uint32 nanosec`,
  std_msgs: `
Header: builtin_interfaces/Time stamp; string frame_id
String: string data
Empty:
ColorRGBA: float32 r g b a
MultiArrayDimension: string label; uint32 size stride
MultiArrayLayout: MultiArrayDimension[] dim; uint32 data_offset
${numbers()}`,
  geometry_msgs: `
Vector3: float64 x y z
Point: float64 x y z
Point32: float32 x y z
Quaternion: float64 x y z w
Pose: Point position; Quaternion orientation
Pose2D: float64 x y theta
PoseArray: Header; Pose[] poses
PoseWithCovariance: Pose pose; float64[36] covariance
Polygon: Point32[] points
PolygonInstance: Polygon polygon; int64 id
Inertia: float64 m; Vector3 com; float64 ixx ixy ixz iyy iyz izz
Transform: Vector3 translation; Quaternion rotation
Twist: Vector3 linear angular
TwistWithCovariance: Twist twist; float64[36] covariance
Accel: Vector3 linear angular
AccelWithCovariance: Accel accel; float64[36] covariance
Wrench: Vector3 force torque
AccelStamped: Header; Accel accel
AccelWithCovarianceStamped: Header; AccelWithCovariance accel
InertiaStamped: Header; Inertia inertia
PointStamped: Header; Point point
PolygonStamped: Header; Polygon polygon
PolygonInstanceStamped: Header; PolygonInstance polygon
PoseStamped: Header; Pose pose
PoseWithCovarianceStamped: Header; PoseWithCovariance pose
QuaternionStamped: Header; Quaternion quaternion
TransformStamped: Header; string child_frame_id; Transform transform
TwistStamped: Header; Twist twist
TwistWithCovarianceStamped: Header; TwistWithCovariance twist
Vector3Stamped: Header; Vector3 vector
VelocityStamped: Header; string body_frame_id reference_frame_id; Twist velocity
WrenchStamped: Header; Wrench wrench`,
  sensor_msgs: `
BatteryState: Header; float32 voltage temperature current charge capacity design_capacity
  percentage; uint8 power_supply_status power_supply_health power_supply_technology; bool
  present; float32[] cell_voltage cell_temperature; string location serial_number
RegionOfInterest: uint32 x_offset y_offset height width; bool do_rectify
CameraInfo: Header; uint32 height width; string distortion_model; float64[] d; float64[9] k r;
  float64[12] p; uint32 binning_x binning_y; RegionOfInterest roi
ChannelFloat32: string name; float32[] values
CompressedImage: Header; string format; uint8[] data
FluidPressure: Header; float64 fluid_pressure variance
Illuminance: Header; float64 illuminance variance
Image: Header; uint32 height width; string encoding; uint8 is_bigendian; uint32 step; uint8[]
  data
Imu: Header; geometry_msgs/Quaternion orientation; float64[9] orientation_covariance;
  geometry_msgs/Vector3 angular_velocity; float64[9] angular_velocity_covariance;
  geometry_msgs/Vector3 linear_acceleration; float64[9] linear_acceleration_covariance
JointState: Header; string[] name; float64[] position velocity effort
Joy: Header; float32[] axes; int32[] buttons
JoyFeedback: uint8 type id; float32 intensity
JoyFeedbackArray: JoyFeedback[] array
LaserEcho: float32[] echoes
LaserScan: Header; float32 angle_min angle_max angle_increment time_increment scan_time
  range_min range_max; float32[] ranges intensities
MultiEchoLaserScan: Header; float32 angle_min angle_max angle_increment time_increment scan_time
  range_min range_max; LaserEcho[] ranges intensities
MagneticField: Header; geometry_msgs/Vector3 magnetic_field; float64[9]
  magnetic_field_covariance
MultiDOFJointState: Header; string[] joint_names; geometry_msgs/Transform[] transforms;
  geometry_msgs/Twist[] twist; geometry_msgs/Wrench[] wrench
NavSatStatus: int8 status; uint16 service
NavSatFix: Header; NavSatStatus status; float64 latitude longitude altitude; float64[9]
  position_covariance; uint8 position_covariance_type
PointField: string name; uint32 offset; uint8 datatype; uint32 count
PointCloud: Header; geometry_msgs/Point32[] points; ChannelFloat32[] channels
PointCloud2: Header; uint32 height width; PointField[] fields; bool is_bigendian; uint32
  point_step row_step; uint8[] data; bool is_dense
Range: Header; uint8 radiation_type; float32 field_of_view min_range max_range range
RelativeHumidity: Header; float64 relative_humidity variance
Temperature: Header; float64 temperature variance
TimeReference: Header; builtin_interfaces/Time time_ref; string source`,
  nav_msgs: `
MapMetaData: builtin_interfaces/Time map_load_time; float32 resolution; uint32 width height;
  geometry_msgs/Pose origin
OccupancyGrid: Header; MapMetaData info; int8[] data
GridCells: Header; float32 cell_width cell_height; geometry_msgs/Point[] cells
Odometry: Header; string child_frame_id; geometry_msgs/PoseWithCovariance pose;
  geometry_msgs/TwistWithCovariance twist
Path: Header; geometry_msgs/PoseStamped[] poses`,
  tf2_msgs: `
TFMessage: geometry_msgs/TransformStamped[] transforms
TF2Error: uint8 error; string error_string`,
  rosgraph_msgs: `
Clock: builtin_interfaces/Time clock`,
  rcl_interfaces: `
Log: builtin_interfaces/Time stamp; uint8 level; string name msg file function; uint32 line
ParameterValue: uint8 type; bool bool_value; int64 integer_value; float64 double_value; string
  string_value; byte[] byte_array_value; bool[] bool_array_value; int64[] integer_array_value;
  float64[] double_array_value; string[] string_array_value
Parameter: string name; ParameterValue value
ParameterEvent: builtin_interfaces/Time stamp; string node; Parameter[] new_parameters
  changed_parameters deleted_parameters`,
  diagnostic_msgs: `
KeyValue: string key value
DiagnosticStatus: byte level; string name message hardware_id; KeyValue[] values
DiagnosticArray: Header; DiagnosticStatus[] status`,
};

/** `Float64: float64 data` and `Float64MultiArray`, for each kind of number. */
function numbers(): string {
  const types =
    'bool byte char float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64'.split(' ');
  const lines = types.map((type) => {
    const name = type.replace(/^u?./, (start) => start.toUpperCase());
    const single = `${name}: ${type} data`;
    if (type === 'bool' || type === 'char') return single;
    return `${single}\n${name}MultiArray: MultiArrayLayout layout; ${type}[] data`;
  });
  return lines.join('\n');
}

/** `pkg/Name` to its fields, one a line, types with their package. */
const messages: ReadonlyMap<string, string> = new Map(
  Object.entries(packages).flatMap(([pkg, text]) =>
    text
      .trim()
      .replaceAll(/\n {2}/g, ' ')
      .split('\n')
      .map((line) => {
        const colon = line.indexOf(':');
        const fields = line.slice(colon + 1).split(';');
        const whole = fields.flatMap((field) => fieldsOf(pkg, field.trim()));
        return [`${pkg}/${line.slice(0, colon)}`, whole.join('\n')] as const;
      }),
  ),
);

function fieldsOf(pkg: string, field: string): readonly string[] {
  if (field === 'Header') return ['std_msgs/Header header'];
  const [type = '', ...names] = field.split(' ');
  const whole = /^[A-Z]/.test(type) ? `${pkg}/${type}` : type;
  return names.map((name) => `${whole} ${name}`);
}

/** The names that have one, as `pkg/msg/Name`. */
export const standardTypes: readonly string[] = [...messages.keys()].map((name) =>
  name.replace('/', '/msg/'),
);

const made = new Map<string, Schema>();

/** `sensor_msgs/msg/Imu` with all that it needs, as rosbag2 concatenates them. */
export function standardDefinition(type: string): Schema | undefined {
  const known = made.get(type);
  if (known !== undefined) return known;
  const name = type.replace('/msg/', '/');
  const fields = messages.get(name);
  if (fields === undefined || name === type) return undefined;
  const line = '='.repeat(80);
  const parts = [...needed(name)].map((other) => `${line}\nMSG: ${other}\n${messages.get(other)}`);
  const data = new TextEncoder().encode([fields, ...parts].join('\n'));
  const schema = { name: type, encoding: 'ros2msg', data };
  made.set(type, schema);
  return schema;
}

function needed(name: string, found = new Set<string>()): ReadonlySet<string> {
  for (const [, type = ''] of (messages.get(name) ?? '').matchAll(/^(\w+\/\w+)/gm)) {
    if (found.has(type)) continue;
    found.add(type);
    needed(type, found);
  }
  return found;
}

/** ROS 2 message definitions of the generated recordings, joined as rosbag2 stores them. */

const rule = '='.repeat(80);
const header = `MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id`;
const time = `MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec`;
const vector = `MSG: geometry_msgs/Vector3
float64 x
float64 y
float64 z`;
const quaternion = `MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w`;
const point = `MSG: geometry_msgs/Point
float64 x
float64 y
float64 z`;

const join = (...parts: readonly string[]): string => `${parts.join(`\n${rule}\n`)}\n`;

export const definitions = {
  'sensor_msgs/msg/Imu': join(
    `std_msgs/Header header
geometry_msgs/Quaternion orientation
float64[9] orientation_covariance
geometry_msgs/Vector3 angular_velocity
float64[9] angular_velocity_covariance
geometry_msgs/Vector3 linear_acceleration
float64[9] linear_acceleration_covariance`,
    header,
    time,
    quaternion,
    vector,
  ),
  'sensor_msgs/msg/JointState': join(
    `std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort`,
    header,
    time,
  ),
  'tf2_msgs/msg/TFMessage': join(
    'geometry_msgs/TransformStamped[] transforms',
    `MSG: geometry_msgs/TransformStamped
std_msgs/Header header
string child_frame_id
geometry_msgs/Transform transform`,
    header,
    time,
    `MSG: geometry_msgs/Transform
geometry_msgs/Vector3 translation
geometry_msgs/Quaternion rotation`,
    vector,
    quaternion,
  ),
  'nav_msgs/msg/Odometry': join(
    `std_msgs/Header header
string child_frame_id
geometry_msgs/PoseWithCovariance pose
geometry_msgs/TwistWithCovariance twist`,
    header,
    time,
    `MSG: geometry_msgs/PoseWithCovariance
geometry_msgs/Pose pose
float64[36] covariance`,
    `MSG: geometry_msgs/Pose
geometry_msgs/Point position
geometry_msgs/Quaternion orientation`,
    point,
    quaternion,
    `MSG: geometry_msgs/TwistWithCovariance
geometry_msgs/Twist twist
float64[36] covariance`,
    `MSG: geometry_msgs/Twist
geometry_msgs/Vector3 linear
geometry_msgs/Vector3 angular`,
    vector,
  ),
  'sensor_msgs/msg/LaserScan': join(
    `std_msgs/Header header
float32 angle_min
float32 angle_max
float32 angle_increment
float32 time_increment
float32 scan_time
float32 range_min
float32 range_max
float32[] ranges
float32[] intensities`,
    header,
    time,
  ),
  'sensor_msgs/msg/CompressedImage': join(
    `std_msgs/Header header
string format
uint8[] data`,
    header,
    time,
  ),
  'sensor_msgs/msg/PointCloud2': join(
    `std_msgs/Header header
uint32 height
uint32 width
uint32 point_step
uint32 row_step
uint8[] data
bool is_dense`,
    header,
    time,
  ),
  'std_msgs/msg/String': 'string data\n',
} as const;

export type DefinitionName = keyof typeof definitions;

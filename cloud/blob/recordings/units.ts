/** Units of common ROS fields (REP 103: metres, seconds, radians, kilograms), for axis labels. */

/** Schema names without `msg/`, and what their fields end in. */
const table: readonly (readonly [schema: RegExp, field: RegExp, unit: string])[] = [
  [/Imu$/, /^linear_acceleration\./, 'm/s²'],
  [/Imu$/, /^angular_velocity\./, 'rad/s'],
  [/(LaserScan|Range)$/, /^(ranges|range|range_min|range_max|min_range|max_range)\b/, 'm'],
  [/LaserScan$/, /^angle_/, 'rad'],
  [/NavSatFix$/, /^(latitude|longitude)$/, '°'],
  [/NavSatFix$/, /^altitude$/, 'm'],
  [/BatteryState$/, /^(voltage|cell_voltage)\b/, 'V'],
  [/BatteryState$/, /^current$/, 'A'],
  [/BatteryState$/, /^temperature$/, '°C'],
  [/Temperature$/, /^temperature$/, '°C'],
  [/FluidPressure$/, /^fluid_pressure$/, 'Pa'],
  [/MagneticField$/, /^magnetic_field\./, 'T'],
  [/WrenchStamped$|Wrench$/, /(^|\.)force\./, 'N'],
  [/WrenchStamped$|Wrench$/, /(^|\.)torque\./, 'N·m'],
  [/(Odometry|Twist|TwistStamped)$/, /(^|\.)linear\.[xyz]$/, 'm/s'],
  [/(Odometry|Twist|TwistStamped)$/, /(^|\.)angular\.[xyz]$/, 'rad/s'],
  [/(Accel|AccelStamped)$/, /(^|\.)linear\.[xyz]$/, 'm/s²'],
  [/(Odometry|Pose|PoseStamped|PoseWithCovarianceStamped)$/, /(^|\.)position\.[xyz]$/, 'm'],
  [/(Transform|TransformStamped|TFMessage)$/, /(^|\.)translation\.[xyz]$/, 'm'],
  [/(Point|PointStamped)$/, /(^|\.)?[xyz]$/, 'm'],
];

/** Undefined when nobody knows. Times read by themselves are seconds. */
export function unitOf(schema: string, field: string): string | undefined {
  if (/(^|\.)stamp$/.test(field)) return 's';
  const path = field.replace(/@.*$/, '');
  return table.find(([name, fields]) => name.test(schema) && fields.test(path))?.[2];
}

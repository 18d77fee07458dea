/** Flat geometry in metres and radians: x to the east, y to the north, angles from x to y. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Pose extends Point {
  readonly heading: number;
}

/** An upright box along the axes. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** An angle in (-pi, pi]. */
export function wrapAngle(angle: number): number {
  const turned = angle % (2 * Math.PI);
  if (turned > Math.PI) return turned - 2 * Math.PI;
  return turned <= -Math.PI ? turned + 2 * Math.PI : turned;
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

export function distance(a: Point, b: Point): number {
  return Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2);
}

/** The point `ahead` metres before a pose and `left` metres to its left. */
export function offsetPose(pose: Pose, ahead: number, left: number): Pose {
  const cos = Math.cos(pose.heading);
  const sin = Math.sin(pose.heading);
  return {
    x: pose.x + cos * ahead - sin * left,
    y: pose.y + sin * ahead + cos * left,
    heading: pose.heading,
  };
}

/** A point as seen from a pose: x ahead, y to the left. */
export function seenFrom(pose: Pose, point: Point): Point {
  const cos = Math.cos(pose.heading);
  const sin = Math.sin(pose.heading);
  const dx = point.x - pose.x;
  const dy = point.y - pose.y;
  return { x: cos * dx + sin * dy, y: cos * dy - sin * dx };
}

/** Where a ray meets a box: the way in and out in lengths of the ray, `enter` Infinity = never. */
export interface Crossing {
  enter: number;
  leave: number;
  /** The side that it enters: across x (east or west face) or across y. */
  acrossX: boolean;
}

/** Slab method (Kay & Kajiya 1986). A ray that begins inside enters at 0. */
export function rayBox(from: Point, toward: Point, box: Box, out: Crossing): boolean {
  const inverseX = 1 / toward.x;
  const inverseY = 1 / toward.y;
  const a = (box.x0 - from.x) * inverseX;
  const b = (box.x1 - from.x) * inverseX;
  const c = (box.y0 - from.y) * inverseY;
  const d = (box.y1 - from.y) * inverseY;
  const enterX = a < b ? a : b;
  const enterY = c < d ? c : d;
  const leaveX = a < b ? b : a;
  const leaveY = c < d ? d : c;
  const enter = enterX > enterY ? enterX : enterY;
  const leave = leaveX < leaveY ? leaveX : leaveY;
  if (!(enter <= leave) || leave < 0) return false;
  out.enter = enter < 0 ? 0 : enter;
  out.leave = leave;
  out.acrossX = enterX > enterY;
  return true;
}

/** Where a ray of unit length meets a circle. */
export function rayCircle(
  from: Point,
  toward: Point,
  circle: Point & { readonly radius: number },
  out: Crossing,
): boolean {
  const dx = circle.x - from.x;
  const dy = circle.y - from.y;
  const along = dx * toward.x + dy * toward.y;
  const across = dx * toward.y - dy * toward.x;
  const half = circle.radius * circle.radius - across * across;
  if (half < 0 || along + circle.radius < 0) return false;
  const root = Math.sqrt(half);
  if (along + root < 0) return false;
  out.enter = Math.max(0, along - root);
  out.leave = along + root;
  out.acrossX = true;
  return true;
}

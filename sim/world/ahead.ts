/** Ground truth of the classifier's question: what is ahead of this camera? */
import { type Body, castRay } from './body.ts';
import type { Pose } from './geometry.ts';

/** The classes in the order of the model's outputs. */
export const classes = ['clear', 'shelf', 'pallet', 'person', 'robot'] as const;
export type Ahead = (typeof classes)[number];

/** Nine rays two degrees apart look for bodies nearer than 4.5 m and shelves nearer than 3 m. */
const rays = 9;
const spread = (2 * Math.PI) / 180;
export const bodyReach = 4.5;
export const shelfReach = 3;

/**
 * The kind of the nearest body within reach that at least one ray meets; else shelf when most
 * rays end at a rack or wall within reach; else clear.
 */
export function whatIsAhead(camera: Pose, bodies: readonly Body[]): Ahead {
  let nearest = bodyReach;
  let found: Ahead = 'clear';
  let shelves = 0;
  for (let i = 0; i < rays; i += 1) {
    const angle = camera.heading + (i - (rays - 1) / 2) * spread;
    const hit = castRay(camera, { x: Math.cos(angle), y: Math.sin(angle) }, bodies);
    if (hit.kind === 'shelf') {
      if (hit.metres < shelfReach) shelves += 1;
    } else if (hit.metres < nearest) {
      nearest = hit.metres;
      found = hit.kind;
    }
  }
  if (found === 'clear' && shelves > rays / 2) return 'shelf';
  return found;
}

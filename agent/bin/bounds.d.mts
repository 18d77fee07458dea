/** Types of bounds.mjs, which is plain JavaScript so that an old Node can run it. */
import type { Bounds } from '@fieldloop/core/launch';

export const robotBounds: Bounds;

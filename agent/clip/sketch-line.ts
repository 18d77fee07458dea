/**
 * One line of a sketch while it is read: of each part of the clip's time the least and the largest
 * value, so that it takes the same memory however many readings there are.
 */
import { maxSketchPoints } from '../clip-limits.ts';

export interface SketchLine {
  readonly isEmpty: boolean;
  /** In any order of time; ms after the start of the clip. */
  add(atMs: number, value: number): void;
  /**
   * Of each part the value farthest from that of the part before, null where there was none.
   * `count` is the most points of a sketch, halved some times: neighbouring parts are joined.
   */
  parted(count: number): (number | null)[];
}

/** Length of a part when there are so many; never nothing, as a clip may be of one moment. */
export const sketchStepMs = (lengthMs: number, count: number): number =>
  Math.max(1e-3, lengthMs / maxSketchPoints) * (maxSketchPoints / count);

export function openSketchLine(lengthMs: number): SketchLine {
  const stepMs = sketchStepMs(lengthMs, maxSketchPoints);
  const least = new Float64Array(maxSketchPoints).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(maxSketchPoints).fill(Number.NEGATIVE_INFINITY);
  let first = { atMs: Number.POSITIVE_INFINITY, value: 0 };
  return {
    get isEmpty() {
      return first.atMs === Number.POSITIVE_INFINITY;
    },
    add(atMs, value) {
      const part = Math.min(maxSketchPoints - 1, Math.floor(atMs / stepMs));
      least[part] = Math.min(least[part] ?? value, value);
      most[part] = Math.max(most[part] ?? value, value);
      if (atMs < first.atMs) first = { atMs, value };
    },
    parted(count) {
      const joined = maxSketchPoints / count;
      let before = first.value;
      return Array.from({ length: count }, (_, i) => {
        const low = Math.min(...least.subarray(i * joined, (i + 1) * joined));
        const high = Math.max(...most.subarray(i * joined, (i + 1) * joined));
        if (low > high) return null;
        const farthest = before - low > high - before ? low : high;
        before = Number(farthest.toPrecision(4));
        return before;
      });
    },
  };
}

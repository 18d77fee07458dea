import { entropy, topIndex } from './scores.ts';

/**
 * How unsure a model of time segments is: the mean entropy of its frames plus the mean entropy of
 * the frames on either side of each change of class, where a segment's bounds are decided.
 */
export function segmentDoubt(frames: readonly ArrayLike<number>[]): number {
  if (frames.length === 0) return 0;
  const entropies = frames.map(entropy);
  const tops = frames.map(topIndex);
  const edges = new Set<number>();
  for (let i = 1; i < frames.length; i += 1) {
    if (tops[i] === tops[i - 1]) continue;
    edges.add(i - 1);
    edges.add(i);
  }
  return mean(entropies) + mean([...edges].map((i) => entropies[i] as number));
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

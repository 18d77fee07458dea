/** Smallest, largest, mean and deviation of each number of a feature (Welford 1962). */
export interface FeatureStats {
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly mean: readonly number[];
  /** Of the population. */
  readonly std: readonly number[];
  readonly count: readonly number[];
}

interface Running {
  count: number;
  readonly min: number[];
  readonly max: number[];
  readonly mean: number[];
  readonly squares: number[];
}

export function openStats() {
  const features = new Map<string, Running>();
  return {
    add(name: string, values: readonly number[]): void {
      const own = features.get(name) ?? { count: 0, min: [], max: [], mean: [], squares: [] };
      features.set(name, own);
      own.count += 1;
      for (const [i, value] of values.entries()) {
        own.min[i] = Math.min(own.min[i] ?? value, value);
        own.max[i] = Math.max(own.max[i] ?? value, value);
        const before = own.mean[i] ?? 0;
        const mean = before + (value - before) / own.count;
        own.squares[i] = (own.squares[i] ?? 0) + (value - before) * (value - mean);
        own.mean[i] = mean;
      }
    },
    all: (): ReadonlyMap<string, FeatureStats> =>
      new Map(
        [...features].map(([name, { count, min, max, mean, squares }]) => [
          name,
          { min, max, mean, std: squares.map((sum) => Math.sqrt(sum / count)), count: [count] },
        ]),
      ),
  };
}

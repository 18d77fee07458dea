/** Bins of the reference: tenths. */
const bins = 10;
/** A share of nothing would make the index infinite: half a unit stands in. */
const least = 0.5;

/**
 * Population stability index of two samples of a score: `Σ (a - b) ln(a / b)` over the tenths of
 * the reference (Siddiqi 2006). Below .1 little moved, above .2 the scores drifted. Undefined
 * without values on either side.
 */
export function populationStability(
  reference: ArrayLike<number>,
  now: ArrayLike<number>,
): number | undefined {
  if (reference.length === 0 || now.length === 0) return undefined;
  const sorted = Float64Array.from(reference).sort();
  const edges = Array.from(
    { length: bins - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)] as number,
  );
  const before = histogram(reference, edges);
  const after = histogram(now, edges);
  return before.reduce((sum, count, i) => {
    const a = Math.max(count, least) / reference.length;
    const b = Math.max(after[i] as number, least) / now.length;
    return sum + (b - a) * Math.log(b / a);
  }, 0);
}

function histogram(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = Array.from({ length: bins }, () => 0);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    const above = edges.findIndex((edge) => value < edge);
    const bin = above < 0 ? bins - 1 : above;
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

/** What several heads that judge one frame say together, and how far they are from each other. */
import { entropy } from './scores.ts';

/** The mean of the heads' probabilities; each head gives one a class. */
export function meanProbabilities(heads: readonly Float64Array[]): Float64Array {
  const [first] = heads;
  if (first === undefined) return new Float64Array(0);
  if (heads.length === 1) return first;
  return first.map((_, k) => heads.reduce((sum, p) => sum + (p[k] ?? 0), 0) / heads.length);
}

/**
 * Entropy of the mean less the mean of the entropies, over ln K (Jensen-Shannon divergence of the
 * heads): 0 when they agree, at most 1. What it leaves out is doubt that all heads share.
 */
export function disagreement(heads: readonly Float64Array[]): number {
  if (heads.length < 2) return 0;
  const each = heads.reduce((sum, p) => sum + entropy(p), 0) / heads.length;
  return Math.max(0, entropy(meanProbabilities(heads)) - each);
}

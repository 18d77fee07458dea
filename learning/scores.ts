/**
 * Numbers that say how sure a classifier is. All take and give plain arrays, so that the robot,
 * the evaluation and the tests compute them with the same code.
 */

/** Probabilities of logits divided by `temperature` (Guo et al. 2017); they sum to 1. */
export function softmax(logits: ArrayLike<number>, temperature = 1): Float64Array {
  const out = new Float64Array(logits.length);
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i += 1) {
    const logit = (logits[i] ?? 0) / temperature;
    out[i] = logit;
    if (logit > highest) highest = logit;
  }
  let sum = 0;
  for (let i = 0; i < out.length; i += 1) {
    const value = Math.exp((out[i] ?? 0) - highest);
    out[i] = value;
    sum += value;
  }
  for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) / sum;
  return out;
}

/** Shannon entropy over ln K: 0 when one class has it all, 1 when every class is as likely. */
export function entropy(probabilities: ArrayLike<number>): number {
  if (probabilities.length < 2) return 0;
  let nats = 0;
  for (let i = 0; i < probabilities.length; i += 1) {
    const p = probabilities[i] ?? 0;
    if (p > 0) nats -= p * Math.log(p);
    else if (Number.isNaN(p)) return Number.NaN;
  }
  return nats / Math.log(probabilities.length);
}

/** 1 - (best - second best): 0 when one class is alone, 1 when two share the lead. */
export function margin(probabilities: ArrayLike<number>): number {
  let first = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < probabilities.length; i += 1) {
    const p = probabilities[i] ?? 0;
    if (Number.isNaN(p)) return Number.NaN;
    if (p > first) {
      second = first;
      first = p;
    } else if (p > second) {
      second = p;
    }
  }
  return probabilities.length < 2 ? 0 : 1 - (first - second);
}

/** Index of the largest value, the first of equals; -1 of nothing. */
export function topIndex(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i += 1) {
    if (best < 0 || (values[i] ?? 0) > (values[best] ?? 0)) best = i;
  }
  return best;
}

/**
 * `-T · logsumexp(z / T)` of logits (Liu et al. 2020): the higher, the less the frame is like what
 * the model was trained on.
 */
export function energy(logits: ArrayLike<number>, temperature = 1): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i += 1) highest = Math.max(highest, logits[i] ?? 0);
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) {
    sum += Math.exp(((logits[i] ?? 0) - highest) / temperature);
  }
  return -(highest + temperature * Math.log(sum));
}

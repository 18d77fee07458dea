/**
 * How often something happens, from how often it was seen: intervals for Poisson counts with
 * weights, and evidence against a bound that may be looked at as often as one likes.
 */

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const alpha = 0.05;

/** What was seen: each item stands for `weight` of the whole (its size over its chance). */
export interface WeightedCount {
  /** Sum of the weights. */
  readonly sum: number;
  /** Sum of their squares. */
  readonly squares: number;
  /** The largest weight that an item could have had, seen or not. */
  readonly most: number;
}

/**
 * The 95 % interval of a sum of weighted Poisson counts by the gamma method of Fay and Feuer
 * (Statistics in Medicine 16:791, 1997). With equal weights it is the exact interval of Garwood
 * (Biometrika 28:437, 1936).
 */
export function weightedInterval({ sum, squares, most }: WeightedCount): Estimate {
  const low = sum === 0 ? 0 : (squares / sum) * gammaQuantile(alpha / 2, (sum * sum) / squares);
  const next = sum + most;
  const spread = squares + most * most;
  const high =
    most === 0 ? sum : (spread / next) * gammaQuantile(1 - alpha / 2, next ** 2 / spread);
  return { mean: sum, low, high };
}

/**
 * Evidence that events come at more than `bound` a unit of exposure: an e-value, 1 on average as
 * long as they do not. By Ville's inequality it ever exceeds 1/a with a chance of at most a, however
 * often it is looked at. It is the mixture of likelihood ratios (Robbins, Annals of Mathematical
 * Statistics 41:1397, 1970) over rates above the bound, with theta = rate/bound and density
 * exp(1 - theta):  integral over theta > 1 of theta^n exp(-(theta - 1) m) exp(1 - theta), where m
 * is the count that the bound allows. `count` may be a sum of parts of at most 1 each.
 */
export function logEvidence(count: number, exposure: number, bound: number): number {
  const scale = exposure * bound + 1;
  return scale + logUpperGamma(count + 1, scale) - (count + 1) * Math.log(scale);
}

/** P(X >= count) for a Poisson X of this mean; exact for one look. */
export function poissonTail(count: number, mean: number): number {
  if (count <= 0) return 1;
  return mean <= 0 ? 0 : lowerGamma(count, mean);
}

/** Lanczos (SIAM Journal on Numerical Analysis B 1:86, 1964) with g = 7 and nine terms. */
const lanczos = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12,
  9.984_369_578_019_571_6e-6, 1.505_632_735_149_311_6e-7,
];

/** ln of the gamma function for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const [first = 0, ...more] = lanczos;
  const sum = more.reduce((total, term, i) => total + term / (x + i), first);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

const steps = 10_000;
const precision = 1e-15;

/** Regularised lower incomplete gamma function P(a, x). */
function lowerGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  if (x < a + 1) return Math.exp(logSeries(a, x) - logGamma(a));
  return 1 - Math.exp(logFraction(a, x) - logGamma(a));
}

/** ln of the upper incomplete gamma function, not regularised. */
function logUpperGamma(a: number, x: number): number {
  if (x >= a + 1) return logFraction(a, x);
  const whole = logGamma(a);
  return whole + Math.log1p(-Math.exp(logSeries(a, x) - whole));
}

/** ln of the lower incomplete gamma function by its series; for x < a + 1. */
function logSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < steps && term > sum * precision; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return a * Math.log(x) - x + Math.log(sum);
}

/** ln of the upper incomplete gamma function by Lentz's continued fraction; for x >= a + 1. */
function logFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < steps; i += 1) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || tiny);
    c = b + an / c || tiny;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < precision) break;
  }
  return a * Math.log(x) - x + Math.log(h);
}

/** The x with P(shape, x) = p, by bisection: 200 halvings reach the precision of a double. */
function gammaQuantile(p: number, shape: number): number {
  let low = 0;
  let high = Math.max(1, shape);
  while (lowerGamma(shape, high) < p) high *= 2;
  for (let i = 0; i < 200 && high - low > precision * high; i += 1) {
    const middle = (low + high) / 2;
    if (lowerGamma(shape, middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

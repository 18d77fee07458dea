/** Quantiles that intervals are made of. */

/** Stirling's series for ln of the gamma function, after lifting x above 8. */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 8; at += 1) shift += Math.log(at);
  const square = at * at;
  const series = (1 / 12 - (1 / 360 - 1 / (1260 * square)) / square) / at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}

const most = 300;
const tiny = 1e-300;

/** Regularised incomplete beta function I_x(a, b), by Lentz's continued fraction. */
function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x),
  );
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= most; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      d = 1 / nonZero(1 + term * d);
      c = nonZero(1 + term / c);
      fraction *= d * c;
      change = d * c;
    }
    if (Math.abs(change - 1) < 1e-14) break;
  }
  return (front * fraction) / a;
}

const nonZero = (value: number): number => (Math.abs(value) < tiny ? tiny : value);

/** P(|T| <= t) of Student's t. */
const within = (t: number, df: number): number => 1 - betaShare(df / (df + t * t), df / 2, 0.5);

/** The t with P(|T| <= t) = `level`, for df >= 1; a million degrees are as good as normal. */
export function studentT(level: number, df: number): number {
  let low = 0;
  let high = 2;
  while (within(high, df) < level) high *= 2;
  while (high - low > 1e-10 * high) {
    const middle = (low + high) / 2;
    if (within(middle, df) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The z with P(|Z| <= z) = .95. */
export const z95 = 1.959_963_984_540_054;

/** P(Z > z) of the standard normal, within 1.2e-7 (Numerical Recipes 6.2.2, after Chebyshev). */
export function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const terms = [
    -1.265_512_23, 1.000_023_68, 0.374_091_96, 0.096_784_18, -0.186_288_06, 0.278_868_07,
    -1.135_203_98, 1.488_515_87, -0.822_152_23, 0.170_872_77,
  ];
  const power = terms.reduceRight((sum, term) => sum * t + term, 0);
  const tail = (t * Math.exp(-x * x + power)) / 2;
  return z >= 0 ? tail : 1 - tail;
}

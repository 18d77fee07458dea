/** Temperature scaling (Guo et al. 2017): one number so that probabilities mean what they say. */
import { softmax } from '../scores.ts';

export interface Logits {
  readonly logits: ArrayLike<number>;
  readonly truth: number;
}

export const temperatureRange = { least: 0.05, most: 20 } as const;

/** The temperature of the least mean -ln p of the truth; 1 for no units. Golden section in ln T. */
export function fitTemperature(units: readonly Logits[]): number {
  if (units.length === 0) return 1;
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(temperatureRange.least);
  let high = Math.log(temperatureRange.most);
  while (high - low > 1e-6) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (nllAt(units, Math.exp(left)) <= nllAt(units, Math.exp(right))) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

function nllAt(units: readonly Logits[], temperature: number): number {
  let sum = 0;
  for (const { logits, truth } of units) {
    sum -= Math.log(Math.max(softmax(logits, temperature)[truth] ?? 0, 1e-300));
  }
  return sum / units.length;
}

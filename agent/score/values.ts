/** What a score record holds: numbers made of the logits, and what triage wants of the model. */
import {
  disagreement,
  energy,
  entropy,
  margin,
  meanProbabilities,
  softmax,
  topIndex,
} from '@fieldloop/learning';
import { maxEmbeddingNumbers, maxNotedClasses } from '../limits.ts';
import type { Model } from './model.ts';

export interface ScoreValues {
  /** `disagreement` only of an ensemble; `energy` is the mean of its heads. */
  readonly values: Readonly<Record<ScoreName, number>> & { readonly disagreement?: number };
  readonly topClass: string;
  /** Absent when there are more classes than a note takes. */
  readonly probabilities?: readonly number[];
  /** Base64 of single-precision numbers, little endian. */
  readonly embedding?: string;
}

type ScoreName = 'entropy' | 'margin' | 'energy';

type Judged = Pick<Model, 'classes' | 'heads' | 'temperature'>;

/** Of the outputs: each head's logits, then the embedding. Undefined: one number is not finite. */
export function scoreValues(
  model: Judged,
  outputs: readonly Float32Array[],
): ScoreValues | undefined {
  const heads = outputs.slice(0, model.heads.length);
  const fits = heads.every((z) => z.length === model.classes.length && z.every(Number.isFinite));
  if (!fits || heads.length === 0) return undefined;
  const each = heads.map((logits) => softmax(logits, model.temperature));
  const p = meanProbabilities(each);
  const energies = heads.map((logits) => energy(logits, model.temperature));
  const embedding = embeddingOf(outputs[model.heads.length]);
  return {
    values: {
      entropy: entropy(p),
      margin: margin(p),
      energy: energies.reduce((sum, value) => sum + value, 0) / energies.length,
      ...(heads.length > 1 ? { disagreement: disagreement(each) } : {}),
    },
    topClass: model.classes[topIndex(p)] ?? '',
    ...(p.length > maxNotedClasses ? {} : { probabilities: [...p].map(rounded) }),
    ...(embedding === undefined ? {} : { embedding }),
  };
}

/** Seven digits are what single precision gave. */
const rounded = (value: number): number => Number(value.toPrecision(7));

function embeddingOf(values: Float32Array | undefined): string | undefined {
  if (values === undefined || values.length === 0 || values.length > maxEmbeddingNumbers) {
    return undefined;
  }
  if (!values.every(Number.isFinite)) return undefined;
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeFloatLE(value, i * 4));
  return bytes.toString('base64');
}

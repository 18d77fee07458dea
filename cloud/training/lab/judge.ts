/** What logits of frames say of a unit: the mean of its frames' probabilities. Pure. */
import { meanProbabilities, softmax } from '@fieldloop/learning';

export interface Reading {
  readonly classes: number;
  readonly temperature: number;
}

/** Logits of a frame: those of each head, one head after the other. Empty for no frames. */
export function unitProbabilities(
  frames: readonly ArrayLike<number>[],
  { classes, temperature }: Reading,
): Float64Array {
  if (frames.length === 0) return new Float64Array(0);
  return meanProbabilities(
    frames.map((logits) => frameProbabilities(logits, classes, temperature)),
  );
}

function frameProbabilities(
  logits: ArrayLike<number>,
  classes: number,
  temperature: number,
): Float64Array {
  const all = Array.from(logits);
  const heads = Math.max(1, Math.floor(all.length / classes));
  return meanProbabilities(
    Array.from({ length: heads }, (_, head) =>
      softmax(all.slice(head * classes, (head + 1) * classes), temperature),
    ),
  );
}

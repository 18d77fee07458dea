/** Scores that the cloud adds to those of the robot: novelty and the failure model. Pure. */
import {
  entropy,
  type FailureModel,
  novelty,
  openFailureScorer,
  type Rows,
} from '@fieldloop/learning';

/** What the failure model sees of a unit: embedding, probabilities, and their entropy. */
export function failureInput(
  embedding: ArrayLike<number> | undefined,
  probabilities: ArrayLike<number> | undefined,
): Float32Array {
  const a = embedding?.length ?? 0;
  const b = probabilities?.length ?? 0;
  const input = new Float32Array(a + b + 1);
  if (embedding !== undefined) input.set(embedding, 0);
  if (probabilities !== undefined) {
    input.set(probabilities, a);
    input[a + b] = entropy(probabilities);
  }
  return input;
}

export interface CloudScoring {
  /** Embeddings of units from before this window. */
  readonly known?: Rows | undefined;
  readonly neighbour: number;
  readonly failure?: { readonly model: FailureModel; readonly inputs: number } | undefined;
}

export interface CloudScores {
  readonly novelty?: Float64Array | undefined;
  readonly failure?: Float64Array | undefined;
}

export function cloudScores(
  units: {
    readonly count: number;
    readonly embeddings?: Rows | undefined;
    readonly probabilities?: Rows | undefined;
  },
  { known, neighbour, failure }: CloudScoring,
): CloudScores {
  const { count, embeddings, probabilities } = units;
  const isAlike = embeddings !== undefined && known?.width === embeddings.width;
  const width = (embeddings?.width ?? 0) + (probabilities?.width ?? 0) + 1;
  const score =
    failure === undefined || failure.inputs !== width || width === 1
      ? undefined
      : openFailureScorer(failure.model);
  return {
    novelty: isAlike ? novelty(embeddings, known, neighbour) : undefined,
    failure:
      score &&
      Float64Array.from({ length: count }, (_, i) =>
        score(failureInput(rowOf(embeddings, i), rowOf(probabilities, i))),
      ),
  };
}

const rowOf = (rows: Rows | undefined, i: number): Float32Array | undefined =>
  rows?.values.subarray(i * rows.width, (i + 1) * rows.width);

/**
 * A small model of when another model fails: whether a verified label disagreed with its
 * prediction, from what was known at the moment (embedding, probabilities, conditions). It is
 * judged by its scores of sessions that it was not trained on: moments of one session are alike.
 */
import { canonicalJson, type Random, seededRandom } from '@fieldloop/core';
import { auroc } from './estimate/ranking.ts';
import { softmax } from './scores.ts';
import { activations, type Network } from './train/network.ts';
import { train } from './train/train.ts';

export interface FailureRow {
  /** The same numbers in the same places for every row. */
  readonly input: ArrayLike<number>;
  readonly failed: boolean;
  readonly session: string;
}

/** Everything that a score needs; equal rows and seed give an equal document. */
export interface FailureModel {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly layers: readonly {
    readonly inputs: number;
    readonly outputs: number;
    readonly weights: readonly number[];
    readonly bias: readonly number[];
  }[];
}

export interface TrainedFailureModel {
  readonly model: FailureModel;
  /** Score of each row by the fold that did not see its session. */
  readonly held: Float64Array;
  /** AUROC of `held`; NaN when all rows failed or none. */
  readonly auroc: number;
}

const folds = 5;
const recipe = { hidden: [16], epochs: 40, batch: 32, learningRate: 3e-3, weightDecay: 1e-2 };

/** Needs rows of at least two sessions; undefined otherwise. */
export function trainFailureModel(
  rows: readonly FailureRow[],
  seed: string,
): TrainedFailureModel | undefined {
  const fold = foldsOf(
    rows.map(({ session }) => session),
    seededRandom(`${seed}/folds`),
  );
  if (new Set(fold).size < 2) return undefined;
  const held = new Float64Array(rows.length);
  for (const one of new Set(fold)) {
    const model = fit(
      rows.filter((_, i) => fold[i] !== one),
      seededRandom(`${seed}/fold ${one}`),
    );
    rows.forEach(({ input }, i) => {
      if (fold[i] === one) held[i] = failureScore(model, input);
    });
  }
  const failed = rows.map((row) => Number(row.failed));
  const model = fit(rows, seededRandom(`${seed}/all`));
  return { model, held, auroc: auroc({ scores: held, failed }) };
}

/** Chance of a failure as the model sees it, in [0, 1]. */
export const failureScore = (model: FailureModel, input: ArrayLike<number>): number =>
  openFailureScorer(model)(input);

/** Scores many inputs with one reading of the document. */
export function openFailureScorer(model: FailureModel): (input: ArrayLike<number>) => number {
  const network: Network = model.layers.map((layer) => ({
    ...layer,
    weights: Float64Array.from(layer.weights),
    bias: Float64Array.from(layer.bias),
  }));
  return (input) => chanceOf(network, standardised(model, input));
}

export const failureModelText = (model: FailureModel): string =>
  canonicalJson(JSON.parse(JSON.stringify(model)));

/** Fold of each row; all rows of a session are in one, sessions spread by chance. */
function foldsOf(sessions: readonly string[], random: Random): readonly number[] {
  const names = [...new Set(sessions)].toSorted();
  for (let i = names.length - 1; i > 0; i -= 1) {
    const j = random.integer(i + 1);
    [names[i], names[j]] = [names[j] ?? '', names[i] ?? ''];
  }
  const foldOf = new Map(names.map((name, i) => [name, i % folds]));
  return sessions.map((session) => foldOf.get(session) ?? 0);
}

function fit(rows: readonly FailureRow[], random: Random): FailureModel {
  const width = rows[0]?.input.length ?? 0;
  const { mean, scale } = spreadOf(rows, width);
  const inputs = new Float32Array(rows.length * width);
  const targets = new Float32Array(rows.length * 2);
  rows.forEach(({ input, failed }, i) => {
    inputs.set(standardised({ mean, scale }, input), i * width);
    targets[i * 2 + Number(failed)] = 1;
  });
  const network = train({ count: rows.length, inputs, targets }, { ...recipe, random });
  return {
    mean,
    scale,
    layers: network.map((layer) => ({
      inputs: layer.inputs,
      outputs: layer.outputs,
      weights: [...layer.weights].map(Math.fround),
      bias: [...layer.bias].map(Math.fround),
    })),
  };
}

function spreadOf(rows: readonly FailureRow[], width: number) {
  const mean = Array.from({ length: width }, () => 0);
  const square = Array.from({ length: width }, () => 0);
  for (const { input } of rows) {
    for (let d = 0; d < width; d += 1) mean[d] = (mean[d] ?? 0) + (input[d] ?? 0) / rows.length;
  }
  for (const { input } of rows) {
    for (let d = 0; d < width; d += 1) {
      square[d] = (square[d] ?? 0) + ((input[d] ?? 0) - (mean[d] ?? 0)) ** 2 / rows.length;
    }
  }
  // What never changes among the rows tells nothing, and must not blow up later.
  const scale = square.map((value) => (value < 1e-12 ? 0 : 1 / Math.sqrt(value)));
  return { mean, scale };
}

/** Inputs beyond this many deviations are no more told apart. */
const farthest = 8;

function standardised(
  { mean, scale }: Pick<FailureModel, 'mean' | 'scale'>,
  input: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(mean, (centre, d) => {
    const value = ((input[d] ?? 0) - centre) * (scale[d] ?? 0);
    return Math.max(-farthest, Math.min(farthest, value));
  });
}

const chanceOf = (network: Network, row: Float64Array): number =>
  softmax(activations(network, row, 1).at(-1) ?? [0, 0])[1] ?? 0;

/**
 * Trains a classifier by mini-batches: cross-entropy against soft targets, Adam (Kingma & Ba
 * 2015) with decoupled weight decay (Loshchilov & Hutter 2019) and a cosine learning rate.
 * Same samples, options and seed: same weights, on one major version of Node.
 */
import { Fault, type Random } from '@fieldloop/core';
import { softmax } from '../scores.ts';
import { activations, type Layer, type Network, openNetwork } from './network.ts';

export interface Samples {
  readonly count: number;
  /** `count` rows of the network's inputs. */
  readonly inputs: Float32Array;
  /** `count` rows of one probability a class. */
  readonly targets: Float32Array;
}

export interface TrainOptions {
  readonly random: Random;
  /** Units of each hidden layer; none is softmax regression. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** How the learning rate goes over the steps: down a half cosine unless said. */
  readonly scheduler?: 'cosine' | 'constant' | undefined;
  /** Weights to begin with instead of fresh ones; its sizes count, not `hidden`. */
  readonly start?: Network | undefined;
  /** Told the mean loss of each epoch, in nats. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

export interface Gradient {
  /** Mean over the rows, in nats. */
  readonly loss: number;
  readonly layers: readonly { readonly weights: Float64Array; readonly bias: Float64Array }[];
}

/** Where training stands after an epoch. Its arrays change with the next one. */
export interface TrainState {
  /** Epochs done. */
  readonly epoch: number;
  /** Mean loss of the last one, in nats. */
  readonly loss: number;
  readonly network: Network;
  /** Adam's means of the slopes, and of their squares. */
  readonly means: Network;
  readonly squares: Network;
}

export function train(samples: Samples, options: TrainOptions): Network {
  let network: Network = [];
  for (const state of trainEpochs(samples, options)) {
    network = state.network;
    options.onEpoch?.(state.epoch - 1, state.loss);
  }
  return network;
}

/**
 * One value an epoch, so that whoever trains can stop and keep what there is. With `resume`, the
 * values are those that the run it was taken from would have given.
 */
export function* trainEpochs(
  samples: Samples,
  options: TrainOptions,
  resume?: TrainState,
): Generator<TrainState, void> {
  const { epochs, batch, learningRate, weightDecay } = options;
  const network = resume?.network ?? freshNetwork(samples, options);
  const means = resume?.means ?? network.map(emptyLike);
  const squares = resume?.squares ?? network.map(emptyLike);
  const order = Uint32Array.from({ length: samples.count }, (_, i) => i);
  const chance = options.random.fork('order');
  const each = Math.ceil(samples.count / batch);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    // A resumed run draws the orders of the epochs before, and is where it was.
    shuffle(order, chance);
    if (epoch < (resume?.epoch ?? 0)) continue;
    let loss = 0;
    let step = epoch * each;
    for (let at = 0; at < order.length; at += batch) {
      const rows = order.subarray(at, at + batch);
      const found = gradient(network, samples, rows);
      loss += found.loss * rows.length;
      const fall = options.scheduler === 'constant' ? 1 : half(step / (epochs * each));
      step += 1;
      adam({ network, means, squares }, found, {
        step,
        rate: learningRate * fall,
        decay: weightDecay,
      });
    }
    yield { epoch: epoch + 1, loss: loss / samples.count, network, means, squares };
  }
}

const half = (share: number): number => (1 + Math.cos(Math.PI * share)) / 2;

function freshNetwork(samples: Samples, options: TrainOptions): Network {
  const { start, hidden, random } = options;
  const inputs = samples.inputs.length / samples.count;
  const classes = samples.targets.length / samples.count;
  if (start === undefined) return openNetwork([inputs, ...hidden, classes], random.fork('weights'));
  const [first, last] = [start[0]?.inputs, start.at(-1)?.outputs];
  if (first !== inputs || last !== classes) {
    throw new Fault('invalid', `weights of ${first} inputs and ${last} classes do not fit`, {
      remedy: `The samples have ${inputs} inputs and ${classes} classes: train without warmStart.`,
    });
  }
  return start.map((layer) => ({
    ...layer,
    weights: layer.weights.slice(),
    bias: layer.bias.slice(),
  }));
}

const emptyLike = (layer: Layer): Layer => ({
  ...layer,
  weights: new Float64Array(layer.weights.length),
  bias: new Float64Array(layer.bias.length),
});

/** Mean cross-entropy of some rows and its derivative by every weight. */
export function gradient(network: Network, samples: Samples, rows: Uint32Array): Gradient {
  const layers = network.map((layer) => ({
    weights: new Float64Array(layer.weights.length),
    bias: new Float64Array(layer.bias.length),
  }));
  const input = gather(samples.inputs, samples.inputs.length / samples.count, rows);
  const given = activations(network, input, rows.length);
  const targets = gather(samples.targets, samples.targets.length / samples.count, rows);
  const top = againstTargets(given.at(-1) ?? targets, targets, rows.length);
  let delta = top.delta;
  for (let at = network.length - 1; at >= 0; at -= 1) {
    const layer = network[at];
    const sums = layers[at];
    if (layer === undefined || sums === undefined) continue;
    const below = at === 0 ? input : (given[at - 1] ?? input);
    collect(sums, delta, { below, rows: rows.length });
    if (at > 0) delta = pushBack(layer, delta, below);
  }
  return { loss: top.loss, layers };
}

function gather(from: Float32Array, width: number, rows: Uint32Array): Float64Array {
  const out = new Float64Array(rows.length * width);
  rows.forEach((row, i) => out.set(from.subarray(row * width, (row + 1) * width), i * width));
  return out;
}

/** Cross-entropy of logits, and its derivative by each of them: (p - target) / rows. */
function againstTargets(
  logits: Float64Array,
  targets: Float64Array,
  rows: number,
): { readonly loss: number; readonly delta: Float64Array } {
  const classes = logits.length / rows;
  const delta = new Float64Array(logits.length);
  let loss = 0;
  for (let row = 0; row < rows; row += 1) {
    const p = softmax(logits.subarray(row * classes, (row + 1) * classes));
    for (let k = 0; k < classes; k += 1) {
      const share = p[k] as number;
      const wanted = targets[row * classes + k] as number;
      if (wanted > 0) loss -= (wanted * Math.log(Math.max(share, 1e-300))) / rows;
      delta[row * classes + k] = (share - wanted) / rows;
    }
  }
  return { loss, delta };
}

/** Adds the rows' shares to the derivatives of a layer, four rows at a time. */
function collect(
  sums: { readonly weights: Float64Array; readonly bias: Float64Array },
  delta: Float64Array,
  { below, rows }: { readonly below: Float64Array; readonly rows: number },
): void {
  const outputs = delta.length / rows;
  const inputs = below.length / rows;
  const none = new Float64Array(inputs);
  const rowOf = (row: number): Float64Array =>
    row < rows ? below.subarray(row * inputs, (row + 1) * inputs) : none;
  const slopeOf = (row: number, o: number): number => delta[row * outputs + o] ?? 0;
  for (let row = 0; row < rows; row += 4) {
    const four = [rowOf(row), rowOf(row + 1), rowOf(row + 2), rowOf(row + 3)] as const;
    for (let o = 0; o < outputs; o += 1) {
      const slopes = [
        slopeOf(row, o),
        slopeOf(row + 1, o),
        slopeOf(row + 2, o),
        slopeOf(row + 3, o),
      ] as const;
      const sum = slopes[0] + slopes[1] + slopes[2] + slopes[3];
      if (sum === 0 && slopes.every((slope) => slope === 0)) continue;
      sums.bias[o] = (sums.bias[o] as number) + sum;
      addRows(sums.weights, o * inputs, four, slopes);
    }
  }
}

type Four<T> = readonly [T, T, T, T];

function addRows(
  sums: Float64Array,
  at: number,
  [r0, r1, r2, r3]: Four<Float64Array>,
  [s0, s1, s2, s3]: Four<number>,
): void {
  for (let i = 0; i < r0.length; i += 1) {
    sums[at + i] =
      (sums[at + i] as number) +
      s0 * (r0[i] as number) +
      s1 * (r1[i] as number) +
      s2 * (r2[i] as number) +
      s3 * (r3[i] as number);
  }
}

/** The derivative by the values below a layer; ReLU lets it through where the value is above 0. */
function pushBack(layer: Layer, delta: Float64Array, below: Float64Array): Float64Array {
  const { inputs, outputs, weights } = layer;
  const out = new Float64Array(below.length);
  for (let at = 0, row = 0; at < out.length; at += inputs, row += 1) {
    for (let o = 0; o < outputs; o += 1) {
      const slope = delta[row * outputs + o] as number;
      for (let i = 0; i < inputs; i += 1) {
        out[at + i] = (out[at + i] as number) + slope * (weights[o * inputs + i] as number);
      }
    }
  }
  for (let i = 0; i < out.length; i += 1) if (!((below[i] as number) > 0)) out[i] = 0;
  return out;
}

/** One step of Adam with its usual constants. Biases are not decayed. */
function adam(
  state: Pick<TrainState, 'network' | 'means' | 'squares'>,
  found: Gradient,
  at: { readonly step: number; readonly rate: number; readonly decay: number },
): void {
  state.network.forEach((layer, n) => {
    for (const part of ['weights', 'bias'] as const) {
      const mean = state.means[n]?.[part];
      const square = state.squares[n]?.[part];
      const slopes = found.layers[n]?.[part];
      if (mean === undefined || square === undefined || slopes === undefined) continue;
      const shrink = part === 'weights' ? at.rate * at.decay : 0;
      move(layer[part], slopes, [mean, square], { ...at, shrink });
    }
  });
}

function move(
  values: Float64Array,
  slopes: Float64Array,
  [mean, square]: readonly [Float64Array, Float64Array],
  at: { readonly step: number; readonly rate: number; readonly shrink: number },
): void {
  const rate = at.rate / (1 - 0.9 ** at.step);
  const spread = 1 / (1 - 0.999 ** at.step);
  const keep = 1 - at.shrink;
  for (let i = 0; i < values.length; i += 1) {
    const slope = slopes[i] as number;
    const m = 0.9 * (mean[i] as number) + 0.1 * slope;
    const s = 0.999 * (square[i] as number) + 0.001 * slope * slope;
    mean[i] = m;
    square[i] = s;
    values[i] = (values[i] as number) * keep - (rate * m) / (Math.sqrt(s * spread) + 1e-8);
  }
}

/** Fisher & Yates. */
function shuffle(order: Uint32Array, random: Random): void {
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = random.integer(i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
}

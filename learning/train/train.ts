/**
 * Trains a classifier by mini-batches: cross-entropy against soft targets, Adam (Kingma & Ba
 * 2015) with decoupled weight decay (Loshchilov & Hutter 2019) and a cosine learning rate.
 * Same samples, options and seed: same weights, on one major version of Node.
 */
import type { Random } from '@fieldloop/core';
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
  /** Told the mean loss of each epoch, in nats. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

export interface Gradient {
  /** Mean over the rows, in nats. */
  readonly loss: number;
  readonly layers: readonly { readonly weights: Float64Array; readonly bias: Float64Array }[];
}

export function train(samples: Samples, options: TrainOptions): Network {
  const inputs = samples.inputs.length / samples.count;
  const classes = samples.targets.length / samples.count;
  const network = openNetwork([inputs, ...options.hidden, classes], options.random.fork('weights'));
  const order = Uint32Array.from({ length: samples.count }, (_, i) => i);
  const adam = openAdam(network, options.weightDecay);
  const chance = options.random.fork('order');
  const steps = options.epochs * Math.ceil(samples.count / options.batch);
  let step = 0;
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    shuffle(order, chance);
    let loss = 0;
    for (let at = 0; at < order.length; at += options.batch) {
      const rows = order.subarray(at, at + options.batch);
      const found = gradient(network, samples, rows);
      loss += found.loss * rows.length;
      const rate = (options.learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      adam(found, rate);
      step += 1;
    }
    options.onEpoch?.(epoch, loss / samples.count);
  }
  return network;
}

/** Mean cross-entropy of some rows and its derivative by every weight. */
export function gradient(network: Network, samples: Samples, rows: Uint32Array): Gradient {
  const layers = network.map((layer) => ({
    weights: new Float64Array(layer.weights.length),
    bias: new Float64Array(layer.bias.length),
  }));
  const inputs = samples.inputs.length / samples.count;
  const classes = samples.targets.length / samples.count;
  let loss = 0;
  for (const row of rows) {
    const input = samples.inputs.subarray(row * inputs, (row + 1) * inputs);
    const target = samples.targets.subarray(row * classes, (row + 1) * classes);
    const given = activations(network, input);
    const probabilities = softmax(given.at(-1) ?? []);
    let delta = new Float64Array(classes);
    for (let k = 0; k < classes; k += 1) {
      const p = probabilities[k] ?? 0;
      const wanted = target[k] ?? 0;
      if (wanted > 0) loss -= (wanted * Math.log(Math.max(p, 1e-300))) / rows.length;
      delta[k] = (p - wanted) / rows.length;
    }
    for (let at = network.length - 1; at >= 0; at -= 1) {
      const layer = network[at];
      const sums = layers[at];
      if (layer === undefined || sums === undefined) continue;
      const below = at === 0 ? input : (given[at - 1] ?? input);
      collect(sums, delta, below);
      if (at > 0) delta = pushBack(layer, delta, below);
    }
  }
  return { loss, layers };
}

/** Adds one row's share to the derivatives of a layer. */
function collect(
  sums: { readonly weights: Float64Array; readonly bias: Float64Array },
  delta: Float64Array,
  below: ArrayLike<number>,
): void {
  for (let o = 0; o < delta.length; o += 1) {
    const slope = delta[o] ?? 0;
    if (slope === 0) continue;
    sums.bias[o] = (sums.bias[o] ?? 0) + slope;
    const at = o * below.length;
    for (let i = 0; i < below.length; i += 1) {
      sums.weights[at + i] = (sums.weights[at + i] ?? 0) + slope * (below[i] ?? 0);
    }
  }
}

/** The derivative by the values below a layer; ReLU lets it through where the value is above 0. */
function pushBack(
  layer: Layer,
  delta: Float64Array,
  below: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(layer.inputs);
  for (let o = 0; o < layer.outputs; o += 1) {
    const slope = delta[o] ?? 0;
    for (let i = 0; i < layer.inputs; i += 1) {
      out[i] = (out[i] ?? 0) + slope * (layer.weights[o * layer.inputs + i] ?? 0);
    }
  }
  for (let i = 0; i < layer.inputs; i += 1) if (!((below[i] ?? 0) > 0)) out[i] = 0;
  return out;
}

/** Adam with its usual constants. Biases are not decayed. */
function openAdam(network: Network, decay: number): (found: Gradient, rate: number) => void {
  const moments = network.map((layer) => ({
    weights: [new Float64Array(layer.weights.length), new Float64Array(layer.weights.length)],
    bias: [new Float64Array(layer.bias.length), new Float64Array(layer.bias.length)],
  }));
  let step = 0;
  return (found, rate) => {
    step += 1;
    network.forEach((layer, at) => {
      for (const part of ['weights', 'bias'] as const) {
        const [mean, square] = moments[at]?.[part] ?? [];
        const slopes = found.layers[at]?.[part];
        if (mean === undefined || square === undefined || slopes === undefined) continue;
        const shrink = part === 'weights' ? rate * decay : 0;
        move(layer[part], slopes, [mean, square], { step, rate, shrink });
      }
    });
  };
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
    const slope = slopes[i] ?? 0;
    const m = 0.9 * (mean[i] ?? 0) + 0.1 * slope;
    const s = 0.999 * (square[i] ?? 0) + 0.001 * slope * slope;
    mean[i] = m;
    square[i] = s;
    values[i] = (values[i] ?? 0) * keep - (rate * m) / (Math.sqrt(s * spread) + 1e-8);
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

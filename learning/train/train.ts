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

/**
 * Dense layers with ReLU between them: softmax regression is one layer, a multilayer perceptron
 * two or more. Weights are doubles while training; a file keeps singles.
 */
import type { Random } from '@fieldloop/core';

/** `weights[o * inputs + i]` joins input i with output o. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

export type Network = readonly Layer[];

/** Fresh layers of `sizes` [inputs, hidden…, classes], weights after He et al. 2015. */
export function openNetwork(sizes: readonly number[], random: Random): Network {
  return sizes.slice(1).map((outputs, at) => {
    const inputs = sizes[at] ?? 0;
    const scale = Math.sqrt(2 / inputs);
    return {
      inputs,
      outputs,
      weights: Float64Array.from({ length: inputs * outputs }, () => random.normal() * scale),
      bias: new Float64Array(outputs),
    };
  });
}

/** The network with every weight rounded to a single, as a file holds it. */
export function roundToSingle(network: Network): Network {
  return network.map((layer) => ({
    ...layer,
    weights: Float64Array.from(layer.weights, Math.fround),
    bias: Float64Array.from(layer.bias, Math.fround),
  }));
}

/** Logits of one input. */
export function logitsOf(network: Network, input: ArrayLike<number>): Float64Array {
  return activations(network, input).at(-1) ?? new Float64Array(0);
}

/** What each layer gives for one input: after ReLU, and the last one bare. */
export function activations(network: Network, input: ArrayLike<number>): readonly Float64Array[] {
  const given: Float64Array[] = [];
  let values = input;
  network.forEach((layer, at) => {
    const out = new Float64Array(layer.outputs);
    for (let o = 0; o < layer.outputs; o += 1) {
      const sum = (layer.bias[o] ?? 0) + dot(layer.weights, o * layer.inputs, values);
      out[o] = sum > 0 || at === network.length - 1 ? sum : 0;
    }
    given.push(out);
    values = out;
  });
  return given;
}

/** Four sums side by side: the order is fixed, so the result is too, and it runs faster. */
function dot(weights: Float64Array, at: number, values: ArrayLike<number>): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= values.length; i += 4) {
    a += (weights[at + i] ?? 0) * (values[i] ?? 0);
    b += (weights[at + i + 1] ?? 0) * (values[i + 1] ?? 0);
    c += (weights[at + i + 2] ?? 0) * (values[i + 2] ?? 0);
    d += (weights[at + i + 3] ?? 0) * (values[i + 3] ?? 0);
  }
  for (; i < values.length; i += 1) a += (weights[at + i] ?? 0) * (values[i] ?? 0);
  return a + b + (c + d);
}

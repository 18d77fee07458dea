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
  return activations(network, Float64Array.from(input), 1).at(-1) ?? new Float64Array(0);
}

/**
 * What each layer gives for `rows` inputs, one after the other: after ReLU, and the last one
 * bare. A row gives the same numbers alone and among others.
 */
export function activations(
  network: Network,
  inputs: Float64Array,
  rows: number,
): readonly Float64Array[] {
  const given: Float64Array[] = [];
  let below = inputs;
  network.forEach((layer, at) => {
    const out = new Float64Array(rows * layer.outputs);
    multiply(layer, below, out);
    if (at < network.length - 1) {
      for (let i = 0; i < out.length; i += 1) if (!((out[i] as number) > 0)) out[i] = 0;
    }
    given.push(out);
    below = out;
  });
  return given;
}

/** `out` = rows of `below` times the weights plus the bias; four rows share one walk. */
function multiply(layer: Layer, below: Float64Array, out: Float64Array): void {
  const { inputs, outputs, weights, bias } = layer;
  const rows = out.length / outputs;
  for (let o = 0; o < outputs; o += 1) {
    const from = o * inputs;
    const start = bias[o] as number;
    let row = 0;
    for (; row + 4 <= rows; row += 4) {
      const r0 = row * inputs;
      const r1 = r0 + inputs;
      const r2 = r1 + inputs;
      const r3 = r2 + inputs;
      let a = start;
      let b = start;
      let c = start;
      let d = start;
      for (let i = 0; i < inputs; i += 1) {
        const weight = weights[from + i] as number;
        a += weight * (below[r0 + i] as number);
        b += weight * (below[r1 + i] as number);
        c += weight * (below[r2 + i] as number);
        d += weight * (below[r3 + i] as number);
      }
      out[row * outputs + o] = a;
      out[(row + 1) * outputs + o] = b;
      out[(row + 2) * outputs + o] = c;
      out[(row + 3) * outputs + o] = d;
    }
    for (; row < rows; row += 1) {
      let sum = start;
      const at = row * inputs;
      for (let i = 0; i < inputs; i += 1) {
        sum += (weights[from + i] as number) * (below[at + i] as number);
      }
      out[row * outputs + o] = sum;
    }
  }
}

/**
 * The state of a training as text: all numbers whole, so that a training that goes on from it ends
 * with the weights of one that was never stopped.
 */
import { Fault } from '@fieldloop/core';
import type { Layer, Network } from './network.ts';
import type { TrainState } from './train.ts';

const format = 'fieldloop.checkpoint/v1';

export function checkpointText(state: TrainState): string {
  const { epoch, loss, network, means, squares } = state;
  return JSON.stringify({
    format,
    epoch,
    loss,
    network: network.map(layerText),
    means: means.map(layerText),
    squares: squares.map(layerText),
  });
}

/** Fault `corrupt` when the text is no checkpoint. */
export function readCheckpoint(text: string): TrainState {
  try {
    const read = JSON.parse(text) as Written;
    if (read.format !== format) throw new TypeError(`the format is ${String(read.format)}`);
    return {
      epoch: read.epoch,
      loss: read.loss,
      network: layersOf(read.network),
      means: layersOf(read.means),
      squares: layersOf(read.squares),
    };
  } catch (error) {
    throw new Fault('corrupt', 'the checkpoint cannot be read', {
      remedy: 'Start the training anew: without a checkpoint it begins at its first epoch.',
      cause: error,
    });
  }
}

interface LayerText {
  readonly inputs: number;
  readonly outputs: number;
  /** Doubles in little-endian order, base64. */
  readonly weights: string;
  readonly bias: string;
}

interface Written {
  readonly format: unknown;
  readonly epoch: number;
  readonly loss: number;
  readonly network: readonly LayerText[];
  readonly means: readonly LayerText[];
  readonly squares: readonly LayerText[];
}

const layerText = ({ inputs, outputs, weights, bias }: Layer): LayerText => ({
  inputs,
  outputs,
  weights: doublesText(weights),
  bias: doublesText(bias),
});

function layersOf(layers: readonly LayerText[]): Network {
  return layers.map(({ inputs, outputs, weights, bias }) => {
    const layer = { inputs, outputs, weights: doublesOf(weights), bias: doublesOf(bias) };
    if (layer.weights.length !== inputs * outputs || layer.bias.length !== outputs) {
      throw new TypeError('a layer has another number of weights');
    }
    return layer;
  });
}

function doublesText(values: Float64Array): string {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i += 1) view.setFloat64(i * 8, values[i] ?? 0, true);
  return Buffer.from(bytes).toString('base64');
}

function doublesOf(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(i * 8, true));
}

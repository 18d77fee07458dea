/**
 * The cloud's one door to ONNX Runtime. A broken file can end the process that loads it, so only
 * processes that may end import this file: the laboratory and the built-in trainer.
 */
import { asFault, Fault } from '@fieldloop/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface TensorShape {
  readonly name: string;
  readonly type: string;
  /** Names stand for sizes that are known when the model runs. */
  readonly dimensions: readonly (number | string)[];
}

export interface OnnxSession extends AsyncDisposable {
  readonly inputs: readonly TensorShape[];
  readonly outputs: readonly TensorShape[];
  /** The outputs that were asked for, in that order. */
  run(call: {
    readonly input: string;
    readonly outputs: readonly string[];
    readonly tensor: Float32Array;
    readonly dimensions: readonly number[];
  }): Promise<readonly Float32Array[]>;
}

/** Fault `corrupt` when the runtime does not load the file. */
export async function openOnnx(bytes: Uint8Array, place: string): Promise<OnnxSession> {
  const session = await create(bytes, place);
  return {
    inputs: session.inputMetadata.map(shapeOf),
    outputs: session.outputMetadata.map(shapeOf),
    async run({ input, outputs, tensor, dimensions }) {
      const feeds = { [input]: new Tensor('float32', tensor, dimensions) };
      const results = await session.run(feeds, outputs);
      return outputs.map((output) => {
        const data = results[output]?.data;
        if (data instanceof Float32Array) return data;
        throw new Fault('invalid', `the output ${output} is not of single precision`, {
          place,
          remedy: 'Export the model with float32 outputs.',
        });
      });
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

async function create(bytes: Uint8Array, place: string): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      executionProviders: ['cpu'],
      // Fatal only: what goes wrong comes as an error and is told once.
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw new Fault('corrupt', `ONNX Runtime does not load it: ${asFault(error).message}`, {
      place,
      remedy: 'Export the model again, for an operator set that ONNX Runtime 1.30 knows.',
      cause: error,
    });
  }
}

function shapeOf(meta: InferenceSession.ValueMetadata): TensorShape {
  if (!meta.isTensor) return { name: meta.name, type: 'not a tensor', dimensions: [] };
  return { name: meta.name, type: meta.type, dimensions: meta.shape };
}

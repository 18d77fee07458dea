/**
 * The one door to ONNX Runtime. `run` blocks its thread's event loop, so only the scoring worker
 * and `fieldloop-agent check` import this file.
 */
import { asFault, Fault } from '@fieldloop/core';
import type { OutputTensor } from '@fieldloop/learning';
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
  run(call: OnnxCall): Promise<readonly OutputTensor[]>;
}

interface OnnxCall {
  readonly input: string;
  readonly outputs: readonly string[];
  readonly tensor: Float32Array;
  readonly dimensions: readonly number[];
}

export async function openOnnx(bytes: Uint8Array, place: string): Promise<OnnxSession> {
  const session = await create(bytes, place);
  return {
    inputs: session.inputMetadata.map(shapeOf),
    outputs: session.outputMetadata.map(shapeOf),
    async run({ input, outputs, tensor, dimensions }) {
      const feeds = { [input]: new Tensor('float32', tensor, dimensions) };
      const results = await session.run(feeds, outputs);
      return outputs.map((output) => {
        const found = results[output];
        const values = singlesOf(found?.data);
        if (found !== undefined && values !== undefined) {
          return { values, dimensions: found.dims };
        }
        throw new Fault('invalid', `the output ${output} is not of single precision`, {
          place,
          remedy: 'Export the model with float32 outputs; labels may be int32 or int64.',
        });
      });
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

/** Labels of detectors come as integers. */
function singlesOf(data: unknown): Float32Array | undefined {
  if (data instanceof Float32Array) return data;
  if (data instanceof Int32Array) return Float32Array.from(data);
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number);
  return undefined;
}

/** One thread, sequential: the robot's other programs need the cores more. */
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
      remedy: 'Copy the file again, or export it for an operator set that ONNX Runtime 1.30 knows.',
      cause: error,
    });
  }
}

function shapeOf(meta: InferenceSession.ValueMetadata): TensorShape {
  if (!meta.isTensor) return { name: meta.name, type: 'not a tensor', dimensions: [] };
  return { name: meta.name, type: meta.type, dimensions: meta.shape };
}

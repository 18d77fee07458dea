/**
 * The one door to ONNX Runtime. `run` blocks its thread's event loop, so only the scoring worker
 * and `fieldloop-agent check` import this file.
 */
import { createRequire } from 'node:module';
import { asFault, Fault } from '@fieldloop/core';
import type { OutputTensor } from '@fieldloop/learning';
import type * as Runtime from 'onnxruntime-node';
import type { EngineWish } from './engine-wish.ts';

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
  readonly inputs: readonly FedInput[];
  readonly outputs: readonly string[];
}

export interface FedInput {
  readonly name: string;
  readonly tensor: Float32Array;
  readonly dimensions: readonly number[];
}

export type OpenOnnx = (bytes: Uint8Array, place: string) => Promise<OnnxSession>;

export interface Engine {
  readonly openOnnx: OpenOnnx;
  /** What runs otherwise than it was wished, each once. */
  readonly troubles: readonly string[];
}

/** ONNX Runtime as this package has it, on the processor. */
export const openOnnx: OpenOnnx = async (bytes, place) =>
  await openSession({ bytes, place, providers: [] }, await import('onnxruntime-node'));

/**
 * ONNX Runtime as this machine has it. What of the wish is not there leaves models on the
 * processor, and says so: a robot whose driver was lost still records.
 */
export async function openEngine({ runtime, providers }: EngineWish): Promise<Engine> {
  const troubles = new Set<string>();
  const { loaded, why } = await load(runtime);
  if (why !== undefined) {
    troubles.add(`scoring.runtime does not load, models run on the agent's own: ${why}`);
  }
  const known = loaded.listSupportedBackends?.().map(({ name }) => name);
  // ONNX Runtime passes over what it does not know without a word.
  const tried = providers.filter((one) => known?.includes(one) !== false);
  const unknown = providers.filter((one) => !tried.includes(one));
  if (unknown.length > 0) troubles.add(`this ONNX Runtime is built without ${unknown.join(', ')}`);
  return {
    get troubles() {
      return [...troubles];
    },
    async openOnnx(bytes, place) {
      const failed: string[] = [];
      for (let from = 0; ; from += 1) {
        const left = tried.slice(from);
        try {
          const session = await openSession({ bytes, place, providers: left }, loaded);
          // What is wrong with the model fails on the processor, too, and is no trouble of theirs.
          for (const text of failed) troubles.add(`${place} runs without ${text}`);
          return session;
        } catch (error) {
          if (left.length === 0) throw error;
          const reason = asFault(asFault(error).cause ?? error).message;
          failed.push(`${left[0] ?? ''}: ${reason}`);
        }
      }
    },
  };
}

type Loaded = Pick<typeof Runtime, 'InferenceSession' | 'Tensor'> &
  Partial<Pick<typeof Runtime, 'listSupportedBackends'>>;

/** Of a platform's own build, the folder of its package `onnxruntime-node`. */
async function load(
  path: string | undefined,
): Promise<{ readonly loaded: Loaded; readonly why?: string }> {
  const own = async (why?: string) => {
    const loaded: Loaded = await import('onnxruntime-node');
    return why === undefined ? { loaded } : { loaded, why };
  };
  if (path === undefined) return await own();
  try {
    const loaded = createRequire(import.meta.url)(path) as Partial<Loaded>;
    if (typeof loaded.InferenceSession?.create !== 'function' || loaded.Tensor === undefined) {
      return await own(`${path} is no onnxruntime-node`);
    }
    return { loaded: loaded as Loaded };
  } catch (error) {
    return await own(asFault(error).message.split('\n')[0]);
  }
}

interface SessionWish {
  readonly bytes: Uint8Array;
  readonly place: string;
  /** Before the processor. */
  readonly providers: EngineWish['providers'];
}

async function openSession(wish: SessionWish, runtime: Loaded): Promise<OnnxSession> {
  const { place } = wish;
  const { Tensor } = runtime;
  const session = await create(wish, runtime);
  return {
    inputs: session.inputMetadata.map(shapeOf),
    outputs: session.outputMetadata.map(shapeOf),
    async run({ inputs, outputs }) {
      const feeds = Object.fromEntries(
        inputs.map((one) => [one.name, new Tensor('float32', one.tensor, one.dimensions)]),
      );
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
async function create(
  { bytes, place, providers }: SessionWish,
  { InferenceSession }: Loaded,
): Promise<Runtime.InferenceSession> {
  try {
    return await InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      executionProviders: [...providers, 'cpu'],
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

function shapeOf(meta: Runtime.InferenceSession.ValueMetadata): TensorShape {
  if (!meta.isTensor) return { name: meta.name, type: 'not a tensor', dimensions: [] };
  return { name: meta.name, type: meta.type, dimensions: meta.shape };
}

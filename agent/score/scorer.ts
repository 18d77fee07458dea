/** A model that is ready: a message goes in, how sure the model is comes out. */
import { asFault, type Clock, Fault } from '@fieldloop/core';
import {
  entropy,
  imageToTensor,
  margin,
  numbersToTensor,
  type RgbImage,
  softmax,
  topIndex,
} from '@fieldloop/learning';
import type { Channel } from '@fieldloop/recording';
import { imageBytes, numbersAt } from './field.ts';
import type { Model } from './model.ts';
import type { OnnxSession, TensorShape } from './onnx.ts';

export interface ScorerDeps {
  readonly clock: Clock;
  readonly openOnnx: (bytes: Uint8Array, place: string) => Promise<OnnxSession>;
  readonly decodeImage: (bytes: Uint8Array) => Promise<RgbImage>;
  readonly decodeMessage: (channel: Channel, bytes: Uint8Array) => unknown;
}

export interface Scored {
  readonly entropy: number;
  readonly margin: number;
  readonly topClass: string;
  /** Decoding, preprocessing and the run. */
  readonly latencyMs: number;
}

/** What went wrong with one frame; the frame has no score then. */
export type FrameFaultReason = 'message' | 'image' | 'shape' | 'not_a_number' | 'run';

type FrameResult =
  | { readonly scored: Scored }
  | { readonly reason: FrameFaultReason; readonly message: string };

export interface Scorer extends AsyncDisposable {
  readonly model: Model;
  score(channel: Channel, bytes: Uint8Array): Promise<FrameResult>;
}

/** Loads the model and runs its golden inputs. A Fault says what does not fit. */
export async function openScorer(model: Model, deps: ScorerDeps): Promise<Scorer> {
  const session = await deps.openOnnx(model.onnx, model.file);
  try {
    const dimensions = fitInput(model, session);
    fitOutput(model, session);
    const run = (tensor: Float32Array): Promise<Float32Array> =>
      session.run({ input: model.inputName, output: model.logitsName, tensor, dimensions });
    await checkGolden(model, run);
    return {
      model,
      score: (channel, bytes) => scoreFrame({ channel, bytes }, model, { ...deps, run }),
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

type Run = (tensor: Float32Array) => Promise<Float32Array>;

async function scoreFrame(
  frame: { readonly channel: Channel; readonly bytes: Uint8Array },
  model: Model,
  deps: ScorerDeps & { readonly run: Run },
): Promise<FrameResult> {
  const startMs = deps.clock.monotonicMs();
  let step: FrameFaultReason = 'message';
  try {
    const message = deps.decodeMessage(frame.channel, frame.bytes);
    let tensor: Float32Array;
    if (model.input.kind === 'image') {
      const bytes = imageBytes(message);
      step = 'image';
      tensor = imageToTensor(await deps.decodeImage(bytes), model.input.image);
    } else {
      const values = numbersAt(message, model.input.path);
      step = 'shape';
      tensor = numbersToTensor(values, model.input.numbers);
    }
    step = 'run';
    const logits = await deps.run(tensor);
    if (logits.length !== model.classes.length || !logits.every(Number.isFinite)) {
      return { reason: 'not_a_number', message: 'the model gave numbers that are not finite' };
    }
    const p = softmax(logits, model.temperature);
    return {
      scored: {
        entropy: entropy(p),
        margin: margin(p),
        topClass: model.classes[topIndex(p)] ?? '',
        latencyMs: deps.clock.monotonicMs() - startMs,
      },
    };
  } catch (error) {
    return { reason: step, message: asFault(error).message };
  }
}

/** The dimensions to call with; a size that the model leaves open is 1. */
function fitInput(model: Model, session: OnnxSession): number[] {
  const shape = tensorOf(model, session.inputs, { name: model.inputName, key: 'input.name' });
  const dimensions = shape.dimensions.map((size) =>
    typeof size === 'number' && size > 0 ? size : 1,
  );
  const size = dimensions.reduce((product, one) => product * one, 1);
  if (size === model.inputSize) return dimensions;
  const text = `[${shape.dimensions.join(', ')}]`;
  throw misfit(
    model,
    `its input ${shape.name} is ${text}, model.yaml feeds ${model.inputSize} numbers`,
  );
}

function fitOutput(model: Model, session: OnnxSession): void {
  const shape = tensorOf(model, session.outputs, { name: model.logitsName, key: 'output.logits' });
  const last = shape.dimensions.at(-1);
  if (typeof last !== 'number' || last < 0 || last === model.classes.length) return;
  throw misfit(model, `it gives ${last} logits, model.yaml names ${model.classes.length} classes`);
}

function tensorOf(
  model: Model,
  shapes: readonly TensorShape[],
  wanted: { readonly name: string; readonly key: string },
): TensorShape {
  const shape = shapes.find(({ name }) => name === wanted.name);
  if (shape === undefined) {
    const has = shapes.map(({ name }) => name).join(', ');
    throw misfit(model, `${wanted.key} is "${wanted.name}", the model has ${has}`);
  }
  if (shape.type !== 'float32') {
    throw misfit(
      model,
      `${wanted.key} "${shape.name}" is ${shape.type}, only float32 is supported`,
    );
  }
  return shape;
}

async function checkGolden(model: Model, run: Run): Promise<void> {
  for (const [i, pair] of model.golden.entries()) {
    const found = await run(Float32Array.from(pair.input));
    const furthest = pair.output.reduce(
      (most, value, k) => Math.max(most, Math.abs(value - (found[k] ?? Number.NaN))),
      0,
    );
    if (furthest <= model.tolerance) continue;
    throw misfit(
      model,
      `golden input ${i} gives logits that differ by ${furthest.toPrecision(3)}, ` +
        `the tolerance is ${model.tolerance}`,
    );
  }
}

function misfit(model: Model, message: string): Fault {
  return new Fault('invalid', `model.onnx and model.yaml do not fit: ${message}`, {
    place: model.file,
    remedy: 'Export both together; do not edit one of them alone.',
  });
}

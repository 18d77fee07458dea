/** A model that is ready: a message goes in, how sure the model is comes out. */
import { asFault, type Clock, Fault } from '@fieldloop/core';
import {
  contentTensor,
  frameContent,
  type ImageInput,
  type NamedInput,
  outputNames,
  type OutputTensor,
  type RgbImage,
} from '@fieldloop/learning';
import type { Channel } from '@fieldloop/recording';
import type { Model } from './model.ts';
import type { FedInput, OnnxSession, TensorShape } from './onnx.ts';
import { type FrameMemory, type ScoreValues, scoreValues } from './values.ts';

export interface ScorerDeps {
  readonly clock: Clock;
  readonly openOnnx: (bytes: Uint8Array, place: string) => Promise<OnnxSession>;
  readonly decodeImage: (bytes: Uint8Array) => Promise<RgbImage>;
  readonly decodeMessage: (channel: Channel, bytes: Uint8Array) => unknown;
}

export interface Scored extends ScoreValues {
  /** Decoding, preprocessing and the run. */
  readonly latencyMs: number;
}

/** What went wrong with one frame, `shape` on either side; the frame has no score then. */
export type FrameFaultReason = 'message' | 'image' | 'shape' | 'not_a_number' | 'run';

export type FrameResult =
  | { readonly scored: Scored }
  | { readonly reason: FrameFaultReason; readonly message: string };

/** Without its bytes, of which ONNX Runtime has a copy of its own. */
export type LoadedModel = Omit<Model, 'onnx'>;

/** One message for one input. */
export interface FrameInput {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

/** What a model is asked about; `more` by the names of its further inputs. */
export interface ScoredFrame extends FrameInput {
  readonly more?: ReadonlyMap<string, FrameInput> | undefined;
}

export interface Scorer extends AsyncDisposable {
  readonly model: LoadedModel;
  score(frame: ScoredFrame): Promise<FrameResult>;
  /** Runs the golden inputs again; a Fault says which one gives other numbers. */
  golden(): Promise<void>;
}

/** Loads the model and runs its golden inputs. A Fault says what does not fit. */
export async function openScorer({ onnx, ...model }: Model, deps: ScorerDeps): Promise<Scorer> {
  const session = await deps.openOnnx(onnx, model.file);
  try {
    const inputs = inputsOf(model);
    const shapes = inputs.map((input, i) => fitInput(model, { ...input, session, i }));
    fitRest(model, session);
    fitOutputs(model, session);
    const { all: outputs } = outputNames(model.output);
    const run: Run = (tensor) => session.run({ inputs: partsOf(tensor, inputs, shapes), outputs });
    await checkGolden(model, run);
    const memories = new WeakMap<Channel, FrameMemory>();
    const memoryOf = (channel: Channel): FrameMemory => {
      const memory = memories.get(channel) ?? {};
      memories.set(channel, memory);
      return memory;
    };
    /** Tensors that no frame in work holds: garbage of this size is what memory grows by. */
    const spare: Float32Array[] = [];
    const size = inputs.reduce((sum, one) => sum + one.size, 0);
    return {
      model,
      async score(given) {
        const into = spare.pop() ?? new Float32Array(size);
        const frame = { ...given, into, memory: memoryOf(given.channel) };
        const result = await scoreFrame(frame, model, { ...deps, run });
        spare.push(into);
        return result;
      },
      golden: () => checkGolden(model, run),
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

const notFinite = 'the model gave numbers that are not finite';

/** The outputs in the order of `outputNames`. */
type Run = (tensor: Float32Array) => Promise<readonly OutputTensor[]>;

interface Frame extends ScoredFrame {
  /** What the model is to be fed from: its inputs, one after the other. */
  readonly into: Float32Array;
  readonly memory: FrameMemory;
}

/** Never rejects. */
async function scoreFrame(
  frame: Frame,
  model: LoadedModel,
  deps: ScorerDeps & { readonly run: Run },
): Promise<FrameResult> {
  const startMs = deps.clock.monotonicMs();
  let [step, place]: [FrameFaultReason, string] = ['message', ''];
  try {
    let from = 0;
    for (const { name, input, size } of inputsOf(model)) {
      [step, place] = ['message', from === 0 ? '' : `input "${name}": `];
      const { channel, bytes } = from === 0 ? frame : inputNamed(name, frame);
      const content = frameContent(deps.decodeMessage(channel, bytes), input);
      step = content.kind === 'numbers' ? 'shape' : 'image';
      const into = frame.into.subarray(from, (from += size));
      await contentTensor(content, input, deps.decodeImage, into);
    }
    [step, place] = ['run', ''];
    const outputs = await deps.run(frame.into);
    step = 'shape';
    const values = scoreValues(model, outputs, frame.memory);
    if (values === undefined) return { reason: 'not_a_number', message: notFinite };
    return { scored: { ...values, latencyMs: deps.clock.monotonicMs() - startMs } };
  } catch (error) {
    return { reason: step, message: `${place}${asFault(error).message}` };
  }
}

function inputNamed(name: string, { more }: ScoredFrame): FrameInput {
  const found = more?.get(name);
  if (found !== undefined) return found;
  throw new Fault('invalid', 'the rules name no topic for it', {
    remedy: `Let input.more of the model in the rule set name a topic for "${name}".`,
  });
}

/** The frame's input first. */
const inputsOf = ({ inputName, input, inputSize, moreInputs }: LoadedModel): NamedInput[] => [
  { name: inputName, input, size: inputSize },
  ...moreInputs,
];

/** The inputs of a tensor that holds them one after the other. */
function partsOf(
  tensor: Float32Array,
  inputs: readonly NamedInput[],
  shapes: readonly (readonly number[])[],
): FedInput[] {
  let from = 0;
  return inputs.map(({ name, size }, i) => ({
    name,
    tensor: tensor.subarray(from, (from += size)),
    dimensions: shapes[i] ?? [],
  }));
}

/** The dimensions to call with; a size that the model leaves open is that of an image, or 1. */
function fitInput(
  model: LoadedModel,
  {
    name,
    input,
    size: fed,
    session,
    i,
  }: NamedInput & { readonly session: OnnxSession; readonly i: number },
): number[] {
  const key = i === 0 ? 'input.name' : `moreInputs[${i - 1}].name`;
  const shape = tensorOf(model, session.inputs, { name, key, types: ['float32'] });
  const told = shape.dimensions.map((size) =>
    typeof size === 'number' && size > 0 ? size : undefined,
  );
  // A model may take an image as one row, too: its numbers are in the order of the layout.
  const image = input.kind === 'image' && told.length > 2 ? input.image : undefined;
  const sides = image === undefined ? [] : sidesOf(image);
  const before = told.length - sides.length;
  const dimensions = told.map((size, k) => size ?? sides[k - before] ?? 1);
  const text = `its input ${shape.name} is [${shape.dimensions.join(', ')}]`;
  if (image !== undefined && orderOf(dimensions) !== orderOf(sides)) {
    const order = `${image.layout} ${image.colour} [${sides.join(', ')}]`;
    const remedy = 'Let layout, width, height and colour in model.yaml be those of the model.';
    throw misfit(model, `${text}, model.yaml feeds ${order}`, remedy);
  }
  const size = dimensions.reduce((product, one) => product * one, 1);
  if (size === fed) return dimensions;
  throw misfit(model, `${text}, model.yaml feeds ${fed} numbers`);
}

/** A model does not run as long as one of its inputs is not fed. */
function fitRest(model: LoadedModel, session: OnnxSession): void {
  const fed = new Set(inputsOf(model).map(({ name }) => name));
  const hungry = session.inputs.filter(({ name }) => !fed.has(name)).map(({ name }) => name);
  if (hungry.length === 0) return;
  const remedy = 'Declare them under moreInputs, and name their topics in the rule set.';
  throw misfit(model, `model.yaml says nothing of its inputs ${hungry.join(', ')}`, remedy);
}

/** In which order numbers stand: a size of one changes nothing of it. */
const orderOf = (sizes: readonly number[]): string => sizes.filter((size) => size !== 1).join();

/** Of an image, as its layout has them. */
function sidesOf({ layout, width, height, colour }: ImageInput): readonly number[] {
  const colours = colour === 'rgb' ? 3 : 1;
  return layout === 'nchw' ? [colours, height, width] : [height, width, colours];
}

/** Every output that is asked for is there, and gives as many numbers as there are classes. */
function fitOutputs(model: LoadedModel, session: OnnxSession): void {
  const { output } = model;
  for (const name of outputNames(output).all) {
    const isLabels =
      output.task === 'detection' && 'labels' in output.parts && output.parts.labels === name;
    const types = isLabels ? ['float32', 'int32', 'int64'] : ['float32'];
    const shape = tensorOf(model, session.outputs, { name, key: keyOf(model, name), types });
    const isOfClasses =
      (output.task === 'classification' && output.heads.includes(name)) ||
      (output.task === 'segments' && output.name === name);
    if (!isOfClasses) continue;
    const last = shape.dimensions.at(-1);
    if (typeof last !== 'number' || last < 0 || last === model.classes.length) continue;
    throw misfit(
      model,
      `it gives ${last} ${output.gives}, model.yaml names ${model.classes.length} classes`,
    );
  }
}

/** What model.yaml calls an output. */
function keyOf({ output }: LoadedModel, name: string): string {
  if (output.embedding === name) return 'output.embedding';
  if (output.auxiliary === name) return 'output.auxiliary';
  switch (output.task) {
    case 'classification':
    case 'segments':
      return `output.${output.gives}`;
    case 'regression':
      return output.variance === name ? 'output.variance' : 'output.value';
    case 'detection': {
      const part = Object.entries(output.parts).find(([, one]) => one === name);
      return `output.${part?.[0] ?? 'boxes'}`;
    }
    case 'embedding':
      return 'output.embedding';
  }
}

function tensorOf(
  model: LoadedModel,
  shapes: readonly TensorShape[],
  wanted: { readonly name: string; readonly key: string; readonly types: readonly string[] },
): TensorShape {
  const shape = shapes.find(({ name }) => name === wanted.name);
  if (shape === undefined) {
    const has = shapes.map(({ name }) => name).join(', ');
    throw misfit(model, `${wanted.key} is "${wanted.name}", the model has ${has}`);
  }
  if (!wanted.types.includes(shape.type)) {
    const types = wanted.types.join(', ');
    throw misfit(
      model,
      `${wanted.key} "${shape.name}" is ${shape.type}, only ${types} is supported`,
    );
  }
  return shape;
}

async function checkGolden(model: LoadedModel, run: Run): Promise<void> {
  for (const [i, pair] of model.golden.entries()) {
    const outputs = await run(Float32Array.from(pair.input));
    const count = outputNames(model.output).compared.length;
    const found = outputs.slice(0, count).flatMap(({ values }) => [...values]);
    if (found.length !== pair.output.length) {
      throw misfit(
        model,
        `golden input ${i} gives ${found.length} numbers, model.yaml has ${pair.output.length}`,
      );
    }
    const furthest = pair.output.reduce(
      (most, value, k) => Math.max(most, Math.abs(value - (found[k] ?? Number.NaN))),
      0,
    );
    if (!(furthest <= model.tolerance)) {
      throw misfit(
        model,
        `golden input ${i} gives numbers that differ by ${furthest.toPrecision(3)}, ` +
          `the tolerance is ${model.tolerance}`,
      );
    }
    expectScore(model, outputs);
  }
}

/** What is no score of a golden input would be none of any frame. */
function expectScore(model: LoadedModel, outputs: readonly OutputTensor[]): void {
  const place = model.file;
  let values: ScoreValues | undefined;
  try {
    values = scoreValues(model, outputs, {});
  } catch (cause) {
    const { code, message, remedy } = asFault(cause);
    throw new Fault(code, message, { place, remedy, cause });
  }
  if (values !== undefined) return;
  const remedy = 'Export it again; its golden inputs have to give finite numbers.';
  throw new Fault('invalid', notFinite, { place, remedy });
}

function misfit(
  model: LoadedModel,
  message: string,
  remedy = 'Export both together; do not edit one of them alone.',
): Fault {
  const place = model.file;
  return new Fault('invalid', `model.onnx and model.yaml do not fit: ${message}`, {
    place,
    remedy,
  });
}

/** One job of the built-in trainer, from the bundle to the bytes of model.onnx. */
import { readFile } from 'node:fs/promises';
import { Fault, seededRandom } from '@fieldloop/core';
import {
  backboneOf,
  classesNote,
  logitsOf,
  type ModelInput,
  networkGraph,
  networkOf,
  onnxFile,
  parseClassifier,
  readOnnx,
  roundToSingle,
  type Samples,
  trainEpochs,
  type TrainOptions,
  withHead,
} from '@fieldloop/learning';
import { goldenPairs, maxEmbeddingNumbers } from '../../training-limits.ts';
import { type Declaration, type Job, type Result, resultName } from '../contract-names.ts';
import { openOnnx } from '../onnx.ts';
import { type Data, type Labelled, readData, standardOf } from './data.ts';
import { checkpointIn, type Out } from './out.ts';
import { judged } from './judged.ts';
import type { Recipe } from './recipe.ts';

type Network = ReturnType<typeof networkOf>;

export interface Trained {
  readonly onnx: Uint8Array;
  readonly result: Omit<Result, 'sha256'>;
}

export async function trainJob(job: Job, out: Out): Promise<Trained> {
  const recipe = job.config as unknown as Recipe;
  const declaration = recipe.classes
    ? { ...job.declaration, classes: [...recipe.classes] }
    : job.declaration;
  const { classes } = declaration;
  const standard = recipe.standardise ? await standardOfJob(job, declaration, out) : undefined;
  const input = inputOf(withStandard(declaration, standard));
  const read = { folder: job.dataset, input, classes };
  const data = await readData(read, async () => await out.beat());
  const trained =
    recipe.kind === 'head'
      ? await trainHead({ job, recipe, declaration, out }, data)
      : await trainNetwork({ job, recipe, declaration, out }, data);
  return {
    onnx: trained.onnx,
    result: {
      schema: resultName,
      input: { name: declaration.input.name, shape: trained.shape, ...standard },
      output: trained.output,
      classes: [...classes],
      ...judged(data, trained.logits, classes.length),
      versions: { trainer: 'fieldloop builtin/1', node: process.versions.node },
      golden: data.train.slice(0, goldenPairs).flatMap(({ frames: [frame] }) => {
        if (frame === undefined) return [];
        return [{ input: [...frame], output: [...trained.logits(frame)] }];
      }),
    },
  };
}

interface Work {
  readonly job: Job;
  readonly recipe: Recipe;
  readonly declaration: Declaration;
  readonly out: Out;
}

interface Fitted {
  readonly onnx: Uint8Array;
  readonly shape: Result['input']['shape'];
  readonly output: Result['output'];
  /** Of a frame, by the trainer's own maths on the weights of the file. */
  readonly logits: (frame: Float32Array) => Float64Array;
}

async function trainNetwork(work: Work, data: Data): Promise<Fitted> {
  const { job, recipe, declaration } = work;
  const start = recipe.warmStart ? networkOf(readOnnx(await baseBytes(job))) : undefined;
  const network = await fit(work, samplesOf(data.train, declaration.classes.length), start);
  const shape = shapeOf(declaration);
  const logits = headName(declaration);
  const width = network.length > 1 ? (network.at(-1)?.inputs ?? 0) : 0;
  const embedding = isEmbedding(width) ? (declaration.output.embedding ?? 'embedding') : undefined;
  const onnx = onnxFile(
    networkGraph(network, {
      name: declaration.id,
      input: { name: declaration.input.name, dimensions: shape },
      output: logits,
      embedding,
      notes: { [classesNote]: JSON.stringify(declaration.classes) },
    }),
  );
  const output = { logits, shape: ['N', declaration.classes.length] };
  return {
    onnx,
    shape: [...shape],
    output: embedding === undefined ? output : { ...output, embedding },
    logits: (frame) => logitsOf(network, frame),
  };
}

/** A model of a longer one goes to robots without it. */
const isEmbedding = (width: number): boolean => width > 0 && width <= maxEmbeddingNumbers;

/** The base gives embeddings; a layer is trained on them and put in the place of its last one. */
async function trainHead(work: Work, data: Data): Promise<Fitted> {
  const { job, declaration, out } = work;
  const base = await baseBytes(job);
  const { onnx: backbone, embedding } = backboneOf(base);
  await using session = await openOnnx(backbone, 'the base model');
  const shape = session.inputs[0]?.dimensions ?? [];
  const dimensions = shape.map((size) => (typeof size === 'number' && size > 0 ? size : 1));
  const name = session.inputs[0]?.name ?? '';
  const embedded = new Map<Float32Array, Float32Array>();
  for (const { frames } of [...data.train, ...data.calibration]) {
    for (const tensor of frames) {
      const call = { input: name, outputs: [embedding], tensor, dimensions };
      const [values] = await session.run(call);
      embedded.set(tensor, (values ?? new Float32Array(0)).slice());
      await out.beat();
    }
  }
  const of = (frame: Float32Array): Float32Array => embedded.get(frame) ?? new Float32Array(0);
  const rows = data.train.map((unit) => ({ ...unit, frames: unit.frames.map(of) }));
  const network = await fit(work, samplesOf(rows, declaration.classes.length), undefined);
  const [layer] = network;
  if (layer === undefined) throw new TypeError('a head is one layer');
  const logits = headName(declaration);
  const { classes } = declaration;
  return {
    onnx: withHead(base, { layer, logits, classes }),
    shape: [...shape],
    output: {
      logits,
      shape: [shape[0] ?? 'N', classes.length],
      ...(isEmbedding(layer.inputs) ? { embedding } : {}),
    },
    logits: (frame) => logitsOf(network, of(frame)),
  };
}

/** Epoch by epoch, from the checkpoint of an earlier attempt if there is one. */
async function fit(work: Work, samples: Samples, start: Network | undefined): Promise<Network> {
  const { job, recipe, out } = work;
  const options: TrainOptions = { ...recipe, random: seededRandom(job.seed), start };
  const resume = await checkpointIn(job.resumeFrom);
  let network = resume?.network ?? [];
  for (const state of trainEpochs(samples, options, resume)) {
    ({ network } = state);
    await out.progress({ step: state.epoch, of: recipe.epochs, loss: state.loss });
    await out.checkpoint(state);
  }
  return roundToSingle(network);
}

function samplesOf(units: readonly Labelled[], classes: number): Samples {
  const rows = units.flatMap(({ truth, frames }) => frames.map((frame) => ({ truth, frame })));
  const width = rows[0]?.frame.length ?? 0;
  const inputs = new Float32Array(rows.length * width);
  const targets = new Float32Array(rows.length * classes);
  rows.forEach(({ truth, frame }, i) => {
    inputs.set(frame, i * width);
    targets[i * classes + truth] = 1;
  });
  return { count: rows.length, inputs, targets };
}

async function standardOfJob(job: Job, declaration: Declaration, out: Out) {
  if (declaration.input.from.image) {
    throw new Fault('invalid', 'standardise is for inputs of numbers', {
      remedy: 'Give mean and std of images in the declaration.',
    });
  }
  const bare = inputOf(withStandard(declaration, { mean: [0], std: [1] }));
  const read = { folder: job.dataset, input: bare, classes: declaration.classes };
  const { train } = await readData(read, async () => await out.beat());
  const { mean, std } = standardOf(train.flatMap(({ frames }) => frames));
  return { mean, std };
}

const withStandard = (
  declaration: Declaration,
  standard: { readonly mean: number[]; readonly std: number[] } | undefined,
): Declaration =>
  standard === undefined
    ? declaration
    : { ...declaration, input: { ...declaration.input, ...standard } };

/** As every other program reads the declaration. */
function inputOf(declaration: Declaration): ModelInput {
  const { size, width = 0, height = 0, colour } = declaration.input;
  const inputs = size ?? width * height * (colour === 'gray' ? 1 : 3);
  const { logits } = declaration.output;
  const heads = typeof logits === 'string' ? 1 : logits.length;
  const pair = {
    input: Array.from({ length: inputs }, () => 0),
    output: Array.from({ length: declaration.classes.length * heads }, () => 0),
  };
  return parseClassifier({ ...declaration, version: '0', golden: [pair] }).input;
}

function headName({ output }: Declaration): string {
  if (typeof output.logits === 'string') return output.logits;
  throw new Fault('invalid', 'the built-in trainer trains one head, the model has several', {
    remedy: 'Train an ensemble with a trainer of your own; docs/reference/trainer.md.',
  });
}

function shapeOf({ input }: Declaration): readonly (number | string)[] {
  const { size, width = 0, height = 0, colour, layout } = input;
  if (size !== undefined) return ['N', size];
  const channels = colour === 'gray' ? 1 : 3;
  return layout === 'nhwc' ? ['N', height, width, channels] : ['N', channels, height, width];
}

async function baseBytes({ base }: Job): Promise<Uint8Array> {
  if (base !== undefined) return await readFile(base.onnx);
  throw new Fault('invalid', 'there is no base model to begin with', {
    remedy: 'Import one with `fieldloop models import`, or train fresh weights.',
  });
}

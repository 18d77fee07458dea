/** Trains the classifier and writes its two files as texts and bytes; the disk is train.ts's. */
import { seededRandom } from '@fieldloop/core';
import {
  logitsOf,
  type Network,
  networkGraph,
  onnxFile,
  roundToSingle,
  train,
} from '@fieldloop/learning';
import type { Studio } from '../camera/canvas.ts';
import { modelInput, modelTopic } from '../model-input.ts';
import { classes } from '../world/ahead.ts';
import { openWorld } from '../world/world.ts';
import { picturesOf } from './pictures.ts';
import { drawView } from './poses.ts';
import { trainingSet } from './set.ts';

export interface Trained {
  readonly network: Network;
  readonly onnx: Uint8Array;
  readonly yaml: string;
}

const inputName = 'image';
const outputName = 'logits';

export async function trainClassifier(
  studio: Studio,
  tell: (line: string) => void,
): Promise<Trained> {
  const samples = await trainingSet(studio, { placed: 3600, driven: 1800 });
  tell(`${samples.count} rows, mirrored and outliers included`);
  const trained = train(samples, {
    random: seededRandom('classifier'),
    hidden: [24, 16],
    epochs: 7,
    batch: 32,
    learningRate: 0.0015,
    weightDecay: 0.02,
    onEpoch: (epoch, loss) => tell(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}`),
  });
  const network = roundToSingle(trained);
  const dimensions = ['N', 3, modelInput.height, modelInput.width];
  const onnx = onnxFile(
    networkGraph(network, {
      name: 'classifier',
      input: { name: inputName, dimensions },
      output: outputName,
    }),
  );
  return { network, onnx, yaml: modelYaml(await goldens(studio, network)) };
}

interface Golden {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** One picture of each class that training did not see; inputs cut to three decimals. */
async function goldens(studio: Studio, network: Network): Promise<readonly Golden[]> {
  const world = openWorld({ seed: 'training/golden', robots: 1 });
  const random = seededRandom('classifier/golden');
  const shots = classes.map((wanted) => ({ ...drawView(world, wanted, random), grain: 1 }));
  const pictures = await picturesOf(studio, shots);
  return pictures.map((picture) => {
    const input = [...picture].map((value) => Math.round(value * 1000) / 1000);
    return { input, output: [...logitsOf(network, Float32Array.from(input))].map(Math.fround) };
  });
}

function modelYaml(golden: readonly Golden[]): string {
  const list = (values: readonly (number | string)[]): string => `[${values.join(', ')}]`;
  return [
    'id: classifier',
    'version: 1',
    'task: classification',
    `classes: ${list(classes)}`,
    'input:',
    `  name: ${inputName}`,
    `  from: {topic: ${modelTopic}, image: true}`,
    `  width: ${modelInput.width}`,
    `  height: ${modelInput.height}`,
    `  layout: ${modelInput.layout}`,
    `  colour: ${modelInput.colour}`,
    `  mean: ${list(modelInput.mean)}`,
    `  std: ${list(modelInput.std)}`,
    `output: {logits: ${outputName}}`,
    'temperature: 1',
    'tolerance: 1.0e-4',
    'golden:',
    ...golden.flatMap(({ input, output }) => [
      `- input: ${list(input)}`,
      `  output: ${list(output)}`,
    ]),
    '',
  ].join('\n');
}

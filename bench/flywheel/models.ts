/** Trainings by the product's trainer, and how right a model is on rows that nobody labelled. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import {
  logitsOf,
  networkOf,
  numbersToTensor,
  parseModelDocument,
  readOnnx,
  topIndex,
} from '@fieldloop/learning';
import type { Calls } from './calls.ts';
import { awaited } from './delay.ts';
import { rowPath, rowTopic } from './recording.ts';
import type { Table } from './table.ts';

/** The recipe of the reference: MLP 24-32-4, Adam. */
const recipe = {
  kind: 'mlp',
  hidden: [32],
  epochs: 60,
  batch: 32,
  learningRate: 0.003,
  weightDecay: 0,
  scheduler: 'constant',
};

export async function declareModel(calls: Calls, name: string, table: Table): Promise<void> {
  const size = table.names.length;
  await calls.post('/v1/models', {
    name,
    declaration: {
      id: name,
      task: 'classification',
      classes: table.classes,
      input: {
        name: 'x',
        from: { topic: rowTopic, path: rowPath },
        size,
        mean: Array.from({ length: size }, () => 0),
        std: Array.from({ length: size }, () => 1),
      },
      output: { logits: 'logits', embedding: 'embedding' },
    },
  });
}

interface Training {
  readonly id: string;
  readonly state: string;
  readonly modelVersion?: string;
  readonly problem?: { readonly message: string };
}

/** The model version. With a base it takes the input as the base does, and new weights. */
export async function train(
  calls: Calls,
  of: {
    readonly model: string;
    readonly version: string;
    readonly seed: number;
    readonly base: string | undefined;
  },
): Promise<string> {
  const { base, model, seed, version } = of;
  const config = base === undefined ? { ...recipe, standardise: true } : recipe;
  const body = { model, datasetVersion: version, seed, config, base: base ?? null };
  const { id } = await calls.post<Training>('/v1/trainings', body);
  return await awaited(`training of ${model}`, async () => {
    const now = await calls.get<Training>(`/v1/trainings/${id}`);
    if (now.state === 'failed' || now.state === 'stopped') {
      throw new Fault('unavailable', `the training ${now.state}: ${now.problem?.message ?? ''}`, {
        remedy: `fieldloop trainings get ${id}`,
      });
    }
    return now.modelVersion;
  });
}

export async function writeModel(calls: Calls, id: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), await calls.bytes(`/v1/modelVersions/${id}/onnx`));
  await writeFile(join(folder, 'model.yaml'), await documentOf(calls, id));
}

const documentOf = async (calls: Calls, id: string): Promise<string> =>
  new TextDecoder().decode(await calls.bytes(`/v1/modelVersions/${id}/document`));

/** Share of rows that the registered file gets right, with the robot's own preprocessing. */
export async function accuracy(
  calls: Calls,
  id: string,
  of: { readonly table: Table; readonly rows: readonly number[] },
): Promise<number> {
  const network = networkOf(readOnnx(await calls.bytes(`/v1/modelVersions/${id}/onnx`)));
  const { input } = parseModelDocument(JSON.parse(await documentOf(calls, id)));
  if (input.kind !== 'numbers') throw new TypeError('the model takes images');
  const { labels, rows: values } = of.table;
  const right = of.rows.filter((row) => {
    const tensor = numbersToTensor(values[row] ?? [], input.numbers);
    return topIndex(logitsOf(network, tensor)) === labels[row];
  });
  return right.length / of.rows.length;
}

/**
 * What `model.yaml` declares: what goes in, what comes out, and by golden inputs how to know that
 * the file and the declaration still fit together. Robot, training and evaluation read this one.
 */
import { Fault } from '@fieldloop/core';
import { goldenInput } from './golden.ts';
import { inputOf, inputSchema, type ModelInput, numbers, sizeOf } from './model-input.ts';
import {
  checkOutput,
  type ClassOutput,
  type ModelOutput,
  outputOf,
  outputSchema,
  tasks,
} from './model-output.ts';
import * as z from 'zod';
import { complain } from './schema.ts';

export interface GoldenPair {
  /** After preprocessing, as the model takes it; of several inputs one after the other. */
  readonly input: readonly number[];
  /** What the model gives, one output after the other. */
  readonly output: readonly number[];
}

/** One of several inputs. */
export interface NamedInput {
  readonly name: string;
  readonly input: ModelInput;
  /** Numbers that it has. */
  readonly size: number;
}

export interface ModelDocument<Output extends ModelOutput = ModelOutput> {
  readonly id: string;
  readonly version: string;
  /** In the order of the logits or labels; none where the task knows no classes. */
  readonly classes: readonly string[];
  readonly inputName: string;
  readonly input: ModelInput;
  /** Numbers that the input has. */
  readonly inputSize: number;
  /** Inputs that go with the frame, where the model has several. */
  readonly moreInputs: readonly NamedInput[];
  readonly output: Output;
  /** Divides logits; of a regression, multiplies the standard deviation. */
  readonly temperature: number;
  readonly golden: readonly GoldenPair[];
  readonly tolerance: number;
  /** What the model may take on a robot, where its author said so. */
  readonly limits: {
    readonly latencyMs?: number | undefined;
    readonly memoryMiB?: number | undefined;
  };
}

export type ClassifierDocument = ModelDocument<ClassOutput>;

/** Inputs beside the frame's. */
const maxMoreInputs = 7;
const className = z.string().min(1).max(64);
const seeded = z.strictObject({ seed: z.int().min(1).max(1_000_000) });
const goldenPairs = z.array(z.strictObject({ input: z.union([numbers, seeded]), output: numbers }));

/** The document as it is written; `modelDocument` makes of it what programs work with. */
export const modelSchema = z
  .strictObject({
    id: z.string().min(1).max(64),
    version: z.union([z.string().min(1).max(64), z.number()]),
    task: z.enum(tasks),
    classes: z.array(className).min(1).max(10_000).optional(),
    input: inputSchema,
    moreInputs: z.array(inputSchema).max(maxMoreInputs).default([]),
    output: outputSchema,
    temperature: z.number().positive().default(1),
    golden: goldenPairs.min(1).max(64),
    tolerance: z.number().positive().default(1e-4),
    limits: z
      .strictObject({
        latencyMs: z.number().positive().optional(),
        memoryMiB: z.number().positive().optional(),
      })
      .default({}),
  })
  .check((context) => {
    const { task, classes, golden, input, moreInputs, output } = context.value;
    const before = context.issues.length;
    checkOutput(context, task, output);
    checkClasses(context, context.value);
    checkNames(context, [input, ...moreInputs]);
    if (context.issues.length > before) return;
    const size = sizeOf(input) + sumOf(moreInputs.map(sizeOf));
    const given = outputOf(task, output);
    golden.forEach((pair, i) => {
      const wrong = (key: 'input' | 'output', has: number, needs: number): void => {
        if (has === needs) return;
        const message = `has ${has} numbers, the model's ${key} has ${needs}`;
        const remedy = 'Write the golden pairs again with the script that exported the model.';
        complain(context, { message, remedy, path: ['golden', i, key] });
      };
      if (Array.isArray(pair.input)) wrong('input', pair.input.length, size);
      // Of other tasks the running model alone tells how much it gives.
      if (given.task !== 'classification') return;
      const { heads, auxiliary } = given;
      const needs = heads.length * (classes?.length ?? 0) + (auxiliary === undefined ? 0 : 1);
      wrong('output', pair.output.length, needs);
    });
  });

type Parsed = z.output<typeof modelSchema>;

function checkClasses(context: z.core.ParsePayload, { task, classes }: Parsed): void {
  const path = ['classes'];
  if (task === 'regression' || task === 'embedding') {
    if (classes === undefined) return;
    const message = `does not belong to task ${task}`;
    complain(context, { message, remedy: 'Remove it.', path });
    return;
  }
  const least = task === 'detection' ? 1 : 2;
  if ((classes?.length ?? 0) >= least) return;
  const message = `names ${classes?.length ?? 0} classes, task ${task} needs ${least} or more`;
  complain(context, { message, remedy: 'Name them in the order of the model.', path });
}

function checkNames(context: z.core.ParsePayload, inputs: readonly { name: string }[]): void {
  inputs.forEach(({ name }, i) => {
    if (inputs.findIndex((one) => one.name === name) === i) return;
    const remedy = 'Name each input of the model once.';
    const path = ['moreInputs', i - 1, 'name'];
    complain(context, { message: `"${name}" is named twice`, remedy, path });
  });
}

const sumOf = (sizes: readonly number[]): number => sizes.reduce((sum, one) => sum + one, 0);

/** What a program writes as model.yaml; JSON is YAML. */
export type ModelYaml = z.input<typeof modelSchema>;

/** What training reads and writes: a classifier that gives logits. */
export type ClassifierYaml = ModelYaml & {
  readonly classes: string[];
  readonly output: { readonly logits: string | string[] };
};

/** A document that the schema took, as programs work with it. */
export function modelDocument(parsed: Parsed): ModelDocument {
  const inputSize = sizeOf(parsed.input);
  const moreInputs = parsed.moreInputs.map((given) => ({
    name: given.name,
    input: inputOf(given),
    size: sizeOf(given),
  }));
  const size = inputSize + sumOf(moreInputs.map((one) => one.size));
  return {
    id: parsed.id,
    version: String(parsed.version),
    classes: parsed.classes ?? [],
    inputName: parsed.input.name,
    input: inputOf(parsed.input),
    inputSize,
    moreInputs,
    output: outputOf(parsed.task, parsed.output),
    temperature: parsed.temperature,
    golden: parsed.golden.map(({ input, output }) => ({
      input: 'seed' in input ? goldenInput(input.seed, size) : input,
      output,
    })),
    tolerance: parsed.tolerance,
    limits: parsed.limits,
  };
}

/** Checks a value that was read from YAML or JSON. Fault `invalid` names the first wrong place. */
export function parseModelDocument(value: unknown): ModelDocument {
  const parsed = modelSchema.safeParse(value);
  if (parsed.success) return modelDocument(parsed.data);
  const [issue] = parsed.error.issues;
  const remedy: unknown = issue?.code === 'custom' ? issue.params?.['remedy'] : undefined;
  throw new Fault('invalid', `model.yaml: ${issue?.message ?? 'it is empty'}`, {
    place: `/${(issue?.path ?? []).map(String).join('/')}`,
    remedy: typeof remedy === 'string' ? remedy : 'Correct this place of model.yaml.',
  });
}

/** As `parseModelDocument`, of a classifier that gives logits alone. Fault `invalid` for another. */
export function parseClassifier(value: unknown): ClassifierDocument {
  const document = parseModelDocument(value);
  const { output } = document;
  const [what, place] = unfitFor(document) ?? [];
  if (what === undefined && output.task === 'classification') return { ...document, output };
  throw new Fault('invalid', `model.yaml: ${what ?? ''}`, {
    place: place ?? '/output',
    remedy:
      'Training and evaluation need the logits of a classifier of one input; robots run the others, too.',
  });
}

/** Why training and evaluation cannot work with the model, and where that stands. */
function unfitFor({
  output,
  moreInputs,
}: ModelDocument): readonly [what: string, place: string] | undefined {
  if (moreInputs.length > 0) return ['it takes several inputs', '/moreInputs'];
  if (output.task !== 'classification') return [`its task is ${output.task}`, '/task'];
  if (output.gives !== 'logits') return ['it gives probabilities', '/output'];
  if (output.auxiliary === undefined) return undefined;
  return ['it has an auxiliary output', '/output/auxiliary'];
}

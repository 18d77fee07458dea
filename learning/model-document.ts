/**
 * What `model.yaml` declares: what goes in, what comes out, and by golden inputs how to know that
 * the file and the declaration still fit together. Robot, training and evaluation read this one.
 */
import { Fault } from '@fieldloop/core';
import { z } from 'zod';
import type { ImageInput, NumberInput } from './preprocess.ts';

export type ModelInput =
  | { readonly kind: 'image'; readonly topic: string; readonly image: ImageInput }
  | {
      readonly kind: 'numbers';
      readonly topic: string;
      readonly path: string;
      readonly numbers: NumberInput;
    };

export interface GoldenPair {
  /** After preprocessing, as the model takes it. */
  readonly input: readonly number[];
  /** Logits of each head, one head after the other. */
  readonly output: readonly number[];
}

export interface ModelDocument {
  readonly id: string;
  readonly version: string;
  readonly classes: readonly string[];
  readonly inputName: string;
  readonly input: ModelInput;
  /** Numbers that the input has. */
  readonly inputSize: number;
  /** Outputs that give logits: one, or one a member of an ensemble. */
  readonly heads: readonly string[];
  /** The output whose numbers tell how alike two frames are. */
  readonly embedding: string | undefined;
  readonly temperature: number;
  readonly golden: readonly GoldenPair[];
  readonly tolerance: number;
  /** What the model may take on a robot, where its author said so. */
  readonly limits: {
    readonly latencyMs?: number | undefined;
    readonly memoryMiB?: number | undefined;
  };
}

/** Members of an ensemble in one file. */
const maxHeads = 16;

const topic = z.string().min(1).max(256);
const outputName = z.string().min(1).max(256);
const numbers = z.array(z.number()).min(1);
const positive = z.array(z.number().positive()).min(1);
const side = z.int().min(1).max(4_096);

const input = z
  .strictObject({
    name: z.string().min(1),
    from: z.strictObject({
      topic,
      image: z.literal(true).optional(),
      path: z.string().min(1).max(256).optional(),
    }),
    width: side.optional(),
    height: side.optional(),
    layout: z.enum(['nchw', 'nhwc']).optional(),
    colour: z.enum(['rgb', 'gray']).optional(),
    size: z.int().min(1).max(1_000_000).optional(),
    mean: numbers,
    std: positive,
  })
  .check((context) => {
    const { from, ...given } = context.value;
    if ((from.image === undefined) === (from.path === undefined)) {
      const remedy =
        'Write from: {topic: /camera, image: true} or from: {topic: /scan, path: ranges}.';
      complain(context, { message: 'has exactly one of image and path', remedy, path: ['from'] });
      return;
    }
    const image = ['width', 'height', 'layout', 'colour'] as const;
    const [needed, others] = from.image ? [image, ['size'] as const] : [['size'] as const, image];
    for (const key of needed) {
      if (given[key] !== undefined) continue;
      const remedy = `A model of ${from.image ? 'images' : 'numbers'} needs ${needed.join(', ')}.`;
      complain(context, { message: 'is missing', remedy, path: [key] });
    }
    for (const key of others) {
      if (given[key] === undefined) continue;
      const message = `does not belong to a model of ${from.image ? 'images' : 'numbers'}`;
      complain(context, { message, remedy: 'Remove it.', path: [key] });
    }
  });

const output = z.strictObject({
  logits: z.union([outputName, z.array(outputName).min(1).max(maxHeads)]),
  embedding: outputName.optional(),
});

/** The document as it is written; `modelDocument` makes of it what programs work with. */
export const modelSchema = z
  .strictObject({
    id: z.string().min(1).max(64),
    version: z.union([z.string().min(1).max(64), z.number()]),
    task: z.literal('classification'),
    classes: z.array(z.string().min(1).max(64)).min(2).max(10_000),
    input,
    output,
    temperature: z.number().positive().default(1),
    golden: z
      .array(z.strictObject({ input: numbers, output: numbers }))
      .min(1)
      .max(64),
    tolerance: z.number().positive().default(1e-4),
    limits: z
      .strictObject({
        latencyMs: z.number().positive().optional(),
        memoryMiB: z.number().positive().optional(),
      })
      .default({}),
  })
  .check((context) => {
    const { golden, classes, input, output } = context.value;
    const heads = headsOf(output);
    if (new Set(heads).size < heads.length) {
      const remedy = 'Name each output of the ensemble once.';
      complain(context, { message: 'names an output twice', remedy, path: ['output', 'logits'] });
    }
    const size = sizeOf(input);
    golden.forEach((pair, i) => {
      const wrong = (key: 'input' | 'output', has: number, needs: number): void => {
        if (has === needs) return;
        const message = `has ${has} numbers, the model's ${key} has ${needs}`;
        const remedy = 'Write the golden pairs again with the script that exported the model.';
        complain(context, { message, remedy, path: ['golden', i, key] });
      };
      wrong('input', pair.input.length, size);
      wrong('output', pair.output.length, classes.length * heads.length);
    });
  });

/** What a program writes as model.yaml; JSON is YAML. */
export type ModelYaml = z.input<typeof modelSchema>;

/** A document that the schema took, as programs work with it. */
export function modelDocument(parsed: z.output<typeof modelSchema>): ModelDocument {
  return {
    id: parsed.id,
    version: String(parsed.version),
    classes: parsed.classes,
    inputName: parsed.input.name,
    input: inputOf(parsed.input),
    inputSize: sizeOf(parsed.input),
    heads: headsOf(parsed.output),
    embedding: parsed.output.embedding,
    temperature: parsed.temperature,
    golden: parsed.golden,
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

type ParsedInput = z.output<typeof input>;

const headsOf = ({ logits }: z.output<typeof output>): readonly string[] =>
  typeof logits === 'string' ? [logits] : logits;

function sizeOf(given: ParsedInput): number {
  if (given.from.image === undefined) return given.size ?? 0;
  return (given.width ?? 0) * (given.height ?? 0) * (given.colour === 'gray' ? 1 : 3);
}

function inputOf(given: ParsedInput): ModelInput {
  const { topic } = given.from;
  const { mean, std } = given;
  if (given.from.path !== undefined) {
    const numbers = { size: given.size ?? 0, mean, std };
    return { kind: 'numbers', topic, path: given.from.path, numbers };
  }
  const { width = 0, height = 0, layout = 'nchw', colour = 'rgb' } = given;
  return { kind: 'image', topic, image: { width, height, layout, colour, mean, std } };
}

interface Complaint {
  readonly message: string;
  readonly remedy: string;
  readonly path: readonly PropertyKey[];
}

/** Readers of documents take the remedy from `params`. */
function complain(context: z.core.ParsePayload, { message, remedy, path }: Complaint): void {
  const code = 'custom' as const;
  const { value } = context;
  context.issues.push({ code, message, params: { remedy }, path: [...path], input: value });
}

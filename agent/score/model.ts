/**
 * A model folder: `model.onnx` and `model.yaml`, which says what goes in, what comes out, and by
 * golden inputs how to know that both still fit together.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, sha256Hex } from '@fieldloop/core';
import type { ImageInput, NumberInput } from '@fieldloop/learning';
import { complain, demand, readDocument, z } from '../document.ts';
import { maxModelBytes } from '../limits.ts';

type ModelInput =
  | { readonly kind: 'image'; readonly topic: string; readonly image: ImageInput }
  | {
      readonly kind: 'numbers';
      readonly topic: string;
      readonly path: string;
      readonly numbers: NumberInput;
    };

interface GoldenPair {
  /** After preprocessing, as the model takes it. */
  readonly input: readonly number[];
  readonly output: readonly number[];
}

export interface Model {
  readonly id: string;
  readonly version: string;
  readonly classes: readonly string[];
  readonly inputName: string;
  readonly input: ModelInput;
  /** Numbers that the input has. */
  readonly inputSize: number;
  readonly logitsName: string;
  readonly temperature: number;
  readonly golden: readonly GoldenPair[];
  readonly tolerance: number;
  /** Of model.onnx, lower-case hex. */
  readonly sha256: string;
  readonly onnx: Uint8Array;
  /** What faults call it. */
  readonly file: string;
}

const topic = z.string().min(1).max(256);
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

const schema = z
  .strictObject({
    id: z.string().min(1).max(64),
    version: z.union([z.string().min(1).max(64), z.number()]),
    task: z.literal('classification'),
    classes: z.array(z.string().min(1).max(64)).min(2).max(10_000),
    input,
    output: z.strictObject({ logits: z.string().min(1) }),
    temperature: z.number().positive().default(1),
    golden: z
      .array(z.strictObject({ input: numbers, output: numbers }))
      .min(1)
      .max(64),
    tolerance: z.number().positive().default(1e-4),
  })
  .check((context) => {
    const { golden, classes, input } = context.value;
    const size = sizeOf(input);
    golden.forEach((pair, i) => {
      const wrong = (key: 'input' | 'output', has: number, needs: number): void => {
        if (has === needs) return;
        const message = `has ${has} numbers, the model's ${key} has ${needs}`;
        const remedy = 'Write the golden pairs again with the script that exported the model.';
        complain(context, { message, remedy, path: ['golden', i, key] });
      };
      wrong('input', pair.input.length, size);
      wrong('output', pair.output.length, classes.length);
    });
  });

/** Reads and checks the folder. Faults name the file, and in model.yaml line and column. */
export function readModel(folder: string): Model {
  const file = join(folder, 'model.yaml');
  const onnxFile = join(folder, 'model.onnx');
  const text = Buffer.from(readBytes(file, 'model.yaml')).toString('utf8');
  const parsed = demand(readDocument({ text, file }, schema));
  const onnx = readBytes(onnxFile, 'model.onnx');
  return {
    id: parsed.id,
    version: String(parsed.version),
    classes: parsed.classes,
    inputName: parsed.input.name,
    input: inputOf(parsed.input),
    inputSize: sizeOf(parsed.input),
    logitsName: parsed.output.logits,
    temperature: parsed.temperature,
    golden: parsed.golden,
    tolerance: parsed.tolerance,
    sha256: sha256Hex(onnx),
    onnx,
    file: onnxFile,
  };
}

type ParsedInput = z.infer<typeof input>;

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

function readBytes(path: string, what: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > maxModelBytes) {
      throw new Fault('limited', `${what} has ${size} bytes, the limit is ${maxModelBytes}`, {
        place: path,
        remedy: 'Export a smaller model; weights outside the file are not supported.',
      });
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new Fault('not_found', `the model folder has no ${what} that can be read (${code})`, {
      place: path,
      remedy: 'Let "models" in agent.yaml name a folder that holds model.onnx and model.yaml.',
      cause: error,
    });
  }
}

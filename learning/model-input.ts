/** What goes into a model, as `model.yaml` declares it: an image or a list of numbers. */
import type { ImageInput, NumberInput } from './preprocess.ts';
import * as z from 'zod';
import { complain } from './schema.ts';

export type ModelInput =
  | { readonly kind: 'image'; readonly topic: string; readonly image: ImageInput }
  | {
      readonly kind: 'numbers';
      readonly topic: string;
      readonly path: string;
      readonly numbers: NumberInput;
    };

const topic = z.string().min(1).max(256);
export const numbers = z.array(z.number()).min(1);
const positive = z.array(z.number().positive()).min(1);
const side = z.int().min(1).max(4_096);

export const inputSchema = z
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

type ParsedInput = z.output<typeof inputSchema>;

/** Numbers that the input has. */
export function sizeOf(given: ParsedInput): number {
  if (given.from.image === undefined) return given.size ?? 0;
  return (given.width ?? 0) * (given.height ?? 0) * (given.colour === 'gray' ? 1 : 3);
}

export function inputOf(given: ParsedInput): ModelInput {
  const { mean, std, from } = given;
  if (from.path !== undefined) {
    const { topic, path } = from;
    return { kind: 'numbers', topic, path, numbers: { size: given.size ?? 0, mean, std } };
  }
  const { width = 0, height = 0, layout = 'nchw', colour = 'rgb' } = given;
  const image = { width, height, layout, colour, mean, std };
  return { kind: 'image', topic: from.topic, image };
}

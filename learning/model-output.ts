/**
 * What comes out of a model, as `model.yaml` declares it: which output of the file plays which
 * part. The parts that there are depend on the task.
 */
import * as z from 'zod';
import { complain } from './schema.ts';

export const tasks = [
  'classification',
  'detection',
  'regression',
  'segments',
  'embedding',
] as const;
export type ModelTask = (typeof tasks)[number];

/** How four numbers say where a box is: two corners, a corner and a size, a centre and a size. */
export const boxFormats = ['xyxy', 'xywh', 'cxcywh'] as const;
export type BoxFormat = (typeof boxFormats)[number];

/** What may stand beside the outputs of any task. */
interface Beside {
  /**
   * One number by a head of its own that was trained on where the model was wrong, by which it says
   * how likely it is again; no label is needed for it on the robot (Yoo and Kweon 2019).
   */
  readonly auxiliary: string | undefined;
}

export interface ClassOutput extends Beside {
  readonly task: 'classification';
  /** One output, or one a member of an ensemble. */
  readonly heads: readonly string[];
  readonly gives: 'logits' | 'probabilities';
  /** The output whose numbers tell how alike two frames are. */
  readonly embedding: string | undefined;
}

export interface BoxOutput extends Beside {
  readonly task: 'detection';
  /**
   * `apart`: N x 4 places, N scores with N labels, or N x K scores. `joined`: one output of
   * (4 + K) x N or N x (4 + K) numbers.
   */
  readonly parts:
    | {
        readonly kind: 'apart';
        readonly boxes: string;
        readonly scores: string;
        readonly labels: string | undefined;
      }
    | { readonly kind: 'joined'; readonly detections: string };
  readonly format: BoxFormat;
  /** `unit`: 0 to 1 of the image; `pixels` of the image as the model takes it. */
  readonly scale: 'pixels' | 'unit';
  /** Boxes of a lower score are not boxes. */
  readonly threshold: number;
  /** Of two boxes of one class that share more of their union, the lower goes; 1 keeps all. */
  readonly overlap: number;
  readonly embedding: string | undefined;
}

export interface ValueOutput extends Beside {
  readonly task: 'regression';
  /** One output, or one a member of an ensemble. */
  readonly heads: readonly string[];
  /** The model's own variance of its values. */
  readonly variance: string | undefined;
  readonly embedding: string | undefined;
}

/** Classes over time: T x K numbers, a row for each step of the input, oldest first. */
export interface SegmentOutput extends Beside {
  readonly task: 'segments';
  readonly name: string;
  readonly gives: 'logits' | 'probabilities';
  readonly embedding: string | undefined;
}

export interface EmbeddingOutput extends Beside {
  readonly task: 'embedding';
  readonly embedding: string;
}

export type ModelOutput = ClassOutput | BoxOutput | ValueOutput | SegmentOutput | EmbeddingOutput;

/** Members of an ensemble in one file. */
const maxHeads = 16;
const outputName = z.string().min(1).max(256);
const heads = z.union([outputName, z.array(outputName).min(1).max(maxHeads)]);

export const outputSchema = z.strictObject({
  logits: heads.optional(),
  probabilities: heads.optional(),
  embedding: outputName.optional(),
  auxiliary: outputName.optional(),
  boxes: outputName.optional(),
  scores: outputName.optional(),
  labels: outputName.optional(),
  detections: outputName.optional(),
  format: z.enum(boxFormats).optional(),
  scale: z.enum(['pixels', 'unit']).optional(),
  threshold: z.number().min(0).max(1).optional(),
  overlap: z.number().positive().max(1).optional(),
  value: heads.optional(),
  variance: outputName.optional(),
});

type ParsedOutput = z.output<typeof outputSchema>;
type Key = keyof ParsedOutput;

const boxKeys = ['format', 'scale', 'threshold', 'overlap'] as const;

/** Sets of parts, one of which must be whole, and what may stand beside it. */
const partsOf: Readonly<
  Record<ModelTask, { one: readonly (readonly Key[])[]; more: readonly Key[] }>
> = {
  classification: { one: [['logits'], ['probabilities']], more: ['embedding', 'auxiliary'] },
  detection: {
    one: [['boxes', 'scores'], ['detections']],
    more: ['labels', 'embedding', 'auxiliary', ...boxKeys],
  },
  regression: { one: [['value']], more: ['variance', 'embedding', 'auxiliary'] },
  segments: { one: [['logits'], ['probabilities']], more: ['embedding', 'auxiliary'] },
  embedding: { one: [['embedding']], more: ['auxiliary'] },
};

/** Complains of parts that the task does not have, or needs. */
export function checkOutput(
  context: z.core.ParsePayload,
  task: ModelTask,
  given: ParsedOutput,
): void {
  const { one, more } = partsOf[task];
  const whole = one.filter((keys) => keys.every((key) => given[key] !== undefined));
  const begun = one.filter((keys) => keys.some((key) => given[key] !== undefined));
  const choice = one.map((keys) => keys.join(' and ')).join(', or ');
  if (whole.length !== 1 || begun.length !== 1) {
    const message = `does not say where the ${task} comes out`;
    const remedy = `For task ${task} name ${choice}.`;
    complain(context, { message, remedy, path: ['output'] });
  }
  for (const key of Object.keys(given) as Key[]) {
    if (given[key] === undefined || more.includes(key)) continue;
    if (one.some((keys) => keys.includes(key))) continue;
    const message = `does not belong to task ${task}`;
    const remedy = `Remove it; its outputs are ${choice}${more.length > 0 ? `, and ${more.join(', ')}` : ''}.`;
    complain(context, { message, remedy, path: ['output', key] });
  }
  for (const key of ['logits', 'probabilities', 'value'] as const) {
    const names = listOf(given[key]);
    if (new Set(names).size === names.length) continue;
    const remedy = 'Name each output of the ensemble once.';
    complain(context, { message: 'names an output twice', remedy, path: ['output', key] });
  }
  const key = given.logits === undefined ? 'probabilities' : 'logits';
  if (task === 'segments' && listOf(given[key]).length > 1) {
    const message = 'is a list, task segments takes one output';
    complain(context, { message, remedy: 'Name one output.', path: ['output', key] });
  }
  if (given.detections === undefined || given.labels === undefined) return;
  const message = 'does not go with detections, which have a score for each class';
  complain(context, { message, remedy: 'Remove it.', path: ['output', 'labels'] });
}

/** An output that `checkOutput` found no fault with. */
export function outputOf(task: ModelTask, given: ParsedOutput): ModelOutput {
  const { embedding, auxiliary } = given;
  switch (task) {
    case 'classification':
    case 'segments': {
      const gives = given.logits === undefined ? 'probabilities' : 'logits';
      const heads = listOf(given.logits ?? given.probabilities);
      if (task === 'classification') return { task, heads, gives, embedding, auxiliary };
      return { task, name: heads[0] ?? '', gives, embedding, auxiliary };
    }
    case 'detection': {
      const { detections, boxes = '', scores = '', labels } = given;
      const { format = 'xyxy', scale = 'pixels', threshold = 0.25, overlap = 0.5 } = given;
      return {
        task,
        parts:
          detections === undefined
            ? { kind: 'apart', boxes, scores, labels }
            : { kind: 'joined', detections },
        format,
        scale,
        threshold,
        overlap,
        embedding,
        auxiliary,
      };
    }
    case 'regression':
      return {
        task,
        heads: listOf(given.value),
        variance: given.variance,
        embedding,
        auxiliary,
      };
    case 'embedding':
      return { task, embedding: embedding ?? '', auxiliary };
  }
}

/**
 * The outputs that are asked for: those of the task, the auxiliary one, and last the embedding.
 * Golden pairs compare them all, but for an embedding beside another task.
 */
export function outputNames(output: ModelOutput): {
  readonly compared: readonly string[];
  readonly all: readonly string[];
} {
  const { task, auxiliary, embedding } = output;
  const beside = auxiliary === undefined ? [] : [auxiliary];
  const embeddings = embedding === undefined ? [] : [embedding];
  const own = task === 'embedding' ? [] : ownOutputs(output);
  const all = [...own, ...beside, ...embeddings];
  return { compared: task === 'embedding' ? all : [...own, ...beside], all };
}

function ownOutputs(output: Exclude<ModelOutput, EmbeddingOutput>): readonly string[] {
  switch (output.task) {
    case 'classification':
      return output.heads;
    case 'segments':
      return [output.name];
    case 'regression':
      return [...output.heads, ...(output.variance === undefined ? [] : [output.variance])];
    case 'detection': {
      const { parts } = output;
      if (parts.kind === 'joined') return [parts.detections];
      const { boxes, scores, labels } = parts;
      return [boxes, scores, ...(labels === undefined ? [] : [labels])];
    }
  }
}

const listOf = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === 'string' ? [names] : names;

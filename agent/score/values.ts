/** What a score record holds: numbers made of a model's outputs, and what triage wants of it. */
import { Fault } from '@fieldloop/core';
import {
  boxDoubt,
  type BoxOutput,
  type ClassOutput,
  type DetectedBox,
  disagreement,
  energy,
  entropy,
  flicker,
  margin,
  meanProbabilities,
  type ModelDocument,
  type OutputTensor,
  readBoxes,
  type ScoreName,
  segmentDoubt,
  type SegmentOutput,
  softmax,
  topIndex,
  type ValueOutput,
} from '@fieldloop/learning';
import { maxEmbeddingNumbers, maxNotedBoxes, maxNotedClasses } from '../limits.ts';

export interface ScoreValues {
  /** Those that the model's task gives. */
  readonly values: Readonly<Partial<Record<ScoreName, number>>>;
  /** Of a detector the class of its surest box, or `none`; of segments that of the newest step. */
  readonly topClass?: string;
  /** Absent when there are more classes than a note takes. */
  readonly probabilities?: readonly number[];
  /** Base64 of single-precision numbers, little endian. */
  readonly embedding?: string;
  /** The surest boxes above the threshold. */
  readonly boxes?: readonly DetectedBox[];
}

/** What a scorer keeps of the frame before. */
export interface FrameMemory {
  boxes?: readonly DetectedBox[];
}

/** Boxes of less say nothing of a detector's doubt. */
const leastScore = 0.05;

/**
 * Of the outputs, in the order of `outputNames`. Undefined: one number is not finite; Fault
 * `invalid`: there are not as many as the task needs.
 */
export function scoreValues(
  model: ModelDocument,
  outputs: readonly OutputTensor[],
  memory: FrameMemory,
): ScoreValues | undefined {
  const own = [...outputs];
  const { embedding, auxiliary } = model.output;
  const told = embedding === undefined ? {} : embeddingOf(own.pop());
  const beside = auxiliary === undefined ? {} : auxiliaryOf(own.pop());
  if (told === undefined || beside === undefined) return undefined;
  const judged = judge(model, own, memory);
  return judged && { ...judged, ...told, values: { ...judged.values, ...beside } };
}

function judge(
  model: ModelDocument,
  outputs: readonly OutputTensor[],
  memory: FrameMemory,
): ScoreValues | undefined {
  const { output } = model;
  switch (output.task) {
    case 'classification':
      return classValues({ ...model, output }, outputs);
    case 'detection':
      return boxValues({ ...model, output }, outputs, memory);
    case 'regression':
      return numberValues({ ...model, output }, outputs);
    case 'segments':
      return segmentValues({ ...model, output }, outputs);
    case 'embedding':
      return { values: {} };
  }
}

function classValues(
  model: ModelDocument<ClassOutput>,
  outputs: readonly OutputTensor[],
): ScoreValues | undefined {
  const { output, classes, temperature } = model;
  const heads = outputs.slice(0, output.heads.length).map(({ values }) => values);
  const other = heads.find((z) => z.length !== classes.length);
  if (other !== undefined) {
    throw misshapen(`${other.length} ${output.gives} for ${classes.length} classes`);
  }
  if (!heads.every((z) => z.every(Number.isFinite))) return undefined;
  const givesLogits = output.gives === 'logits';
  const logits = givesLogits ? heads : heads.map(logitsOf);
  const each = logits.map((z) => softmax(z, temperature));
  const p = meanProbabilities(each);
  const energies = logits.map((z) => energy(z, temperature));
  return {
    values: {
      entropy: entropy(p),
      margin: margin(p),
      doubt: 1 - Math.max(...p),
      ...(givesLogits ? { energy: meanOf(energies) } : {}),
      ...(heads.length > 1 ? { disagreement: disagreement(each) } : {}),
    },
    topClass: classes[topIndex(p)] ?? '',
    ...(p.length > maxNotedClasses ? {} : { probabilities: [...p].map(rounded) }),
  };
}

function boxValues(
  model: ModelDocument<BoxOutput>,
  outputs: readonly OutputTensor[],
  memory: FrameMemory,
): ScoreValues | undefined {
  const { output, classes, temperature, input } = model;
  const { width, height } = input.kind === 'image' ? input.image : { width: 1, height: 1 };
  const least = Math.min(leastScore, output.threshold);
  const reading = { output, classes, temperature, width, height, least };
  const all = readBoxes(outputs, reading);
  if (all === undefined) return undefined;
  const boxes = all.filter(({ score }) => score >= output.threshold);
  const before = memory.boxes;
  memory.boxes = boxes;
  return {
    values: {
      doubt: boxDoubt(all.map(({ score }) => score)),
      boxes: boxes.length,
      top: all[0]?.score ?? 0,
      ...(before === undefined ? {} : { flicker: flicker(before, boxes) }),
    },
    topClass: boxes[0]?.class ?? 'none',
    boxes: boxes.slice(0, maxNotedBoxes).map((box) => ({
      class: box.class,
      x: rounded(box.x),
      y: rounded(box.y),
      width: rounded(box.width),
      height: rounded(box.height),
      score: rounded(box.score),
    })),
  };
}

/** Its logarithms are the logits of probabilities, up to a number that softmax takes out. */
const logitsOf = (p: Float32Array): Float32Array => p.map((x) => Math.log(Math.max(x, 1e-12)));

function segmentValues(
  model: ModelDocument<SegmentOutput>,
  [given]: readonly OutputTensor[],
): ScoreValues | undefined {
  const { output, classes, temperature } = model;
  const numbers = given?.values ?? new Float32Array();
  const width = classes.length;
  if (numbers.length === 0 || given?.dimensions.at(-1) !== width) {
    const shape = given?.dimensions.join(' x ') ?? '';
    throw misshapen(`${shape} ${output.gives} for steps of ${width} classes`);
  }
  if (!numbers.every(Number.isFinite)) return undefined;
  const logits = output.gives === 'logits' ? numbers : logitsOf(numbers);
  const steps = Array.from({ length: numbers.length / width }, (_, step) =>
    softmax(logits.subarray(step * width, (step + 1) * width), temperature),
  );
  return {
    values: {
      entropy: meanOf(steps.map((p) => entropy(p))),
      doubt: segmentDoubt(steps),
    },
    topClass: classes[topIndex(steps.at(-1) ?? [])] ?? '',
  };
}

/**
 * The spread is the square root of the members' variance and of the mean variance that the model
 * states (Lakshminarayanan et al. 2017), as a mean over the numbers it gives.
 */
function numberValues(
  model: ModelDocument<ValueOutput>,
  outputs: readonly OutputTensor[],
): ScoreValues | undefined {
  const { output, temperature } = model;
  const heads = outputs.slice(0, output.heads.length).map(({ values }) => values);
  const stated = output.variance === undefined ? undefined : outputs[output.heads.length]?.values;
  const all = stated === undefined ? heads : [...heads, stated];
  const width = heads[0]?.length ?? 0;
  if (width === 0 || all.some((one) => one.length !== width)) {
    const sizes = all.map((one) => one.length).join(', ');
    throw misshapen(`its outputs have ${sizes} numbers, each needs as many as the first`);
  }
  if (!all.every((one) => one.every(Number.isFinite))) return undefined;
  const means = Array.from({ length: width }, (_, i) => meanOf(heads.map((z) => z[i] ?? 0)));
  const value = rounded(means[0] ?? 0);
  if (heads.length === 1 && stated === undefined) return { values: { value } };
  const variances = means.map((mean, i) => {
    const between = meanOf(heads.map((z) => ((z[i] ?? 0) - mean) ** 2));
    return between + Math.max(0, stated?.[i] ?? 0);
  });
  return { values: { value, deviation: Math.sqrt(meanOf(variances)) * temperature } };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Seven digits are what single precision gave. */
const rounded = (value: number): number => Number(value.toPrecision(7));

function auxiliaryOf(output: OutputTensor | undefined): { auxiliary: number } | undefined {
  const { length, 0: auxiliary = Number.NaN } = output?.values ?? [];
  if (length !== 1) throw misshapen(`output.auxiliary gives ${length} numbers, it takes one`);
  return Number.isFinite(auxiliary) ? { auxiliary: rounded(auxiliary) } : undefined;
}

function embeddingOf(output: OutputTensor | undefined): { embedding: string } | undefined {
  const values = output?.values ?? new Float32Array();
  const { length } = values;
  if (length === 0 || length > maxEmbeddingNumbers) {
    throw new Fault('invalid', `the embedding has ${length} numbers`, {
      remedy: `Export one of 1 to ${maxEmbeddingNumbers} numbers, or name none in model.yaml.`,
    });
  }
  if (!values.every(Number.isFinite)) return undefined;
  const bytes = Buffer.alloc(length * 4);
  values.forEach((value, i) => bytes.writeFloatLE(value, i * 4));
  return { embedding: bytes.toString('base64') };
}

const misshapen = (message: string): Fault =>
  new Fault('invalid', `the model's outputs do not add up: ${message}`, {
    remedy: 'Correct output and classes in model.yaml.',
  });

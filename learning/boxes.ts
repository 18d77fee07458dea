/** What a detector gave, as boxes: places, classes, scores, and each object once. */
import { Fault } from '@fieldloop/core';
import { overlap, type ScoredBox } from './box-scores.ts';
import type { BoxFormat, BoxOutput } from './model-output.ts';

/** One output of a model. */
export interface OutputTensor {
  readonly values: Float32Array;
  readonly dimensions: readonly number[];
}

/** Places are shares of the image's width and height, from the upper left corner. */
export interface DetectedBox extends ScoredBox {
  /** 0 to 1. */
  readonly score: number;
}

export interface BoxReading {
  readonly output: BoxOutput;
  readonly classes: readonly string[];
  /** Divides the logits of the scores. */
  readonly temperature: number;
  /** What places in pixels are shares of; 1 by 1 where the input is no image. */
  readonly width: number;
  readonly height: number;
  /** Boxes of a lower score are not looked at. */
  readonly least: number;
}

/** More boxes than this above `least` are the noise of a broken detector; the best stay. */
const maxCandidates = 1_000;

/**
 * The boxes, the surest first; of two of one class that overlap too much the surer stays (greedy
 * suppression). Undefined when a number is not finite; Fault `invalid` when sizes do not add up.
 */
export function readBoxes(
  tensors: readonly OutputTensor[],
  reading: BoxReading,
): readonly DetectedBox[] | undefined {
  if (!tensors.every(({ values }) => values.every(Number.isFinite))) return undefined;
  const { output } = reading;
  const table =
    output.parts.kind === 'joined' ? joinedTable(tensors, reading) : apartTable(tensors, reading);
  const found: DetectedBox[] = [];
  for (let i = 0; i < table.count; i += 1) {
    const { label, score } = table.best(i);
    const name = reading.classes[label];
    const calibrated = calibrate(score, reading.temperature);
    if (name === undefined || calibrated < reading.least) continue;
    const place = placeOf(output.format, (k) => table.place(i, k));
    found.push({ class: name, ...shareOf(place, reading), score: calibrated });
  }
  const candidates = found.toSorted((a, b) => b.score - a.score).slice(0, maxCandidates);
  return suppressed(candidates, output.overlap);
}

interface BoxTable {
  readonly count: number;
  /** Number `k` of 4 of box `i`. */
  place(i: number, k: number): number;
  best(i: number): { readonly label: number; readonly score: number };
}

/** (4 + K) rows of N numbers, or N rows of 4 + K: which of both, the sizes tell. */
function joinedTable(tensors: readonly OutputTensor[], { classes }: BoxReading): BoxTable {
  const [tensor] = tensors;
  const width = 4 + classes.length;
  const [rows = 0, columns = 0] = lastTwo(tensor);
  const values = tensor?.values ?? new Float32Array();
  const isByBox = columns === width;
  if (rows * columns !== values.length || (!isByBox && rows !== width)) {
    throw misfit(`detections are ${rows} x ${columns}, neither side is 4 + ${classes.length}`);
  }
  const count = isByBox ? rows : columns;
  const at = (i: number, k: number): number =>
    values[isByBox ? i * columns + k : k * columns + i] ?? Number.NaN;
  return { count, place: at, best: (i) => largest(classes.length, (k) => at(i, 4 + k)) };
}

function apartTable(tensors: readonly OutputTensor[], { classes }: BoxReading): BoxTable {
  const [boxes, scores, labels] = tensors.map(({ values }) => values);
  const count = (boxes?.length ?? 0) / 4;
  const place = (i: number, k: number): number => boxes?.[i * 4 + k] ?? Number.NaN;
  const score = (i: number): number => scores?.[i] ?? Number.NaN;
  if (labels !== undefined && labels.length === count && scores?.length === count) {
    return { count, place, best: (i) => ({ label: labels[i] ?? -1, score: score(i) }) };
  }
  if (labels === undefined && scores?.length === count * classes.length) {
    const of = (i: number) => (k: number) => score(i * classes.length + k);
    return { count, place, best: (i) => largest(classes.length, of(i)) };
  }
  const has = `${boxes?.length ?? 0} numbers of boxes, ${scores?.length ?? 0} scores`;
  throw misfit(labels === undefined ? has : `${has}, ${labels.length} labels`);
}

function largest(
  count: number,
  of: (k: number) => number,
): { readonly label: number; readonly score: number } {
  let label = 0;
  for (let k = 1; k < count; k += 1) if (of(k) > of(label)) label = k;
  return { label, score: of(label) };
}

function lastTwo(tensor: OutputTensor | undefined): readonly number[] {
  const sizes = (tensor?.dimensions ?? []).slice(-2);
  return sizes.length === 2 ? sizes : [1, ...sizes];
}

/** A score through the logit and back, as temperature scaling does (Guo et al. 2017). */
function calibrate(score: number, temperature: number): number {
  if (temperature === 1 || score <= 0 || score >= 1) return Math.min(1, Math.max(0, score));
  const logit = Math.log(score / (1 - score)) / temperature;
  return 1 / (1 + Math.exp(-logit));
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function placeOf(format: BoxFormat, of: (k: number) => number): Place {
  const [a, b, c, d] = [of(0), of(1), of(2), of(3)];
  switch (format) {
    case 'xyxy':
      return { x: a, y: b, width: c - a, height: d - b };
    case 'xywh':
      return { x: a, y: b, width: c, height: d };
    case 'cxcywh':
      return { x: a - c / 2, y: b - d / 2, width: c, height: d };
  }
}

function shareOf(place: Place, { output, width, height }: BoxReading): Place {
  if (output.scale === 'unit') return place;
  return {
    x: place.x / width,
    y: place.y / height,
    width: place.width / width,
    height: place.height / height,
  };
}

function suppressed(sorted: readonly DetectedBox[], most: number): readonly DetectedBox[] {
  if (most >= 1) return sorted;
  const kept: DetectedBox[] = [];
  for (const box of sorted) {
    const isSame = (other: DetectedBox): boolean =>
      other.class === box.class && overlap(other, box) > most;
    if (!kept.some(isSame)) kept.push(box);
  }
  return kept;
}

const misfit = (message: string): Fault =>
  new Fault('invalid', `the detector's outputs do not add up: ${message}`, {
    remedy: 'Correct output and classes in model.yaml.',
  });

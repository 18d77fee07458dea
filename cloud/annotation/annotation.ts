/**
 * What one annotator says of a task, and what is agreed on: the value of a submission and of a
 * label. It is checked against the ontology before anybody counts it. Pure.
 */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { maxPixels, maxTextBytes } from '../annotation-limits.ts';
import { type Attributes, demandAttributes, demandClass, type Ontology } from './ontology.ts';
import type { TaskType } from './task.ts';

export interface ClassValue {
  readonly class: string;
  readonly attributes?: Attributes | undefined;
}

/** Pixels of the original image, x to the right and y down from its corner. */
export interface Box extends ClassValue {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Where it differs from the task's. */
  readonly topic?: string | undefined;
  /** Log time of the image, decimal nanoseconds. */
  readonly atNs?: string | undefined;
  readonly track?: string | undefined;
  readonly occluded?: boolean | undefined;
  readonly zOrder?: number | undefined;
  /** Of a label: the share of the people who drew it. */
  readonly share?: number | undefined;
}

/** Log times, decimal nanoseconds; the end is left out. */
export interface Segment extends ClassValue {
  readonly startNs: string;
  readonly endNs: string;
  readonly share?: number | undefined;
}

export interface LabelValue {
  /** Of a classification. */
  readonly class?: string | undefined;
  readonly attributes?: Attributes | undefined;
  readonly boxes?: readonly Box[] | undefined;
  readonly segments?: readonly Segment[] | undefined;
  readonly text?: string | undefined;
}

export const annotationActions = [
  'predict',
  'submit',
  'skip',
  'undo',
  'withdraw',
  'adjudicate',
  'import',
  'void',
] as const;
export type AnnotationAction = (typeof annotationActions)[number];

export const labelMethods = [
  'majority',
  'dawid_skene',
  'wbf',
  'median',
  'adjudicated',
  'accepted_auto',
] as const;
export type LabelMethod = (typeof labelMethods)[number];

export interface Asked {
  readonly type: TaskType;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

const members: Readonly<Record<TaskType, keyof LabelValue>> = {
  classification: 'class',
  boxes: 'boxes',
  segments: 'segments',
  text: 'text',
};

/** Fault `invalid` unless the value answers the question in the words of the ontology. */
export function checkValue(
  value: LabelValue,
  {
    asked,
    ontology,
    place,
  }: { readonly asked: Asked; readonly ontology: Ontology; readonly place: string },
): void {
  const wanted = members[asked.type];
  const others = Object.values(members).filter((name) => name !== wanted);
  const other = others.find((name) => value[name] !== undefined);
  if (value[wanted] === undefined || other !== undefined) {
    throw new Fault('invalid', `the task asks for ${wanted}${other ? `, not for ${other}` : ''}`, {
      place,
      remedy: `Send {"${wanted}": …} alone.`,
    });
  }
  if (value.class !== undefined) checkClass(value as ClassValue, ontology, place);
  if (value.attributes !== undefined && asked.type !== 'classification') {
    throw new Fault('invalid', `attributes belong to each of the ${wanted}`, {
      place: `${place}/attributes`,
      remedy: 'Give them there.',
    });
  }
  for (const [i, box] of (value.boxes ?? []).entries()) {
    checkClass(box, ontology, `${place}/boxes/${i}`);
    checkBox(box, asked, `${place}/boxes/${i}`);
  }
  for (const [i, segment] of (value.segments ?? []).entries()) {
    checkClass(segment, ontology, `${place}/segments/${i}`);
    checkSegment(segment, asked, `${place}/segments/${i}`);
  }
  if (value.text !== undefined && Buffer.byteLength(value.text) > maxTextBytes) {
    throw new Fault('invalid', `the text has more than ${maxTextBytes} bytes`, {
      place: `${place}/text`,
      remedy: 'Say it shorter.',
    });
  }
}

function checkClass(value: ClassValue, ontology: Ontology, place: string): void {
  const found = demandClass(ontology, value.class, `${place}/class`);
  demandAttributes(found, value.attributes, place);
}

function checkBox({ x, y, w, h, atNs }: Box, asked: Asked, place: string): void {
  const numbers = [x, y, w, h];
  const fits = numbers.every((n) => Number.isFinite(n) && n >= 0 && n <= maxPixels);
  if (!fits || w <= 0 || h <= 0) {
    throw new Fault('invalid', 'the box is empty or outside of any image', {
      place,
      remedy: 'Give x, y, w and h in pixels of the original image, w and h above 0.',
    });
  }
  if (atNs !== undefined) demandWithin(BigInt(atNs), asked, `${place}/atNs`);
}

function checkSegment({ startNs, endNs }: Segment, asked: Asked, place: string): void {
  if (BigInt(startNs) >= BigInt(endNs)) {
    throw new Fault('invalid', 'the segment ends before it begins', {
      place,
      remedy: 'Give an endNs behind startNs.',
    });
  }
  demandWithin(BigInt(startNs), asked, `${place}/startNs`);
  demandWithin(BigInt(endNs), asked, `${place}/endNs`);
}

function demandWithin(ns: bigint, { startNs, endNs }: Asked, place: string): void {
  if (ns >= startNs && ns <= endNs) return;
  throw new Fault('invalid', 'this is not in the time that the task asks about', {
    place,
    remedy: `It is from ${startNs} to ${endNs}.`,
  });
}

/** The bytes that stand for a value: what says the same is the same. */
export const valueText = (value: LabelValue): string => canonicalJson(plain(value));

/** JSON without members that are undefined. */
const plain = (value: LabelValue): Json => JSON.parse(JSON.stringify(value)) as Json;

export interface Consensus {
  readonly method: LabelMethod;
  readonly posterior?: number | undefined;
  readonly alpha?: number | undefined;
  readonly annotators: number;
}

/** The hash of a resolved label: all that it says, of what, and how it was agreed on. */
export function labelHash(of: {
  readonly clipSha256: string;
  readonly topic: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly type: TaskType;
  readonly body: string;
  readonly ontologySha256: string;
  readonly consensus: Consensus;
}): string {
  const { method, posterior, alpha, annotators } = of.consensus;
  return sha256Hex(
    canonicalJson({
      clipSha256: of.clipSha256,
      range: { topic: of.topic, startNs: String(of.startNs), endNs: String(of.endNs) },
      type: of.type,
      body: JSON.parse(of.body) as Json,
      ontologySha256: of.ontologySha256,
      consensus: { method, posterior: posterior ?? null, alpha: alpha ?? null, annotators },
    }),
  );
}

/**
 * How far people agree on a kind of task, beyond chance and class by class: below .667 what they
 * say is no ground for a data set. Only answers that were given blind count. Pure.
 */
import { alphaOfValue, fuseBoxes, krippendorffAlpha } from '@fieldloop/learning';
import {
  agreementBinNs,
  agreementIou,
  alphaBlocks,
  alphaWarns,
  maxAgreementBins,
} from '../annotation-limits.ts';
import type { LabelValue } from './annotation.ts';
import type { TaskType } from './task.ts';

export interface AgreedTask {
  readonly topic: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Of people who answered blind. */
  readonly values: readonly LabelValue[];
}

export const agreementGates = ['pass', 'warn', 'block', 'undefined'] as const;
export type AgreementGate = (typeof agreementGates)[number];

export interface ClassAgreement {
  /** Absent: of all classes together. */
  readonly class?: string;
  /** Absent: undefined, because there is nothing that one could disagree on. */
  readonly alpha?: number;
  readonly units: number;
  readonly values: number;
  readonly gate: AgreementGate;
}

const absent = -1;

/** All classes together, then each class that somebody used. Text has no agreement. */
export function agreement(
  type: TaskType,
  tasks: readonly AgreedTask[],
  classes: readonly string[],
): readonly ClassAgreement[] {
  const units = tasks.flatMap((task) => unitsOf(type, task, classes));
  const used = classes.flatMap((name, i) =>
    units.some((of) => of.includes(i)) ? [{ name, i }] : [],
  );
  return [
    gated(krippendorffAlpha(units)),
    ...used.map(({ name, i }) => gated(alphaOfValue(units, i), name)),
  ];
}

function gated(
  found: { readonly alpha?: number; readonly units: number; readonly values: number },
  name?: string,
): ClassAgreement {
  return { ...(name === undefined ? {} : { class: name }), ...found, gate: gateOf(found.alpha) };
}

export function gateOf(alpha: number | undefined): AgreementGate {
  if (alpha === undefined) return 'undefined';
  if (alpha < alphaBlocks) return 'block';
  return alpha < alphaWarns ? 'warn' : 'pass';
}

/** The values of each unit of a task: the class, the class of each box, the class of each bin. */
function unitsOf(
  type: TaskType,
  task: AgreedTask,
  classes: readonly string[],
): readonly number[][] {
  const { values } = task;
  if (values.length < 2) return [];
  if (type === 'classification') return [values.map((value) => classes.indexOf(value.class ?? ''))];
  if (type === 'boxes') return boxUnits(task, classes);
  return type === 'segments' ? binUnits(task, classes) : [];
}

/** A unit is a cluster of boxes, whatever their classes; who drew none there says `absent`. */
function boxUnits({ values, topic, startNs }: AgreedTask, classes: readonly string[]): number[][] {
  const images = new Map<
    string,
    { x: number; y: number; w: number; h: number; of: number; by: number }[]
  >();
  for (const [by, { boxes = [] }] of values.entries()) {
    for (const box of boxes) {
      const image = `${box.topic ?? topic} ${box.atNs ?? startNs}`;
      const one = { x: box.x, y: box.y, w: box.w, h: box.h, of: classes.indexOf(box.class), by };
      images.set(image, [...(images.get(image) ?? []), one]);
    }
  }
  return [...images.values()].flatMap((drawn) => {
    const boxes = drawn.map(({ of: _of, by, ...box }) => ({
      ...box,
      label: 0,
      confidence: 1,
      annotator: by,
    }));
    return fuseBoxes(boxes, values.length, agreementIou).map(({ members }) =>
      values.map(
        (_, by) => members.map((i) => drawn[i]).find((box) => box?.by === by)?.of ?? absent,
      ),
    );
  });
}

/** A unit is a tenth of a second; its value is the class of the segment that it begins in. */
function binUnits({ values, startNs, endNs }: AgreedTask, classes: readonly string[]): number[][] {
  const bins = Math.min(maxAgreementBins, Number((endNs - startNs) / agreementBinNs) + 1);
  const lines = values.map(({ segments = [] }) => {
    const line = Array.from({ length: bins }, () => absent);
    for (const segment of segments) {
      const first = binAt(BigInt(segment.startNs) - startNs);
      const end = binAt(BigInt(segment.endNs) - startNs);
      line.fill(classes.indexOf(segment.class), Math.max(0, first), Math.min(bins, end));
    }
    return line;
  });
  return Array.from({ length: bins }, (_, bin) => lines.map((line) => line[bin] ?? absent));
}

/** The first bin that begins at or after. */
const binAt = (ns: bigint): number => Number((ns + agreementBinNs - 1n) / agreementBinNs);

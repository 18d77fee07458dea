/**
 * How far people agree on a kind of task, beyond chance and class by class: below .667 what they
 * say is no ground for a data set. Only answers that were given blind count. Pure.
 */
import type { Random } from '@fieldloop/core';
import { type AgreementFigure, fuseBoxes, openAgreement } from '@fieldloop/learning';
import {
  agreementBinNs,
  agreementIou,
  alphaBlocks,
  alphaWarns,
  leastClassTasks,
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

/** `few`: too few to tell. */
export const agreementGates = ['pass', 'warn', 'block', 'few', 'undefined'] as const;
export type AgreementGate = (typeof agreementGates)[number];

export interface ClassAgreement {
  /** Absent: of all classes together. */
  readonly class?: string;
  /** Absent: undefined, because there is nothing that one could disagree on. */
  readonly alpha?: number;
  /** Its 95 % interval; absent where it was not asked for. */
  readonly low?: number;
  readonly high?: number;
  /** Tasks with two blind answers; of a class, those in which somebody said it. */
  readonly tasks: number;
  readonly units: number;
  readonly values: number;
  readonly gate: AgreementGate;
}

/** Alphas below which it blocks, or warns. */
export interface AgreementBounds {
  readonly fail: number;
  readonly warn: number;
}

const usualBounds: AgreementBounds = { fail: alphaBlocks, warn: alphaWarns };

const absent = '';

export type AgreedTasks = ReturnType<typeof openAgreedTasks>;

/** Takes the tasks of one type and keeps counts of them. Text has no agreement. */
export function openAgreedTasks(type: TaskType, bounds: AgreementBounds = usualBounds) {
  const counted = openAgreement();
  let tasks = 0;
  return {
    add(task: AgreedTask): void {
      if (task.values.length < 2) return;
      tasks += 1;
      counted.add(unitsOf(type, task));
    },

    tasks: (): number => tasks,

    /**
     * All classes together, then each class that somebody said, in the order of `classes` and then
     * of their names. Intervals where there is chance to draw by.
     */
    classes(classes: readonly string[], random?: Random): readonly ClassAgreement[] {
      const { all, of } = counted.figures(random);
      const place = (name: string): number => {
        const at = classes.indexOf(name);
        return at < 0 ? classes.length : at;
      };
      const names = [...of.keys()]
        .filter((name) => name !== absent)
        .toSorted((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
      return [
        { ...known(all), gate: gateOf(all, bounds) },
        ...names.flatMap((name) => {
          const figure = of.get(name);
          if (figure === undefined) return [];
          const judged = { ...known(figure), gate: classGateOf(known(figure), bounds) };
          return [{ class: name, ...judged }];
        }),
      ];
    },
  };
}

const known = ({ items, ...figure }: AgreementFigure) => ({ ...figure, tasks: items });

interface Measured {
  readonly alpha?: number;
  readonly high?: number;
  readonly tasks: number;
}

/** Of all classes together, by alpha itself. */
function gateOf({ alpha }: Pick<Measured, 'alpha'>, bounds: AgreementBounds): AgreementGate {
  if (alpha === undefined) return 'undefined';
  if (alpha < bounds.fail) return 'block';
  return alpha < bounds.warn ? 'warn' : 'pass';
}

/**
 * Of one class: with few tasks nothing is known of it, and it blocks only where even the upper
 * bound of its interval is too low. A class said three times in four hundred would block otherwise
 * whenever one of those times was a slip.
 */
function classGateOf({ alpha, high, tasks }: Measured, bounds: AgreementBounds): AgreementGate {
  if (alpha === undefined) return 'undefined';
  if (tasks < leastClassTasks) return 'few';
  if ((high ?? alpha) < bounds.fail) return 'block';
  return alpha < bounds.warn ? 'warn' : 'pass';
}

/** The values of each unit of a task: the class, the class of each box, the class of each bin. */
function unitsOf(type: TaskType, task: AgreedTask): readonly string[][] {
  const { values } = task;
  if (type === 'classification') return [values.map((value) => value.class ?? absent)];
  if (type === 'boxes') return boxUnits(task);
  return type === 'segments' ? binUnits(task) : [];
}

/** A unit is a cluster of boxes, whatever their classes; who drew none there says `absent`. */
function boxUnits({ values, topic, startNs }: AgreedTask): string[][] {
  const images = new Map<
    string,
    { x: number; y: number; w: number; h: number; of: string; by: number }[]
  >();
  for (const [by, { boxes = [] }] of values.entries()) {
    for (const box of boxes) {
      const image = `${box.topic ?? topic} ${box.atNs ?? startNs}`;
      const one = { x: box.x, y: box.y, w: box.w, h: box.h, of: box.class, by };
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
function binUnits({ values, startNs, endNs }: AgreedTask): string[][] {
  const bins = Math.min(maxAgreementBins, Number((endNs - startNs) / agreementBinNs) + 1);
  const lines = values.map(({ segments = [] }) => {
    const line = Array.from({ length: bins }, (): string => absent);
    for (const segment of segments) {
      const first = binAt(BigInt(segment.startNs) - startNs);
      const end = binAt(BigInt(segment.endNs) - startNs);
      line.fill(segment.class, Math.max(0, first), Math.min(bins, end));
    }
    return line;
  });
  return Array.from({ length: bins }, (_, bin) => lines.map((line) => line[bin] ?? absent));
}

/** The first bin that begins at or after. */
const binAt = (ns: bigint): number => Number((ns + agreementBinNs - 1n) / agreementBinNs);

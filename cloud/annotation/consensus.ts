/**
 * From what people said of a task to what holds: resolved, or one more is asked, or a senior. The
 * machine is one more voice, and never one of the two people. Pure; the maths is in learning.
 */
import {
  agreeSegments,
  dawidSkene,
  type DrawnBox,
  fuseBoxes,
  majority,
  type Vote,
} from '@fieldloop/learning';
import { acceptPosterior, leastModelTasks, leastPeople } from '../annotation-limits.ts';
import type { Box, LabelMethod, LabelValue, Segment } from './annotation.ts';
import type { Attributes, AttributeValue } from './ontology.ts';
import { isModel, type TaskType } from './task.ts';

/** What one person said, the last word of each. */
export interface Answer {
  readonly annotator: string;
  readonly value: LabelValue;
  /** A proposal was shown: one vote with the machine, and outside of agreement. */
  readonly assisted: boolean;
}

/** What Dawid and Skene make of a task among all others of its kind. */
export interface Belief {
  readonly class: string;
  readonly posterior: number;
}

export type Outcome =
  /** One more is asked, or a senior: nothing holds yet. */
  | { readonly kind: 'more'; readonly why: string }
  | {
      readonly kind: 'resolved';
      readonly value: LabelValue;
      readonly method: LabelMethod;
      readonly posterior?: number;
      readonly annotators: number;
    };

const more = (why: string): Outcome => ({ kind: 'more', why });

/** `belief`: of a classification, once there are enough tasks to know the annotators by. */
export function decide(
  task: { readonly type: TaskType; readonly topic: string; readonly startNs: bigint },
  answers: readonly Answer[],
  belief?: Belief,
): Outcome {
  if (answers.length < leastPeople) {
    return more(`${answers.length} answered, ${leastPeople} are wanted`);
  }
  switch (task.type) {
    case 'classification':
      return decideClass(answers, belief);
    case 'boxes':
      return decideBoxes(task, answers);
    case 'segments':
      return decideSegments(task, answers);
    case 'text':
      return decideText(answers);
    default:
      throw new TypeError(`a task for ${String(task.type)}`);
  }
}

function decideClass(answers: readonly Answer[], belief: Belief | undefined): Outcome {
  const annotators = answers.length;
  if (belief !== undefined) {
    const { posterior } = belief;
    const said = answers.filter(({ value }) => value.class === belief.class).length;
    if (posterior < acceptPosterior) {
      return more(`posterior ${shown(posterior)} < ${acceptPosterior} for ${belief.class}`);
    }
    // A machine, or one person alone, decides nothing, however much they are trusted.
    if (said < leastPeople) return more(`${said} of ${annotators} said ${belief.class}`);
    const value = classValue(belief.class, answers);
    return { kind: 'resolved', value, method: 'dawid_skene', posterior, annotators };
  }
  const names = [...new Set(answers.map(({ value }) => value.class ?? ''))];
  const votes = answers.map(({ value }, annotator) => ({
    item: 0,
    annotator,
    label: names.indexOf(value.class ?? ''),
  }));
  const [won] = majority(votes, 1);
  // More than half: the largest of three small heaps is no agreement.
  if (won?.label === undefined || won.votes * 2 <= won.of) {
    return more(`${won?.votes ?? 0} of ${annotators} for one class is no majority`);
  }
  const value = classValue(names[won.label] ?? '', answers);
  return { kind: 'resolved', value, method: 'majority', annotators };
}

/** Rounded down: what is shown below a bound is below it. */
const shown = (posterior: number): string => (Math.floor(posterior * 1000) / 1000).toFixed(3);

/** With the attributes that most of those who chose the class agree on. */
function classValue(name: string, answers: readonly Answer[]): LabelValue {
  const same = answers.filter(({ value }) => value.class === name);
  const attributes = agreedAttributes(same.map(({ value }) => value.attributes));
  return { class: name, ...(attributes === undefined ? {} : { attributes }) };
}

/** Values that more than half of the annotators gave; undefined when there is none. */
function agreedAttributes(of: readonly (Attributes | undefined)[]): Attributes | undefined {
  const names = [...new Set(of.flatMap((one) => Object.keys(one ?? {})))].toSorted();
  const agreed = names.flatMap((name): [string, AttributeValue][] => {
    const values = of.flatMap((one) => (one?.[name] === undefined ? [] : [one[name]]));
    const best = values.find(
      (value) => values.filter((one) => one === value).length * 2 > of.length,
    );
    return best === undefined ? [] : [[name, best]];
  });
  return agreed.length === 0 ? undefined : Object.fromEntries(agreed);
}

interface Place {
  readonly topic: string;
  readonly startNs: bigint;
}

/** Every cluster must be there for more than half of the people, or not be for more than half. */
function decideBoxes(task: Place, answers: readonly Answer[]): Outcome {
  const n = answers.length;
  const images = new Map<string, { readonly box: Box; readonly annotator: number }[]>();
  for (const [annotator, { value }] of answers.entries()) {
    for (const box of value.boxes ?? []) {
      const image = `${box.topic ?? task.topic} ${box.atNs ?? task.startNs}`;
      images.set(image, [...(images.get(image) ?? []), { box, annotator }]);
    }
  }
  const kept: Box[] = [];
  for (const [, drawn] of [...images].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const names = [...new Set(drawn.map(({ box }) => box.class))].toSorted();
    const boxes = drawn.map(
      ({ box, annotator }): DrawnBox => ({
        x: box.x,
        y: box.y,
        w: box.w,
        h: box.h,
        label: names.indexOf(box.class),
        confidence: 1,
        annotator,
      }),
    );
    for (const fused of fuseBoxes(boxes, n)) {
      const votes = fused.annotators.length;
      if (votes * 2 === n) return more(`${votes} of ${n} drew a ${names[fused.label]} there`);
      if (votes * 2 < n) continue;
      const members = fused.members.flatMap((i) => drawn[i]?.box ?? []);
      kept.push({
        ...sharedOf(members),
        class: names[fused.label] ?? '',
        x: fused.x,
        y: fused.y,
        w: fused.w,
        h: fused.h,
        share: votes / n,
      });
    }
  }
  return { kind: 'resolved', value: { boxes: kept }, method: 'wbf', annotators: n };
}

/** What the boxes of a cluster say alike beside their edges. */
function sharedOf(boxes: readonly Box[]): Partial<Box> {
  const [first] = boxes;
  const attributes = agreedAttributes(boxes.map((box) => box.attributes));
  const track = agreedAttributes(boxes.map(({ track: name }) => (name ? { name } : undefined)));
  const hidden = boxes.filter(({ occluded }) => occluded === true).length * 2 > boxes.length;
  return {
    ...(first?.topic === undefined ? {} : { topic: first.topic }),
    ...(first?.atNs === undefined ? {} : { atNs: first.atNs }),
    ...(track?.['name'] === undefined ? {} : { track: String(track['name']) }),
    ...(hidden ? { occluded: true } : {}),
    ...(attributes === undefined ? {} : { attributes }),
  };
}

function decideSegments({ startNs }: Place, answers: readonly Answer[]): Outcome {
  const n = answers.length;
  const drawn = answers.flatMap(({ value }, annotator) =>
    (value.segments ?? []).map((segment) => ({ segment, annotator })),
  );
  const names = [...new Set(drawn.map(({ segment }) => segment.class))].toSorted();
  // Doubles of nanoseconds relative to the task: exact for the lengths of clips.
  const relative = (ns: string): number => Number(BigInt(ns) - startNs);
  const agreed = agreeSegments(
    drawn.map(({ segment, annotator }) => ({
      label: names.indexOf(segment.class),
      start: relative(segment.startNs),
      end: relative(segment.endNs),
      annotator,
    })),
  );
  const segments: Segment[] = [];
  for (const { label, start, end, annotators, members } of agreed) {
    const votes = annotators.length;
    if (votes * 2 === n) return more(`${votes} of ${n} saw a ${names[label]} then`);
    if (votes * 2 < n) continue;
    const attributes = agreedAttributes(members.map((i) => drawn[i]?.segment.attributes));
    segments.push({
      class: names[label] ?? '',
      startNs: String(startNs + BigInt(Math.round(start))),
      endNs: String(startNs + BigInt(Math.round(end))),
      ...(attributes === undefined ? {} : { attributes }),
      share: votes / n,
    });
  }
  return { kind: 'resolved', value: { segments }, method: 'median', annotators: n };
}

/** The last person has accepted or edited what the one before wrote. */
function decideText(answers: readonly Answer[]): Outcome {
  const [before, last] = answers.slice(-2);
  if (last?.assisted !== true) {
    const isSame = before?.value.text === last?.value.text;
    if (!isSame || last === undefined) return more('the texts differ');
  }
  const method = before?.value.text === last.value.text ? 'majority' : 'adjudicated';
  return { kind: 'resolved', value: last.value, method, annotators: answers.length };
}

/** A classified task with what is known of it, for the model of the annotators. */
export interface ClassifiedTask {
  readonly id: string;
  /** By annotator, the machine included where people were blind to it. */
  readonly votes: readonly { readonly annotator: string; readonly class: string }[];
  /** Known for sure: adjudicated, or gold. */
  readonly truth?: string | undefined;
}

/**
 * What Dawid and Skene believe of each task; undefined while too few have two answers to know
 * anybody by.
 */
export function beliefs(
  tasks: readonly ClassifiedTask[],
  classes: readonly string[],
): ReadonlyMap<string, Belief> | undefined {
  if (tasks.filter(({ votes }) => votes.length >= leastPeople).length < leastModelTasks) {
    return undefined;
  }
  const people = new Map<string, number>();
  const labels = new Map(classes.map((name, i) => [name, i]));
  const gold = new Map<number, number>();
  const votes = tasks.flatMap((task, item): Vote[] => {
    const truth = labels.get(task.truth ?? '');
    if (truth !== undefined) gold.set(item, truth);
    return task.votes.flatMap((vote) => {
      const label = labels.get(vote.class);
      if (label === undefined) return [];
      const annotator = people.get(vote.annotator) ?? people.size;
      people.set(vote.annotator, annotator);
      return [{ item, annotator, label }];
    });
  });
  const n = classes.length;
  const shape = { items: tasks.length, annotators: people.size, classes: n, gold };
  const machines = new Set([...people].flatMap(([name, i]) => (isModel(name) ? [i] : [])));
  const { posteriors } = dawidSkene(votes, { ...shape, machines });
  return new Map(
    tasks.map(({ id }, item) => {
      const row = posteriors.subarray(item * n, (item + 1) * n);
      const best = row.indexOf(Math.max(...row));
      return [id, { class: classes[best] ?? '', posterior: row[best] ?? 0 }];
    }),
  );
}

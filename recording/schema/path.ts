import { Fault } from '@fieldloop/core';
import * as limits from '../limits.ts';

/** One step from a value to a value inside it. */
export type ValueStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'each' };

/** What is asked of the value at the end of the steps. */
type Measure = 'value' | 'count' | 'present' | 'bytes';

/** A parsed path: `a.b[2].c`, `a[].c`, `a.$count`, `a.$present`, `$bytes`. */
export interface FieldPath {
  readonly text: string;
  readonly steps: readonly ValueStep[];
  readonly measure: Measure;
}

const measures: ReadonlyMap<string, Measure> = new Map([
  ['$count', 'count'],
  ['$present', 'present'],
  ['$bytes', 'bytes'],
]);

const examples =
  'Write it like "pose.pose.position.x", "ranges[0]", "ranges[]", "ranges.$count" or "$bytes".';

/** Fault `invalid` when the text is not a path; whether the fields exist is another question. */
export function parsePath(text: string): FieldPath {
  if (text === '' || text.length > limits.pathCharacters) {
    throw pathFault(text, text === '' ? 'is empty' : 'is too long');
  }
  const steps: ValueStep[] = [];
  let measure: Measure = 'value';
  for (const [position, part] of text.split('.').entries()) {
    if (measure !== 'value') throw pathFault(text, 'goes on after its $ word');
    if (part.startsWith('$')) measure = measureOf(text, part, steps);
    else addSteps(text, part, { steps, isFirst: position === 0 });
  }
  if (steps.length > limits.pathSteps) throw pathFault(text, 'has too many steps');
  return { text, steps, measure };
}

function measureOf(text: string, word: string, steps: readonly ValueStep[]): Measure {
  const measure = measures.get(word);
  if (measure === undefined) {
    throw new Fault('invalid', `path "${shown(text)}": "${shown(word)}" is not known`, {
      remedy: `The words with $ are ${[...measures.keys()].join(', ')}.`,
    });
  }
  if (measure === 'bytes' && steps.length > 0) {
    throw new Fault('invalid', `path "${shown(text)}": $bytes is the size of the whole message`, {
      remedy: 'Write "$bytes" alone, or "$count" for the length of a list.',
    });
  }
  return measure;
}

/** `name`, `name[2]`, `name[]`, `name[2][3]`; the root of a message may itself be a list. */
function addSteps(
  text: string,
  part: string,
  into: { readonly steps: ValueStep[]; readonly isFirst: boolean },
): void {
  const match = /^([^[\]]*)((?:\[\d{0,10}\])*)$/.exec(part);
  const name = match?.[1] ?? '';
  const brackets = match?.[2] ?? '';
  if (match === null || (name === '' && !(into.isFirst && brackets !== ''))) {
    const where = part === '' ? 'has a dot too many' : `cannot be read at "${shown(part)}"`;
    throw pathFault(text, where);
  }
  if (name !== '') into.steps.push({ kind: 'field', name });
  for (const [bracket] of brackets.matchAll(/\[\d*\]/g)) {
    const digits = bracket.slice(1, -1);
    if (digits === '') into.steps.push({ kind: 'each' });
    else if (Number(digits) > limits.listIndex) throw pathFault(text, `has an index too large`);
    else into.steps.push({ kind: 'index', index: Number(digits) });
  }
}

/** The text of steps, for messages: `pose.covariance[3]`. */
export function stepsText(steps: readonly ValueStep[]): string {
  let text = '';
  for (const step of steps) {
    if (step.kind === 'field') text += text === '' ? step.name : `.${step.name}`;
    else text += step.kind === 'each' ? '[]' : `[${step.index}]`;
  }
  return text;
}

function pathFault(text: string, problem: string): Fault {
  return new Fault('invalid', `path "${shown(text)}" ${problem}`, { remedy: examples });
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

import { Fault, nearest } from '@fieldloop/core';
import * as limits from '../limits.ts';
import { foldResult } from './fold.ts';
import { type FieldPath, parsePath, stepsText, type ValueStep } from './path.ts';
import { type Shape, shapeText, type StructShape } from './shape.ts';
import type { FieldType, SignalSpec } from './types.ts';

/** A spec that was checked against a schema: where its value stands and how it is read. */
export interface Reading {
  /** With the schema's own names of the fields. */
  readonly steps: readonly ValueStep[];
  readonly measure: FieldPath['measure'];
  readonly shape: Shape;
  readonly type: FieldType;
  readonly reduce: SignalSpec['reduce'];
  /** The type of what a list is folded from; that of the value itself otherwise. */
  readonly itemType: FieldType;
  /** Answered by the message as a whole, no field is read: `$bytes` and a bare `$present`. */
  readonly isWhole: boolean;
  /** Present: every item of one list gives a value, which goes into a column of its own. */
  readonly collect?: { readonly field: number; readonly width: number; readonly most: number };
}

/** What messages about a path call the channel, such as `/odom (nav_msgs/msg/Odometry)`. */
export type ChannelName = string;

/** Fault `invalid` naming the nearest field and what is there. */
export function resolveSpec(root: Shape, spec: SignalSpec, channel: ChannelName): Reading {
  const path = parsePath(spec.path);
  const { steps, shape } = followPath(root, path, channel);
  const reading = { steps, measure: path.measure, shape, reduce: spec.reduce };
  checkReduce(spec, path, channel);
  const itemType = typeOf(path, shape, channel);
  const type = spec.reduce === undefined ? itemType : foldResult(spec.reduce, itemType);
  if (type === undefined) {
    throw new Fault('invalid', `${channel}: "${spec.path}" is text and has no ${fnOf(spec)}`, {
      remedy: 'A list of texts can be folded by count, first or last, without "valid".',
    });
  }
  const isWhole = path.measure === 'bytes' || (path.measure === 'present' && steps.length === 0);
  return { ...reading, type, itemType, isWhole };
}

/** Where a path leads, with the schema's own names. Fault `invalid` where it leads nowhere. */
export function followPath(
  root: Shape,
  path: FieldPath,
  channel: ChannelName,
): { readonly steps: readonly ValueStep[]; readonly shape: Shape } {
  const steps: ValueStep[] = [];
  let shape = root;
  for (const step of path.steps) {
    const next = enter({ shape, step, steps, path, channel });
    shape = next.shape;
    steps.push(next.step);
  }
  return { steps, shape };
}

interface Entry {
  readonly shape: Shape;
  readonly step: ValueStep;
  readonly steps: readonly ValueStep[];
  readonly path: FieldPath;
  readonly channel: ChannelName;
}

function enter(at: Entry): { readonly shape: Shape; readonly step: ValueStep } {
  const { shape, step } = at;
  if (shape.kind === 'any') return { shape, step };
  if (shape.kind === 'opaque') throw noWayInto(at);
  if (step.kind === 'field') {
    if (shape.kind === 'struct') return member(at, shape, step.name);
    if (shape.kind === 'map') return { shape: shape.value, step };
    throw noWayInto(at);
  }
  if (shape.kind !== 'list') throw noWayInto(at);
  if (step.kind === 'index' && shape.length !== undefined && step.index >= shape.length) {
    throw new Fault(
      'invalid',
      `${at.channel}: "${at.path.text}" asks for item ${step.index} of a list of ${shape.length}`,
      { remedy: `The last one is "${stepsText(at.steps)}[${shape.length - 1}]".` },
    );
  }
  return { shape: shape.item, step };
}

const secondsNames = ['sec', 'secs', 'seconds'];
const nanosNames = ['nsec', 'nsecs', 'nanosec', 'nanos', 'nanoseconds'];

function member(at: Entry, shape: StructShape, name: string) {
  const found = shape.members.get(name);
  if (found !== undefined) return { shape: found, step: at.step };
  if (shape.isTime) {
    const wanted = secondsNames.includes(name) ? 0 : nanosNames.includes(name) ? 1 : 2;
    const alias = [...shape.members][wanted];
    if (alias !== undefined) {
      return { shape: alias[1], step: { kind: 'field', name: alias[0] } as const };
    }
  }
  const parent = stepsText(at.steps);
  const prefix = parent === '' ? '' : `${parent}.`;
  const names = [...shape.members.keys()];
  throw new Fault(
    'invalid',
    `${at.channel} has no field "${prefix}${name}"` + suggestion(shape, name, prefix),
    {
      remedy: `Fields of ${parent === '' ? 'the message' : `"${parent}"`}: ${listed(names)}.`,
      details: { path: at.path.text, fields: names },
    },
  );
}

/** A name that is nearly right, or the same name some steps further down. */
function suggestion(shape: StructShape, name: string, prefix: string): string {
  const near = nearest(name, shape.members.keys()) ?? deeper(shape, name);
  return near === undefined ? '' : `. Did you mean "${prefix}${near}"?`;
}

function deeper(shape: StructShape, name: string): string | undefined {
  let level: [string, Shape][] = [...shape.members];
  for (let depth = 0; depth < 4 && level.length <= limits.listedFields; depth += 1) {
    const found = level.find(([path]) => path.split('.').at(-1) === name);
    if (found !== undefined) return found[0];
    level = level.flatMap(([path, inner]) =>
      inner.kind === 'struct'
        ? [...inner.members].map(([below, s]): [string, Shape] => [`${path}.${below}`, s])
        : [],
    );
  }
  return undefined;
}

function noWayInto(at: Entry): Fault {
  const here = stepsText(at.steps);
  const name = here === '' ? 'the message' : `"${here}"`;
  const remedy =
    at.shape.kind === 'list'
      ? `Write "${here}[0]" for one of its items, "${here}[]" for all of them.`
      : at.shape.kind === 'opaque'
        ? at.shape.remedy
        : at.step.kind === 'field'
          ? `Write "${here}" alone.`
          : `Leave the brackets out${here === '' ? '' : `: "${here}"`}.`;
  const wish = at.step.kind === 'field' ? `field "${at.step.name}"` : 'items';
  const lack = at.shape.kind === 'opaque' ? '' : ` and has no ${wish}`;
  return new Fault(
    'invalid',
    `${at.channel}: "${at.path.text}" cannot be read: ${name} is ${shapeText(at.shape)}${lack}`,
    { remedy },
  );
}

function checkReduce(spec: SignalSpec, path: FieldPath, channel: ChannelName): void {
  const isList = path.steps.some((step) => step.kind === 'each');
  if (isList && path.measure === 'present') {
    throw new Fault('invalid', `${channel}: "${spec.path}" asks every item whether it is there`, {
      remedy: 'Use $present without "[]", or count the items with $count.',
    });
  }
  if (isList && spec.reduce === undefined) {
    throw new Fault('invalid', `${channel}: "${spec.path}" is a list, a signal is one value`, {
      remedy:
        'Add "reduce: {fn: min}" (or max, mean, sum, count, first, last), or name one item: [0].',
    });
  }
  if (!isList && spec.reduce !== undefined) {
    throw new Fault('invalid', `${channel}: "${spec.path}" is one value, nothing to reduce`, {
      remedy: 'Leave "reduce" out, or name a list with "[]", such as "ranges[]".',
    });
  }
  const valid = spec.reduce?.valid;
  if (valid !== undefined && !(valid[0] <= valid[1])) {
    throw new Fault('invalid', `${channel}: "${spec.path}": valid [${valid.join(', ')}] is empty`, {
      remedy: 'Write the smallest valid value first.',
    });
  }
}

export function typeOf(path: FieldPath, shape: Shape, channel: ChannelName): FieldType {
  if (path.measure === 'bytes') return 'number';
  if (path.measure === 'present') return 'truth';
  if (path.measure === 'count') {
    if (shape.kind === 'list' || shape.kind === 'map' || shape.kind === 'any') return 'number';
    throw new Fault('invalid', `${channel}: "${path.text}": ${shapeText(shape)} has no $count`, {
      remedy: 'Only lists have a $count.',
    });
  }
  if (shape.kind === 'leaf') return shape.type;
  if (shape.kind === 'any') return 'unknown';
  if (shape.kind === 'struct' && shape.isTime) return 'number';
  throw notOneValue(path, shape, channel);
}

function notOneValue(path: FieldPath, shape: Shape, channel: ChannelName): Fault {
  const remedies = {
    list: `Write "${path.text}[0]" for one item, "${path.text}[]" with "reduce" to fold all, or "${path.text}.$count".`,
    map: `Write "${path.text}.<key>" or "${path.text}.$count".`,
    struct: `Name one of its fields: ${listed(shape.kind === 'struct' ? [...shape.members.keys()] : [])}.`,
    opaque: shape.kind === 'opaque' ? shape.remedy : '',
  };
  const remedy = shape.kind in remedies ? remedies[shape.kind as keyof typeof remedies] : '';
  return new Fault('invalid', `${channel}: "${path.text}" is ${shapeText(shape)}, not one value`, {
    remedy,
  });
}

function fnOf(spec: SignalSpec): string {
  return spec.reduce?.valid === undefined ? (spec.reduce?.fn ?? 'reduce') : 'valid range';
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const most = 24;
  const rest = names.length > most ? ` and ${names.length - most} more` : '';
  return names.slice(0, most).join(', ') + rest;
}

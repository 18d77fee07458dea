import { Fault } from '@fieldloop/core';
import * as limits from '../limits.ts';
import { finishCollect } from './collect.ts';
import { parsePath } from './path.ts';
import { type ChannelName, followPath, type Reading, typeOf } from './resolve.ts';
import { type Shape, shapeText } from './shape.ts';
import { openSlots } from './slots.ts';
import {
  type FieldType,
  type ListSlots,
  type ListSpec,
  type ListState,
  listState,
  type Slots,
  slotState,
} from './types.ts';
import type { Walk } from './walk.ts';

/** A list that was checked against a schema. */
export interface ListReading {
  /** One a field, whose values are collected, then the count of the list. */
  readonly readings: readonly Reading[];
  readonly types: readonly FieldType[];
  readonly most: number;
}

/** Fault `invalid` naming what is there instead of a list, or of a field of its items. */
export function resolveList(root: Shape, spec: ListSpec, channel: ChannelName): ListReading {
  checkBounds(spec, channel);
  const path = parsePath(spec.path);
  if (path.measure !== 'value' || path.steps.some((step) => step.kind === 'each')) {
    throw new Fault('invalid', `${channel}: "${spec.path}" does not name one list`, {
      remedy: 'Name the list itself, such as "detections" or "layers[0].detections".',
    });
  }
  const { steps, shape } = followPath(root, path, channel);
  if (shape.kind !== 'list' && shape.kind !== 'any') {
    throw new Fault('invalid', `${channel}: "${spec.path}" is ${shapeText(shape)}, not a list`, {
      remedy: 'Name a field that holds a list, or read this one as a single value.',
    });
  }
  if (shape.kind === 'list' && (shape.length ?? 0) > spec.maxItems) {
    throw new Fault('invalid', `${channel}: "${spec.path}" always has ${shape.length} items`, {
      remedy: `Raise maxItems to ${shape.length}.`,
    });
  }
  const width = spec.fields.length;
  const fields = spec.fields.map((field, k): Reading => {
    const collect = { field: k, width, most: spec.maxItems };
    return { ...resolveField(root, spec.path, field, channel), collect };
  });
  const count: Reading = {
    steps,
    measure: 'count',
    shape,
    type: 'number',
    itemType: 'number',
    reduce: undefined,
    isWhole: false,
  };
  return {
    readings: [...fields, count],
    types: fields.map(({ type }) => type),
    most: spec.maxItems,
  };
}

function resolveField(root: Shape, list: string, field: string, channel: ChannelName): Reading {
  const path = parsePath(`${list}[]${field === '' || field.startsWith('[') ? '' : '.'}${field}`);
  if (path.measure !== 'value' || path.steps.filter(({ kind }) => kind === 'each').length > 1) {
    throw new Fault('invalid', `${channel}: "${field}" is not one value of an item of "${list}"`, {
      remedy: 'Name a field of the items, such as "score" or "results[0].hypothesis.score".',
    });
  }
  const { steps, shape } = followPath(root, path, channel);
  const type = typeOf(path, shape, channel);
  return {
    steps,
    measure: 'value',
    shape,
    type,
    itemType: type,
    reduce: undefined,
    isWhole: false,
  };
}

function checkBounds({ path, fields, maxItems }: ListSpec, channel: ChannelName): void {
  const isCount = Number.isInteger(maxItems) && maxItems >= 1 && maxItems <= limits.listItems;
  if (isCount && fields.length <= limits.listFields) return;
  throw new Fault('invalid', `${channel}: "${path}" asks for too much or nothing of a list`, {
    remedy: `Read 1 to ${limits.listItems} items, and at most ${limits.listFields} of their fields.`,
  });
}

/** Where the count of the list is put; the columns go elsewhere. */
export const countSlots = ({ readings }: ListReading): Slots => openSlots(readings.length);

/** What a walk to its end found. */
export function takeList(
  { readings, most }: ListReading,
  walk: Walk,
  counted: Slots,
  out: ListSlots,
): ListState {
  const at = readings.length - 1;
  if (counted.states[at] !== slotState.number) return listState.unknown;
  const count = counted.numbers[at] ?? 0;
  if (count > most) return listState.overflow;
  for (const { collect } of walk.slots) {
    if (collect !== undefined) finishCollect(collect, walk.data, count);
  }
  out.count = count;
  return listState.read;
}

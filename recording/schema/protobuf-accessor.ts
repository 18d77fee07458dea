import { countSlots, type ListReading, takeList } from './list.ts';
import { compilePick } from './pick.ts';
import { compilePickList } from './pick-list.ts';
import {
  type FieldPlan,
  isPlainReading,
  type MessagePlan,
  planMessage,
  type ValuePlan,
} from './protobuf-plan.ts';
import type { ProtoStruct } from './protobuf-shape.ts';
import { type ProtoWalk, readKey, readSizedEnd, skipValue, wireType } from './protobuf-wire.ts';
import type { Reading } from './resolve.ts';
import { scalars } from './ros-scalar.ts';
import { gatherColumn } from './ros-step.ts';
import { type Accessor, type ListAccessor, listState, type MessageColumns } from './types.ts';
import { beginWalk, faultWalk, finishWalk, openWalk, takeScratch, takeText } from './walk.ts';
import { wantTree } from './want.ts';

/**
 * Reads wanted fields straight from the wire, passing over the rest by their sizes. Absent fields
 * without presence read as their default, absent fields with presence as unknown. Paths through
 * maps, oneofs, groups and closed enumerations go through the reference decoder.
 */
export function compileProtobuf(
  root: ProtoStruct,
  readings: readonly Reading[],
  decode: (bytes: Uint8Array) => unknown,
): Accessor {
  if (!readings.every((reading) => isPlainReading(root, reading))) {
    return compilePick(readings, decode);
  }
  const walk: ProtoWalk = { ...openWalk(readings), p: 0, low: 0, high: 0 };
  const plan = planMessage(root, wantTree(readings));
  const readsFields = readings.some((reading) => !reading.isWhole);
  return {
    types: readings.map((reading) => reading.type),
    read(columns: MessageColumns, i, out, at) {
      walk.at = at;
      beginWalk(walk, columns, i, out);
      if (!readsFields) return 0;
      walk.p = columns.starts[i] ?? 0;
      enterMessage(plan);
      if (!walkMessage(walk, plan, walk.end, 0)) return faultWalk(walk, out);
      leaveMessage(walk, plan);
      finishWalk(walk, out);
      return 0;
    },
  };
}

export function compileProtobufList(
  root: ProtoStruct,
  list: ListReading,
  decode: (bytes: Uint8Array) => unknown,
): ListAccessor {
  const { readings } = list;
  if (!readings.every((reading) => isPlainReading(root, reading))) {
    return compilePickList(list, decode);
  }
  const walk: ProtoWalk = { ...openWalk(readings), p: 0, low: 0, high: 0 };
  const plan = planMessage(root, wantTree(readings));
  const counted = countSlots(list);
  return {
    types: list.types,
    read(columns, i, out) {
      out.count = 0;
      walk.listed = out.values;
      beginWalk(walk, columns, i, counted);
      walk.p = columns.starts[i] ?? 0;
      enterMessage(plan);
      if (!walkMessage(walk, plan, walk.end, 0)) return listState.fault;
      leaveMessage(walk, plan);
      return takeList(list, walk, counted, out);
    },
  };
}

function enterMessage(plan: MessagePlan): void {
  for (const field of plan.fields) {
    field.seen = 0;
    field.value[0] = 0;
    field.start = 0;
    field.end = 0;
    if (!field.isList && field.inner !== undefined) enterMessage(field.inner);
  }
}

/** False when the message is corrupt; a message that comes twice adds to what it said before. */
function walkMessage(walk: ProtoWalk, plan: MessagePlan, end: number, depth: number): boolean {
  while (walk.p < end) {
    const key = readKey(walk, end);
    if (key < 0) return false;
    const field = plan.byId.get(key >>> 3);
    const wire = key & 7;
    let isRead: boolean;
    if (field === undefined) isRead = skipValue(walk, key, end, depth);
    else if (field.scalar === undefined) {
      isRead =
        wire === wireType.sized
          ? takeSized(walk, field, end, depth)
          : skipValue(walk, key, end, depth);
    } else if (wire === field.scalar.wire) isRead = takeScalar(walk, field, end);
    else if (wire === wireType.sized && field.isList) isRead = takePacked(walk, field, end);
    else isRead = skipValue(walk, key, end, depth);
    if (!isRead) return false;
  }
  return true;
}

function takeScalar(walk: ProtoWalk, field: FieldPlan, end: number): boolean {
  if (field.scalar?.read(walk, end) !== true) return false;
  if (field.isList) giveItem(walk, field);
  else field.value[0] = walk.scratch[0] ?? 0;
  field.seen += 1;
  return true;
}

/** The scalar in the scratch, as the item of a list that comes next. */
function giveItem(walk: ProtoWalk, field: FieldPlan): void {
  const item = field.singles.get(field.seen) ?? field.every;
  if (item === undefined) return;
  if (item === field.every) walk.item = field.seen;
  const value = walk.scratch[0] ?? 0;
  for (const slot of item.want.values) give(walk, slot, value);
  for (const slot of item.want.present) give(walk, slot, 1);
}

function takePacked(walk: ProtoWalk, field: FieldPlan, end: number): boolean {
  const to = readSizedEnd(walk, end);
  if (to < 0 || field.scalar === undefined) return false;
  const { bytes, gather } = field.scalar;
  if (gather !== undefined && field.singles.size === 0) {
    const count = (to - walk.p) / bytes;
    if (!Number.isInteger(count)) return false;
    if (field.every !== undefined) walk.item = field.seen;
    for (const slot of field.every?.want.values ?? []) {
      gatherColumn(walk, walk.p, { gather, delta: 0, stride: bytes, slot }, count);
    }
    field.seen += count;
    walk.p = to;
    return true;
  }
  while (walk.p < to) {
    if (!field.scalar.read(walk, to)) return false;
    giveItem(walk, field);
    field.seen += 1;
  }
  return true;
}

function takeSized(walk: ProtoWalk, field: FieldPlan, end: number, depth: number): boolean {
  const to = readSizedEnd(walk, end);
  if (to < 0) return false;
  const start = walk.p;
  const item = field.isList ? (field.singles.get(field.seen) ?? field.every) : field;
  if (item !== undefined) {
    if (item === field.every) walk.item = field.seen;
    if (item.inner !== undefined) {
      if (field.isList) enterMessage(item.inner);
      if (!walkMessage(walk, item.inner, to, depth + 1)) return false;
      if (field.isList) giveMessage(walk, item.inner);
    } else if (field.isList) {
      giveBytes(walk, { field, item, start, end: to });
    } else {
      field.start = start;
      field.end = to;
    }
    if (field.isList) for (const slot of item.want.present) give(walk, slot, 1);
  }
  walk.p = to;
  field.seen += 1;
  return true;
}

/** What was kept of single fields goes into the slots when their message is over. */
function leaveMessage(walk: ProtoWalk, plan: MessagePlan): void {
  for (const field of plan.fields) {
    const { want } = field;
    if (field.isList) {
      for (const slot of want.counts) give(walk, slot, field.seen);
      for (const slot of want.present) give(walk, slot, 1);
      continue;
    }
    if (field.seen === 0 && field.hasPresence) continue;
    for (const slot of want.present) give(walk, slot, 1);
    if (field.inner !== undefined) giveMessage(walk, field.inner);
    else if (field.scalar === undefined) {
      giveBytes(walk, { field, item: field, start: field.start, end: field.end });
    } else for (const slot of want.values) give(walk, slot, field.value[0] ?? 0);
  }
}

function giveMessage(walk: ProtoWalk, plan: MessagePlan): void {
  if (plan.seconds !== undefined) {
    const [whole, nanos] = plan.seconds;
    const seconds = (whole.value[0] ?? 0) + (nanos.value[0] ?? 0) / 1e9;
    for (const slot of plan.want.values) give(walk, slot, seconds);
  }
  leaveMessage(walk, plan);
}

interface SizedValue {
  readonly field: FieldPlan;
  readonly item: ValuePlan;
  readonly start: number;
  readonly end: number;
}

function giveBytes(walk: ProtoWalk, value: SizedValue): void {
  const { want } = value.item;
  const { start, end } = value;
  for (const slot of want.values) takeText(walk, slot, start, end);
  if (value.field.kind !== 'bytes') return;
  for (const slot of want.counts) give(walk, slot, end - start);
  for (const [index, single] of want.items) {
    const isThere = index < end - start;
    for (const slot of single.present) give(walk, slot, isThere ? 1 : 0);
    if (!isThere) continue;
    for (const slot of single.values) give(walk, slot, walk.data[start + index] ?? 0);
  }
  const gather = scalars.get('uint8')?.gather;
  if (gather === undefined) return;
  for (const slot of want.each?.values ?? []) {
    gatherColumn(walk, start, { gather, delta: 0, stride: 1, slot }, end - start);
  }
}

function give(walk: ProtoWalk, slot: number, value: number): void {
  walk.scratch[0] = value;
  takeScratch(walk, slot, 1);
}

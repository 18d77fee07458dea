import { Fault } from '@fieldloop/core';
import { countSlots, type ListReading, takeList } from './list.ts';
import { compilePick } from './pick.ts';
import { compilePickList } from './pick-list.ts';
import type { ChannelName, Reading } from './resolve.ts';
import { runFlat } from './ros-flat.ts';
import { findDouble, loneDouble } from './ros-lone-double.ts';
import { compileSteps, type Program } from './ros-program.ts';
import { isMostlyEmpty, openSizes, type RosEncoding } from './ros-size.ts';
import { damagedAt, overflow, runSteps } from './ros-step.ts';
import type { StructShape } from './shape.ts';
import {
  type Accessor,
  type ListAccessor,
  listState,
  type MessageColumns,
  slotState,
} from './types.ts';
import { beginWalk, faultWalk, finishWalk, openWalk, type Walk } from './walk.ts';
import { type Want, wantTree } from './want.ts';
import { decodeHeadered, isHeadered } from './xcdr.ts';

const ros1: RosEncoding = { name: 'ros1', widestAlign: 1 };
const plainCdr: RosEncoding = { name: 'cdr', widestAlign: 8 };
const plainCdr2: RosEncoding = { name: 'cdr', widestAlign: 4 };

const encapsulationBytes = 4;

/**
 * Representation identifiers of OMG DDS-XTypes 1.3, 7.6.3.1.2, as far as fields follow each other
 * plainly: CDR and XCDR2 in both byte orders. Forms with headers between fields are in `xcdr.ts`.
 */
function encodingOf(kind: number): RosEncoding | undefined {
  if (kind === 0x00 || kind === 0x01) return plainCdr;
  if (kind === 0x06 || kind === 0x07 || kind === 0x10 || kind === 0x11) return plainCdr2;
  return undefined;
}

/** A program for each way that the bytes of this channel's messages may stand. */
interface Programs {
  readonly plain: Program;
  /** XCDR2, compiled when the first such message comes. */
  packed(): Program;
}

function openPrograms(
  root: StructShape,
  want: Want | undefined,
  options: { readonly channel: ChannelName; readonly isCdr: boolean; readonly walk: Walk },
): Programs {
  const { channel, isCdr, walk } = options;
  const isFolded = (slot: number): boolean => {
    const plan = walk.slots[slot];
    return plan?.fold !== undefined || plan?.collect !== undefined;
  };
  const most = walk.slots.find((plan) => plan.collect !== undefined)?.collect?.most;
  const compile = (encoding: RosEncoding) =>
    compileSteps(root, want, { encoding, isFolded, channel, most });
  let packed: Program | undefined;
  return {
    plain: compile(isCdr ? plainCdr : ros1),
    packed: () => (packed ??= compile(plainCdr2)),
  };
}

/** Runs over the message at `start`: the position behind what was read, or `damagedAt`. */
function runMessage(walk: Walk, programs: Programs, start: number, isCdr: boolean): number {
  walk.origin = start;
  walk.little = true;
  if (!isCdr) return runSteps(programs.plain.steps, walk, start);
  if (walk.end - start < encapsulationBytes) return damagedAt(start);
  const kind = walk.data[start] === 0 ? (walk.data[start + 1] ?? 0xff) : 0xff;
  const encoding = encodingOf(kind);
  if (encoding === undefined) return damagedAt(start);
  walk.little = (kind & 1) === 1;
  walk.origin = start + encapsulationBytes;
  const { steps } = encoding === plainCdr ? programs.plain : programs.packed();
  return runSteps(steps, walk, walk.origin);
}

export function compileRos(
  root: StructShape,
  readings: readonly Reading[],
  channel: ChannelName,
  isCdr: boolean,
): Accessor {
  const walk = openWalk(readings);
  const readsFields = readings.some((reading) => !reading.isWhole);
  const programs = openPrograms(root, wantTree(readings), { channel, isCdr, walk });
  const flat = readings.every((one) => isFlatReading(one)) ? programs.plain.flat : undefined;
  const lone = flat !== undefined && readings.length === 1 ? loneDouble(flat) : undefined;
  const head = isCdr ? encapsulationBytes : 0;
  let headered: Accessor | undefined;
  return {
    types: readings.map((reading) => reading.type),
    read(columns: MessageColumns, i, out, at) {
      walk.at = at;
      const start = columns.starts[i] ?? 0;
      if (flat !== undefined) {
        walk.end = columns.ends[i] ?? 0;
        if (head === 0 || isPlainLittle(columns.view, start, walk.end)) {
          if (lone !== undefined) {
            const p = findDouble(lone, columns.view, start + head, walk.end);
            if (p < 0) return faultWalk(walk, out);
            out.numbers[at] = columns.view.getFloat64(p, true);
            out.states[at] = slotState.number;
            return 0;
          }
          if (walk.view !== columns.view) walk.view = columns.view;
          walk.origin = start + head;
          for (let k = 0; k < walk.slots.length; k += 1) out.states[at + k] = slotState.unknown;
          return runFlat(flat, walk, walk.origin, out) ? 0 : faultWalk(walk, out);
        }
      }
      if (isCdr && isHeadered(columns.data, start, columns.ends[i] ?? 0)) {
        headered ??= compilePick(readings, (bytes) => decodeHeadered(root, bytes, channel));
        return headered.read(columns, i, out, at);
      }
      beginWalk(walk, columns, i, out);
      if (!readsFields) return 0;
      if (runMessage(walk, programs, start, isCdr) < 0) return faultWalk(walk, out);
      finishWalk(walk, out);
      return 0;
    },
  };
}

/** A value that is a number or a truth by itself, or unknown where it is not there. */
function isFlatReading({ measure, isWhole, reduce, type }: Reading): boolean {
  return !isWhole && reduce === undefined && measure !== 'present' && type !== 'text';
}

/** Plain CDR, little endian: what nearly every robot writes. */
function isPlainLittle(view: DataView, start: number, end: number): boolean {
  return end - start >= encapsulationBytes && view.getUint16(start) === 1;
}

export function compileRosList(
  root: StructShape,
  list: ListReading,
  channel: ChannelName,
  isCdr: boolean,
): ListAccessor {
  const { readings } = list;
  const walk = openWalk(readings);
  const programs = openPrograms(root, wantTree(readings), { channel, isCdr, walk });
  const counted = countSlots(list);
  let headered: ListAccessor | undefined;
  return {
    types: list.types,
    read(columns, i, out) {
      out.count = 0;
      if (isCdr && isHeadered(columns.data, columns.starts[i] ?? 0, columns.ends[i] ?? 0)) {
        headered ??= compilePickList(list, (bytes) => decodeHeadered(root, bytes, channel));
        return headered.read(columns, i, out);
      }
      walk.listed = out.values;
      beginWalk(walk, columns, i, counted);
      const p = runMessage(walk, programs, columns.starts[i] ?? 0, isCdr);
      if (p === overflow) return listState.overflow;
      return p < 0 ? listState.fault : takeList(list, walk, counted, out);
    },
  };
}

/**
 * Makes the reference decoder strict: it reads only messages whose every length was checked, from
 * a copy that ends with the message, so that it can neither see a neighbour nor loop for long.
 */
export function openRosDecoder(
  root: StructShape,
  decode: (bytes: Uint8Array) => unknown,
  channel: ChannelName,
  isCdr: boolean,
): (bytes: Uint8Array) => unknown {
  const walk = openWalk([]);
  if (isMostlyEmpty(root, openSizes(isCdr ? plainCdr : ros1))) {
    throw new Fault('invalid', `${channel}: the schema is made of messages without fields`, {
      remedy: 'Its messages can be kept in clips and counted, but not be shown.',
    });
  }
  const programs = openPrograms(root, undefined, { channel, isCdr, walk });
  return (bytes) => {
    if (isCdr && isHeadered(bytes, 0, bytes.length)) return decodeHeadered(root, bytes, channel);
    // A Buffer's own `slice` makes no copy.
    const data = new Uint8Array(bytes);
    walk.data = data;
    walk.view = new DataView(data.buffer);
    walk.end = data.length;
    const p = runMessage(walk, programs, 0, isCdr);
    if (p < 0) throw corruptMessage(channel, data, damagedAt(p), isCdr);
    try {
      return decode(data);
    } catch (cause) {
      throw undecoded(channel, cause);
    }
  };
}

/** The decoder of others stumbled over a message whose lengths are all right. */
function undecoded(channel: ChannelName, cause: unknown): Fault {
  return new Fault('corrupt', `${channel}: a message is not what its schema says`, {
    place: 'message@byte 0',
    remedy: 'Compare the schema in the recording with the one of the publisher.',
    cause,
  });
}

function corruptMessage(channel: ChannelName, data: Uint8Array, p: number, isCdr: boolean): Fault {
  const kind = data[1] ?? 0xff;
  const isForeign =
    isCdr && data.length >= encapsulationBytes && (data[0] !== 0 || !encodingOf(kind));
  const what = isForeign
    ? `its encapsulation 0x${(((data[0] ?? 0) << 8) | kind).toString(16).padStart(4, '0')} is not plain CDR`
    : `what begins at byte ${p} goes on behind its end at byte ${data.length}`;
  return new Fault('corrupt', `${channel}: a message is not what its schema says: ${what}`, {
    place: `message@byte ${p}`,
    remedy: isForeign
      ? 'Record with a plain CDR type support, which is what ROS 2 uses by default.'
      : 'Compare the schema in the recording with the one of the publisher.',
  });
}

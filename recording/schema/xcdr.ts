/**
 * The forms of CDR that write headers between fields: parameter lists (XCDR1 mutable) and XCDR2
 * delimited and mutable, after OMG DDS-XTypes 1.3, 7.4.3. ROS 2 writes them only when somebody
 * asks its middleware to, so they are decoded whole and not in place. Members have the ids 0, 1, …
 * in their order, and every message inside is taken to be of the form that the message says.
 */
import { Fault } from '@fieldloop/core';
import type { ChannelName } from './resolve.ts';
import { scalars } from './ros-scalar.ts';
import type { ListShape, Shape, StructShape } from './shape.ts';

interface Form {
  /** Members carry an id and a length each. */
  readonly isMutable: boolean;
  readonly version: 1 | 2;
}

/**
 * Representation identifiers of 7.6.3.1.2, and those that some writers of XCDR2 used before it;
 * the lowest bit is the byte order.
 */
const forms: ReadonlyMap<number, Form> = new Map([
  [0x02, { isMutable: true, version: 1 }],
  [0x08, { isMutable: false, version: 2 }],
  [0x0a, { isMutable: true, version: 2 }],
  [0x12, { isMutable: true, version: 2 }],
  [0x14, { isMutable: false, version: 2 }],
]);

/** Whether the bytes of a message say that it is of one of these forms. */
export function isHeadered(data: Uint8Array, start: number, end: number): boolean {
  return end - start >= 4 && data[start] === 0 && forms.has((data[start + 1] ?? 0xff) & 0xfe);
}

interface Reader {
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly little: boolean;
  readonly form: Form;
  p: number;
  /** Where alignment starts to count; parameters of XCDR1 count by themselves. */
  origin: number;
}

/** The message as plain values; members that it leaves out are absent. Fault `corrupt`. */
export function decodeHeadered(
  root: StructShape,
  bytes: Uint8Array,
  channel: ChannelName,
): unknown {
  const kind = bytes[1] ?? 0xff;
  const form = forms.get(kind & 0xfe);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = { data: bytes, view, little: (kind & 1) === 1, p: 4, origin: 4 };
  try {
    if (form === undefined) throw new RangeError('its encapsulation is another one');
    return readStruct({ ...reader, form }, root, bytes.length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Fault(
      'corrupt',
      `${channel}: a message is not what its schema says: ${cause.message}`,
      {
        place: 'message@byte 0',
        remedy: 'Compare the schema in the recording with the one of the publisher.',
        cause,
      },
    );
  }
}

/** Moves behind `size` bytes, first aligned, and says where they begin. */
function take(reader: Reader, align: number, size: number, end: number): number {
  const natural = Math.min(align, reader.form.version === 2 ? 4 : 8);
  const from = reader.p + ((reader.origin - reader.p) & (natural - 1));
  if (size > end - from) throw new RangeError(`what begins at byte ${from} goes on behind its end`);
  reader.p = from + size;
  return from;
}

const u32 = (reader: Reader, end: number): number =>
  reader.view.getUint32(take(reader, 4, 4, end), reader.little);

type Values = Record<string, unknown>;

function readStruct(reader: Reader, shape: StructShape, end: number): Values {
  const values: Values = {};
  if (reader.form.version === 1) readParameters(reader, shape, { values, end });
  else {
    const length = u32(reader, end);
    const from = take(reader, 1, length, end);
    const inside = { values, end: from + length };
    reader.p = from;
    if (reader.form.isMutable) readMembers(reader, shape, inside);
    else readDelimited(reader, shape, inside);
    // What the writer's newer type has besides is passed over.
    reader.p = inside.end;
  }
  return values;
}

interface Inside {
  readonly values: Values;
  readonly end: number;
}

/** Members follow each other; those of an older type end earlier. */
function readDelimited(reader: Reader, shape: StructShape, { values, end }: Inside): void {
  for (const [name, member] of shape.members) {
    if (reader.p >= end || member.kind === 'opaque') return;
    put(values, name, readValue(reader, member, end));
  }
}

const sizeOfCode = [1, 2, 4, 8] as const;

/** EMHEADER: flag, length code, id; from code 5 on the length is that of the value itself. */
function readMembers(reader: Reader, shape: StructShape, { values, end }: Inside): void {
  const members = [...shape.members];
  while (end - reader.p >= 4) {
    const header = u32(reader, end);
    const code = (header >>> 28) & 7;
    const size = code < 4 ? (sizeOfCode[code] ?? 0) : u32(reader, end);
    const factor = code === 6 ? 4 : code === 7 ? 8 : 1;
    if (code > 4) reader.p -= 4;
    const length = size * factor + (code > 4 ? 4 : 0);
    readMember(reader, members[header & 0x0fff_ffff], { values, end: behind(reader, length, end) });
  }
}

const listEnd = 0x3f02;
const extended = 0x3f01;

/** Parameters of XCDR1: id and length in 16 bits each, or 32 after an extended header. */
function readParameters(reader: Reader, shape: StructShape, { values, end }: Inside): void {
  const members = [...shape.members];
  for (;;) {
    const at = take(reader, 4, 4, end);
    let id = reader.view.getUint16(at, reader.little) & 0x3fff;
    let length = reader.view.getUint16(at + 2, reader.little);
    if (id === listEnd) return;
    if (id === extended) {
      id = u32(reader, end) & 0x0fff_ffff;
      length = u32(reader, end);
    }
    const { origin } = reader;
    reader.origin = reader.p;
    readMember(reader, members[id], { values, end: behind(reader, length, end) });
    reader.origin = origin;
  }
}

function behind(reader: Reader, length: number, end: number): number {
  if (length > end - reader.p) throw new RangeError(`a member at byte ${reader.p} is too long`);
  return reader.p + length;
}

/** Members that the schema does not know, and those whose bytes cannot be told, are passed over. */
function readMember(reader: Reader, member: [string, Shape] | undefined, inside: Inside): void {
  if (member !== undefined && member[1].kind !== 'opaque') {
    put(inside.values, member[0], readValue(reader, member[1], inside.end));
  }
  reader.p = inside.end;
}

function put(values: Values, name: string, value: unknown): void {
  Object.defineProperty(values, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function readValue(reader: Reader, shape: Shape, end: number): unknown {
  if (shape.kind === 'struct') return readStruct(reader, shape, end);
  if (shape.kind === 'list') return readList(reader, shape, end);
  if (shape.kind !== 'leaf') throw new RangeError('a value has no known form');
  if (shape.wire === 'string') return readText(reader, end);
  return readScalar(reader, shape.wire, end);
}

/** In XCDR2 what is not made of numbers has its size in front of it. */
function readList(reader: Reader, shape: ListShape, end: number): unknown[] {
  const isPlain = shape.item.kind === 'leaf' && shape.item.wire !== 'string';
  let inside = end;
  if (reader.form.version === 2 && !isPlain) {
    const length = u32(reader, end);
    inside = behind(reader, length, end);
  }
  const count = shape.length ?? u32(reader, inside);
  // Every item has a byte at least.
  if (count > inside - reader.p) throw new RangeError(`a list of ${count} items is too long`);
  const items: unknown[] = [];
  for (let k = 0; k < count; k += 1) items.push(readValue(reader, shape.item, inside));
  if (inside !== end) reader.p = inside;
  return items;
}

const utf8 = new TextDecoder();

function readText(reader: Reader, end: number): string {
  const length = u32(reader, end);
  const from = take(reader, 1, length, end);
  return utf8.decode(reader.data.subarray(from, from + Math.max(0, length - 1)));
}

function readScalar(reader: Reader, wire: string, end: number): unknown {
  const size = scalars.get(wire)?.size ?? 1;
  const at = take(reader, size, size, end);
  const { view, little } = reader;
  switch (wire) {
    case 'bool':
      return view.getUint8(at) !== 0;
    case 'int8':
      return view.getInt8(at);
    case 'uint8':
      return view.getUint8(at);
    case 'int16':
      return view.getInt16(at, little);
    case 'uint16':
      return view.getUint16(at, little);
    case 'int32':
      return view.getInt32(at, little);
    case 'uint32':
      return view.getUint32(at, little);
    case 'int64':
      return view.getBigInt64(at, little);
    case 'uint64':
      return view.getBigUint64(at, little);
    case 'float32':
      return view.getFloat32(at, little);
    default:
      return view.getFloat64(at, little);
  }
}

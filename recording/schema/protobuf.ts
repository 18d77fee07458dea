import { Fault } from '@fieldloop/core';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';
import { badSchema, reasonOf } from './definition.ts';
import type { ProtoField, ProtoStruct } from './protobuf-shape.ts';
import type { ChannelName } from './resolve.ts';
import { leaf, type Shape } from './shape.ts';

export interface ProtoSchema {
  readonly shape: ProtoStruct;
  /** The reference decoder. Fault `corrupt` on bad bytes. */
  readonly decode: (bytes: Uint8Array) => unknown;
}

/** Opens a `FileDescriptorSet` with all that it depends on; `name` is the message's full name. */
export function openProtobuf(data: Uint8Array, name: string, channel: ChannelName): ProtoSchema {
  let found: protobuf.Type;
  try {
    const root = protobuf.Root.fromDescriptor(data, { keepCase: true });
    checkNames(root, channel);
    found = root.lookupType(name);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw badSchema(channel, reasonOf(cause), cause);
  }
  return {
    shape: structOf(found, new Map()),
    decode: (bytes) => {
      try {
        return plain(found.decode(bytes), found);
      } catch (cause) {
        throw new Fault('corrupt', `${channel}: a message is not what its schema says`, {
          place: 'message@byte 0',
          remedy: 'Compare the schema in the recording with the one of the publisher.',
          cause,
        });
      }
    },
  };
}

/** protobufjs builds code from names; only identifiers get that far. */
function checkNames(root: protobuf.NamespaceBase, channel: ChannelName): void {
  for (const inner of root.nestedArray) {
    if (!/^[A-Za-z_]\w*$/.test(inner.name)) {
      throw badSchema(channel, `"${inner.name.slice(0, 60)}" is not a name`);
    }
    if (inner instanceof protobuf.Type) {
      for (const field of inner.fieldsArray) {
        if (!/^[A-Za-z_.][\w.]*$/.test(field.name)) {
          throw badSchema(channel, `"${field.name.slice(0, 60)}" is not a name`);
        }
      }
    }
    if (inner instanceof protobuf.Namespace) checkNames(inner, channel);
  }
}

const timeNames = new Set(['.google.protobuf.Timestamp', '.google.protobuf.Duration']);

/** Messages may contain themselves, so the members are made when somebody asks for them. */
function structOf(type: protobuf.Type, done: Map<protobuf.Type, ProtoStruct>): ProtoStruct {
  const known = done.get(type);
  if (known !== undefined) return known;
  const fields = new Map<string, ProtoField>();
  const fill = (): ReadonlyMap<string, ProtoField> => {
    if (fields.size === 0) {
      for (const field of type.fieldsArray) fields.set(field.name, fieldOf(field, done));
    }
    return fields;
  };
  const struct: ProtoStruct = {
    kind: 'struct',
    name: type.fullName.replace(/^\./, ''),
    isTime: timeNames.has(type.fullName),
    get members() {
      return new Map([...fill()].map(([name, field]) => [name, field.shape]));
    },
    get fields() {
      return fill();
    },
  };
  done.set(type, struct);
  return struct;
}

function fieldOf(unresolved: protobuf.Field, done: Map<protobuf.Type, ProtoStruct>): ProtoField {
  const field = unresolved.resolve();
  const inner = field.resolvedType;
  const isEnum = inner instanceof protobuf.Enum;
  const value =
    inner instanceof protobuf.Type
      ? structOf(inner, done)
      : isEnum
        ? leaf('number', 'int32')
        : scalarShape(field.type);
  const isMap = field instanceof protobuf.MapField;
  const shape: Shape = isMap
    ? { kind: 'map', value }
    : field.repeated
      ? { kind: 'list', item: value, length: undefined }
      : value;
  const isAlone = field.partOf === null || field.partOf.fieldsArray.length === 1;
  return {
    id: field.id,
    shape,
    wire: inner instanceof protobuf.Type ? 'message' : isEnum ? 'int32' : field.type,
    isList: field.repeated,
    hasPresence: hasPresence(field),
    isPlain: !isMap && isAlone && !field.delimited && !(isEnum && isClosed(inner)),
  };
}

/** Absent is not the same as the default: every message, and scalars that say so. */
function hasPresence(field: protobuf.Field): boolean {
  if (field.repeated || field instanceof protobuf.MapField) return false;
  return field.resolvedType instanceof protobuf.Type || field.hasPresence;
}

/** A closed enumeration drops values that it does not name, as proto2 says. */
function isClosed(enumeration: protobuf.Enum): boolean {
  const features: unknown = Reflect.get(enumeration, '_features');
  return (features as { readonly enum_type?: string } | undefined)?.enum_type === 'CLOSED';
}

function scalarShape(type: string): Shape {
  if (type === 'string') return leaf('text', type);
  if (type === 'bool') return leaf('truth', type);
  if (type === 'bytes') return { kind: 'list', item: leaf('number', 'uint8'), length: undefined };
  return leaf(type.endsWith('64') ? 'bigint' : 'number', type);
}

/** Plain objects: bigint for 64 bits, absent where a field with presence is absent. */
function plain(message: protobuf.Message, type: protobuf.Type): unknown {
  const object: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const isThere = Object.hasOwn(message, field.name);
    if (!isThere && hasPresence(field)) continue;
    const value: unknown = Reflect.get(message, field.name);
    let converted: unknown;
    if (field.repeated) converted = (value as unknown[]).map((item) => plainValue(item, field));
    else if (field instanceof protobuf.MapField) {
      converted = Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [
          plainKey(key, field),
          plainValue(item, field),
        ]),
      );
    } else converted = plainValue(value, field);
    Object.defineProperty(object, field.name, { value: converted, enumerable: true });
  }
  return object;
}

function plainValue(value: unknown, field: protobuf.Field): unknown {
  if (field.resolvedType instanceof protobuf.Type) {
    return plain(value as protobuf.Message, field.resolvedType);
  }
  if (field.type === 'bytes') return Uint8Array.from(value as ArrayLike<number>);
  return field.type.endsWith('64') ? wideInteger(value) : value;
}

/** protobufjs writes a key of 64 bits as a text of its eight bytes; a missing one is `0`. */
function plainKey(key: string, { keyType }: protobuf.MapField): string {
  if (!keyType.endsWith('64') || key.length !== 8) return key;
  const { lo: low, hi: high } = protobuf.util.LongBits.fromHash(key);
  return String(wideInteger({ low, high, unsigned: /^u|^f/.test(keyType) }));
}

/** protobufjs keeps 64 bits as two words, or as a number where it made up the default. */
function wideInteger(value: unknown): bigint {
  if (typeof value === 'number') return BigInt(value);
  const words = value as {
    readonly low: number;
    readonly high: number;
    readonly unsigned: boolean;
  };
  const bits = (BigInt(words.high >>> 0) << 32n) | BigInt(words.low >>> 0);
  return words.unsigned ? bits : BigInt.asIntN(64, bits);
}

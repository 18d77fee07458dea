import type { MessageDefinition, MessageDefinitionField } from '@foxglove/message-definition';
import { Fault } from '@fieldloop/core';
import * as limits from '../limits.ts';
import type { ChannelName } from './resolve.ts';
import { leaf, type Shape, type StructShape } from './shape.ts';
import type { FieldType } from './types.ts';

/** Definitions as the parsers of ROS give them; the first is not always the message itself. */
export type Definitions = MessageDefinition[];

/** What times are called: ROS 1 has its own words for the parts of a time. */
export type RosDialect = 'ros1' | 'ros2';

const fieldTypes: Readonly<Record<string, FieldType>> = {
  bool: 'truth',
  int8: 'number',
  uint8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  uint32: 'number',
  int64: 'bigint',
  uint64: 'bigint',
  float32: 'number',
  float64: 'number',
  string: 'text',
};

const leaves: ReadonlyMap<string, Shape> = new Map(
  Object.entries(fieldTypes).map(([wire, type]) => [wire, leaf(type, wire)]),
);

const timeTypes = new Set([
  'time',
  'duration',
  'builtin_interfaces/Time',
  'builtin_interfaces/Duration',
  'builtin_interfaces/msg/Time',
  'builtin_interfaces/msg/Duration',
]);

/**
 * Parsed definitions as they are read: the message first, times as primitives in both dialects.
 * Names are checked here because decoders of others build code from them.
 */
export function orderDefinitions(
  definitions: Definitions,
  schemaName: string,
  channel: ChannelName,
): Definitions {
  const isConstants = (one: MessageDefinition): boolean =>
    one.definitions.length > 0 && one.definitions.every((field) => field.isConstant === true);
  const messages = definitions.filter((one) => !isConstants(one));
  const root =
    definitions.find((one) => one.name === undefined) ??
    definitions.find((one) => one.name === schemaName) ??
    definitions.find((one) => plainName(one.name) === plainName(schemaName)) ??
    (messages.length === 1 ? messages[0] : undefined);
  if (root === undefined)
    throw badSchema(channel, `it does not define "${schemaName.slice(0, 60)}"`);
  const others = definitions.filter((one) => one !== root && !timeTypes.has(one.name ?? ''));
  const rest = eachOnce(others, channel);
  for (const one of [root, ...rest]) {
    checkName(one.name ?? 'message', /^[A-Za-z]\w*(\/[A-Za-z]\w*)*$/, channel);
    for (const field of one.definitions) checkField(field, channel);
    checkOnce(one, channel);
  }
  return [
    { ...root, definitions: root.definitions.map((field) => plainTime(field)) },
    ...rest.map((one) => ({ ...one, definitions: one.definitions.map((f) => plainTime(f)) })),
  ];
}

/** `pkg/Type` for every way to write it: `pkg/msg/Type`, `pkg::msg::Type`, `pkg::msg::dds_::Type_`. */
const plainName = (name = ''): string =>
  name
    .replaceAll('::', '/')
    .replace(/\/dds_\/(\w+)_$/, '/$1')
    .replace(/^(\w+)\/msg\//, '$1/');

/** A message that is defined twice alike is kept once; readers would differ in which one counts. */
function eachOnce(definitions: Definitions, channel: ChannelName): Definitions {
  const byName = new Map<string, MessageDefinition>();
  for (const one of definitions) {
    if (one.name === undefined) throw badSchema(channel, 'it has two messages without a name');
    const known = byName.get(one.name);
    if (known === undefined) byName.set(one.name, one);
    else if (textOf(known) !== textOf(one)) {
      throw badSchema(channel, `it defines "${one.name.slice(0, 60)}" twice and differently`);
    }
  }
  return [...byName.values()];
}

const textOfBig = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}n` : value;

const textOf = (one: MessageDefinition): string => JSON.stringify(one.definitions, textOfBig);

function plainTime(field: MessageDefinitionField): MessageDefinitionField {
  if (!timeTypes.has(field.type)) return field;
  const isTime = field.type.toLowerCase().endsWith('time');
  return { ...field, type: isTime ? 'time' : 'duration', isComplex: false };
}

function checkName(name: string, allowed: RegExp, channel: ChannelName): void {
  if (!allowed.test(name)) throw badSchema(channel, `"${name.slice(0, 60)}" is not a name`);
}

function checkField(field: MessageDefinitionField, channel: ChannelName): void {
  checkName(field.name, /^[A-Za-z_]\w*$/, channel);
  checkName(field.type, /^[A-Za-z]\w*(\/[A-Za-z]\w*)*$/, channel);
  const length = field.arrayLength;
  if (length !== undefined && !(Number.isInteger(length) && length >= 0 && length < 2 ** 32)) {
    throw badSchema(channel, `"${field.name}" is a list of ${length}`);
  }
}

/** A field that stands twice has bytes twice, and one name: readers would differ in the layout. */
function checkOnce(
  { name = 'message', definitions }: MessageDefinition,
  channel: ChannelName,
): void {
  const seen = new Set<string>();
  for (const field of definitions) {
    if (field.isConstant === true) continue;
    if (seen.has(field.name)) {
      throw badSchema(channel, `"${field.name.slice(0, 60)}" stands twice in ${name.slice(0, 60)}`);
    }
    seen.add(field.name);
  }
}

/** The shape of the first definition. Fault `invalid` when a type is missing or contains itself. */
export function rosShape(
  definitions: Definitions,
  dialect: RosDialect,
  channel: ChannelName,
): StructShape {
  const byName = new Map(definitions.map((one) => [one.name ?? '', one]));
  const done = new Map<string, StructShape>();
  const open: string[] = [];
  const structOf = (one: MessageDefinition): StructShape => {
    const name = one.name ?? '';
    const known = done.get(name);
    if (known !== undefined) return known;
    if (open.includes(name)) throw badSchema(channel, `"${name}" contains itself`);
    if (open.length >= limits.schemaDepth) throw badSchema(channel, 'it nests too deep');
    open.push(name);
    const members = new Map<string, Shape>();
    for (const field of one.definitions) {
      if (field.isConstant !== true) members.set(field.name, fieldShape(field, valueOf));
    }
    open.pop();
    const shape: StructShape = { kind: 'struct', name: name || 'message', members, isTime: false };
    done.set(name, shape);
    return shape;
  };
  const valueOf = (type: string): Shape => {
    const known = leaves.get(type) ?? timeShape(type, dialect) ?? wideShape(type);
    if (known !== undefined) return known;
    const inner = byName.get(type);
    if (inner === undefined) throw badSchema(channel, `it does not define "${type}"`);
    return structOf(inner);
  };
  const root = definitions[0];
  if (root === undefined) throw badSchema(channel, 'it defines no message');
  return structOf(root);
}

function fieldShape(field: MessageDefinitionField, valueOf: (type: string) => Shape): Shape {
  const item = valueOf(field.type);
  return field.isArray === true ? { kind: 'list', item, length: field.arrayLength } : item;
}

/** ROS 1: u32 + u32, its duration i32 + i32. ROS 2: i32 + u32 for both. */
function timeShape(type: string, dialect: RosDialect): StructShape | undefined {
  if (type !== 'time' && type !== 'duration') return undefined;
  const isRos1 = dialect === 'ros1';
  const seconds = isRos1 && type === 'time' ? 'uint32' : 'int32';
  const nanos = isRos1 && type === 'duration' ? 'int32' : 'uint32';
  const members = new Map<string, Shape>([
    ['sec', leaf('number', seconds)],
    [isRos1 ? 'nsec' : 'nanosec', leaf('number', nanos)],
  ]);
  return { kind: 'struct', name: type, members, isTime: true };
}

function wideShape(type: string): Shape | undefined {
  if (type !== 'wstring' && type !== 'wchar') return undefined;
  return {
    kind: 'opaque',
    why: `a ${type} (its bytes differ between DDS vendors)`,
    remedy: 'Only the fields before it can be read.',
  };
}

/** What a parser of others said, on one line. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'no reason';
  const lines = cause.message.split('\n').map((line) => line.trim().replace(/^\d+\s+/, ''));
  const said = lines.filter((line) => line !== '' && line !== '^').slice(0, 2);
  return said.join(' ').slice(0, 200);
}

export function badSchema(channel: ChannelName, what: string, cause?: unknown): Fault {
  return new Fault('invalid', `${channel}: the schema cannot be read: ${what}`, {
    remedy:
      'Record the topic with the definition of its publisher. ' +
      'Clips keep its messages as they are; only its fields cannot be read.',
    cause,
  });
}

import { Fault } from '@fieldloop/core';
import * as limits from '../limits.ts';
import { badSchema } from './definition.ts';
import type { ChannelName } from './resolve.ts';
import { anyShape, leaf, type Shape } from './shape.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** The decoder of JSON messages. Fault `corrupt` with what the parser found. */
export function openJsonDecoder(channel: ChannelName): (bytes: Uint8Array) => unknown {
  return (bytes) => {
    try {
      return JSON.parse(strictUtf8.decode(bytes)) as unknown;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.slice(0, 120) : 'no reason';
      throw new Fault('corrupt', `${channel}: a message is not JSON: ${reason}`, {
        place: 'message@byte 0',
        remedy: 'Check that the publisher writes one JSON value in UTF-8 per message.',
        cause,
      });
    }
  };
}

/**
 * The shape that a JSON schema gives. Only what it says plainly is used (`type`, `properties`,
 * `items`, local `$ref`); where it leaves something open, any value is expected.
 */
export function jsonShape(data: Uint8Array, channel: ChannelName): Shape {
  let schema: unknown;
  try {
    schema = JSON.parse(strictUtf8.decode(data));
  } catch (cause) {
    throw badSchema(channel, 'it is not JSON', cause);
  }
  return shapeOf({ root: schema, schema, depth: 0 });
}

interface Place {
  readonly root: unknown;
  readonly schema: unknown;
  readonly depth: number;
}

function shapeOf(place: Place): Shape {
  const schema = followed(place);
  if (schema === undefined || place.depth > limits.schemaDepth) return anyShape;
  const below = (inner: unknown): Shape =>
    shapeOf({ root: place.root, schema: inner, depth: place.depth + 1 });
  switch (onlyType(schema['type'])) {
    case 'number':
    case 'integer':
      return leaf('number', 'number');
    case 'string':
      return leaf('text', 'string');
    case 'boolean':
      return leaf('truth', 'boolean');
    case 'array':
      return { kind: 'list', item: below(schema['items']), length: undefined };
    case 'object':
      return objectShape(schema, below);
    case undefined:
    default:
      return anyShape;
  }
}

/** Closed when it lists its properties and does not say that there may be others. */
function objectShape(
  schema: Readonly<Record<string, unknown>>,
  below: (inner: unknown) => Shape,
): Shape {
  const properties = asRecord(schema['properties']);
  const opens = ['additionalProperties', 'patternProperties', 'allOf', 'anyOf', 'oneOf'];
  const isOpen = opens.some((key) => schema[key] !== undefined && schema[key] !== false);
  if (properties === undefined || Object.keys(properties).length === 0 || isOpen) return anyShape;
  const shapes = new Map<string, Shape>();
  return {
    kind: 'struct',
    name: typeof schema['title'] === 'string' ? schema['title'].slice(0, 80) : 'JSON object',
    isTime: false,
    get members() {
      if (shapes.size === 0) {
        for (const [name, inner] of Object.entries(properties)) shapes.set(name, below(inner));
      }
      return shapes;
    },
  };
}

/** `string` of `"string"`, `["string", "null"]`; undefined when several are possible. */
function onlyType(type: unknown): string | undefined {
  const types: unknown[] = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  const [only] = types;
  return types.length === 1 && typeof only === 'string' ? only : undefined;
}

function followed(place: Place): Readonly<Record<string, unknown>> | undefined {
  let schema = asRecord(place.schema);
  for (let hops = 0; schema !== undefined && hops < limits.schemaDepth; hops += 1) {
    const ref = schema['$ref'];
    if (ref === undefined) return schema;
    if (typeof ref !== 'string' || !ref.startsWith('#')) return undefined;
    schema = asRecord(pointed(place.root, ref.slice(1)));
  }
  return undefined;
}

function pointed(root: unknown, pointer: string): unknown {
  let at: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const record = asRecord(at);
    at = record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
  }
  return at;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

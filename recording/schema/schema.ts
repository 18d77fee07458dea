import { Fault } from '@fieldloop/core';
import * as limits from '../limits.ts';
import type { Channel } from '../types.ts';
import { openCdrDecoder } from './cdr-decode.ts';
import { badSchema, orderDefinitions, reasonOf, rosShape } from './definition.ts';
import { jsonShape, openJsonDecoder } from './json.ts';
import type { ListReading } from './list.ts';
import { compilePick } from './pick.ts';
import { compilePickList } from './pick-list.ts';
import { openProtobuf } from './protobuf.ts';
import { compileProtobuf, compileProtobufList } from './protobuf-accessor.ts';
import type { ChannelName, Reading } from './resolve.ts';
import { compileRos, compileRosList, openRosDecoder } from './ros.ts';
import { openRos1Decoder } from './ros1-decode.ts';
import { parseIdl } from './ros2idl.ts';
import { parseRosmsg } from './rosmsg.ts';
import { serviceEventText } from './service-event.ts';
import { anyShape, type Shape } from './shape.ts';
import type { Accessor, ListAccessor } from './types.ts';

/** A channel's schema, opened: what its messages hold and the ways to read them. */
export interface OpenSchema {
  readonly channel: ChannelName;
  /** An opaque shape when no field can be read: the messages can still be counted and copied. */
  readonly shape: Shape;
  readonly compile: (readings: readonly Reading[]) => Accessor;
  readonly compileList: (list: ListReading) => ListAccessor;
  /** The reference decoder. Fault `corrupt` on bad bytes. */
  readonly decode: (bytes: Uint8Array) => unknown;
}

/** One opening per channel object; channels are kept by their readers, not by this. */
const opened = new WeakMap<Channel, OpenSchema>();

/** Fault `invalid` when the definition cannot be read. */
export function openSchema(channel: Channel): OpenSchema {
  const known = opened.get(channel);
  if (known !== undefined) return known;
  const fresh = open(channel);
  opened.set(channel, fresh);
  return fresh;
}

function open(channel: Channel): OpenSchema {
  const { schema } = channel;
  const name: ChannelName =
    schema === undefined ? channel.topic : `${channel.topic} (${schema.name})`;
  if (schema !== undefined && schema.data.length > limits.schemaBytes) {
    throw badSchema(name, `it has ${schema.data.length} bytes, ${limits.schemaBytes} at most`);
  }
  switch (`${channel.messageEncoding}/${schema?.encoding ?? ''}`) {
    case 'ros1/ros1msg':
    case 'cdr/ros2msg':
    case 'cdr/ros2idl':
      return openRos(channel, name);
    case 'protobuf/protobuf': {
      const data = schema?.data ?? new Uint8Array(0);
      const { shape, decode } = openProtobuf(data, schema?.name ?? '', name);
      return {
        channel: name,
        shape,
        compile: (readings) => compileProtobuf(shape, readings, decode),
        compileList: (list) => compileProtobufList(shape, list, decode),
        decode,
      };
    }
    default:
      return channel.messageEncoding === 'json'
        ? openJson(channel, name)
        : openOpaque(channel, name);
  }
}

function openRos(channel: Channel, name: ChannelName): OpenSchema {
  const encoding = channel.schema?.encoding ?? '';
  const schemaName = channel.schema?.name ?? '';
  const written = new TextDecoder().decode(channel.schema?.data);
  const text = encoding === 'ros2msg' ? serviceEventText(written, schemaName) : written;
  const isCdr = channel.messageEncoding === 'cdr';
  const parsed =
    encoding === 'ros2idl'
      ? parseIdl(text, name)
      : parseRosmsg({ text, isRos2: isCdr, schemaName }, name);
  const definitions = orderDefinitions(parsed, schemaName, name);
  const shape = { ...rosShape(definitions, isCdr ? 'ros2' : 'ros1', name), name: schemaName };
  let decoder: ((bytes: Uint8Array) => unknown) | undefined;
  const openForeign = (): ((bytes: Uint8Array) => unknown) => {
    try {
      return isCdr ? openCdrDecoder(definitions) : openRos1Decoder(definitions);
    } catch (cause) {
      throw badSchema(name, reasonOf(cause), cause);
    }
  };
  const openDecoder = () => {
    return openRosDecoder(shape, openForeign(), name, isCdr);
  };
  return {
    channel: name,
    shape,
    compile: (readings) => compileRos(shape, readings, name, isCdr),
    compileList: (list) => compileRosList(shape, list, name, isCdr),
    decode: (bytes) => {
      decoder ??= openDecoder();
      return decoder(bytes);
    },
  };
}

function openJson(channel: Channel, name: ChannelName): OpenSchema {
  const { schema } = channel;
  const hasSchema = schema?.encoding === 'jsonschema' && schema.data.length > 0;
  const decode = openJsonDecoder(name);
  return {
    channel: name,
    shape: hasSchema ? jsonShape(schema.data, name) : anyShape,
    compile: (readings) => compilePick(readings, decode),
    compileList: (list) => compilePickList(list, decode),
    decode,
  };
}

const readable = 'Fields are read from ros1 (ros1msg), cdr (ros2msg, ros2idl), protobuf and json.';

function openOpaque(channel: Channel, name: ChannelName): OpenSchema {
  const encoding = channel.messageEncoding || 'unknown encoding';
  const definition = channel.schema?.encoding || 'no schema';
  const why = `${encoding} with ${definition}, of which no field can be read`;
  return {
    channel: name,
    shape: { kind: 'opaque', why, remedy: readable },
    compile: (readings) => compilePick(readings, () => undefined),
    compileList: (list) => compilePickList(list, () => undefined),
    decode: () => {
      throw new Fault('invalid', `${name}: messages are ${why}`, { remedy: readable });
    },
  };
}

/**
 * What a Foxglove server and its client say to each other: JSON texts and binary frames, the same
 * in `foxglove.sdk.v1` and `foxglove.websocket.v1`. Pure. Facts: the protocol's specification at
 * github.com/foxglove/ws-protocol and its successor in foxglove-sdk.
 */
import { Fault } from '@fieldloop/core';
import type { Schema } from '@fieldloop/recording';

/** The newer name first: a server takes the first that it knows. */
export const subprotocols = ['foxglove.sdk.v1', 'foxglove.websocket.v1'];

export interface Advertised {
  /** The server's, any 32 bits. */
  readonly id: number;
  readonly topic: string;
  readonly messageEncoding: string;
  readonly schema: Schema | undefined;
}

export type FromServer =
  | { readonly kind: 'advertise'; readonly channels: readonly Advertised[] }
  | { readonly kind: 'unadvertise'; readonly ids: readonly number[] }
  | { readonly kind: 'status'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  | { readonly kind: 'serverInfo'; readonly name: string }
  | {
      readonly kind: 'message';
      readonly subscription: number;
      readonly logTimeNs: bigint;
      readonly data: Uint8Array;
    }
  /** The server's own time, while nothing else comes. */
  | { readonly kind: 'time'; readonly ns: bigint }
  /** Of services, parameters and what later versions add. */
  | { readonly kind: 'other' };

const messageHead = 13;
const timeHead = 9;

/** A binary frame. Fault `corrupt` when it is shorter than its kind. */
export function readFrame(bytes: Uint8Array): FromServer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = bytes[0];
  if (kind === 1 && bytes.length >= messageHead) {
    const subscription = view.getUint32(1, true);
    const logTimeNs = view.getBigUint64(5, true);
    return { kind: 'message', subscription, logTimeNs, data: bytes.subarray(messageHead) };
  }
  if (kind === 2 && bytes.length >= timeHead) {
    return { kind: 'time', ns: view.getBigUint64(1, true) };
  }
  if (kind !== undefined && kind > 2) return { kind: 'other' };
  throw rubbish(`a binary frame of ${bytes.length} bytes`);
}

/** A text. Fault `corrupt` when it is not of the protocol. */
export function readText(text: string): FromServer {
  const said = objectOf(parsed(text));
  switch (said?.['op']) {
    case 'advertise':
      return { kind: 'advertise', channels: listOf(said['channels']).map(advertised) };
    case 'unadvertise':
      return { kind: 'unadvertise', ids: listOf(said['channelIds']).map(idOf) };
    case 'status': {
      const level = statusLevels[Number(said['level'])] ?? 'info';
      return { kind: 'status', level, text: textOf(said['message']).slice(0, 1_000) };
    }
    case 'serverInfo':
      return { kind: 'serverInfo', name: textOf(said['name']).slice(0, 200) };
    default:
      if (typeof said?.['op'] === 'string') return { kind: 'other' };
      throw rubbish('a text without "op"');
  }
}

export const subscribeText = (
  subscriptions: readonly { readonly id: number; readonly channelId: number }[],
): string => JSON.stringify({ op: 'subscribe', subscriptions });

export const unsubscribeText = (subscriptionIds: readonly number[]): string =>
  JSON.stringify({ op: 'unsubscribe', subscriptionIds });

const statusLevels = ['info', 'warn', 'error'] as const;

type Said = Readonly<Record<string, unknown>>;

function advertised(value: unknown): Advertised {
  const channel = objectOf(value);
  if (channel === undefined || typeof channel['topic'] !== 'string') {
    throw rubbish('an advertised channel without a topic');
  }
  const messageEncoding = textOf(channel['encoding']);
  const id = idOf(channel['id']);
  return { id, topic: channel['topic'], messageEncoding, schema: schemaOf(channel) };
}

/** Where the server does not name the schema's encoding, the messages' own implies it. */
const implied: Readonly<Record<string, string>> = {
  json: 'jsonschema',
  protobuf: 'protobuf',
  flatbuffer: 'flatbuffer',
  ros1: 'ros1msg',
  cdr: 'ros2msg',
};

function schemaOf(channel: Said): Schema | undefined {
  const text = textOf(channel['schema']);
  const name = textOf(channel['schemaName']);
  if (text === '' && name === '') return undefined;
  const messageEncoding = textOf(channel['encoding']);
  const encoding = textOf(channel['schemaEncoding']) || (implied[messageEncoding] ?? '');
  const isBinary = encoding === 'protobuf' || encoding === 'flatbuffer';
  // MCAP knows no text of a schema in no encoding.
  const given = encoding === '' ? '' : text;
  return { name, encoding, data: new Uint8Array(Buffer.from(given, isBinary ? 'base64' : 'utf8')) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw rubbish('a text that is not JSON');
  }
}

const objectOf = (value: unknown): Said | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Said)
    : undefined;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw rubbish('a list that is none');
}

function idOf(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    return value;
  }
  throw rubbish('a channel without a number');
}

const rubbish = (what: string): Fault =>
  new Fault('corrupt', `the server sent ${what}`, {
    remedy: 'Check that a Foxglove WebSocket server answers at this address.',
  });

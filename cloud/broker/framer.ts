/**
 * Follows the packets of a device behind CONNECT with a few integers: what a broker would only find
 * after reading it whole is refused at its head, and the chunks of a bulk connection are taken out
 * as the pieces in which they came, without a copy, because they are not for the broker.
 */
import type { ConnectionKind } from '@fieldloop/proto';
import {
  bulkPacketBytes,
  controlPacketBytes,
  controlPacketsBurst,
  controlPacketsPerSecond,
  maxSubscribePackets,
  maxTopicBytes,
} from '../wire-limits.ts';

/** Packet types (MQTT 3.1.1, table 2.1) that a device sends. */
const types = {
  publish: 3,
  puback: 4,
  subscribe: 8,
  unsubscribe: 10,
  pingreq: 12,
  disconnect: 14,
} as const;
const allowed = new Set<number>(Object.values(types));
/** PUBLISH with QoS 0, neither retained nor a duplicate. */
const plainPublish = 0x30;

export interface FramerOptions {
  readonly kind: ConnectionKind;
  /** Topic whose publishes are taken out; absent: none is. */
  readonly chunkTopic?: string | undefined;
  /** Bytes for the broker, in order. */
  forward(part: Buffer): void;
  /** The payload of one publish on `chunkTopic`, in pieces. */
  chunk(pieces: readonly Buffer[]): void;
}

export interface Framer {
  /** The reason why these bytes break a rule, or undefined. After a reason the link is closed. */
  feed(bytes: Buffer, nowMs: number): string | undefined;
}

type Stage = 'type' | 'length' | 'topicLength' | 'topic' | 'body' | 'chunk';

export function openFramer(options: FramerOptions): Framer {
  const { kind } = options;
  const most = kind === 'control' ? controlPacketBytes : bulkPacketBytes;
  const wanted = options.chunkTopic === undefined ? undefined : Buffer.from(options.chunkTopic);
  const bucket = { tokens: controlPacketsBurst, atMs: 0 };
  let stage: Stage = 'type';
  let first = 0;
  let lengthBytes = 0;
  /** Bytes of the packet that are still to come, once its length is known. */
  let left = 0;
  let topicLength = 0;
  let topicBytes = 0;
  let subscribes = 0;
  /** The head of a publish that may be a chunk: held back until its topic is known. */
  let head: number[] | undefined;
  let pieces: Buffer[] = [];

  const onType = (byte: number, nowMs: number): string | undefined => {
    const type = byte >> 4;
    first = byte;
    if (!allowed.has(type)) return `packet type ${type} is not for devices`;
    if (type === types.publish && ((byte >> 1) & 3) > 1) return 'QoS 2 is not used here';
    if (type === types.subscribe) subscribes += 1;
    if (subscribes > maxSubscribePackets) return 'too many subscriptions';
    if (kind === 'control' && !take(bucket, nowMs)) return 'too many packets a second';
    [left, lengthBytes, topicLength, topicBytes] = [0, 0, 0, 0];
    stage = 'length';
    return undefined;
  };
  const onLength = (byte: number): string | undefined => {
    left += (byte & 0x7f) * 128 ** lengthBytes;
    lengthBytes += 1;
    if (left > most) return `a packet is longer than ${most} bytes`;
    if (byte >= 0x80) return lengthBytes === 4 ? 'a length takes more than four bytes' : undefined;
    const body: Stage = left === 0 ? 'type' : 'body';
    stage = first >> 4 === types.publish ? 'topicLength' : body;
    return undefined;
  };
  const onTopicLength = (byte: number): string | undefined => {
    topicLength = topicLength * 256 + byte;
    topicBytes += 1;
    left -= 1;
    if (left < 0) return 'a PUBLISH without a topic';
    if (topicBytes < 2) return undefined;
    if (topicLength > maxTopicBytes) return `a topic is longer than ${maxTopicBytes} bytes`;
    if (topicLength > left) return 'a topic is longer than its packet';
    if (topicLength === 0) return 'a PUBLISH without a topic';
    topicBytes = 0;
    stage = head === undefined ? 'body' : 'topic';
    return undefined;
  };
  const onTopic = (): void => {
    topicBytes += 1;
    left -= 1;
    if (topicBytes < topicLength) return;
    const isChunk =
      wanted !== undefined &&
      Buffer.from(head ?? [])
        .subarray(-topicLength)
        .equals(wanted);
    if (isChunk) {
      head = undefined;
      stage = 'chunk';
      if (left === 0) endChunk();
      return;
    }
    options.forward(Buffer.from(head ?? []));
    head = undefined;
    stage = left === 0 ? 'type' : 'body';
  };
  const endChunk = (): void => {
    stage = 'type';
    const whole = pieces;
    pieces = [];
    options.chunk(whole);
  };

  const onHeadByte = (byte: number, nowMs: number): string | undefined => {
    switch (stage) {
      case 'type':
        return onType(byte, nowMs);
      case 'length':
        return onLength(byte);
      case 'topicLength':
        return onTopicLength(byte);
      case 'topic':
      case 'body':
      case 'chunk':
        onTopic();
        return undefined;
    }
  };
  const feed = (bytes: Buffer, nowMs: number): string | undefined => {
    /** First byte that was neither forwarded, held back nor taken out. */
    let mark = 0;
    for (let i = 0; i < bytes.length; ) {
      if (stage === 'body' || stage === 'chunk') {
        const count = Math.min(left, bytes.length - i);
        left -= count;
        i += count;
        if (stage === 'chunk') {
          pieces.push(bytes.subarray(i - count, i));
          mark = i;
          if (left === 0) endChunk();
        } else if (left === 0) stage = 'type';
        continue;
      }
      const byte = bytes[i] ?? 0;
      if (stage === 'type' && wanted !== undefined && byte === plainPublish) {
        if (i > mark) options.forward(bytes.subarray(mark, i));
        head = [];
      }
      i += 1;
      if (head !== undefined) {
        head.push(byte);
        mark = i;
      }
      const reason = onHeadByte(byte, nowMs);
      if (reason !== undefined) return reason;
    }
    if (mark < bytes.length) options.forward(bytes.subarray(mark));
    return undefined;
  };
  return { feed };
}

function take(bucket: { tokens: number; atMs: number }, nowMs: number): boolean {
  const gained = ((nowMs - bucket.atMs) / 1000) * controlPacketsPerSecond;
  bucket.tokens = Math.min(controlPacketsBurst, bucket.tokens + Math.max(0, gained));
  bucket.atMs = nowMs;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

/** Synthetic recordings for tests: JSON messages on channels without a schema, in blocks. */
import type { Channel, MessageBlock } from '@fieldloop/recording';

export interface TestMessage {
  readonly topic: string;
  /** Log time in ms after `originNs`. */
  readonly ms: number;
  readonly value: unknown;
}

export const originNs = 1_700_000_000_000_000_000n;

/** The channel of a topic, number `id`; made for `map`. */
export function jsonChannel(topic: string, id: number): Channel {
  return { id, topic, messageEncoding: 'json', metadata: new Map(), latched: false };
}

/** One channel a topic, numbered in the order in which the topics appear. */
export function channelsOf(messages: readonly TestMessage[]): Channel[] {
  return [...new Set(messages.map((message) => message.topic))].map(jsonChannel);
}

/** Messages in the order given, as one block; the value is the field `data`. */
export function blockOf(
  messages: readonly TestMessage[],
  channels: readonly Channel[],
): MessageBlock {
  const wrapped = messages.map((message) => ({ ...message, value: { data: message.value } }));
  return wholeBlock(wrapped, channels);
}

/** The same with the value as the whole message. */
export function wholeBlock(
  messages: readonly TestMessage[],
  channels: readonly Channel[],
): MessageBlock {
  const encoder = new TextEncoder();
  const parts = messages.map((message) => encoder.encode(JSON.stringify(message.value)));
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const starts = new Uint32Array(parts.length);
  const ends = new Uint32Array(parts.length);
  let at = 0;
  for (const [i, part] of parts.entries()) {
    data.set(part, at);
    starts[i] = at;
    at += part.length;
    ends[i] = at;
  }
  const times = messages.map((message) => originNs + BigInt(Math.round(message.ms * 1e6)));
  const baseNs = times[0] ?? originNs;
  const ids = new Map(channels.map((channel) => [channel.topic, channel.id]));
  const sorted = times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    count: messages.length,
    data,
    view: new DataView(data.buffer),
    channelIds: Uint16Array.from(messages, (message) => ids.get(message.topic) ?? 0),
    sequences: Uint32Array.from(messages, (_, i) => i),
    starts,
    ends,
    baseNs,
    timesNs: Float64Array.from(times, (time) => Number(time - baseNs)),
    publishTimeNs: (i) => times[i] ?? baseNs,
    firstNs: sorted[0] ?? baseNs,
    lastNs: sorted.at(-1) ?? baseNs,
    offset: 0,
  };
}

/** One message every `periodMs` from `fromMs` to before `toMs`; undefined values are left out. */
export function every(
  topic: string,
  span: { readonly fromMs?: number; readonly toMs: number; readonly periodMs: number },
  valueAt: (ms: number) => unknown,
): TestMessage[] {
  const messages: TestMessage[] = [];
  for (let ms = span.fromMs ?? 0; ms < span.toMs; ms += span.periodMs) {
    const value = valueAt(ms);
    if (value !== undefined) messages.push({ topic, ms, value });
  }
  return messages;
}

/** By log time; what is equal keeps its order. */
export function inTimeOrder(messages: readonly TestMessage[]): TestMessage[] {
  return messages.toSorted((a, b) => a.ms - b.ms);
}

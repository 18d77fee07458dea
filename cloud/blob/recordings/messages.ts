/** Decoded messages as JSON, a page at a time, in the order of log time. */
import { asFault, Fault } from '@fieldloop/core';
import {
  type Channel,
  decodeMessage,
  inTimeOrder,
  messageAt,
  type MessageRef,
  openIndexedMcap,
} from '@fieldloop/recording';
import { messagePageBytes } from '../../limits.ts';
import type { MessagePosition, RecordingCalls } from './calls.ts';
import { jsonText } from './json-text.ts';
import { channelsOf, type OpenStored } from './topics.ts';

type Input = RecordingCalls['messages']['input'];

/** At least one message, and as many as fit; `next` is absent on the last page. */
export async function messagesOf(
  input: Input,
  open: OpenStored,
  signal: AbortSignal,
): Promise<RecordingCalls['messages']['output']> {
  const { source, topics, after, limit, endNs } = input;
  const file = await openIndexedMcap(open(source));
  const channels = new Set(topics.flatMap((topic) => channelsOf(file, topic, '/query/topic')));
  const startNs = after?.logTimeNs ?? input.startNs;
  const texts: string[] = [];
  let size = 0;
  let last: MessageRef | undefined;
  const pages = inTimeOrder(file, { startNs, endNs, channels, signal });
  for await (const run of pages) {
    for (const ref of run) {
      if (after !== undefined && !isAfter(ref, after)) continue;
      const isFull = texts.length >= limit || size >= messagePageBytes;
      if (isFull && last !== undefined) return { text: joined(texts, input), next: placeOf(last) };
      const channel = file.channels.get(ref.block.channelIds[ref.i] ?? 0);
      if (channel === undefined) continue;
      const text = messageText(ref, channel, input.full);
      // A message that would take the page over its size begins the next one.
      if (texts.length > 0 && last !== undefined && size + text.length > messagePageBytes) {
        return { text: joined(texts, input), next: placeOf(last) };
      }
      texts.push(text);
      size += text.length;
      last = ref;
    }
  }
  return { text: joined(texts, input) };
}

function isAfter(ref: MessageRef, after: MessagePosition): boolean {
  if (ref.logTimeNs !== after.logTimeNs) return ref.logTimeNs > after.logTimeNs;
  if (ref.block.offset !== after.offset) return ref.block.offset > after.offset;
  return ref.i > after.index;
}

const placeOf = ({ block, i, logTimeNs }: MessageRef): MessagePosition => ({
  logTimeNs,
  offset: block.offset,
  index: i,
});

function joined(texts: readonly string[], { lines }: Input): Uint8Array {
  const text = lines ? texts.map((one) => `${one}\n`).join('') : texts.join(',');
  return new TextEncoder().encode(text);
}

function messageText({ block, i, logTimeNs }: MessageRef, channel: Channel, full: boolean): string {
  const { sequence, publishTimeNs, data } = messageAt(block, i);
  const head = {
    topic: channel.topic,
    logTimeNs: String(logTimeNs),
    publishTimeNs: String(publishTimeNs),
    sequence,
    sizeBytes: data.length,
  };
  try {
    return jsonText(head, decodeMessage(channel, data), full);
  } catch (error) {
    const { code, message, remedy } = asFault(error);
    if (code === 'internal') throw error;
    // Nothing of this topic can be read: the page says it once, not with each message.
    if (code === 'invalid') throw new Fault(code, message, { place: '/query/topic', remedy });
    return JSON.stringify({ ...head, problem: { code, message } });
  }
}

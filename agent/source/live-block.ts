/** Messages that came one by one, as a block: their bytes are copied together once. */
import type { MessageBlock } from '@fieldloop/recording';

export interface LiveMessage {
  readonly channelId: number;
  readonly sequence: number;
  readonly logTimeNs: bigint;
  readonly publishTimeNs?: bigint | undefined;
  readonly data: Uint8Array;
}

/** Times of one block stay within so many ns of its first one, so that doubles hold them. */
const exactNs = 2n ** 52n;

/** Blocks of all messages, in their order; more than one only when times lie far apart. */
export function liveBlocks(messages: readonly LiveMessage[]): MessageBlock[] {
  const blocks: MessageBlock[] = [];
  let from = 0;
  for (let i = 1; i <= messages.length; i += 1) {
    const base = messages[from]?.logTimeNs ?? 0n;
    const distance = (messages[i]?.logTimeNs ?? base) - base;
    if (i < messages.length && distance < exactNs && distance > -exactNs) continue;
    blocks.push(blockOf(messages.slice(from, i), base));
    from = i;
  }
  return blocks;
}

function blockOf(messages: readonly LiveMessage[], baseNs: bigint): MessageBlock {
  const count = messages.length;
  const data = new Uint8Array(messages.reduce((sum, one) => sum + one.data.length, 0));
  const channelIds = new Uint16Array(count);
  const sequences = new Uint32Array(count);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const timesNs = new Float64Array(count);
  const publishNs: bigint[] = [];
  let at = 0;
  for (const [i, message] of messages.entries()) {
    channelIds[i] = message.channelId;
    sequences[i] = message.sequence;
    timesNs[i] = Number(message.logTimeNs - baseNs);
    publishNs.push(message.publishTimeNs ?? message.logTimeNs);
    starts[i] = at;
    data.set(message.data, at);
    at += message.data.length;
    ends[i] = at;
  }
  return {
    count,
    data,
    view: new DataView(data.buffer),
    channelIds,
    sequences,
    starts,
    ends,
    baseNs,
    timesNs,
    publishTimeNs: (i) => publishNs[i] ?? baseNs,
    firstNs: baseNs + BigInt(timesNs.reduce((a, b) => Math.min(a, b))),
    lastNs: baseNs + BigInt(timesNs.reduce((a, b) => Math.max(a, b))),
    offset: 0,
  };
}

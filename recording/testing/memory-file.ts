/** Recordings in memory, and what was read of them as plain values. */
import { asFault, type Fault } from '@fieldloop/core';
import type { Appendable, Channel, MessageBlock, Readable, RecordingItem } from '../types.ts';

export function memoryFile(bytes: Uint8Array, name = 'test.mcap'): Readable {
  return {
    name,
    size: bytes.length,
    async read(offset, length, into) {
      const found = bytes.subarray(offset, offset + length);
      if (into === undefined) return await Promise.resolve(found.slice());
      into.set(found);
      return into.subarray(0, found.length);
    },
  };
}

/** Collects what is written; `synced` is how much of it was made durable. */
export function memorySink(): Appendable & { readonly bytes: Uint8Array; readonly synced: number } {
  const parts: Uint8Array[] = [];
  let synced = 0;
  return {
    write(bytes) {
      parts.push(bytes.slice());
      return Promise.resolve();
    },
    sync() {
      synced = parts.reduce((sum, part) => sum + part.length, 0);
      return Promise.resolve();
    },
    get bytes() {
      return new Uint8Array(Buffer.concat(parts));
    },
    get synced() {
      return synced;
    },
  };
}

export interface PlainMessage {
  readonly topic: string;
  readonly channelId: number;
  readonly sequence: number;
  readonly logTime: bigint;
  readonly publishTime: bigint;
  readonly data: string;
}

export interface Read {
  readonly items: RecordingItem[];
  readonly channels: Map<number, Channel>;
  readonly blocks: MessageBlock[];
  readonly messages: PlainMessage[];
  readonly fault: Fault | undefined;
}

/** Everything up to the end or the fault. */
export async function readAll(
  items: AsyncIterable<RecordingItem> | Iterable<RecordingItem>,
): Promise<Read> {
  const read = {
    items: [] as RecordingItem[],
    channels: new Map<number, Channel>(),
    blocks: [] as MessageBlock[],
    messages: [] as PlainMessage[],
  };
  let fault: Fault | undefined;
  try {
    for await (const item of items) {
      read.items.push(item);
      if (item.kind === 'channel') read.channels.set(item.channel.id, item.channel);
      if (item.kind !== 'block') continue;
      read.blocks.push(item.block);
      read.messages.push(...plainMessages(item.block, read.channels));
    }
  } catch (error) {
    fault = asFault(error);
  }
  return { ...read, fault };
}

function plainMessages(
  block: MessageBlock,
  channels: ReadonlyMap<number, Channel>,
): PlainMessage[] {
  return Array.from({ length: block.count }, (_, i) => ({
    topic: channels.get(block.channelIds[i] ?? 0)?.topic ?? '?',
    channelId: block.channelIds[i] ?? 0,
    sequence: block.sequences[i] ?? 0,
    logTime: block.baseNs + BigInt(block.timesNs[i] ?? 0),
    publishTime: block.publishTimeNs(i),
    data: Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString('hex'),
  }));
}

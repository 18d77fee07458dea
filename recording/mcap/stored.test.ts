/**
 * Goal: a chunk that is read again is the one that was read before, whichever was read between.
 * Method: random recordings, their chunks asked for in random order of one reader, against a walk
 * of the whole file; channels that come late, offsets of no chunk, damage between sound chunks.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageAt } from '../clip/select.ts';
import { readRecording } from '../read.ts';
import { makeMcap } from '../testing/mcap-maker.ts';
import { memoryFile } from '../testing/memory-file.ts';
import type { Channel, MessageBlock } from '../types.ts';
import { openBlockReader } from './stored.ts';

const compressions = ['none', 'lz4', 'zstd'] as const;

const made = async (compression: (typeof compressions)[number], count: number) =>
  await makeMcap({
    compression,
    chunkSize: 300,
    channels: [{ topic: '/a', schema: 'A' }, { topic: '/b' }],
    messages: Array.from({ length: count }, (_, i) => ({
      channel: i % 2,
      sequence: i,
      logTime: BigInt(i * i),
      publishTime: BigInt(i),
      data: new Uint8Array((i * 37) % 200).fill(i),
    })),
  });

const plain = (block: MessageBlock | undefined): readonly string[] =>
  Array.from({ length: block?.count ?? 0 }, (_, i) => {
    const { data, ...one } = messageAt(block as MessageBlock, i);
    return `${Object.values(one).join(' ')} ${Buffer.from(data).toString('hex')}`;
  });

/** Channels, and by offset what stands there, as the reader of whole files tells it. */
async function walked(bytes: Uint8Array) {
  const channels = new Map<number, Channel>();
  const chunks = new Map<number, { texts: readonly string[]; stored: string }>();
  for await (const item of readRecording(memoryFile(bytes))) {
    if (item.kind === 'channel') channels.set(item.channel.id, item.channel);
    if (item.kind !== 'block') continue;
    chunks.set(item.block.offset, { texts: plain(item.block), stored: storedOf(item.block) });
  }
  return { channels, chunks };
}

const storedOf = (block: MessageBlock | undefined): string =>
  Buffer.from(block?.chunk?.records ?? []).toString('hex');

test('chunks in any order are those of a walk', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...compressions),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
      async (compression, count, picks) => {
        const bytes = await made(compression, count);
        const { channels, chunks } = await walked(bytes);
        using reader = openBlockReader(memoryFile(bytes), channels);
        const offsets = [...chunks.keys()];
        for (const pick of picks) {
          const offset = offsets[pick % offsets.length] ?? 0;
          const block = await reader.at(offset);
          expect({ texts: plain(block), stored: storedOf(block) }).toEqual(chunks.get(offset));
        }
      },
    ),
  );
});

test('what is no chunk is nothing, and a damaged one does not spoil the next', async () => {
  const bytes = await made('zstd', 30);
  const { channels, chunks } = await walked(bytes);
  const [first = 0, second = 0] = chunks.keys();
  const damaged = bytes.slice();
  damaged[first + 60] = (damaged[first + 60] ?? 0) ^ 1;
  using reader = openBlockReader(memoryFile(damaged), channels);
  expect(await reader.at(first + 1)).toBeUndefined();
  expect(await reader.at(bytes.length - 4)).toBeUndefined();
  await expect(reader.at(first)).rejects.toMatchObject({ code: 'corrupt' });
  expect(plain(await reader.at(second))).toEqual(chunks.get(second)?.texts);
});

test('a channel that became known since is one, and memory is free when the reader closes', async () => {
  const bytes = await made('lz4', 30);
  const { channels, chunks } = await walked(bytes);
  const known = new Map<number, Channel>();
  const [first = 0] = chunks.keys();
  const reader = openBlockReader(memoryFile(bytes), known);
  for (const [id, channel] of channels) known.set(id, channel);
  const block = await reader.at(first);
  expect(plain(block)).toEqual(chunks.get(first)?.texts);
  reader[Symbol.dispose]();
  expect(block?.data.length).toBe(0);
});

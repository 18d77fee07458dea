/**
 * Goal: messages come in the order of their log times, also where a clock jumped by years.
 * Method: random times near two instants that no block holds together, against @mcap/core.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeMcap } from '../testing/mcap-maker.ts';
import { memoryFile } from '../testing/memory-file.ts';
import { McapIndexedReader } from './core.ts';
import { openIndexedMcap } from './indexed.ts';
import { inTimeOrder } from './ordered.ts';

const yearNs = 31_536_000_000_000_000n;

async function coreTimes(bytes: Uint8Array): Promise<bigint[]> {
  const readable = {
    size: async () => BigInt(bytes.length),
    read: async (offset: bigint, size: bigint) =>
      bytes.subarray(Number(offset), Number(offset + size)),
  };
  const times: bigint[] = [];
  const reader = await McapIndexedReader.Initialize({ readable });
  for await (const { logTime } of reader.readMessages()) times.push(logTime);
  return times;
}

test('chunks whose times are years apart', async () => {
  const time = fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 30n }));
  await fc.assert(
    fc.asyncProperty(fc.array(time, { minLength: 1, maxLength: 24 }), async (drawn) => {
      const bytes = await makeMcap({
        channels: [{ topic: '/a' }],
        compression: 'none',
        chunkSize: 120,
        messages: drawn.map(([isLate, after], sequence) => {
          const logTime = (isLate ? 50n * yearNs : 0n) + after;
          return { channel: 0, sequence, logTime, publishTime: 0n, data: new Uint8Array(1) };
        }),
      });
      const times: bigint[] = [];
      for await (const run of inTimeOrder(await openIndexedMcap(memoryFile(bytes)), {})) {
        times.push(...run.map(({ logTimeNs }) => logTimeNs));
      }
      expect(times).toEqual(await coreTimes(bytes));
    }),
    { numRuns: 60 },
  );
});

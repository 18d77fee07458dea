/** Rows of a table as the recording of a robot: one message a row, in the order of the table. */
import { McapWriter } from '@mcap/core';

export const rowTopic = '/table/row';
/** Member of a message that holds the row's numbers. */
export const rowPath = 'values';
/** The wall-following robot measured nine times a second. */
export const rowHz = 9;
/** Log time of place 0, in ns: 2026-01-01. */
const startNs = 1_767_225_600_000_000_000n;

export const placeTimeNs = (place: number): bigint =>
  startNs + (BigInt(place) * 1_000_000_000n) / BigInt(rowHz);

export const placeOfTime = (ns: bigint): number => Math.round((Number(ns - startNs) * rowHz) / 1e9);

/** About two seconds: a replay at full speed looks at its rules chunk by chunk. */
const chunkBytes = 4096;

const schema = {
  type: 'object',
  properties: { [rowPath]: { type: 'array', items: { type: 'number' } } },
};

/**
 * A whole MCAP file without compression; `rows` are indexes of `table`, and their messages stand at
 * places from `first` on, without gaps.
 */
export async function recordRows(
  table: readonly Float64Array[],
  rows: readonly number[],
  first = 0,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0n;
  const writer = new McapWriter({
    chunkSize: chunkBytes,
    writable: {
      position: () => size,
      write: async (part) => {
        parts.push(part.slice());
        size += BigInt(part.length);
        await Promise.resolve();
      },
    },
  });
  const text = new TextEncoder();
  await writer.start({ profile: '', library: 'fieldloop-bench' });
  const schemaId = await writer.registerSchema({
    name: 'table.Row',
    encoding: 'jsonschema',
    data: text.encode(JSON.stringify(schema)),
  });
  const channelId = await writer.registerChannel({
    schemaId,
    topic: rowTopic,
    messageEncoding: 'json',
    metadata: new Map(),
  });
  for (const [sequence, row] of rows.entries()) {
    const logTime = placeTimeNs(first + sequence);
    const data = text.encode(JSON.stringify({ [rowPath]: [...(table[row] ?? [])] }));
    await writer.addMessage({ channelId, sequence, logTime, publishTime: logTime, data });
  }
  await writer.end();
  return Buffer.concat(parts);
}

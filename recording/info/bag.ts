/** The index of a ROS 1 bag through @foxglove/rosbag, guarded like that of an MCAP. */
import { damaged } from '../damage.ts';
import { summaryBytes } from '../limits.ts';
import { unmetered } from '../meter.ts';
import { bagChunk, bagOpcode, bagRemedy, readBagIndex } from '../rosbag1/foxglove.ts';
import { bagRecords } from '../rosbag1/records.ts';
import type { Readable } from '../types.ts';
import { type ChannelInfo, ChunkSums, rate, type RecordingInfo } from './types.ts';

/** Enough for the header of a chunk record. */
const headBytes = 4096;

/** Undefined when the bag has no index. */
export async function bagInfo(readable: Readable): Promise<RecordingInfo | undefined> {
  const { size, name } = readable;
  if (size === undefined) return undefined;
  const bag = await readBagIndex({
    name,
    size,
    async read(offset, length) {
      if (offset > size || length > summaryBytes) {
        throw damaged({
          name,
          offset,
          record: 'Index',
          message: `the index is stated at byte ${offset} with ${length} bytes`,
          expected: `at most ${summaryBytes} bytes inside the file`,
          remedy: bagRemedy,
        });
      }
      return readable.read(offset, length);
    },
  });
  if (bag === undefined) return undefined;
  const counts = new Map<number, number>();
  let startNs: bigint | undefined;
  let endNs: bigint | undefined;
  for (const chunk of bag.chunks) {
    for (const [id, count] of chunk.counts) counts.set(id, (counts.get(id) ?? 0) + count);
    if (startNs === undefined || chunk.firstNs < startNs) startNs = chunk.firstNs;
    if (endNs === undefined || chunk.lastNs > endNs) endNs = chunk.lastNs;
  }
  const messageCount = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const channels = bag.connections.map((connection): ChannelInfo => {
    const count = counts.get(connection.id) ?? 0;
    return {
      id: connection.id,
      topic: connection.topic,
      schema: connection.type,
      schemaEncoding: 'ros1msg',
      messageEncoding: 'ros1',
      latched: connection.latching,
      count,
      hz: rate(count, startNs, endNs),
    };
  });
  return {
    name,
    format: 'rosbag1',
    profile: 'ros1',
    library: '',
    sizeBytes: size,
    indexed: true,
    messageCount,
    startNs: messageCount === 0 ? undefined : startNs,
    endNs: messageCount === 0 ? undefined : endNs,
    channels,
    chunks: await chunkRows(readable, bag.chunks),
    metadata: [],
    attachments: [],
  };
}

/** Sizes stand in the heads of the chunks themselves. */
async function chunkRows(
  readable: Readable,
  chunks: readonly { readonly offset: number }[],
): Promise<RecordingInfo['chunks']> {
  const sums = new ChunkSums();
  const recordAt = bagRecords(readable, unmetered, headBytes);
  for (const { offset } of chunks) {
    const record = await recordAt(offset);
    if (record?.op !== bagOpcode.chunk) {
      throw damaged({
        name: readable.name,
        offset,
        record: 'Index',
        message: 'the index names a chunk where none stands',
        expected: 'a chunk record',
        remedy: bagRemedy,
      });
    }
    const { compression, size } = bagChunk(record.fields, record.place);
    sums.add(compression, record.dataLength, size);
  }
  return sums.rows;
}

/** The summary of a clip: what an indexed reader needs to find anything without reading all. */
import type { McapRecordBuilder, McapTypes } from '../mcap/core.ts';
import { opcode } from '../mcap/format.ts';
import type { Channel, Schema } from '../types.ts';
import type { ClipContents } from './contents.ts';

export type ChunkRow = McapTypes.ChunkIndex;

export interface SummaryRows {
  readonly contents: ClipContents;
  readonly schemas: ReadonlyMap<number, Schema>;
  readonly channels: ReadonlyMap<number, { readonly channel: Channel; readonly schemaId: number }>;
  readonly counts: ReadonlyMap<number, number>;
  readonly chunks: readonly ChunkRow[];
  readonly metadata: readonly McapTypes.MetadataIndex[];
  readonly attachments: readonly McapTypes.AttachmentIndex[];
}

/** Fills the builder with the summary and its offsets; says where the offsets start. */
export function writeSummary(
  builder: McapRecordBuilder,
  rows: SummaryRows,
  summaryStart: number,
): { readonly offsetStart: number } {
  const groups: McapTypes.SummaryOffset[] = [];
  const group = (groupOpcode: number, write: () => void): void => {
    const groupStart = BigInt(summaryStart + builder.length);
    write();
    const groupLength = BigInt(summaryStart + builder.length) - groupStart;
    if (groupLength > 0n) groups.push({ groupOpcode, groupStart, groupLength });
  };
  group(opcode.schema, () => {
    for (const [id, { name, encoding, data }] of rows.schemas) {
      builder.writeSchema({ id, name, encoding, data });
    }
  });
  group(opcode.channel, () => {
    for (const [id, { channel, schemaId }] of rows.channels) {
      const { topic, messageEncoding, metadata } = channel;
      builder.writeChannel({ id, schemaId, topic, messageEncoding, metadata: new Map(metadata) });
    }
  });
  group(opcode.statistics, () => builder.writeStatistics(statistics(rows)));
  group(opcode.attachmentIndex, () => {
    for (const row of rows.attachments) builder.writeAttachmentIndex(row);
  });
  group(opcode.metadataIndex, () => {
    for (const row of rows.metadata) builder.writeMetadataIndex(row);
  });
  group(opcode.chunkIndex, () => {
    for (const row of rows.chunks) builder.writeChunkIndex(row);
  });
  const offsetStart = summaryStart + builder.length;
  for (const offset of groups) builder.writeSummaryOffset(offset);
  return { offsetStart };
}

function statistics(rows: SummaryRows): McapTypes.Statistics {
  const counts = [...rows.counts].map(([id, count]) => [id, BigInt(count)] as const);
  return {
    messageCount: BigInt(rows.contents.messageCount),
    schemaCount: rows.schemas.size,
    channelCount: rows.channels.size,
    attachmentCount: rows.attachments.length,
    metadataCount: rows.metadata.length,
    chunkCount: rows.chunks.length,
    messageStartTime: rows.contents.startNs,
    messageEndTime: rows.contents.endNs,
    channelMessageCounts: new Map(counts),
  };
}

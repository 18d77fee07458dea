/** The summary of an MCAP against what the data section held. */
import type { Definitions } from '../mcap/channels.ts';
import { opcode } from '../mcap/format.ts';
import type {
  McapAttachment,
  McapAttachmentIndex,
  McapChannel,
  McapChunk,
  McapChunkIndex,
  McapFooter,
  McapRecord,
  McapSchema,
  McapStatistics,
} from '../mcap/records.ts';
import type { PlacedRecord } from '../mcap/walk.ts';
import type { Findings } from './findings.ts';
import type { MessageTally } from './messages.ts';

const rewrite = 'Write the recording again with a current MCAP writer.';

/** A chunk as it was found in the data section. */
export interface ChunkFound {
  readonly chunk: Omit<McapChunk, 'records' | 'type'>;
  readonly compressedSize: number;
  readonly length: number;
  readonly channelIds: ReadonlySet<number>;
  /** Offsets of the message indexes that follow it. */
  readonly indexes: Map<number, number>;
  indexLength: number;
}

export interface DataSection {
  readonly name: string;
  readonly findings: Findings;
  /** File offset of the first byte after DataEnd. */
  readonly start: number;
  readonly definitions: Definitions;
  readonly schemaIds: ReadonlySet<number>;
  readonly tally: MessageTally;
  readonly chunks: ReadonlyMap<number, ChunkFound>;
  readonly attachments: ReadonlyMap<number, McapAttachment>;
  readonly metadata: ReadonlyMap<number, { readonly name: string; readonly length: number }>;
  /** Messages stand outside chunks. */
  readonly loose: boolean;
}

interface Group {
  readonly start: number;
  length: number;
}

const codes: Readonly<Partial<Record<McapRecord['type'], number>>> = {
  Schema: opcode.schema,
  Channel: opcode.channel,
  Statistics: opcode.statistics,
  ChunkIndex: opcode.chunkIndex,
  AttachmentIndex: opcode.attachmentIndex,
  MetadataIndex: opcode.metadataIndex,
};

export class SummaryCheck {
  readonly #data: DataSection;
  readonly #findings: Findings;
  readonly #groups = new Map<number, Group>();
  readonly #schemas = new Set<number>();
  readonly #channels = new Set<number>();
  readonly #indexed = new Set<number>();
  #last = 0;
  #offsetsAt: number | undefined;
  #attachments = 0;
  #metadata = 0;
  #statistics = 0;

  constructor(data: DataSection) {
    this.#data = data;
    this.#findings = data.findings;
  }

  record({ record, offset, length }: PlacedRecord): void {
    const code = codes[record.type];
    if (code !== undefined) this.#group(code, offset, length);
    switch (record.type) {
      case 'Schema':
        this.#schemas.add(record.id);
        this.#repeated(record, offset, this.#data.schemaIds.has(record.id));
        return;
      case 'Channel':
        this.#channels.add(record.id);
        this.#repeated(record, offset, this.#data.definitions.known[record.id] === 1);
        return;
      case 'Statistics':
        this.#checkStatistics(record, offset);
        return;
      case 'ChunkIndex':
        this.#chunkIndex(record, offset);
        return;
      case 'AttachmentIndex':
        this.#attachmentIndex(record, offset);
        return;
      case 'MetadataIndex': {
        this.#metadata += 1;
        const found = this.#data.metadata.get(record.offset);
        const right = found?.name === record.name && found.length === record.length;
        this.#known(offset, right, `metadata "${record.name}" at byte ${record.offset}`);
        return;
      }
      case 'SummaryOffset':
        this.#summaryOffset(record, offset);
        return;
      case 'Footer':
        this.#footer(record, offset);
        return;
      case 'Unknown':
        this.#findings.warn('records of unknown opcodes stand in the file', offset);
        return;
      case 'Attachment':
      case 'Chunk':
      case 'DataEnd':
      case 'Header':
      case 'Message':
      case 'MessageIndex':
      case 'Metadata':
        this.#findings.error(offset, `${record.type} stands in the summary`, rewrite);
    }
  }

  /** Recorders repeat channels that never carried a message: no harm, but not as specified. */
  #repeated(record: McapSchema | McapChannel, offset: number, known: boolean): void {
    if (!known) {
      const message = `the summary has ${record.type.toLowerCase()}s that the data section lacks`;
      this.#findings.warn(message, offset);
      return;
    }
    const at = { name: this.#data.name, offset };
    try {
      if (record.type === 'Schema') this.#data.definitions.schema(record, at);
      else this.#data.definitions.channel(record, at);
    } catch (error) {
      this.#findings.damage(error);
    }
  }

  #known(offset: number, right: boolean, what: string): void {
    if (right) return;
    this.#findings.error(offset, `the summary names ${what}, the data section differs`, rewrite);
  }

  #group(code: number, offset: number, length: number): void {
    const group = this.#groups.get(code);
    if (group === undefined) {
      this.#groups.set(code, { start: offset, length });
    } else {
      if (this.#last !== code) {
        this.#findings.error(offset, 'the summary is not grouped by opcode', rewrite);
      }
      group.length += length;
    }
    this.#last = code;
  }

  #checkStatistics(stated: McapStatistics, offset: number): void {
    this.#statistics += 1;
    if (this.#statistics > 1) this.#findings.error(offset, 'more than one Statistics', rewrite);
    const { tally, chunks, attachments, metadata, schemaIds, definitions } = this.#data;
    const compare = (what: string, says: bigint | number, is: bigint | number): void => {
      if (BigInt(says) === BigInt(is)) return;
      this.#findings.error(offset, `the statistics state ${says} ${what}, found ${is}`, rewrite);
    };
    compare('messages', stated.messageCount, tally.count);
    compare('as first log time', stated.messageStartTime, tally.first);
    compare('as last log time', stated.messageEndTime, tally.last);
    compare('schemas', stated.schemaCount, schemaIds.size);
    compare('channels', stated.channelCount, definitions.channels.size);
    compare('attachments', stated.attachmentCount, attachments.size);
    compare('metadata records', stated.metadataCount, metadata.size);
    compare('chunks', stated.chunkCount, chunks.size);
    if (stated.channelMessageCounts.size === 0) return;
    for (const id of new Set([...stated.channelMessageCounts.keys(), ...tally.channelIds])) {
      const says = stated.channelMessageCounts.get(id) ?? 0n;
      compare(`messages on channel ${id}`, says, tally.countOf(id));
    }
    for (const id of definitions.channels.keys()) {
      if (this.#channels.has(id)) continue;
      const message = 'the summary has counts of channels that it does not repeat';
      this.#findings.warn(message, offset, rewrite);
    }
  }

  #chunkIndex(index: McapChunkIndex, offset: number): void {
    const found = this.#data.chunks.get(index.chunkStartOffset);
    if (found === undefined) {
      this.#known(offset, false, `a chunk at byte ${index.chunkStartOffset}`);
      return;
    }
    if (this.#indexed.has(index.chunkStartOffset)) {
      this.#findings.error(offset, 'a chunk is indexed twice', rewrite);
    }
    this.#indexed.add(index.chunkStartOffset);
    const { chunk } = found;
    const fits =
      index.chunkLength === found.length &&
      index.messageStartTime === chunk.messageStartTime &&
      index.messageEndTime === chunk.messageEndTime &&
      index.compression === chunk.compression &&
      index.compressedSize === found.compressedSize &&
      index.uncompressedSize === chunk.uncompressedSize;
    this.#known(offset, fits, `sizes or times of the chunk at byte ${index.chunkStartOffset}`);
    const offsets = [...index.messageIndexOffsets];
    const indexed =
      index.messageIndexLength === found.indexLength &&
      offsets.length === found.indexes.size &&
      offsets.every(([id, at]) => found.indexes.get(id) === at);
    this.#known(offset, indexed, `message indexes of the chunk at byte ${index.chunkStartOffset}`);
  }

  #attachmentIndex(index: McapAttachmentIndex, offset: number): void {
    this.#attachments += 1;
    const found = this.#data.attachments.get(index.offset);
    const right =
      found?.name === index.name &&
      found.mediaType === index.mediaType &&
      found.dataSize === index.dataSize &&
      found.logTime === index.logTime &&
      found.createTime === index.createTime;
    this.#known(offset, right, `attachment "${index.name}" at byte ${index.offset}`);
  }

  #summaryOffset(stated: McapRecord & { type: 'SummaryOffset' }, offset: number): void {
    this.#offsetsAt ??= offset;
    const group = this.#groups.get(stated.groupOpcode);
    const right = group?.start === stated.groupStart && group.length === stated.groupLength;
    if (right) return;
    const message = `the summary offset of opcode ${stated.groupOpcode} points elsewhere`;
    this.#findings.error(offset, message, rewrite);
  }

  #footer(footer: McapFooter, offset: number): void {
    const { start, chunks, attachments, metadata, loose } = this.#data;
    const expected = this.#groups.size === 0 && this.#offsetsAt === undefined ? 0 : start;
    if (footer.summaryStart !== expected) {
      const message = `the footer states a summary at ${footer.summaryStart}, it is at ${expected}`;
      // Some writers name the place of an empty summary.
      if (expected === 0 && footer.summaryStart === start) {
        this.#findings.warn('the footer names an empty summary', offset);
      } else {
        this.#findings.error(offset, message, rewrite);
      }
    }
    const offsetsAt = this.#offsetsAt ?? 0;
    const atEnd = offsetsAt === 0 && footer.summaryOffsetStart === offset;
    if (footer.summaryOffsetStart !== offsetsAt && !atEnd) {
      const message = `the footer states summary offsets at ${footer.summaryOffsetStart}, they are at ${offsetsAt}`;
      this.#findings.error(offset, message, rewrite);
    }
    if (footer.summaryCrc === 0) this.#findings.warn('the summary has no checksum', offset);
    if (this.#groups.size === 0) this.#findings.warn('the file has no summary', offset);
    if (this.#statistics === 0) this.#findings.warn('the file has no statistics', offset);
    this.#complete(offset, 'chunks', chunks.size, this.#indexed.size);
    this.#complete(offset, 'attachments', attachments.size, this.#attachments);
    this.#complete(offset, 'metadata records', metadata.size, this.#metadata);
    if (loose && this.#indexed.size > 0) {
      this.#findings.warn('indexed readers do not see the messages outside chunks', offset);
    }
    if (this.#indexed.size > 0) this.#definitionsComplete(offset);
  }

  #complete(offset: number, what: string, found: number, indexed: number): void {
    if (found === indexed) return;
    if (indexed === 0) this.#findings.warn(`${what} have no index in the summary`, offset);
    else this.#findings.error(offset, `${indexed} of ${found} ${what} are indexed`, rewrite);
  }

  /** An indexed reader knows only the channels and schemas that the summary repeats. */
  #definitionsComplete(offset: number): void {
    const { chunks, definitions } = this.#data;
    const used = new Set<number>();
    for (const { channelIds } of chunks.values()) for (const id of channelIds) used.add(id);
    for (const id of used) {
      const channel = definitions.channels.get(id);
      const schemaId = channel?.schema?.id;
      const right =
        this.#channels.has(id) && (schemaId === undefined || this.#schemas.has(schemaId));
      if (right) continue;
      const message = 'the summary lacks channels or schemas of indexed messages';
      this.#findings.warn(message, offset, rewrite);
    }
  }
}

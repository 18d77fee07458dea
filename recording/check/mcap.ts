/** Walks every record of an MCAP and compares what it states with what is there. */
import { chunkMemory } from '../codec/codec.ts';
import { chunkIndexes } from '../limits.ts';
import { Definitions } from '../mcap/channels.ts';
import { openChunk } from '../mcap/chunk.ts';
import {
  indexEntries,
  type McapChunk,
  type McapMessage,
  type McapMessageIndex,
  type McapRecord,
} from '../mcap/records.ts';
import { type PlacedRecord, walkMcap } from '../mcap/walk.ts';
import type { ReadOptions } from '../options.ts';
import type { Readable } from '../types.ts';
import { ChunkContent } from './chunk-content.ts';
import { type Checked, Findings } from './findings.ts';
import { MessageTally } from './messages.ts';
import { type ChunkFound, SummaryCheck } from './summary.ts';

const rewrite = 'Write the recording again with a current MCAP writer.';

/** The chunk whose indexes are awaited. */
interface OpenChunkIndex {
  readonly offset: number;
  readonly content: ChunkContent | undefined;
  readonly found: ChunkFound;
}

export async function checkMcap(readable: Readable, options: ReadOptions): Promise<Checked> {
  const check = new Check(readable.name);
  try {
    for await (const placed of walkMcap(readable, options)) check.record(placed);
    check.end();
  } catch (error) {
    check.findings.damage(error);
  }
  return check;
}

class Check implements Checked {
  readonly findings: Findings;
  records = 0;
  readonly #name: string;
  readonly #definitions = new Definitions();
  readonly #schemaIds = new Set<number>();
  readonly #tally: MessageTally;
  readonly #chunks = new Map<number, ChunkFound>();
  readonly #attachments = new Map<number, McapRecord & { type: 'Attachment' }>();
  readonly #metadata = new Map<number, { name: string; length: number }>();
  #summary: SummaryCheck | undefined;
  #open: OpenChunkIndex | undefined;
  #loose = false;

  constructor(name: string) {
    this.#name = name;
    this.findings = new Findings(name);
    this.#tally = new MessageTally(this.findings);
  }

  get messages(): bigint {
    return this.#tally.count;
  }

  get chunks(): number {
    return this.#chunks.size;
  }

  record(placed: PlacedRecord): void {
    this.records += 1;
    const { record, offset } = placed;
    if (record.type !== 'MessageIndex') this.#closeIndex();
    if (this.#summary !== undefined) {
      this.#summary.record(placed);
      return;
    }
    this.#inData(placed, record, offset);
  }

  end(): void {
    if (this.#summary === undefined) {
      this.findings.error(0, 'the data section has no DataEnd record', rewrite);
    }
  }

  #inData(placed: PlacedRecord, record: McapRecord, offset: number): void {
    switch (record.type) {
      case 'Header':
        if (record.library === '') this.findings.warn('the header names no library', offset);
        return;
      case 'Schema':
      case 'Channel':
        this.#define(record, offset);
        return;
      case 'Message':
        this.#loose = true;
        this.findings.warn('messages stand outside chunks: no checksum of their own', offset);
        this.#message(record, offset);
        return;
      case 'Chunk':
        this.#chunk(record, placed);
        return;
      case 'MessageIndex':
        this.#messageIndex(record, placed);
        return;
      case 'Attachment':
        if (record.crc === 0) this.findings.warn('attachments have no checksum', offset);
        if (this.#admit(this.#attachments.size, offset)) this.#attachments.set(offset, record);
        return;
      case 'Metadata':
        if (!this.#admit(this.#metadata.size, offset)) return;
        this.#metadata.set(offset, { name: record.name, length: placed.length });
        return;
      case 'DataEnd':
        this.#dataEnd(record.dataSectionCrc, placed);
        return;
      case 'Footer':
        this.findings.error(offset, 'the footer comes without a DataEnd record', rewrite);
        return;
      case 'Unknown':
        this.findings.warn('records of unknown opcodes stand in the file', offset);
        return;
      case 'AttachmentIndex':
      case 'ChunkIndex':
      case 'MetadataIndex':
      case 'Statistics':
      case 'SummaryOffset':
        this.findings.error(offset, `${record.type} stands in the data section`, rewrite);
    }
  }

  /** Chunks, attachments and metadata are remembered until the summary, up to the bound. */
  #admit(known: number, offset: number): boolean {
    if (known < chunkIndexes) return true;
    const message = `more than ${chunkIndexes} chunks, attachments or metadata records`;
    this.findings.error(offset, message, 'Split the recording.');
    return false;
  }

  #dataEnd(crc: number, placed: PlacedRecord): void {
    if (crc === 0) this.findings.warn('the data section has no checksum', placed.offset);
    this.#summary = new SummaryCheck({
      findings: this.findings,
      name: this.#name,
      start: placed.offset + placed.length,
      definitions: this.#definitions,
      schemaIds: this.#schemaIds,
      tally: this.#tally,
      chunks: this.#chunks,
      attachments: this.#attachments,
      metadata: this.#metadata,
      loose: this.#loose,
    });
  }

  #define(record: McapRecord, offset: number): void {
    const at = { name: this.#name, offset };
    try {
      if (record.type === 'Schema') {
        if (record.id === 0) this.findings.error(offset, 'a schema has the id 0', rewrite);
        if (record.encoding === '' && record.data.length > 0) {
          this.findings.error(offset, `schema ${record.id} has data but no encoding`, rewrite);
        }
        this.#definitions.schema(record, at);
        if (record.id !== 0) this.#schemaIds.add(record.id);
      } else if (record.type === 'Channel') {
        this.#definitions.channel(record, at);
        if (record.schemaId === 0) {
          this.findings.warn(`channel ${record.topic} has no schema`, offset);
        }
      }
    } catch (error) {
      this.findings.damage(error);
    }
  }

  #message(record: Pick<McapMessage, 'channelId' | 'sequence' | 'logTime'>, offset: number): void {
    if (this.#definitions.known[record.channelId] !== 1) {
      const message = `a message is on channel ${record.channelId}, which no record defined`;
      this.findings.error(offset, message, rewrite);
    }
    this.#tally.add(record.channelId, record.sequence, record.logTime, offset);
  }

  #chunk(chunk: McapChunk, { offset, length }: PlacedRecord): void {
    if (!this.#admit(this.#chunks.size, offset)) return;
    if (chunk.uncompressedCrc === 0) this.findings.warn('chunks have no checksum', offset);
    let content: ChunkContent | undefined;
    try {
      const place = { name: this.#name, offset };
      content = new ChunkContent(openChunk(chunk, place, chunkMemory), place, (record) => {
        if (record.type === 'Schema' || record.type === 'Channel') this.#define(record, offset);
        else this.findings.error(offset, `${record.type} stands inside a chunk`, rewrite);
      });
      this.#times(chunk, content, offset);
    } catch (error) {
      this.findings.damage(error);
    }
    const { records, type: _, ...fields } = chunk;
    const found: ChunkFound = {
      chunk: fields,
      compressedSize: records.length,
      length,
      channelIds: new Set(content?.counts.keys()),
      indexes: new Map(),
      indexLength: 0,
    };
    this.#chunks.set(offset, found);
    this.#open = { offset, content, found };
  }

  #times(chunk: McapChunk, content: ChunkContent, offset: number): void {
    let first = 0n;
    let last = 0n;
    for (let i = 0; i < content.count; i += 1) {
      const logTime = content.logTime(i);
      this.#message(
        { channelId: content.channelId(i), sequence: content.sequence(i), logTime },
        offset,
      );
      if (i === 0 || logTime < first) first = logTime;
      if (logTime > last) last = logTime;
    }
    if (first === chunk.messageStartTime && last === chunk.messageEndTime) return;
    const stated = `${chunk.messageStartTime} to ${chunk.messageEndTime}`;
    const message = `the chunk states times ${stated}, its messages are ${first} to ${last}`;
    this.findings.error(offset, message, rewrite);
  }

  #messageIndex(index: McapMessageIndex, { offset, length }: PlacedRecord): void {
    const open = this.#open;
    if (open === undefined) {
      this.findings.error(offset, 'a message index follows no chunk', rewrite);
      return;
    }
    open.found.indexLength += length;
    if (open.found.indexes.has(index.channelId)) {
      this.findings.error(offset, `channel ${index.channelId} is indexed twice`, rewrite);
    }
    open.found.indexes.set(index.channelId, offset);
    const { content } = open;
    // The content of a damaged chunk cannot be compared; the damage itself is on the list.
    if (content === undefined) return;
    let entries = 0;
    let wrong = 0;
    for (const [time, at] of indexEntries(index)) {
      entries += 1;
      if (!content.holds(Number(at), index.channelId, time)) wrong += 1;
    }
    const count = content.counts.get(index.channelId) ?? 0;
    if (wrong === 0 && entries === count) return;
    const message = `the index of channel ${index.channelId} has ${entries} entries, ${wrong} of them wrong, for ${count} messages`;
    this.findings.error(offset, message, rewrite);
  }

  /** The indexes after a chunk have ended: all of its channels must be there, or none. */
  #closeIndex(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open?.content === undefined || open.content.count === 0) return;
    const { indexes } = open.found;
    if (indexes.size === 0) {
      this.findings.warn('chunks have no message index', open.offset);
      return;
    }
    for (const id of open.content.counts.keys()) {
      if (indexes.has(id)) continue;
      this.findings.error(open.offset, `channel ${id} has no index after this chunk`, rewrite);
    }
  }
}

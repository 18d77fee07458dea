/**
 * The doctor rules of the MCAP project as a judge of what we write: what `mcap doctor` of
 * foxglove/mcap examines and mcap.dev/spec demands, in code of its own. It walks the bytes itself,
 * so that no reader of this room can hide a fault of its writer. An unknown profile is a warning
 * there and none here: a clip has that of its source. For tests: the file is in memory.
 */
import { crc32, zstdDecompressSync } from 'node:zlib';
import { lz4Decode } from '../codec/lz4.ts';
import { McapIndexedReader } from '../mcap/core.ts';
import { opcode } from '../mcap/format.ts';
import {
  type McapChannel,
  type McapChunk,
  type McapChunkIndex,
  type McapSchema,
  type McapStatistics,
  parseRecord,
} from '../mcap/records.ts';
import {
  type ChunkFound,
  describes,
  type DoctorRule,
  doctorRules,
  type Place,
  sameChannel,
  sameSchema,
  unpacked,
} from './doctor-rules.ts';

const magic = Buffer.from([0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a]);

/** What is wrong, each line beginning with its rule; empty for a file that every rule holds of. */
export function diagnose(file: Uint8Array): readonly string[] {
  const patient = new Patient(Buffer.from(file.buffer, file.byteOffset, file.length));
  patient.examine();
  return patient.complaints;
}

/**
 * The same, and what `@mcap/core` makes of the file: opened by its index with the decoders of Node,
 * every message read.
 */
export async function examine(file: Uint8Array): Promise<readonly string[]> {
  const complaints = diagnose(file);
  if (complaints.length > 0) return complaints;
  const reader = await McapIndexedReader.Initialize({
    readable: {
      size: () => Promise.resolve(BigInt(file.length)),
      read: (offset, length) =>
        Promise.resolve(file.slice(Number(offset), Number(offset + length))),
    },
    decompressHandlers: {
      zstd: (data) => zstdDecompressSync(data),
      lz4: (data, size) => {
        const into = new Uint8Array(Number(size));
        lz4Decode(data, into);
        return into;
      },
    },
  });
  let count = 0n;
  for await (const message of reader.readMessages()) count += message.sequence >= 0 ? 1n : 0n;
  const stated = reader.statistics?.messageCount;
  return count === stated ? [] : [`@mcap/core read ${count} messages of ${stated}`];
}

class Patient {
  readonly complaints: string[] = [];
  readonly #file: Buffer;
  readonly #schemas = new Map<number, McapSchema>();
  readonly #channels = new Map<number, McapChannel>();
  readonly #again = { schemas: new Set<number>(), channels: new Set<number>() };
  readonly #chunks = new Map<number, ChunkFound>();
  readonly #chunkIndexes: McapChunkIndex[] = [];
  readonly #counts = new Map<number, bigint>();
  readonly #placed = new Map<number, Place>();
  #open: { found: ChunkFound; entries: Map<string, number> } | undefined;
  #statistics: McapStatistics | undefined;
  #inSummary = false;
  #first = 2n ** 64n;
  #last = 0n;

  constructor(file: Buffer) {
    this.#file = file;
  }

  examine(): void {
    const file = this.#file;
    const ends = [file.subarray(0, 8), file.subarray(-8)];
    if (ends.some((end) => !end.equals(magic))) return this.#say('magic', 'is missing');
    const places = [...this.#walk()];
    if (places[0]?.record.type !== 'Header') this.#say('order', 'no header first');
    if (places.at(-1)?.record.type !== 'Footer') this.#say('order', 'no footer last');
    for (const place of places) this.#take(place);
    this.#closeChunk();
    this.#lookAtIndexes(places);
    this.#lookAtCounts(places);
    this.#lookAtSums(places);
  }

  #say(rule: DoctorRule, what: string, place?: { readonly offset: number }): void {
    const at = place === undefined ? '' : ` at byte ${place.offset}`;
    this.complaints.push(`${rule}${at}: ${what} (${doctorRules[rule]})`);
  }

  *#walk(): Generator<Place, void> {
    const file = this.#file;
    for (let offset = 8; offset < file.length - 8; ) {
      const length = 9 + Number(file.readBigUInt64LE(offset + 1));
      if (offset + length > file.length - 8)
        return this.#say('order', 'a record is cut', { offset });
      const code = file[offset] ?? 0;
      const content = file.subarray(offset + 9, offset + length);
      const record = parseRecord(code, content, { name: 'doctor', offset });
      yield { code, record, offset, length };
      offset += length;
    }
  }

  #take(place: Place): void {
    const { record } = place;
    this.#placed.set(place.offset, place);
    if (record.type !== 'MessageIndex') this.#closeChunk();
    switch (record.type) {
      case 'Header':
        if (record.library === '') this.#say('library', 'is empty', place);
        break;
      case 'Schema':
        return this.#schema(record, place);
      case 'Channel':
        return this.#channel(record, place);
      case 'Message':
        return this.#message(record.channelId, record.logTime, place);
      case 'Chunk':
        return this.#chunk(record, place);
      case 'MessageIndex':
        return this.#index(record.channelId, record.entries, place);
      case 'ChunkIndex':
        this.#chunkIndexes.push(record);
        break;
      case 'Statistics':
        if (this.#statistics !== undefined) this.#say('statistics', 'stands twice', place);
        this.#statistics = record;
        break;
      case 'DataEnd':
        if (this.#inSummary) this.#say('order', 'DataEnd stands twice', place);
        this.#inSummary = true;
        break;
      case 'Metadata':
        if (this.#inSummary) this.#say('order', 'metadata in the summary', place);
        break;
      default:
    }
  }

  #schema(schema: McapSchema, place: Place): void {
    const before = this.#schemas.get(schema.id);
    if (schema.id === 0) this.#say('schema', 'has id 0', place);
    if (schema.encoding === '' && schema.data.length > 0) this.#say('schema', 'data alone', place);
    if (before !== undefined && !sameSchema(before, schema)) {
      this.#say('schema', `${schema.id} has two meanings`, place);
    }
    if (this.#inSummary) {
      if (before === undefined) this.#say('summary', `schema ${schema.id} is new`, place);
      this.#again.schemas.add(schema.id);
    }
    this.#schemas.set(schema.id, schema);
  }

  #channel(channel: McapChannel, place: Place): void {
    const before = this.#channels.get(channel.id);
    if (channel.schemaId !== 0 && !this.#schemas.has(channel.schemaId)) {
      this.#say('channel', `${channel.id} names schema ${channel.schemaId}`, place);
    }
    if (before !== undefined && !sameChannel(before, channel)) {
      this.#say('channel', `${channel.id} has two meanings`, place);
    }
    if (this.#inSummary) {
      if (before === undefined) this.#say('summary', `channel ${channel.id} is new`, place);
      this.#again.channels.add(channel.id);
    }
    this.#channels.set(channel.id, channel);
  }

  #message(channelId: number, time: bigint, place: { readonly offset: number }): void {
    if (!this.#channels.has(channelId)) this.#say('message', `on channel ${channelId}`, place);
    this.#counts.set(channelId, (this.#counts.get(channelId) ?? 0n) + 1n);
    if (time < this.#first) this.#first = time;
    if (time > this.#last) this.#last = time;
  }

  #chunk(chunk: McapChunk, place: Place): void {
    const found = {
      place,
      chunk,
      channels: new Set<number>(),
      indexOffsets: new Map(),
      indexLength: 0,
    };
    this.#chunks.set(place.offset, found);
    const entries = new Map<string, number>();
    this.#open = { found, entries };
    const data = unpacked(chunk);
    if (data === undefined || data.length !== chunk.uncompressedSize) {
      return this.#say('chunk', 'does not unpack to its size', place);
    }
    if (chunk.uncompressedCrc === 0 || crc32(data) !== chunk.uncompressedCrc) {
      this.#say('chunk', 'its checksum is missing or wrong', place);
    }
    let first = 2n ** 64n;
    let last = 0n;
    for (let at = 0; at + 9 <= data.length; ) {
      const length = 9 + Number(data.readBigUInt64LE(at + 1));
      const content = data.subarray(at + 9, at + length);
      const record = parseRecord(data[at] ?? 0, content, { name: 'chunk', offset: place.offset });
      if (record.type === 'Schema') this.#schema(record, place);
      else if (record.type === 'Channel') this.#channel(record, place);
      else if (record.type === 'Message') {
        this.#message(record.channelId, record.logTime, place);
        found.channels.add(record.channelId);
        entries.set(`${record.channelId} ${record.logTime} ${at}`, 0);
        if (record.logTime < first) first = record.logTime;
        if (record.logTime > last) last = record.logTime;
      } else this.#say('inside', `${record.type} in a chunk`, place);
      at += length;
    }
    if (entries.size === 0) return this.#say('inside', 'a chunk without messages', place);
    if (first !== chunk.messageStartTime || last !== chunk.messageEndTime) {
      this.#say('chunk', `states ${chunk.messageStartTime} to ${chunk.messageEndTime}`, place);
    }
  }

  #index(channelId: number, bytes: Uint8Array, place: Place): void {
    const open = this.#open;
    if (open === undefined) return this.#say('index', 'follows no chunk', place);
    if (open.found.indexOffsets.has(channelId)) this.#say('index', 'stands twice', place);
    open.found.indexOffsets.set(channelId, place.offset);
    open.found.indexLength += place.length;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 16 <= view.length; at += 16) {
      const key = `${channelId} ${view.readBigUInt64LE(at)} ${view.readBigUInt64LE(at + 8)}`;
      const seen = open.entries.get(key);
      if (seen === undefined) this.#say('index', `names ${key}, where no message is`, place);
      open.entries.set(key, (seen ?? 0) + 1);
    }
  }

  #closeChunk(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const wrong = [...open.entries].find(([, times]) => times !== 1);
    if (wrong === undefined) return;
    this.#say('index', `message ${wrong[0]} has ${wrong[1]} entries`, open.found.place);
  }

  #lookAtIndexes(places: readonly Place[]): void {
    const indexed = new Set<number>();
    for (const index of this.#chunkIndexes) {
      const at = { offset: index.chunkStartOffset };
      if (indexed.has(at.offset)) this.#say('chunkIndex', 'stands twice', at);
      indexed.add(at.offset);
      const found = this.#chunks.get(at.offset);
      if (found === undefined) this.#say('chunkIndex', 'points to no chunk', at);
      else if (!describes(index, found)) this.#say('chunkIndex', 'differs from its chunk', at);
    }
    for (const { place, channels } of this.#chunks.values()) {
      if (!indexed.has(place.offset)) this.#say('chunkIndex', 'is missing', place);
      for (const id of channels) {
        const schema = this.#channels.get(id)?.schemaId ?? 0;
        if (!this.#again.channels.has(id)) this.#say('summary', `lacks channel ${id}`, place);
        if (schema === 0 || this.#again.schemas.has(schema)) continue;
        this.#say('summary', `lacks schema ${schema}`, place);
      }
    }
    for (const { record, offset } of places) {
      if (record.type !== 'MetadataIndex' && record.type !== 'AttachmentIndex') continue;
      const wanted = record.type === 'MetadataIndex' ? opcode.metadata : opcode.attachment;
      const target = this.#placed.get(record.offset);
      const isIt = target?.code === wanted && target.length === record.length;
      if (!isIt) this.#say('metadata', `an index points to ${record.offset}`, { offset });
    }
  }

  #lookAtCounts(places: readonly Place[]): void {
    const count = (code: number): number => places.filter((place) => place.code === code).length;
    const [metadata, attachments] = [count(opcode.metadata), count(opcode.attachment)];
    const isIndexed =
      metadata === count(opcode.metadataIndex) && attachments === count(opcode.attachmentIndex);
    if (!isIndexed) this.#say('metadata', 'is not indexed');
    const stated = this.#statistics;
    if (stated === undefined) return this.#say('statistics', 'are missing');
    const total = [...this.#counts.values()].reduce((sum, n) => sum + n, 0n);
    const found: readonly (readonly [string, unknown, unknown])[] = [
      ['messages', stated.messageCount, total],
      ['first time', stated.messageStartTime, total === 0n ? 0n : this.#first],
      ['last time', stated.messageEndTime, total === 0n ? 0n : this.#last],
      ['chunks', stated.chunkCount, this.#chunks.size],
      ['channels', stated.channelCount, this.#channels.size],
      ['schemas', stated.schemaCount, this.#schemas.size],
      ['metadata', stated.metadataCount, metadata],
      ['attachments', stated.attachmentCount, attachments],
    ];
    for (const [name, said, is] of found) {
      if (said !== is)
        this.#say('statistics', `state ${String(said)} ${name}, found ${String(is)}`);
    }
    for (const id of new Set([...this.#counts.keys(), ...stated.channelMessageCounts.keys()])) {
      const [said, is] = [stated.channelMessageCounts.get(id) ?? 0n, this.#counts.get(id) ?? 0n];
      if (said !== is) this.#say('statistics', `state ${said} messages of channel ${id} of ${is}`);
    }
  }

  #lookAtSums(places: readonly Place[]): void {
    const file = this.#file;
    const dataEnd = places.find(({ record }) => record.type === 'DataEnd');
    const footer = places.at(-1);
    if (dataEnd?.record.type !== 'DataEnd' || footer?.record.type !== 'Footer') {
      return this.#say('order', 'DataEnd or Footer is missing');
    }
    if (crc32(file.subarray(0, dataEnd.offset)) !== dataEnd.record.dataSectionCrc) {
      this.#say('checksums', 'that of the data section is wrong', dataEnd);
    }
    const { summaryStart, summaryOffsetStart, summaryCrc } = footer.record;
    if (summaryStart !== dataEnd.offset + dataEnd.length)
      this.#say('order', 'summary start', footer);
    if (crc32(file.subarray(summaryStart, footer.offset + 25)) !== summaryCrc) {
      this.#say('checksums', 'that of the summary is wrong', footer);
    }
    const groups = new Map<number, { start: number; end: number }>();
    for (const { code, record, offset, length } of places) {
      const isBody = record.type !== 'SummaryOffset' && record.type !== 'Footer';
      if (offset < summaryStart || !isBody) continue;
      const group = groups.get(code);
      if (group !== undefined && group.end !== offset)
        this.#say('offsets', 'a split group', { offset });
      groups.set(code, { start: group?.start ?? offset, end: offset + length });
    }
    const offsets = places.filter(({ record }) => record.type === 'SummaryOffset');
    if (offsets.length !== groups.size)
      this.#say('offsets', `${offsets.length} for ${groups.size}`);
    if (offsets.length > 0 && offsets[0]?.offset !== summaryOffsetStart) {
      this.#say('offsets', 'the footer points elsewhere', footer);
    }
    for (const { record, offset } of offsets) {
      if (record.type !== 'SummaryOffset') continue;
      const group = groups.get(record.groupOpcode);
      const isIt =
        group?.start === record.groupStart && group.end === group.start + record.groupLength;
      if (!isIt) this.#say('offsets', `opcode ${record.groupOpcode}`, { offset });
    }
  }
}

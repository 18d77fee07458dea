/** Walks every record of a ROS 1 bag and compares its indexes with its messages. */
import { Fault } from '@fieldloop/core';
import { chunkMemory } from '../codec/codec.ts';
import { type ReadMeter, unmetered } from '../meter.ts';
import type { ReadOptions } from '../options.ts';
import { openBagChunk } from '../rosbag1/chunk.ts';
import {
  bagChunkInfo,
  bagConnection,
  bagHeader,
  bagIndex,
  bagOpcode,
  nanoseconds,
} from '../rosbag1/foxglove.ts';
import { bagBytes } from '../rosbag1/items.ts';
import { emptyHead, readHead } from '../rosbag1/messages.ts';
import { type BagRecord, walkBag } from '../rosbag1/records.ts';
import type { Readable } from '../types.ts';
import { type Checked, Findings } from './findings.ts';
import { MessageTally } from './messages.ts';

const reindex = 'Run `rosbag reindex` on the bag.';

interface ChunkFound {
  readonly counts: Map<number, number>;
  firstNs: bigint;
  lastNs: bigint;
}

interface OpenChunk extends ChunkFound {
  /** Time by offset in the content, for the indexes that follow. */
  readonly messages: Map<number, { readonly connection: number; readonly ns: bigint }>;
}

export async function checkBag(readable: Readable, options: ReadOptions): Promise<Checked> {
  const check = new BagCheck(readable.name, options.meter ?? unmetered);
  check.findings.warn('ROS 1 bags carry no checksums: a flipped bit in a message is not seen', 0);
  try {
    for await (const record of walkBag(readable, options.meter ?? unmetered)) {
      if (options.signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
      await check.record(record);
    }
    check.end();
  } catch (error) {
    check.findings.damage(error);
  }
  return check;
}

class BagCheck implements Checked {
  readonly findings: Findings;
  records = 0;
  readonly #meter: ReadMeter;
  readonly #tally: MessageTally;
  readonly #connections = new Set<number>();
  readonly #chunks = new Map<number, ChunkFound>();
  readonly #infos = new Set<number>();
  #open: OpenChunk | undefined;
  #stated: { connections: number; chunks: number; indexAt: number } | undefined;
  #listed = 0;

  constructor(name: string, meter: ReadMeter) {
    this.findings = new Findings(name);
    this.#meter = meter;
    this.#tally = new MessageTally(this.findings);
  }

  get messages(): bigint {
    return this.#tally.count;
  }

  get chunks(): number {
    return this.#chunks.size;
  }

  async record(record: BagRecord): Promise<void> {
    this.records += 1;
    const { place } = record;
    if (record.op === bagOpcode.header) {
      const header = bagHeader(record.fields, place);
      const { connectionCount: connections, chunkCount: chunks, indexPosition: indexAt } = header;
      this.#stated = { connections, chunks, indexAt };
    } else if (record.op === bagOpcode.connection) {
      const connection = bagConnection(record.fields, await record.data(), place);
      this.#listed += 1;
      if (!this.#connections.has(connection.id) && connection.definition === '') {
        this.findings.warn(`connection ${connection.topic} has no definition`, place.offset);
      }
      this.#connections.add(connection.id);
    } else if (record.op === bagOpcode.chunk) {
      await this.#chunk(record);
    } else if (record.op === bagOpcode.index) {
      await this.#index(record);
    } else if (record.op === bagOpcode.chunkInfo) {
      await this.#chunkInfo(record);
    } else if (record.op === bagOpcode.message) {
      this.findings.warn('messages stand outside chunks', place.offset, reindex);
      this.#walk(new Uint8Array(record.ahead().subarray(0, await recordLength(record))), record);
    } else {
      this.findings.error(place.offset, `op ${record.op} is not known`, reindex);
    }
  }

  end(): void {
    const stated = this.#stated;
    if (stated === undefined) {
      this.findings.error(0, 'the bag has no bag header', reindex);
      return;
    }
    if (stated.indexAt === 0) {
      this.findings.warn('the bag has no index: it was not closed', 0, reindex);
      return;
    }
    if (stated.chunks !== this.#chunks.size || this.#infos.size !== this.#chunks.size) {
      const found = `${this.#infos.size} chunk infos for ${this.#chunks.size} chunks`;
      this.findings.error(0, `the header states ${stated.chunks} chunks, found ${found}`, reindex);
    }
    if (this.#listed < stated.connections) {
      const message = `the header states ${stated.connections} connections, ${this.#listed} found`;
      this.findings.error(0, message, reindex);
    }
  }

  async #chunk(record: BagRecord): Promise<void> {
    const { place } = record;
    let lent = 0;
    const { data } = await openBagChunk(record, (size) => {
      this.#meter.take(size);
      lent = size;
      return chunkMemory(size);
    });
    this.#open = this.#walk(data, record);
    this.#chunks.set(place.offset, this.#open);
    this.#meter.release(lent);
  }

  #walk(data: Uint8Array, record: BagRecord): OpenChunk {
    const from = bagBytes(data);
    const head = emptyHead();
    const found: OpenChunk = { counts: new Map(), messages: new Map(), firstNs: 0n, lastNs: 0n };
    const { place } = record;
    let at = 0;
    while (at < from.end) {
      readHead(from, at, head);
      if (head.end < 0) {
        this.findings.error(place.offset, `the record ${at} bytes inside is not whole`, reindex);
        return found;
      }
      if (head.op === bagOpcode.connection) {
        this.#connections.add(head.connection);
      } else if (head.op === bagOpcode.message) {
        const ns = BigInt(head.seconds) * 1_000_000_000n + BigInt(head.nanoseconds);
        const { connection } = head;
        if (!this.#connections.has(connection)) {
          const message = `a message is on connection ${connection}, which no record defined`;
          this.findings.error(place.offset, message, reindex);
        }
        this.#tally.add(connection, 0, ns, place.offset);
        if (found.messages.size === 0 || ns < found.firstNs) found.firstNs = ns;
        if (found.messages.size === 0 || ns > found.lastNs) found.lastNs = ns;
        found.messages.set(at, { connection, ns });
        found.counts.set(connection, (found.counts.get(connection) ?? 0) + 1);
      } else {
        this.findings.error(place.offset, `op ${head.op} stands inside a chunk`, reindex);
      }
      at = head.end;
    }
    return found;
  }

  async #index(record: BagRecord): Promise<void> {
    const { offset } = record.place;
    const index = bagIndex(record.fields, await record.data(), record.place);
    const open = this.#open;
    if (open === undefined) {
      this.findings.error(offset, 'an index follows no chunk', reindex);
      return;
    }
    const wrong = (index.indices ?? []).filter(({ time, offset: at }) => {
      const message = open.messages.get(at);
      const ns = nanoseconds(time);
      return message?.connection !== index.conn || message.ns !== ns;
    });
    const count = open.counts.get(index.conn) ?? 0;
    if (wrong.length === 0 && index.count === count) return;
    const message = `the index of connection ${index.conn} has ${index.count} entries, ${wrong.length} of them wrong, for ${count} messages`;
    this.findings.error(offset, message, reindex);
  }

  async #chunkInfo(record: BagRecord): Promise<void> {
    const { offset } = record.place;
    const info = bagChunkInfo(record.fields, await record.data(), record.place);
    this.#infos.add(info.chunkPosition);
    const found = this.#chunks.get(info.chunkPosition);
    if (found === undefined) {
      this.findings.error(offset, `no chunk stands at byte ${info.chunkPosition}`, reindex);
      return;
    }
    const counts = info.connections.every(({ conn, count }) => found.counts.get(conn) === count);
    const times =
      nanoseconds(info.startTime) === found.firstNs && nanoseconds(info.endTime) === found.lastNs;
    if (counts && times && info.connections.length === found.counts.size) return;
    const message = `the info of the chunk at byte ${info.chunkPosition} differs from its content`;
    this.findings.error(offset, message, reindex);
  }
}

async function recordLength(record: BagRecord): Promise<number> {
  await record.data();
  return record.dataOffset + record.dataLength - record.place.offset;
}

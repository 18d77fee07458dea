/** Saves what can be saved of a ROS 1 bag, as an MCAP with profile `ros1`; two walks, as for MCAP. */
import { asFault, Fault } from '@fieldloop/core';
import { openClipWriter, type ClipWriter } from '../clip/writer.ts';
import { chunkMemory } from '../codec/codec.ts';
import { channels as mostChannels } from '../limits.ts';
import { openBagChunk } from '../rosbag1/chunk.ts';
import {
  bagConnection,
  type BagConnection,
  bagFields,
  bagIndex,
  bagOpcode,
} from '../rosbag1/foxglove.ts';
import { bagBytes, BagItems } from '../rosbag1/items.ts';
import { emptyHead, readHead } from '../rosbag1/messages.ts';
import type { BagRecord } from '../rosbag1/records.ts';
import type { Appendable, Channel, Readable } from '../types.ts';
import { BagSurvey, type BagStretch } from './bag-survey.ts';
import type { RepairOptions } from './mcap.ts';
import { RepairLog, type RepairReport } from './report.ts';

type BagStep =
  | {
      readonly kind: 'message';
      readonly id: number;
      readonly ns: bigint;
      readonly data: Uint8Array;
    }
  | { readonly kind: 'connection'; readonly connection: BagConnection }
  | { readonly kind: 'cut'; readonly at: number };

export async function repairBag(
  readable: Readable,
  out: Appendable,
  options: RepairOptions,
): Promise<RepairReport> {
  const repair = new BagRepair(readable, options);
  const { log } = repair;
  const channels = await repair.look();
  const writer = await openClipWriter(out, { profile: 'ros1', library: options.library });
  for (const channel of channels) await writer.channel(channel);
  await repair.write(writer);
  const { messageCount, startNs, endNs } = await writer.finish();
  const range = messageCount === 0 ? {} : { startNs, endNs };
  return log.report({ format: 'rosbag1', sizeBytes: readable.size ?? 0, ...range });
}

class BagRepair {
  readonly log: RepairLog;
  readonly #readable: Readable;
  readonly #options: RepairOptions;

  constructor(readable: Readable, options: RepairOptions) {
    this.log = new RepairLog(readable.name);
    this.#readable = readable;
    this.#options = options;
  }

  /** Every connection that is defined, and stand-ins for those that only messages name. */
  async look(): Promise<readonly Channel[]> {
    const used = new Set<number>();
    const known = new Map<number, BagConnection>();
    const note = (step: BagStep): void => {
      if (step.kind === 'message') used.add(step.id);
      if (step.kind !== 'connection') return;
      if (!known.has(step.connection.id)) known.set(step.connection.id, step.connection);
    };
    for await (const stretch of this.#stretches()) {
      for (const step of await this.#steps(stretch)) note(step);
    }
    const items = new BagItems(this.#readable.name, false);
    for (const connection of known.values()) {
      if (connection.id < mostChannels) {
        items.connect(connection, { name: this.#readable.name, offset: 0 });
      }
    }
    const channels = items
      .drain()
      .flatMap((item) => (item.kind === 'channel' ? [item.channel] : []));
    for (const id of used) {
      if (known.has(id)) continue;
      const topic = `/recovered/connection_${id}`;
      this.log.notes.push(`connection ${id} is lost: its messages are on ${topic}`);
      const bare = { id, topic, messageEncoding: 'ros1', metadata: new Map(), latched: false };
      channels.push({ ...bare, schema: undefined });
    }
    return channels.toSorted((a, b) => a.id - b.id);
  }

  async write(writer: ClipWriter): Promise<void> {
    for await (const stretch of this.#stretches()) await this.#put(stretch, writer);
  }

  async #put(stretch: BagStretch, writer: ClipWriter): Promise<void> {
    const { log } = this;
    const { length } = stretch;
    if (stretch.kind === 'gap') {
      log.lose({ offset: stretch.offset, bytes: length, what: 'bytes', why: stretch.why });
    } else if (stretch.kind === 'magic') {
      log.bytes.rebuilt += length;
    } else if (stretch.kind === 'torn') {
      await this.#putTorn(stretch, writer);
    } else if (stretch.record.op === bagOpcode.chunk) {
      await this.#putChunk(stretch.record, length, writer);
    } else {
      await this.#putOther(stretch, writer);
    }
  }

  async #putOther(
    stretch: Extract<BagStretch, { readonly kind: 'record' }>,
    writer: ClipWriter,
  ): Promise<void> {
    const { record, length } = stretch;
    const isMessage = record.op === bagOpcode.message;
    const before = this.log.kept.messages;
    await this.#messages(await this.#steps(stretch), writer);
    if (isMessage && this.log.kept.messages === before) {
      const why = 'its header cannot be read';
      this.log.lose({ offset: record.place.offset, bytes: length, what: 'record', why });
      return;
    }
    if (record.op === bagOpcode.index) this.log.alsoLost(await countOf(record));
    const isKept = isMessage || record.op === bagOpcode.connection;
    this.log.bytes[isKept ? 'kept' : 'rebuilt'] += length;
  }

  async #putChunk(record: BagRecord, bytes: number, writer: ClipWriter): Promise<void> {
    const { offset } = record.place;
    const data = await opened(record);
    if (data instanceof Fault) {
      this.log.lose({ offset, bytes, what: 'chunk', why: data.message });
      return;
    }
    const cut = await this.#messages(stepsIn(data, record), writer);
    this.log.kept.chunks += 1;
    this.log.bytes.kept += bytes;
    if (cut !== undefined) {
      const why = `its records are not whole from byte ${cut} of its content on`;
      this.log.lose({ offset, bytes: 0, what: 'record', why });
    }
    this.log.settle();
  }

  async #putTorn(
    stretch: Extract<BagStretch, { readonly kind: 'torn' }>,
    writer: ClipWriter,
  ): Promise<void> {
    const { record, length } = stretch;
    const before = this.log.kept.messages;
    const cut = await this.#messages(await this.#steps(stretch), writer);
    const saved = this.log.kept.messages - before;
    const head = record.dataOffset - record.place.offset;
    const kept = saved === 0 ? 0 : head + (cut ?? length - head);
    this.log.bytes.kept += kept;
    const why = `the file ends inside it; ${saved} messages before its end are kept`;
    const { offset } = record.place;
    this.log.lose({ offset, bytes: length - kept, what: 'chunk', why });
  }

  /** Writes the messages; says where the content stops to be records. */
  async #messages(steps: Iterable<BagStep>, writer: ClipWriter): Promise<number | undefined> {
    for (const step of steps) {
      if (step.kind === 'cut') return step.at;
      if (step.kind !== 'message') continue;
      const { id, ns, data } = step;
      await writer.message(id, { sequence: 0, logTimeNs: ns, publishTimeNs: ns, data });
      this.log.kept.messages += 1;
    }
    return undefined;
  }

  async #steps(stretch: BagStretch): Promise<Iterable<BagStep>> {
    if (stretch.kind === 'torn') return stepsIn(await stretch.record.part(), stretch.record);
    if (stretch.kind !== 'record') return [];
    const { record } = stretch;
    if (record.op === bagOpcode.chunk) {
      const data = await opened(record);
      return data instanceof Fault ? [] : stepsIn(data, record);
    }
    if (record.op !== bagOpcode.message && record.op !== bagOpcode.connection) return [];
    await record.data();
    return stepsIn(record.ahead().subarray(0, stretch.length), record);
  }

  async *#stretches(): AsyncGenerator<BagStretch, void> {
    for await (const stretch of new BagSurvey(this.#readable).stretches()) {
      if (this.#options.signal?.aborted === true)
        throw new Fault('cancelled', 'stopped on request');
      yield stretch;
    }
  }
}

async function opened(record: BagRecord): Promise<Uint8Array | Fault> {
  try {
    return (await openBagChunk(record, chunkMemory)).data;
  } catch (error) {
    const fault = asFault(error);
    if (fault.code === 'internal') throw error;
    return fault;
  }
}

/** Messages that an index record names; 0 when it cannot be read. */
async function countOf(record: BagRecord): Promise<number> {
  try {
    return bagIndex(record.fields, await record.data(), record.place).count;
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    return 0;
  }
}

/** Records one behind the other in memory, as far as they are whole. */
function* stepsIn(data: Uint8Array, { place }: BagRecord): Generator<BagStep, void> {
  const from = bagBytes(data);
  const head = emptyHead();
  let at = 0;
  while (at < from.end) {
    readHead(from, at, head);
    const isMessage = head.op === bagOpcode.message;
    const isSound = !isMessage || (head.seconds >= 0 && head.connection >= 0);
    if (head.end < 0 || !isSound) {
      yield { kind: 'cut', at };
      return;
    }
    if (isMessage && head.connection < mostChannels) {
      const ns = BigInt(head.seconds) * 1_000_000_000n + BigInt(head.nanoseconds);
      const bytes = from.bytes.subarray(head.start, head.end);
      yield { kind: 'message', id: head.connection, ns, data: bytes };
    } else if (head.op === bagOpcode.connection) {
      const connection = connectionAt(from.bytes, at, head, place);
      if (connection !== undefined) yield { kind: 'connection', connection };
    }
    at = head.end;
  }
}

function connectionAt(
  bytes: Uint8Array,
  at: number,
  { start, end }: { readonly start: number; readonly end: number },
  place: BagRecord['place'],
): BagConnection | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const fields = bagFields(bytes.subarray(at + 4, at + 4 + view.getUint32(at, true)), place);
    return bagConnection(fields, bytes.subarray(start, end), place);
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    return undefined;
  }
}

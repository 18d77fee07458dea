/** Turns the records of a bag into recording items. */
import { Fault } from '@fieldloop/core';
import { Columns } from '../columns.ts';
import { damaged, placeOf } from '../damage.ts';
import { blockMessages, definitionBytes, channels as mostChannels } from '../limits.ts';
import type { Channel, RecordingItem } from '../types.ts';
import {
  type BagConnection,
  bagConnection,
  bagFields,
  bagOpcode,
  type BagPlace,
  bagRemedy,
} from './foxglove.ts';
import { type BagBytes, emptyHead, readHead, takeBagMessages } from './messages.ts';

/** A Node Buffer becomes a plain array: its `slice` would be a view, not a copy. */
export function bagBytes({ buffer, byteOffset, byteLength }: Uint8Array): BagBytes {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return { bytes, view: new DataView(buffer, byteOffset, byteLength), end: byteLength };
}

export class BagItems {
  readonly #name: string;
  readonly #columns: Columns;
  readonly #channels = new Map<number, Channel>();
  readonly #known = new Uint8Array(65_536);
  readonly #head = emptyHead();
  #items: RecordingItem[] = [];
  #definitions = 0;

  /** `known` were defined before the place where reading begins. */
  constructor(name: string, reuse: boolean, known: Iterable<Channel> = []) {
    this.#name = name;
    this.#columns = new Columns(reuse);
    for (const channel of known) {
      this.#channels.set(channel.id, channel);
      this.#known[channel.id] = 1;
    }
  }

  drain(): readonly RecordingItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  connect(connection: BagConnection, place: BagPlace): void {
    const { id, topic, type, md5sum, definition, callerid, latching } = connection;
    const before = this.#channels.get(id);
    if (before !== undefined) {
      if (before.topic === topic && before.schema?.name === type) return;
      const message = `connection ${id} is defined again and differently`;
      const expected = `the topic ${before.topic}`;
      throw damaged({ ...place, record: 'Connection', message, expected, remedy: bagRemedy });
    }
    this.#definitions += definition.length + topic.length + 256;
    if (id >= mostChannels || this.#definitions > definitionBytes) {
      throw new Fault('limited', `connection ${id} is more than is read of one bag`, {
        place: placeOf(place.name, place.offset),
        remedy: 'Split the bag by topic with `rosbag filter`.',
      });
    }
    const metadata = new Map([
      ['md5sum', md5sum],
      ['latching', String(latching)],
    ]);
    if (callerid !== undefined) metadata.set('callerid', callerid);
    const schema = { name: type, encoding: 'ros1msg', data: new TextEncoder().encode(definition) };
    const channel: Channel = {
      id,
      topic,
      messageEncoding: 'ros1',
      metadata,
      schema,
      latched: latching,
    };
    this.#channels.set(id, channel);
    this.#known[id] = 1;
    this.#items.push({ kind: 'channel', channel });
  }

  /** The records inside an opened chunk; `offset` is the chunk's in the file. */
  chunk(data: Uint8Array, offset: number): void {
    const from = bagBytes(data);
    const rules = { known: this.#known, most: Infinity };
    let at = 0;
    try {
      while (at < from.end) {
        const here = takeBagMessages(this.#columns, from, at, rules);
        at = here > at ? here : this.#other(from, at, offset);
      }
    } finally {
      this.#seal(from, offset);
    }
  }

  /** Messages that stand outside chunks, as in a bag that was still being written. */
  loose(data: Uint8Array, offset: number): number {
    const from = bagBytes(data);
    const rules = { known: this.#known, most: blockMessages };
    let here = takeBagMessages(this.#columns, from, 0, rules);
    if (here === 0) {
      this.#rebase(from, 0, offset);
      here = takeBagMessages(this.#columns, from, 0, rules);
    }
    this.#seal(from, offset);
    return here;
  }

  /** What is not a message that fits: a connection, a new time base, or damage. */
  #other(from: BagBytes, at: number, offset: number): number {
    const head = this.#head;
    readHead(from, at, head);
    if (head.end < 0) throw this.#broken(at, offset, 'is not whole');
    if (head.op === bagOpcode.connection) {
      const place = { name: this.#name, offset };
      const headEnd = at + 4 + from.view.getUint32(at, true);
      const fields = bagFields(from.bytes.subarray(at + 4, headEnd), place);
      this.connect(bagConnection(fields, from.bytes.subarray(head.start, head.end), place), place);
      return head.end;
    }
    this.#rebase(from, at, offset);
    return at;
  }

  #rebase(from: BagBytes, at: number, offset: number): void {
    const head = this.#head;
    readHead(from, at, head);
    if (head.op !== bagOpcode.message) throw this.#broken(at, offset, `has op ${head.op}`);
    if (head.seconds < 0) throw this.#broken(at, offset, 'has no time');
    if (head.connection < 0 || this.#known[head.connection] !== 1) {
      throw this.#broken(at, offset, `is on connection ${head.connection}`);
    }
    this.#seal(from, offset, false);
    const { seconds, nanoseconds } = head;
    this.#columns.rebase(
      seconds,
      nanoseconds,
      BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
    );
  }

  #seal({ bytes: data, view }: BagBytes, offset: number, last = true): void {
    if (this.#columns.count === 0) return;
    this.#items.push({ kind: 'block', block: this.#columns.seal({ data, view, offset }, last) });
  }

  #broken(at: number, offset: number, what: string): Error {
    return damaged({
      name: this.#name,
      offset,
      record: 'Message',
      message: `the record ${at} bytes inside ${what}`,
      expected: 'whole messages of connections defined before',
      remedy: bagRemedy,
    });
  }
}

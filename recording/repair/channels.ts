/** Schemas and channels of a damaged MCAP: of several records for one id, the surest counts. */
import { isLatched } from '../mcap/channels.ts';
import type { McapChannel, McapRecord, McapSchema } from '../mcap/records.ts';
import type { Channel, Schema } from '../types.ts';

/** How sure a definition is: a checksum over it held, or nothing is known. */
export const sureness = { plain: 1, summary: 2, chunk: 3 } as const;

interface Ranked<T> {
  readonly rank: number;
  readonly record: T;
}

export class FoundChannels {
  readonly #schemas = new Map<number, Ranked<McapSchema>>();
  readonly #channels = new Map<number, Ranked<McapChannel>>();
  /** Channels that messages are on. */
  readonly used = new Set<number>();
  /** Of the summary whose checksum held; nothing else is a channel of this file then. */
  summary: ReadonlySet<number> | undefined;

  offer(record: McapRecord, rank: number): void {
    if (record.type === 'Schema' && record.id !== 0) {
      // A view into what was read would keep all of it.
      keep(this.#schemas, rank, { ...record, data: new Uint8Array(record.data) });
    } else if (record.type === 'Channel') {
      keep(this.#channels, rank, record);
    }
  }

  /** What the repaired file has: a stand-in for each channel whose definition is lost. */
  settled(): { readonly channels: ReadonlyMap<number, Channel>; readonly notes: string[] } {
    const channels = new Map<number, Channel>();
    const notes: string[] = [];
    for (const [id, { record }] of this.#channels) {
      const isOwn = this.summary === undefined || this.summary.has(id) || this.used.has(id);
      if (isOwn) channels.set(id, this.#channelOf(record, notes));
    }
    for (const id of this.used) {
      if (channels.has(id)) continue;
      const topic = `/recovered/channel_${id}`;
      notes.push(`the definition of channel ${id} is lost: its messages are on ${topic}`);
      const bare = { id, topic, messageEncoding: '', metadata: new Map(), latched: false };
      channels.set(id, { ...bare, schema: undefined });
    }
    return { channels, notes };
  }

  #channelOf(record: McapChannel, notes: string[]): Channel {
    const { id, topic, messageEncoding, metadata, schemaId } = record;
    const found = this.#schemas.get(schemaId)?.record;
    if (found === undefined && schemaId !== 0) notes.push(`the schema of ${topic} is lost`);
    let schema: Schema | undefined;
    if (found?.encoding === '' && found.data.length > 0) {
      notes.push(`the schema of ${topic} is left out: it does not say its encoding`);
    } else if (found !== undefined) {
      const { id: schemaIdFound, name, encoding, data } = found;
      schema = { id: schemaIdFound, name, encoding, data };
    }
    return { id, topic, messageEncoding, metadata, schema, latched: isLatched(metadata) };
  }
}

function keep<T extends { readonly id: number }>(
  into: Map<number, Ranked<T>>,
  rank: number,
  record: T,
): void {
  const before = into.get(record.id);
  if (before === undefined || before.rank < rank) into.set(record.id, { rank, record });
}

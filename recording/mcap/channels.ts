/** The schemas and channels of one MCAP, each defined once, bounded in number and size. */
import { Fault } from '@fieldloop/core';
import { damaged, placeOf, remedies } from '../damage.ts';
import { definitionBytes } from '../limits.ts';
import type { Channel, Schema } from '../types.ts';
import type { McapChannel, McapSchema } from './records.ts';

/** What was defined before the place where reading begins. */
export interface Defined {
  readonly channels: Iterable<Channel>;
  /** Schemas that no channel names yet. */
  readonly schemas?: Iterable<Schema> | undefined;
}

interface At {
  readonly name: string;
  readonly offset: number;
}

/** ROS 2 recorders keep the publishers' QoS as YAML: 1 is transient local (rmw types.h). */
const transientLocal = /durability:\s*(1\b|transient_local)/;

export function isLatched(metadata: ReadonlyMap<string, string>): boolean {
  const latching = metadata.get('latching');
  if (latching !== undefined) return latching === '1' || latching === 'true';
  return transientLocal.test(metadata.get('offered_qos_profiles') ?? '');
}

export class Definitions {
  /** 1 for each channel that may carry messages. */
  readonly known = new Uint8Array(65_536);
  readonly channels = new Map<number, Channel>();
  readonly #schemas = new Map<number, Schema & { readonly id: number }>();
  readonly #named = new Set<number>();
  #bytes = 0;

  constructor({ channels, schemas = [] }: Defined = { channels: [] }) {
    for (const schema of schemas) this.#take(schema);
    for (const channel of channels) {
      const { id, schema } = channel;
      this.channels.set(id, channel);
      this.known[id] = 1;
      this.#take(schema);
      if (schema?.id !== undefined) this.#named.add(schema.id);
    }
  }

  /** Schemas that no channel names yet. */
  get spare(): readonly Schema[] {
    return [...this.#schemas.values()].filter(({ id }) => !this.#named.has(id));
  }

  #take(schema: Schema | undefined): void {
    if (schema?.id !== undefined) this.#schemas.set(schema.id, { ...schema, id: schema.id });
  }

  schema(record: McapSchema, at: At): void {
    // The specification: a schema with id 0 is invalid and should be ignored.
    if (record.id === 0) return;
    const before = this.#schemas.get(record.id);
    if (before === undefined) {
      this.#hold(record.data.length + record.name.length + 64, at);
      const { id, name, encoding } = record;
      this.#schemas.set(id, { id, name, encoding, data: new Uint8Array(record.data) });
      return;
    }
    const same =
      before.name === record.name &&
      before.encoding === record.encoding &&
      Buffer.compare(before.data, record.data) === 0;
    if (!same) throw redefined('Schema', record.id, at);
  }

  /** The channel when it is new. */
  channel(record: McapChannel, at: At): Channel | undefined {
    const before = this.channels.get(record.id);
    if (before !== undefined) {
      if (!sameChannel(before, record)) throw redefined('Channel', record.id, at);
      return undefined;
    }
    const schema = this.#schemas.get(record.schemaId);
    if (schema === undefined && record.schemaId !== 0) {
      throw damaged({
        ...at,
        record: 'Channel',
        message: `channel ${record.id} names schema ${record.schemaId}`,
        expected: 'its Schema record before it',
        remedy: remedies.writer,
      });
    }
    const { id, topic, messageEncoding, metadata } = record;
    let size = topic.length + messageEncoding.length + 128;
    for (const [key, value] of metadata) size += key.length + value.length + 32;
    this.#hold(size, at);
    const latched = isLatched(metadata);
    const channel: Channel = { id, topic, messageEncoding, metadata, schema, latched };
    this.channels.set(id, channel);
    this.known[id] = 1;
    this.#named.add(record.schemaId);
    return channel;
  }

  #hold(bytes: number, at: At): void {
    this.#bytes += bytes;
    if (this.#bytes <= definitionBytes) return;
    throw new Fault('limited', `schemas and channels exceed ${definitionBytes} bytes`, {
      place: placeOf(at.name, at.offset),
      remedy: 'Split the recording by topic.',
    });
  }
}

function sameChannel(before: Channel, record: McapChannel): boolean {
  return (
    before.topic === record.topic &&
    before.messageEncoding === record.messageEncoding &&
    (before.schema?.id ?? 0) === record.schemaId &&
    before.metadata.size === record.metadata.size &&
    [...before.metadata].every(([key, value]) => record.metadata.get(key) === value)
  );
}

function redefined(record: string, id: number, at: At): Fault {
  return damaged({
    ...at,
    record,
    message: `${record.toLowerCase()} ${id} is defined again and differently`,
    expected: 'the same record as before',
    remedy: remedies.writer,
  });
}

/** Topics of a rosbag2 database as channels, with the definitions of their messages. */
import { Fault } from '@fieldloop/core';
import { placeOf } from '../damage.ts';
import { isLatched } from '../mcap/channels.ts';
import type { Channel, Schema } from '../types.ts';
import { standardDefinition } from './standard.ts';
import type { Value } from './cells.ts';
import type { Pages } from './pages.ts';
import { rowsOf, type Table } from './tables.ts';

/** What the file says of itself beside its messages. */
export interface Db3Contents {
  /** 1 to 4, as rosbag2 counts the layouts of its tables. */
  readonly version: number;
  readonly distro: string;
  readonly channels: readonly Channel[];
  readonly messages: Table;
  /** rosbag2's own metadata.yaml as kept inside from version 3 on; empty without. */
  readonly metadata: string;
}

/** Fault `invalid` when the database is no rosbag2. */
export async function readContents(
  pages: Pages,
  tables: ReadonlyMap<string, Table>,
): Promise<Db3Contents> {
  const topics = tables.get('topics');
  const messages = tables.get('messages');
  const wanted = ['topic_id', 'timestamp', 'data'];
  if (topics === undefined || messages === undefined || !hasAll(messages, wanted)) {
    throw foreign(pages.name, 'it has no tables topics and messages of rosbag2');
  }
  if (!hasAll(topics, ['id', 'name', 'type', 'serialization_format'])) {
    throw foreign(pages.name, `its table topics has the columns ${topics.columns.join(', ')}`);
  }
  const kept = tables.get('message_definitions');
  const definitions = kept === undefined ? new Map<string, Schema>() : await defined(pages, kept);
  const channels: Channel[] = [];
  const ids = new Set<number>();
  for await (const row of rowsOf(pages, topics)) {
    const id = row['id'];
    if (typeof id !== 'number' || id < 0 || id > 65_535 || ids.has(id)) {
      throw foreign(pages.name, `topic id ${String(id)} is not one of 0 to 65,535, each once`);
    }
    ids.add(id);
    channels.push(channelOf(id, row, definitions));
  }
  const { version, distro } = await versionOf(pages, tables, topics);
  return { version, distro, channels, messages, metadata: await metadataOf(pages, tables) };
}

function channelOf(
  id: number,
  row: Readonly<Record<string, Value>>,
  definitions: ReadonlyMap<string, Schema>,
): Channel {
  const type = text(row['type']);
  const metadata = new Map<string, string>();
  const qos = text(row['offered_qos_profiles']);
  if (qos !== '') metadata.set('offered_qos_profiles', qos);
  const hash = text(row['type_description_hash']);
  if (hash !== '') metadata.set('topic_type_hash', hash);
  return {
    id,
    topic: text(row['name']),
    messageEncoding: text(row['serialization_format']),
    metadata,
    // A name alone says what is missing; without text its fields cannot be read.
    schema: definitions.get(type) ?? standardDefinition(type) ?? bare(type),
    latched: isLatched(metadata),
  };
}

function bare(name: string): Schema {
  return { name, encoding: '', data: new Uint8Array(0) };
}

async function defined(pages: Pages, table: Table): Promise<ReadonlyMap<string, Schema>> {
  const found = new Map<string, Schema>();
  for await (const row of rowsOf(pages, table)) {
    const name = text(row['topic_type']);
    const encoding = text(row['encoding']);
    const definition = text(row['encoded_message_definition']);
    if (definition === '' || !/^ros2(msg|idl)$/.test(encoding)) continue;
    found.set(name, { name, encoding, data: new TextEncoder().encode(definition) });
  }
  return found;
}

/** The file's own number, and for older ones what their columns show. */
async function versionOf(
  pages: Pages,
  tables: ReadonlyMap<string, Table>,
  topics: Table,
): Promise<{ readonly version: number; readonly distro: string }> {
  const table = tables.get('schema');
  if (table !== undefined) {
    for await (const row of rowsOf(pages, table)) {
      const version = row['schema_version'];
      if (typeof version === 'number') return { version, distro: text(row['ros_distro']) };
    }
  }
  return { version: topics.columns.includes('offered_qos_profiles') ? 2 : 1, distro: '' };
}

async function metadataOf(pages: Pages, tables: ReadonlyMap<string, Table>): Promise<string> {
  const table = tables.get('metadata');
  if (table === undefined) return '';
  let last = '';
  for await (const row of rowsOf(pages, table)) last = text(row['metadata']);
  return last;
}

function hasAll(table: Table, names: readonly string[]): boolean {
  return names.every((name) => table.columns.includes(name));
}

function text(value: Value): string {
  return typeof value === 'string' ? value : '';
}

function foreign(name: string, why: string): Fault {
  return new Fault('invalid', `this SQLite database is no recording of rosbag2: ${why}`, {
    place: placeOf(name, 0),
    remedy: 'Give a db3 file that `ros2 bag record` wrote, an MCAP file or a ROS 1 bag.',
  });
}

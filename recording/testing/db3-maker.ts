/** Databases as rosbag2 writes them, by SQLite itself, which shares no code with our reader. */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface MadeDb3 {
  readonly version: 1 | 2 | 3 | 4;
  readonly topics: readonly {
    readonly name: string;
    readonly type: string;
    readonly qos?: string | undefined;
    readonly definition?: string | undefined;
  }[];
  readonly messages: readonly {
    /** Position in `topics`. */
    readonly topic: number;
    readonly ns: bigint;
    readonly data: Uint8Array;
  }[];
  readonly pageSize?: number | undefined;
  /** Rows deleted again, so that the file has free pages and gaps. */
  readonly deleted?: readonly number[] | undefined;
  readonly journal?: 'delete' | 'wal' | undefined;
}

/** The bytes of the file, and those of its log when it was left with one. */
export interface Db3Bytes {
  readonly file: Uint8Array;
  readonly log: Uint8Array | undefined;
}

/** `path` is where SQLite writes it: an empty folder's file. */
export function makeDb3(path: string, made: MadeDb3): Db3Bytes {
  const database = new DatabaseSync(path);
  database.exec(`pragma page_size = ${made.pageSize ?? 4096}`);
  database.exec(`pragma journal_mode = ${made.journal ?? 'delete'}`);
  database.exec('pragma wal_autocheckpoint = 40');
  createTables(database, made);
  const insert = database.prepare(
    'insert into messages (timestamp, topic_id, data) values (?, ?, ?)',
  );
  database.exec('begin');
  for (const [i, { topic, ns, data }] of made.messages.entries()) {
    insert.run(ns, topic + 1, data);
    if (i % 50 === 49) database.exec('commit; begin');
  }
  for (const id of made.deleted ?? []) database.exec(`delete from messages where id = ${id}`);
  database.exec('commit');
  const isLogged = made.journal === 'wal';
  // Taken before the close, which would copy the log back: what a killed recorder leaves.
  const taken = (): Db3Bytes => ({
    file: new Uint8Array(readFileSync(path)),
    log: isLogged ? new Uint8Array(readFileSync(`${path}-wal`)) : undefined,
  });
  const open = isLogged ? taken() : undefined;
  database.close();
  return open ?? taken();
}

function createTables(database: DatabaseSync, { version, topics }: MadeDb3): void {
  const qos = version > 1 ? ',offered_qos_profiles TEXT NOT NULL' : '';
  const hash = version > 3 ? ',type_description_hash TEXT NOT NULL' : '';
  if (version > 2) {
    database.exec(
      'create table schema(schema_version INTEGER PRIMARY KEY,ros_distro TEXT NOT NULL)',
    );
    database.exec(`insert into schema values (${version}, 'test')`);
    database.exec(
      'create table metadata(id INTEGER PRIMARY KEY,metadata_version INTEGER NOT NULL,metadata TEXT NOT NULL)',
    );
  }
  database.exec(
    `create table topics(id INTEGER PRIMARY KEY,name TEXT NOT NULL,type TEXT NOT NULL,serialization_format TEXT NOT NULL${qos}${hash})`,
  );
  database.exec(
    'create table messages(id INTEGER PRIMARY KEY,topic_id INTEGER NOT NULL,timestamp INTEGER NOT NULL, data BLOB NOT NULL)',
  );
  database.exec('create index timestamp_idx on messages (timestamp asc)');
  if (version > 3) {
    database.exec(
      'create table message_definitions(id INTEGER PRIMARY KEY,topic_type TEXT NOT NULL,encoding TEXT NOT NULL,encoded_message_definition TEXT NOT NULL,type_description_hash TEXT NOT NULL)',
    );
  }
  for (const [i, topic] of topics.entries()) {
    const values: (string | number)[] = [i + 1, topic.name, topic.type, 'cdr'];
    if (version > 1) values.push(topic.qos ?? '');
    if (version > 3) values.push('');
    const places = values.map(() => '?').join(', ');
    database.prepare(`insert into topics values (${places})`).run(...values);
    if (version < 4 || topic.definition === undefined) continue;
    database
      .prepare('insert into message_definitions values (null, ?, ?, ?, ?)')
      .run(topic.type, 'ros2msg', topic.definition, '');
  }
}

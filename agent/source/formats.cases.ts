/** Recordings of ROS 1 and of rosbag2's sqlite3 storage, written for tests. */
import { DatabaseSync } from 'node:sqlite';

const startNs = 1_700_000_000_000_000_000n;

/** A whole bag with its index. */
export function bagBytes(chunks: number, perChunk: number): Buffer {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const u64 = (value: number): Buffer => Buffer.concat([u32(value), u32(0)]);
  const record = (fields: Readonly<Record<string, Uint8Array>>, data: Uint8Array): Buffer => {
    const head = Buffer.concat(
      Object.entries(fields).map(([name, value]) => {
        const field = Buffer.concat([Buffer.from(`${name}=`), value]);
        return Buffer.concat([u32(field.length), field]);
      }),
    );
    return Buffer.concat([u32(head.length), head, u32(data.length), data]);
  };
  const fields = (of: Readonly<Record<string, string>>): Buffer =>
    Buffer.concat(
      Object.entries(of).map(([name, value]) =>
        Buffer.concat([u32(name.length + 1 + value.length), Buffer.from(`${name}=${value}`)]),
      ),
    );
  const connection = record(
    { conn: u32(0), topic: Buffer.from('/odom'), op: Buffer.of(7) },
    fields({
      topic: '/odom',
      type: 'std_msgs/String',
      md5sum: '9',
      message_definition: 'string data',
    }),
  );
  const text = Buffer.alloc(1_004, 0x61);
  text.writeUInt32LE(1_000);
  const parts: Buffer[] = [];
  const infos: Buffer[] = [];
  let offset = 13 + 4_096;
  for (let k = 0; k < chunks; k += 1) {
    const own = Array.from({ length: perChunk }, (_, i) => {
      const time = Buffer.concat([u32(1_700_000_000 + k), u32(i)]);
      return record({ conn: u32(0), op: Buffer.of(2), time }, text);
    });
    const content = Buffer.concat([connection, ...own]);
    const chunk = record(
      { compression: Buffer.from('none'), size: u32(content.length), op: Buffer.of(5) },
      content,
    );
    const times = { start_time: u64(1_700_000_000 + k), end_time: u64(1_700_000_000 + k) };
    infos.push(
      record(
        { ver: u32(1), chunk_pos: u64(offset), ...times, count: u32(1), op: Buffer.of(6) },
        Buffer.concat([u32(0), u32(perChunk)]),
      ),
    );
    parts.push(chunk);
    offset += chunk.length;
  }
  const numbers = { index_pos: u64(offset), conn_count: u32(1), chunk_count: u32(chunks) };
  const bare = record({ ...numbers, op: Buffer.of(3) }, Buffer.alloc(0));
  const head = record({ ...numbers, op: Buffer.of(3) }, Buffer.alloc(4_096 - bare.length, 0x20));
  return Buffer.concat([Buffer.from('#ROSBAG V2.0\n'), head, ...parts, connection, ...infos]);
}

export function writeDb3(path: string, count: number): void {
  const database = new DatabaseSync(path);
  database.exec(
    `create table topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,
       serialization_format TEXT NOT NULL);
     create table messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL,
       timestamp INTEGER NOT NULL, data BLOB NOT NULL);
     insert into topics values (1, '/odom', 'std_msgs/msg/String', 'cdr');
     begin`,
  );
  const insert = database.prepare('insert into messages values (?, 1, ?, ?)');
  const data = new Uint8Array(400);
  data[1] = 1;
  for (let i = 0; i < count; i += 1) insert.run(i + 1, startNs + BigInt(i) * 1_000_000n, data);
  database.exec('commit');
  database.close();
}

/** Recordings of ROS 1 and of rosbag2's sqlite3 storage, written for tests. */
import { DatabaseSync } from 'node:sqlite';
import { makeBag } from '@fieldloop/recording/bags';

const startNs = 1_700_000_000_000_000_000n;

/** A whole bag with its index; each chunk has messages of 1 kB of a second of its own. */
export function bagBytes(chunks: number, perChunk: number): Buffer {
  const data = Buffer.alloc(1_004, 0x61);
  data.writeUInt32LE(1_000);
  const message = { connection: 0, data };
  const bag = makeBag({
    connections: [{ topic: '/odom' }],
    chunks: Array.from({ length: chunks }, (_, k) =>
      Array.from({ length: perChunk }, (_, nanoseconds) => ({
        ...message,
        seconds: 1_700_000_000 + k,
        nanoseconds,
      })),
    ),
  });
  return Buffer.from(bag);
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

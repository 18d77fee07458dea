/**
 * A recorder for the tail bench, in a process of its own: an MCAP in chunks of 768 KiB, as rosbag2
 * writes it, without a sync. Log times are those of the monotonic clock, which processes share.
 * Tells on stdout when each chunk was on the disk, as JSON lines.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { McapWriter } from '@mcap/core';

const [path = '', seconds = '10', hz = '200', padBytes = '10000'] = process.argv.slice(2);
const chunkSize = 768 * 1024;
const file = openSync(path, 'w');
let at = 0n;
let newestNs = 0n;

const writable = {
  position: () => at,
  write(bytes: Uint8Array): Promise<void> {
    writeSync(file, bytes);
    at += BigInt(bytes.length);
    if (bytes.length > chunkSize / 2) {
      const told = { throughNs: String(newestNs), writtenNs: String(process.hrtime.bigint()) };
      process.stdout.write(`${JSON.stringify(told)}\n`);
    }
    return Promise.resolve();
  },
};

/** CDR of std_msgs/msg/Float64. */
function float64(value: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes[1] = 1;
  bytes.writeDoubleLE(value, 4);
  return bytes;
}

const writer = new McapWriter({ writable, chunkSize });
await writer.start({ profile: 'ros2', library: 'tail-writer' });
const schemaId = await writer.registerSchema({
  name: 'std_msgs/msg/Float64',
  encoding: 'ros2msg',
  data: Buffer.from('float64 data'),
});
const metadata = new Map<string, string>();
const topic = (name: string, schema: number) =>
  writer.registerChannel({
    topic: name,
    schemaId: schema,
    messageEncoding: schema === 0 ? 'opaque' : 'cdr',
    metadata,
  });
const speedId = await topic('/speed', schemaId);
const cameraId = await topic('/camera', 0);
const pad = Buffer.alloc(Number(padBytes), 7);

const beganNs = process.hrtime.bigint();
const stepNs = 1_000_000_000n / BigInt(hz);
const count = Number(seconds) * Number(hz);
for (let i = 0; i < count; i += 1) {
  const dueNs = beganNs + BigInt(i) * stepNs;
  const leftMs = Number(dueNs - process.hrtime.bigint()) / 1e6;
  if (leftMs > 1) await sleep(leftMs);
  const logTime = process.hrtime.bigint();
  newestNs = logTime;
  const head = { sequence: i, logTime, publishTime: logTime };
  // Every fourth message is a trigger.
  await writer.addMessage({ ...head, channelId: speedId, data: float64(i % 4 === 0 ? 2 : 0) });
  await writer.addMessage({ ...head, channelId: cameraId, data: pad });
}
await writer.end();
closeSync(file);

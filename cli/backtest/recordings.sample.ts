/** Small recordings for tests: a speed at 10 Hz, as odometry unless said, in MCAP files. */
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';

export const sampleStartNs = 1_700_000_000_000_000_000n;

const odometry: Channel = {
  id: 1,
  topic: '/odom',
  messageEncoding: 'cdr',
  metadata: new Map(),
  schema: {
    name: 'demo/msg/Odom',
    encoding: 'ros2msg',
    data: new TextEncoder().encode('float64 speed\nstring frame\n'),
  },
  latched: false,
};

/** Bytes of one message. */
export const messageBytes = 17;

/** From `fromS` to before `toS` seconds after `sampleStartNs`. */
export async function writeOdometry(
  path: string,
  span: { readonly fromS: number; readonly toS: number; readonly topic?: string },
  speedAt: (seconds: number) => number,
): Promise<void> {
  await using file = await createFile(path);
  const writer = await openClipWriter(file, { profile: '', library: 'test' });
  await writer.channel({ ...odometry, topic: span.topic ?? odometry.topic });
  for (let tick = span.fromS * 10; tick < span.toS * 10; tick += 1) {
    const data = new Uint8Array(messageBytes);
    const view = new DataView(data.buffer);
    view.setUint8(1, 1);
    view.setFloat64(4, speedAt(tick / 10), true);
    view.setUint32(12, 1, true);
    const logTimeNs = sampleStartNs + BigInt(tick) * 100_000_000n;
    await writer.message(odometry.id, {
      sequence: tick,
      logTimeNs,
      publishTimeNs: logTimeNs,
      data,
    });
  }
  await writer.finish();
}

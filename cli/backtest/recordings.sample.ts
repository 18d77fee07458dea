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

/** Bytes of one message whose frame has no name. */
export const messageBytes = 17;

/** From `fromS` to before `toS` seconds after `sampleStartNs`. */
export async function writeOdometry(
  path: string,
  span: { readonly fromS: number; readonly toS: number; readonly topic?: string },
  speedAt: (seconds: number) => number,
): Promise<void> {
  const messages = Array.from({ length: (span.toS - span.fromS) * 10 }, (_, i) => {
    const tick = span.fromS * 10 + i;
    return { atNs: sampleStartNs + BigInt(tick) * 100_000_000n, speed: speedAt(tick / 10) };
  });
  await writeMessages(path, messages, span.topic);
}

export interface SampleMessage {
  readonly atNs: bigint;
  readonly speed: number;
  readonly frame?: string;
}

export async function writeMessages(
  path: string,
  messages: readonly SampleMessage[],
  topic = odometry.topic,
): Promise<void> {
  await using file = await createFile(path);
  const writer = await openClipWriter(file, { profile: '', library: 'test' });
  await writer.channel({ ...odometry, topic });
  for (const [sequence, { atNs, speed, frame = '' }] of messages.entries()) {
    const text = new TextEncoder().encode(`${frame}\0`);
    const data = new Uint8Array(messageBytes - 1 + text.length);
    const view = new DataView(data.buffer);
    view.setUint8(1, 1);
    view.setFloat64(4, speed, true);
    view.setUint32(12, text.length, true);
    data.set(text, 16);
    await writer.message(odometry.id, { sequence, logTimeNs: atNs, publishTimeNs: atNs, data });
  }
  await writer.finish();
}

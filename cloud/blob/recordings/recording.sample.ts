/** Small recordings for tests: a robot's odometry, a camera, a latched topic and notes in JSON. */
import { createHash } from 'node:crypto';
import { type Appendable, type Channel, openClipWriter } from '@fieldloop/recording';
import type { BlobStore } from '../blob.ts';

export interface SampleMessage {
  readonly topic: '/odom' | '/camera/compressed' | '/tf_static' | '/notes';
  readonly atNs: bigint;
  readonly data: Uint8Array;
}

const rule = '='.repeat(80);
const header = `${rule}
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
${rule}
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec`;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const latched = new Map([['offered_qos_profiles', '- durability: transient_local']]);

function channel(
  id: number,
  topic: string,
  schema: { readonly name: string; readonly text: string },
  metadata: ReadonlyMap<string, string> = new Map(),
): Channel {
  const { name, text } = schema;
  return {
    id,
    topic,
    messageEncoding: 'cdr',
    metadata,
    schema: { name, encoding: 'ros2msg', data: utf8(text) },
    latched: metadata === latched,
  };
}

const channels: Readonly<Record<SampleMessage['topic'], Channel>> = {
  '/odom': channel(1, '/odom', {
    name: 'nav_msgs/msg/Odometry',
    text:
      'geometry_msgs/Twist twist\nfloat64[] trail\nstring mode\n' +
      `${rule}\nMSG: geometry_msgs/Twist\ngeometry_msgs/Vector3 linear\n` +
      `${rule}\nMSG: geometry_msgs/Vector3\nfloat64 x\nfloat64 y\n`,
  }),
  '/camera/compressed': channel(2, '/camera/compressed', {
    name: 'sensor_msgs/msg/CompressedImage',
    text: `std_msgs/Header header\nstring format\nuint8[] data\n${header}`,
  }),
  '/tf_static': channel(
    3,
    '/tf_static',
    { name: 'std_msgs/msg/Float64', text: 'float64 data' },
    latched,
  ),
  '/notes': {
    id: 4,
    topic: '/notes',
    messageEncoding: 'json',
    metadata: new Map(),
    latched: false,
  },
};

/** Little-endian CDR; alignment counts behind the first four bytes. */
class Cdr {
  readonly #parts: number[] = [0, 1, 0, 0];

  f64(value: number): this {
    while ((this.#parts.length - 4) % 8 !== 0) this.#parts.push(0);
    this.#parts.push(...new Uint8Array(new Float64Array([value]).buffer));
    return this;
  }

  u32(value: number): this {
    while ((this.#parts.length - 4) % 4 !== 0) this.#parts.push(0);
    this.#parts.push(...new Uint8Array(new Uint32Array([value]).buffer));
    return this;
  }

  text(value: string): this {
    const bytes = utf8(value);
    this.u32(bytes.length + 1).#parts.push(...bytes, 0);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length);
    for (const byte of value) this.#parts.push(byte);
    return this;
  }

  get done(): Uint8Array {
    return Uint8Array.from(this.#parts);
  }
}

export const sampleStart = 1_717_171_718_000_000_000n;

export function odom(atNs: bigint, x: number, trail: readonly number[] = []): SampleMessage {
  const cdr = new Cdr().f64(x).f64(-x).u32(trail.length);
  for (const value of trail) cdr.f64(value);
  return { topic: '/odom', atNs, data: cdr.text('AUTO').done };
}

export const camera = (atNs: bigint, jpeg: Uint8Array): SampleMessage => ({
  topic: '/camera/compressed',
  atNs,
  data: new Cdr().u32(0).u32(0).text('camera').text('jpeg').bytes(jpeg).done,
});

export const latchedValue = (atNs: bigint, value: number): SampleMessage => ({
  topic: '/tf_static',
  atNs,
  data: new Cdr().f64(value).done,
});

export const noted = (atNs: bigint, value: unknown): SampleMessage => ({
  topic: '/notes',
  atNs,
  data: utf8(JSON.stringify(value)),
});

/** The file of these messages, in their order. */
export async function sampleRecording(messages: readonly SampleMessage[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const out: Appendable = {
    write: async (bytes) => {
      parts.push(bytes.slice());
      await Promise.resolve();
    },
    sync: async () => await Promise.resolve(),
  };
  const writer = await openClipWriter(out, { profile: 'ros2', library: 'sample' });
  for (const one of Object.values(channels)) await writer.channel(one);
  for (const [sequence, { topic, atNs, data }] of messages.entries()) {
    const times = { logTimeNs: atNs, publishTimeNs: atNs - 5n };
    await writer.message(channels[topic].id, { sequence, ...times, data });
  }
  await writer.metadata('fieldloop.clip', new Map([['device', 'amr-01']]));
  await writer.finish();
  return new Uint8Array(Buffer.concat(parts));
}

/** Ten seconds of odometry at 50 Hz, a note each second, and a latched value. */
export function sampleDrive(startNs = sampleStart): SampleMessage[] {
  const messages = [latchedValue(startNs, 7)];
  for (let i = 0; i < 500; i += 1) {
    const atNs = startNs + BigInt(i) * 20_000_000n;
    messages.push(odom(atNs, Math.sin(i / 20), [i, i + 1]));
    if (i % 50 === 0) messages.push(noted(atNs + 1n, { second: i / 50 }));
  }
  return messages;
}

/** Puts bytes into a store as a robot's upload would. */
export async function storeBytes(blobs: BlobStore, bytes: Uint8Array): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const part = await blobs.begin({ owner: 'amr-01', sha256 });
  await part.append([bytes]);
  await part.commit();
  return sha256;
}

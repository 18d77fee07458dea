/**
 * Goal: what must not leave the robot is gone from its messages, all else stays where it was, and
 * what cannot be changed is refused.
 * Method: messages of each encoding made by hand, read back by the reference decoders; real
 * pictures, whose pixels are compared.
 */
import { type Channel, decodeMessage } from '@fieldloop/recording';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { sharpPictures } from './pictures.ts';
import { heardOf, type Pictures, type Region } from './redact-image.ts';
import { redacting, RedactionFailed, redactOf } from './redaction.ts';
import { checkRedaction } from './check-redaction.ts';
import { redactionPolicy } from './redaction-policy.ts';

const coarse = {
  topic: '/fix',
  transform: 'coarse-position',
  decimals: 2,
  fields: ['latitude', 'longitude'],
} as const;

const pictures: Pictures = {
  ...sharpPictures,
  regions: () => Promise.reject(new Error('no detector')),
};

function channelOf(
  encoding: string,
  schema: string,
  data: string | Uint8Array,
  name = 'Fix',
): Channel {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return {
    id: 1,
    topic: '/fix',
    messageEncoding: encoding,
    metadata: new Map(),
    schema: { name, encoding: schema, data: bytes },
    latched: false,
  };
}

const decoded = (channel: Channel, data: Uint8Array): unknown =>
  decodeMessage(channel, new Uint8Array(data));

interface Fix {
  readonly frame: string;
  readonly latitude: number;
  readonly longitude: number;
}

const definition = `std_msgs/Header header
int8 status
float64 latitude
float64 longitude
float64 altitude
================================================================================
MSG: std_msgs/Header
SEQtime stamp
string frame_id`;

const doubles = (little: boolean, ...values: number[]): Buffer => {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => {
    if (little) bytes.writeDoubleLE(value, i * 8);
    else bytes.writeDoubleBE(value, i * 8);
  });
  return bytes;
};

const u32 = (little: boolean, value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  if (little) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
};

const ros1 = {
  channel: channelOf('ros1', 'ros1msg', definition.replace('SEQ', 'uint32 seq\n')),
  encode: ({ frame, latitude, longitude }: Fix): Uint8Array =>
    Buffer.concat([
      Buffer.alloc(12),
      u32(true, Buffer.byteLength(frame)),
      Buffer.from(frame),
      Buffer.from([1]),
      doubles(true, latitude, longitude, 17.5),
    ]),
};

const cdr = (little: boolean) => ({
  channel: channelOf(
    'cdr',
    'ros2msg',
    definition.replace('SEQtime stamp', 'builtin_interfaces/Time stamp') +
      `\n${'='.repeat(80)}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec`,
  ),
  encode: ({ frame, latitude, longitude }: Fix): Uint8Array => {
    const text = Buffer.from(`${frame}\0`);
    const head = Buffer.concat([Buffer.alloc(8), u32(little, text.length), text, Buffer.from([1])]);
    const gap = Buffer.alloc((8 - (head.length % 8)) % 8);
    const body = doubles(little, latitude, longitude, 17.5);
    return Buffer.concat([Buffer.from([0, little ? 1 : 0, 0, 0]), head, gap, body]);
  },
});

const field = (number: number, wire: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | wire]), bytes]);
const lengthy = (number: number, bytes: Buffer): Buffer =>
  field(number, 2, Buffer.concat([Buffer.from([bytes.length]), bytes]));

/** A FileDescriptorSet of a message with a text and two doubles. */
const protobufSchema = lengthy(
  1,
  Buffer.concat([
    lengthy(1, Buffer.from('fix.proto')),
    lengthy(
      4,
      Buffer.concat([
        lengthy(1, Buffer.from('Fix')),
        ...(
          [
            ['frame_id', 1, 9],
            ['latitude', 2, 1],
            ['longitude', 3, 1],
          ] as const
        ).map(([name, number, type]) =>
          lengthy(
            2,
            Buffer.concat([
              lengthy(1, Buffer.from(name)),
              field(3, 0, Buffer.from([number])),
              field(4, 0, Buffer.from([1])),
              field(5, 0, Buffer.from([type])),
            ]),
          ),
        ),
      ]),
    ),
    lengthy(12, Buffer.from('proto3')),
  ]),
);

const protobuf = {
  channel: channelOf('protobuf', 'protobuf', protobufSchema),
  encode: ({ frame, latitude, longitude }: Fix): Uint8Array =>
    Buffer.concat([
      lengthy(1, Buffer.from(frame)),
      field(3, 1, doubles(true, longitude)),
      field(2, 1, doubles(true, latitude)),
    ]),
};

const json = {
  channel: jsonChannel(1, '/fix'),
  encode: (fix: Fix): Uint8Array => jsonBytes(fix),
};

const encodings = { ros1, cdr: cdr(true), 'cdr, big endian': cdr(false), protobuf, json };

test.each(Object.entries(encodings))(
  'positions in %s are rounded in place, whatever stands before them',
  async (_, { channel, encode }) => {
    const degrees = fc.double({ min: -180, max: 180, noNaN: true });
    const frame = fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'b', '/', 'ü') });
    const redact = redactOf(coarse, { pictures });
    await fc.assert(
      fc.asyncProperty(frame, degrees, degrees, async (frame, latitude, longitude) => {
        // A protobuf leaves a zero out, and there is nothing to hide then.
        fc.pre(latitude !== 0 && longitude !== 0);
        const data = encode({ frame, latitude, longitude });
        const named = { ...channel, schema: channel.schema && { ...channel.schema, name: 'Fix' } };
        const before = decoded(named, data) as Record<string, unknown>;
        const after = decoded(named, await redact(data, named)) as Record<string, unknown>;
        const rounded = (value: number): number => Math.round(value * 100) / 100;
        expect(after).toEqual({
          ...before,
          latitude: rounded(latitude) + 0,
          longitude: rounded(longitude) + 0,
        });
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
  },
);

test('a message without a position that can be changed is refused', async () => {
  const redact = redactOf(coarse, { pictures });
  const data = ros1.encode({ frame: 'map', latitude: 52.123, longitude: 4.321 });
  await expect(redact(data.subarray(0, 30), ros1.channel)).rejects.toThrow(RedactionFailed);
  await expect(redact(jsonBytes({ latitude: 'x', longitude: 1 }), json.channel)).rejects.toThrow();
  const other = redactOf({ ...coarse, fields: ['latitude', 'lon'] }, { pictures });
  await expect(other(data, ros1.channel)).rejects.toThrow('lon');
});

const width = 320;
const height = 240;

/** A checkerboard of fine squares: what a veil must not leave. */
async function picture(format: 'jpeg' | 'png'): Promise<Buffer> {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    const isWhite = ((i % width) >> 2) % 2 === (Math.floor(i / width) >> 2) % 2;
    data.fill(isWhite ? 255 : (i * 7) % 90, i * 3, i * 3 + 3);
  }
  const made = sharp(data, { raw: { width, height, channels: 3 } });
  return await (format === 'jpeg' ? made.jpeg({ quality: 80 }) : made.png()).toBuffer();
}

/** How much neighbouring pixels differ, inside a box. */
async function contrast(image: Uint8Array, box: Region): Promise<number> {
  const { data, info } = await sharp(image, { failOn: 'none' })
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  let sum = 0;
  let count = 0;
  const [left, top] = [Math.round(box.x * info.width), Math.round(box.y * info.height)];
  for (let y = top; y < top + box.height * info.height; y += 1) {
    for (let x = left + 1; x < left + box.width * info.width; x += 1) {
      sum += Math.abs((data[y * info.width + x] ?? 0) - (data[y * info.width + x - 1] ?? 0));
      count += 1;
    }
  }
  return sum / count;
}

const everything: Region = { x: 0, y: 0, width: 1, height: 1 };

const imageChannel = channelOf(
  'ros1',
  'ros1msg',
  `std_msgs/Header header\nstring format\nuint8[] data\n${'='.repeat(80)}
MSG: std_msgs/Header\nuint32 seq\ntime stamp\nstring frame_id`,
  'sensor_msgs/CompressedImage',
);
const rawChannel = channelOf('json', 'jsonschema', '{}', 'foxglove.RawImage');

const imageMessage = (format: string, data: Uint8Array): Uint8Array => {
  const text = (value: string): Buffer =>
    Buffer.concat([u32(true, value.length), Buffer.from(value)]);
  return Buffer.concat([Buffer.alloc(12), text('cam'), text(format), u32(true, data.length), data]);
};

const blur = { topic: '/camera', transform: 'blur' } as const;

test.each(['jpeg', 'png'] as const)(
  'a %s is veiled in its message, which stays as long',
  async (format) => {
    const image = await picture(format);
    const data = imageMessage(format, image);
    const veiled = await redactOf(blur, { pictures })(data, imageChannel);
    expect(veiled.length).toBe(data.length);
    const { data: found, ...rest } = decoded(imageChannel, veiled) as { data: Uint8Array };
    const { data: _, ...before } = decoded(imageChannel, data) as { data: Uint8Array };
    expect(rest).toEqual(before);
    const { width: w, height: h, format: kind } = await sharp(found).metadata();
    expect({ w, h, kind }).toEqual({ w: width, h: height, kind: format });
    expect(await contrast(image, everything)).toBeGreaterThan(30);
    expect(await contrast(found, everything)).toBeLessThan(3);
  },
);

test('in JSON, numbers beyond a double stay as they are written', async () => {
  const text = '{"stampNs":1732280737123456789,"far":-1e400,"latitude":52.123456,"longitude":4.2}';
  const changed = await redactOf(coarse, { pictures })(Buffer.from(text), json.channel);
  expect(Buffer.from(changed).toString()).toBe(text.replace('52.123456', '52.12'));
});

test('what a detector finds is veiled, and the rest stays sharp', async () => {
  const image = await picture('jpeg');
  const face: Region = { x: 0.25, y: 0.25, width: 0.25, height: 0.25 };
  const asked: string[] = [];
  const detector: Pictures = {
    ...sharpPictures,
    regions: (model) => {
      asked.push(model);
      return Promise.resolve([face]);
    },
  };
  const redact = redactOf({ ...blur, model: 'faces' }, { pictures: detector });
  const veiled = await redact(imageMessage('jpeg', image), imageChannel);
  const { data: found } = decoded(imageChannel, veiled) as { data: Uint8Array };
  expect(asked).toEqual(['faces']);
  expect(await contrast(found, face)).toBeLessThan(6);
  expect(await contrast(found, { x: 0.7, y: 0.7, width: 0.25, height: 0.25 })).toBeGreaterThan(25);
  // Without an answer of the detector nobody knows what is on the image.
  const blind = redactOf({ ...blur, model: 'faces' }, { pictures });
  await expect(blind(imageMessage('jpeg', image), imageChannel)).rejects.toThrow('no detector');
});

test('pixels without compression and base64 in JSON are veiled, too', async () => {
  const pixels = Buffer.alloc(64 * 48 * 3, Buffer.from([255, 255, 255, 0, 0, 0]));
  const raw = {
    data: pixels.toString('base64'),
    encoding: 'bgr8',
    width: 64,
    height: 48,
    step: 192,
  };
  const redact = redactOf(blur, { pictures });
  const veiled = decoded(rawChannel, await redact(jsonBytes(raw), rawChannel)) as typeof raw;
  expect({ ...veiled, data: '' }).toEqual({ ...raw, data: '' });
  const found = Buffer.from(veiled.data, 'base64');
  expect(found.length).toBe(pixels.length);
  const steps = found.subarray(0, 180).map((byte, i) => Math.abs(byte - (found[i + 3] ?? byte)));
  expect(Math.max(...steps)).toBeLessThan(40);
});

test('who waits for a clip of many images hears of each', async () => {
  let heard = 0;
  const redact = redactOf(blur, { pictures: heardOf(pictures, () => void (heard += 1)) });
  const image = await picture('jpeg');
  for (let i = 1; i <= 3; i += 1) {
    await redact(imageMessage('jpeg', image), imageChannel);
    expect(heard).toBe(i);
  }
});

test('pixels on which nobody is found, and those of one colour, stay as they are', async () => {
  const raw = { encoding: 'bgr8', width: 64, height: 48, step: 192 };
  const mixed = { ...raw, data: Buffer.alloc(64 * 48 * 3, 'pixels').toString('base64') };
  const found: Pictures = { ...pictures, regions: async () => await Promise.resolve([]) };
  const nobody = redactOf({ ...blur, model: 'faces' }, { pictures: found });
  expect(decoded(rawChannel, await nobody(jsonBytes(mixed), rawChannel))).toEqual(mixed);
  const dark = { ...raw, data: Buffer.alloc(64 * 48 * 3).toString('base64') };
  const all = redactOf(blur, { pictures });
  expect(decoded(rawChannel, await all(jsonBytes(dark), rawChannel))).toEqual(dark);
});

test.each([
  ['depth', { data: 'AAAA', encoding: '16UC1', width: 1, height: 1 }],
  ['video', { data: 'AAAA', format: 'h264' }],
  ['no image', { x: 1 }],
])('%s cannot be veiled and is refused', async (_, message) => {
  const redact = redactOf(blur, { pictures });
  await expect(redact(jsonBytes(message), rawChannel)).rejects.toThrow(RedactionFailed);
});

test('the first rule that fits counts, and the digest is that of the rules', () => {
  const policy = redactionPolicy([
    { topic: '/camera/front', transform: 'drop' },
    { topic: '/camera/**', transform: 'blur' },
  ]);
  const channels = ['/camera/front', '/camera/rear', '/odom'].map((topic) => ({ topic }));
  const { redact, without, topics } = redacting(policy.rules, channels, { pictures });
  expect([...redact.keys()]).toEqual(['/camera/rear']);
  expect([...without]).toEqual(['/camera/front']);
  expect(topics).toEqual(['/camera/rear', '/camera/front']);
  expect(policy.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(redactionPolicy(policy.rules.slice(1)).digest).not.toBe(policy.digest);
  expect(redactionPolicy(policy.rules, true).digest).not.toBe(policy.digest);
});

test('* alone is every topic', () => {
  const { rules } = redactionPolicy([{ topic: '*', transform: 'drop' }]);
  const channels = ['/camera/front', 'camera', '/odom'].map((topic) => ({ topic }));
  const { without } = redacting(rules, channels, { pictures });
  expect([...without]).toEqual(['/camera/front', 'camera', '/odom']);
});

test('a line that fits no topic of a recording is told, with the topics it has', () => {
  const channels = ['/camera/front', '/odom'].map((topic, id) => ({
    channel: jsonChannel(id, topic),
    messages: 1,
  }));
  const facts = [{ channels, durationNs: 0n }];
  const policy = redactionPolicy([
    { topic: 'camera/front', transform: 'drop' },
    { topic: '/camera/**', transform: 'blur' },
  ]);
  expect([...checkRedaction(policy, facts)]).toEqual([
    {
      level: 'warning',
      about: 'redaction.topics[0]',
      text: expect.stringContaining('They have /camera/front, /odom:') as string,
    },
  ]);
  expect([...checkRedaction(policy, [])]).toEqual([]);
});

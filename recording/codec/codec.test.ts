/**
 * Goal: decoders give exactly the stated bytes or fail, and a failure spoils nothing after it.
 * Method: each codec on good, cut and foreign bytes in turn; sizes beyond the bounds.
 */
import { crc32 as nodeCrc32 } from 'node:zlib';
import { Fault } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { chunkBytes } from '../limits.ts';
import { lz4Frame } from '../testing/lz4-frame.ts';
import { loadBz2 } from './bz2.ts';
import { admitChunk, type Decoder } from './codec.ts';
import { crc32, joinCrc32 } from './crc.ts';
import { lz4Decode } from './lz4.ts';
import { nodeZstd, zstd } from './zstd.ts';

const text = 'hello robot '.repeat(9000);
const plain = new TextEncoder().encode(text);
const bz2Hello = new Uint8Array(
  Buffer.from('QlpoOTFBWSZTWXNkJNYAAGiRAEAAMsSgADEMCBNVAHochuGodhyGYdh6h8XckU4UJBzZCTWA', 'base64'),
);

async function expectDecodes(
  decode: Decoder,
  stored: Uint8Array,
  whole: Uint8Array,
): Promise<void> {
  const spoilers = [stored.subarray(0, 5), stored.subarray(0, stored.length - 3), plain];
  for (const spoiler of [...spoilers, new Uint8Array(0)]) {
    expect(() => decode(spoiler, new Uint8Array(whole.length))).toThrow(Error);
    const into = new Uint8Array(whole.length);
    decode(stored, into);
    expect(Buffer.compare(into, whole)).toBe(0);
  }
  for (const size of [whole.length - 1, whole.length + 1]) {
    expect(() => decode(stored, new Uint8Array(size))).toThrow(Error);
  }
  // A module that is renewed after failures is ready some turns later.
  await new Promise((resolve) => setImmediate(resolve));
  decode(stored, new Uint8Array(whole.length));
}

test('zstd by the native module', async () => {
  await expectDecodes(zstd.decode, zstd.encode(plain), plain);
});

test('zstd by node:zlib gives and takes the same frames', async () => {
  await expectDecodes(nodeZstd.decode, nodeZstd.encode(plain), plain);
  await expectDecodes(nodeZstd.decode, zstd.encode(plain), plain);
  await expectDecodes(zstd.decode, nodeZstd.encode(plain), plain);
});

test('lz4 frames of several blocks, also after broken ones', async () => {
  await expectDecodes(lz4Decode, lz4Frame(plain), plain);
});

test('bzip2', async () => {
  const whole = new TextEncoder().encode('hello bag '.repeat(30));
  await expectDecodes(await loadBz2(), bz2Hello, whole);
});

test('CRC-32 has the check value of its catalogue entry and continues', () => {
  const digits = new TextEncoder().encode('123456789');
  expect(crc32(digits)).toBe(0xcbf43926);
  expect(crc32(digits.subarray(4), crc32(digits.subarray(0, 4)))).toBe(0xcbf43926);
});

test('CRC-32 of any stretch is that of node:zlib, wherever it stands in its memory', () => {
  for (const length of [0, 1, 511, 512, 513, 4096, 65_537]) {
    for (const from of [0, 1, 3, 64]) {
      const stretch = plain.subarray(from, from + length);
      expect(crc32(stretch, 0x1234_5678)).toBe(nodeCrc32(stretch, 0x1234_5678));
      expect(crc32(stretch)).toBe(nodeCrc32(stretch));
    }
  }
});

test('checksums of two stretches join to that of both', () => {
  for (const at of [0, 1, 7, 4096, 70_000, plain.length]) {
    const [first, second] = [plain.subarray(0, at), plain.subarray(at)];
    expect(joinCrc32(crc32(first), crc32(second), second.length)).toBe(crc32(plain));
  }
});

test('a stated size beyond the bound is refused with its place and a remedy', () => {
  admitChunk(chunkBytes, 'a@byte 1');
  for (const size of [chunkBytes + 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    expect(() => admitChunk(size, 'a.mcap@byte 30')).toThrow(
      expect.objectContaining({
        constructor: Fault,
        code: 'limited',
        place: 'a.mcap@byte 30',
        remedy: expect.stringContaining('smaller chunks'),
      }),
    );
  }
});

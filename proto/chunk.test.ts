/**
 * Goal: a chunk is the same bytes for ever, and no damaged or foreign one is taken for good.
 * Method: the golden frame, every single bit flipped, and every way to cut it in two.
 */
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodeChunk, parseChunk, sealChunk } from './chunk.ts';

const golden = '0101001c000000070000000300000000001000009582f379000000006669656c646c6f6f70';
const head = { tid: 7, epoch: 3, offset: 2 ** 20, last: true };
const frame = () => new Uint8Array(Buffer.from(golden, 'hex'));
const text = (pieces: readonly Uint8Array[]) => Buffer.concat([...pieces]).toString();

test('the golden frame', () => {
  expect(Buffer.from(encodeChunk(head, Buffer.from('fieldloop'))).toString('hex')).toBe(golden);
  const sealed = new Uint8Array(28 + 9);
  sealed.set(Buffer.from('fieldloop'), 28);
  sealChunk(sealed, head);
  expect(Buffer.from(sealed).toString('hex')).toBe(golden);
  const parsed = parseChunk(frame());
  expect(parsed).toMatchObject({ ok: true, chunk: { ...head, length: 9 } });
});

test('cut in two anywhere it reads the same', () => {
  for (let at = 0; at <= 37; at += 1) {
    const parsed = parseChunk(frame().subarray(0, at), frame().subarray(at));
    expect(parsed.ok && text(parsed.chunk.pieces)).toBe('fieldloop');
  }
});

test('every flipped bit but those of the reserved bytes is found', () => {
  for (let bit = 0; bit < 37 * 8; bit += 1) {
    const bytes = frame();
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const isReserved = bit >> 3 >= 24 && bit >> 3 < 28;
    expect([bit, parseChunk(bytes).ok]).toEqual([bit, isReserved]);
  }
});

test('a longer head is skipped, a shorter frame and an unknown version are refused', () => {
  const longer = new Uint8Array(40 + 9);
  longer.set(frame().subarray(0, 28));
  longer.set(Buffer.from('fieldloop'), 40);
  new DataView(longer.buffer).setUint16(2, 40);
  expect(parseChunk(longer)).toMatchObject({ ok: false, code: 'CRC' });
  const crc = crc32(Buffer.from('fieldloop'), crc32(longer.subarray(0, 20)));
  new DataView(longer.buffer).setUint32(20, crc);
  expect(parseChunk(longer)).toMatchObject({ ok: true, chunk: { ...head, length: 9 } });
  expect(parseChunk(frame().subarray(0, 27))).toEqual({ ok: false, code: 'MALFORMED' });
  expect(parseChunk(new Uint8Array())).toEqual({ ok: false, code: 'MALFORMED' });
  expect(parseChunk(frame().fill(2, 0, 1))).toEqual({ ok: false, code: 'VERSION' });
});

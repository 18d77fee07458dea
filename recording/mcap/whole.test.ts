/**
 * Goal: windows are cut between records where that is easy, and never so that reading stands still.
 * Method: records of known lengths, bytes that are no records, and what ends a recording.
 */
import { expect, test } from 'vitest';
import { readAheadBytes } from '../limits.ts';
import { builtMcap } from '../testing/mcap-maker.ts';
import { opcode } from './format.ts';
import { wholeBytes } from './whole.ts';

function record(code: number, length: number, stated = length): Uint8Array {
  const bytes = new Uint8Array(9 + length);
  bytes[0] = code;
  new DataView(bytes.buffer).setBigUint64(1, BigInt(stated), true);
  return bytes;
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts));

test('a torn record is left for the next window', () => {
  const [first, second] = [record(opcode.chunk, 50), record(opcode.chunk, 70)];
  expect(wholeBytes(joined(first, second), false)).toBe(first.length + second.length);
  for (const torn of [1, 8, 9, 10, second.length - 1]) {
    expect(wholeBytes(joined(first, second.subarray(0, torn)), false)).toBe(first.length);
  }
  const head = builtMcap(() => {});
  expect(wholeBytes(joined(head, second.subarray(0, 5)), true)).toBe(head.length);
});

test('where nothing is whole, everything is given', () => {
  const torn = record(opcode.chunk, 50).subarray(0, 30);
  for (const bytes of [
    torn,
    torn.subarray(0, 4),
    new Uint8Array(40),
    new Uint8Array(40).fill(200),
  ]) {
    expect(wholeBytes(bytes, false)).toBe(bytes.length);
    expect(wholeBytes(bytes, true)).toBe(bytes.length);
  }
  const large = joined(record(opcode.chunk, 9), record(opcode.chunk, 9, readAheadBytes));
  expect(wholeBytes(large, false)).toBe(large.length);
  const huge = joined(record(opcode.chunk, 9), record(opcode.chunk, 9, 2 ** 53));
  expect(wholeBytes(huge, false)).toBe(huge.length);
  const ended = joined(record(opcode.footer, 20), new Uint8Array(3));
  expect(wholeBytes(ended, false)).toBe(ended.length);
});

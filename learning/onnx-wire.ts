/**
 * The bare protobuf wire of a file: fields as slices of its bytes. What is changed in a file that
 * others made is put together of such slices, so that nothing of it is lost.
 */
import { Fault } from '@fieldloop/core';

export interface RawField {
  readonly number: number;
  /** With its key. */
  readonly whole: Uint8Array;
  /** Of a field with a length: what is in it. Of another: nothing. */
  readonly value: Uint8Array;
}

/** Fault `corrupt` when the bytes are no message. */
export function rawFields(bytes: Uint8Array): readonly RawField[] {
  const found: RawField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 63; scale *= 128) {
      const byte = bytes[at];
      if (byte === undefined) throw torn(at);
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    // Ten bytes of a negative number: only its place matters.
    at += 1;
    return value;
  };
  while (at < bytes.length) {
    const start = at;
    const key = varint();
    const wire = key % 8;
    let value = bytes.subarray(at, at);
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      value = bytes.subarray(at, at + length);
      at += length;
    } else throw torn(start);
    if (at > bytes.length || key < 8) throw torn(start);
    found.push({ number: Math.floor(key / 8), whole: bytes.subarray(start, at), value });
  }
  return found;
}

/** A field with a length. */
export function lengthField(number: number, value: Uint8Array): Uint8Array {
  const head = [...varintBytes(number * 8 + 2), ...varintBytes(value.length)];
  const out = new Uint8Array(head.length + value.length);
  out.set(head);
  out.set(value, head.length);
  return out;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

const torn = (at: number): Fault =>
  new Fault('corrupt', 'the file is no ONNX model: a field goes over its end', {
    place: `byte ${at}`,
    remedy: 'Export the model again, or copy it again.',
  });

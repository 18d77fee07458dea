/**
 * Checks and conversions of single fields. The generated encoder checks nothing (a `bigint`
 * becomes 0, 2^32 + 5 becomes 5), so every value passes here first, in both directions.
 */
import { Fault, uuidBytes, uuidText } from '@fieldloop/core';
import Long from 'long';
import { maxInteger, maxUnsigned } from './limits.ts';

/** A 64-bit field as the generated code knows it. */
export type WireLong = number | Long | null | undefined;

export function refuse(place: string, message: string): never {
  throw new Fault('invalid', `${place} ${message}`, {
    place: `/${place}`,
    remedy: 'Use the same version of Fieldloop on both ends of the wire, or a newer cloud.',
  });
}

/** 0 to 2^63 - 1: what a database column holds. */
export function integerToWire(value: bigint, place: string): Long {
  if (value < 0n || value > maxInteger) refuse(place, `is not in 0 to ${maxInteger}`);
  return Long.fromBigInt(value, true);
}

export function integerFromWire(value: WireLong, place: string): bigint {
  const integer = unsignedFromWire(value);
  if (integer > maxInteger) refuse(place, `is over ${maxInteger}`);
  return integer;
}

/** All 64 bits, such as an origin. */
export function unsignedToWire(value: bigint, place: string): Long {
  if (value < 0n || value > maxUnsigned) refuse(place, 'is not an unsigned 64-bit number');
  return Long.fromBigInt(value, true);
}

export function unsignedFromWire(value: WireLong): bigint {
  return BigInt.asUintN(64, signedFromWire(value));
}

export function signedToWire(value: bigint, place: string): Long {
  if (BigInt.asIntN(64, value) !== value) refuse(place, 'is not a signed 64-bit number');
  return Long.fromBigInt(value);
}

export function signedFromWire(value: WireLong): bigint {
  if (value === null || value === undefined) return 0n;
  return typeof value === 'number' ? BigInt(value) : value.toBigInt();
}

/** A byte count or offset from 0 to `most`. */
export function sizeToWire(value: number, most: number, place: string): Long {
  return Long.fromNumber(checkCount(value, most, place), true);
}

export function sizeFromWire(value: WireLong, most: number, place: string): number {
  const size = unsignedFromWire(value);
  if (size > BigInt(most)) refuse(place, `is ${size}, over ${most}`);
  return Number(size);
}

/** A whole number from 0 to `most`; 32-bit fields are given 2^32 - 1. */
export function checkCount(value: number | null | undefined, most: number, place: string): number {
  const count = value ?? 0;
  if (!Number.isSafeInteger(count) || count < 0 || count > most) {
    refuse(place, `is ${count}, not a whole number up to ${most}`);
  }
  return count;
}

export const maxU32 = 2 ** 32 - 1;

export function checkText(value: string | null | undefined, most: number, place: string): string {
  const text = value ?? '';
  if (text.length > most) refuse(place, `has ${text.length} characters, over ${most}`);
  if (!text.isWellFormed()) refuse(place, 'holds half of a surrogate pair');
  return text;
}

export function checkName(value: string | null | undefined, most: number, place: string): string {
  const text = checkText(value, most, place);
  if (text === '') refuse(place, 'is empty');
  return text;
}

export function checkList<T>(
  items: readonly T[] | null | undefined,
  most: number,
  place: string,
): readonly T[] {
  const list = items ?? [];
  if (list.length > most) refuse(place, `has ${list.length} items, over ${most}`);
  return list;
}

export function checkFinite(value: number | null | undefined, place: string): number {
  const number = value ?? 0;
  if (!Number.isFinite(number)) refuse(place, 'is not a finite number');
  return number;
}

export function idToWire(text: string, place: string): Uint8Array {
  return uuidBytes(text) ?? refuse(place, 'is not the text of a UUID');
}

export function idFromWire(bytes: Uint8Array | null | undefined, place: string): string {
  if (bytes?.length !== 16) refuse(place, `has ${bytes?.length ?? 0} bytes, not 16`);
  return uuidText(bytes);
}

export function hashToWire(hex: string, place: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(hex)) refuse(place, 'is not 64 lower-case hex digits');
  return Buffer.from(hex, 'hex');
}

export function hashFromWire(bytes: Uint8Array | null | undefined, place: string): string {
  if (bytes?.length !== 32) refuse(place, `has ${bytes?.length ?? 0} bytes, not 32`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, 32).toString('hex');
}

/** A two-way table between our words and an enum of the schema. */
export interface WireEnum<T extends string, N extends number> {
  toWire(word: T): N;
  /** Fault `invalid` for 0 and for a value that this version does not know. */
  fromWire(value: number | null | undefined, place: string): T;
}

export function wireEnum<T extends string, N extends number>(
  table: Readonly<Record<T, N>>,
): WireEnum<T, N> {
  const words = new Map<number, T>();
  for (const word of Object.keys(table) as T[]) words.set(table[word], word);
  return {
    toWire: (word) => table[word] ?? refuse(word, 'is not a word of the wire'),
    fromWire: (value, place) =>
      words.get(value ?? 0) ?? refuse(place, `has the unknown value ${value ?? 0}`),
  };
}

/** Encodes with a limit on the whole message. */
export function withinBytes(bytes: Uint8Array, most: number, message: string): Uint8Array {
  if (bytes.length > most) refuse(message, `takes ${bytes.length} bytes, over ${most}`);
  return bytes;
}

/** Decodes with that limit; what the generated code throws becomes a Fault. */
export function decoding<T>(
  bytes: Uint8Array,
  limit: { readonly most: number; readonly message: string },
  read: (bytes: Uint8Array) => T,
): T {
  withinBytes(bytes, limit.most, limit.message);
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('invalid', `${limit.message} cannot be decoded (${reason})`, {
      place: `/${limit.message}`,
      remedy: 'Use the same version of Fieldloop on both ends of the wire.',
      cause: error,
    });
  }
}

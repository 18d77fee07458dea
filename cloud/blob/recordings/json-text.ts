/**
 * A decoded message as JSON text. 64-bit integers are strings of digits, what JSON has no number
 * for is `"NaN"`, `"Infinity"`, `"-Infinity"`; long lists, bytes and texts are told by their
 * length and beginning unless all of it is wanted.
 */
import { shownBytes, shownItems, shownText } from '../../limits.ts';

/** `head` and the message as its member `data`. */
export function jsonText(
  head: Readonly<Record<string, unknown>>,
  data: unknown,
  full: boolean,
): string {
  return JSON.stringify({ ...head, data }, full ? whole : shortened);
}

const shortened = (_: string, value: unknown): unknown => shown(value, false);
const whole = (_: string, value: unknown): unknown => shown(value, true);

function shown(value: unknown, full: boolean): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') {
    if (full || value.length <= shownText) return value;
    return { $text: value.slice(0, shownText), $length: value.length };
  }
  if (value instanceof Uint8Array) return shownBinary(value, full);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return shownList(Array.from(value as unknown as ArrayLike<number | bigint>), full);
  }
  return Array.isArray(value) ? shownList(value, full) : value;
}

function shownList(list: readonly unknown[], full: boolean): unknown {
  if (full || list.length <= shownItems) return list;
  return { $items: list.slice(0, shownItems), $length: list.length };
}

function shownBinary(bytes: Uint8Array, full: boolean): unknown {
  const given = full ? bytes : bytes.subarray(0, shownBytes);
  return { $base64: Buffer.from(given).toString('base64'), $length: bytes.length };
}

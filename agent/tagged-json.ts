/** Values with log times and bytes as JSON and back: what a timeline keeps over a restart. Pure. */
import type { Json } from '@fieldloop/core';

/** Bigints and bytes become objects with one key that no document of this room has. */
const bigintKey = '$ns';
const bytesKey = '$bytes';

export function taggedJson(value: unknown): Json {
  if (typeof value === 'bigint') return { [bigintKey]: String(value) };
  if (value instanceof Uint8Array) return { [bytesKey]: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(taggedJson);
  if (typeof value !== 'object' || value === null) return plain(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, taggedJson(item)]));
}

/** JSON has no infinity and no NaN: as a number they would come back as null. */
function plain(value: unknown): Json {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

export function untaggedJson(json: Json | undefined): unknown {
  if (Array.isArray(json)) return json.map(untaggedJson);
  if (typeof json !== 'object' || json === null) return json;
  const map = json as Readonly<Record<string, Json>>;
  const { [bigintKey]: ns, [bytesKey]: bytes, $number: number } = map;
  if (typeof ns === 'string') return BigInt(ns);
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'));
  if (typeof number === 'string') return Number(number);
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, untaggedJson(item)]));
}

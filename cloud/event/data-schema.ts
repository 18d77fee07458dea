/**
 * The part of JSON Schema that an event kind may use for its data: types, members, limits, sets of
 * values. Patterns and references are left out, so that checking costs what the data weighs. Pure.
 */
import { canonicalJson, didYouMean, Fault, type Json } from '@fieldloop/core';

type JsonObject = { readonly [key: string]: Json | undefined };

const types = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
type TypeName = (typeof types)[number];

const words = [
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'title',
  'description',
] as const;

/** Schemas inside schemas. */
const maxDepth = 8;

/** Fault `invalid` with the place of the first word that is not understood. */
export function checkDataSchema(schema: Json, place: string, depth = 0): void {
  if (!isObject(schema)) throw wrong(place, 'is not a JSON Schema object');
  if (depth > maxDepth) throw wrong(place, `is nested more than ${maxDepth} deep`);
  for (const [word, value] of Object.entries(schema)) {
    const at = `${place}/${word}`;
    if (!words.some((one) => one === word)) {
      throw new Fault('invalid', `"${word}" is not understood here.${didYouMean(word, words)}`, {
        place: at,
        remedy: `A schema of event data may use ${words.join(', ')}.`,
      });
    }
    checkWord(word as (typeof words)[number], value ?? null, { place: at, depth });
  }
}

function checkWord(
  word: (typeof words)[number],
  value: Json,
  at: { readonly place: string; readonly depth: number },
): void {
  const { place, depth } = at;
  switch (word) {
    case 'type':
      for (const one of Array.isArray(value) ? (value as readonly Json[]) : [value]) {
        if (types.some((type) => type === one)) continue;
        const hint = didYouMean(typeof one === 'string' ? one : '', types);
        throw wrong(place, `is not one of ${types.join(', ')}.${hint}`);
      }
      return;
    case 'properties':
      if (!isObject(value)) throw wrong(place, 'is not an object of schemas');
      for (const [name, inner] of Object.entries(value)) {
        checkDataSchema(inner ?? null, `${place}/${name}`, depth + 1);
      }
      return;
    case 'required':
      if (isListOf(value, 'string')) return;
      throw wrong(place, 'is not a list of names');
    case 'additionalProperties':
      if (typeof value !== 'boolean') checkDataSchema(value, place, depth + 1);
      return;
    case 'items':
      checkDataSchema(value, place, depth + 1);
      return;
    case 'enum':
      if (Array.isArray(value) && value.length > 0) return;
      throw wrong(place, 'is not a list of values');
    case 'title':
    case 'description':
      if (typeof value === 'string') return;
      throw wrong(place, 'is not text');
    default:
      if (typeof value === 'number') return;
      throw wrong(place, 'is not a number');
  }
}

/** Fault `invalid` with the place and the reason of the first thing that does not fit. */
export function checkData(schema: Json, data: Json, place: string): void {
  if (!isObject(schema)) return;
  checkType(schema['type'], data, place);
  const values = schema['enum'];
  if (
    Array.isArray(values) &&
    !values.some((one: Json) => canonicalJson(one) === canonicalJson(data))
  ) {
    throw wrong(place, `is not one of ${values.map((one: Json) => canonicalJson(one)).join(', ')}`);
  }
  if (typeof data === 'number') {
    checkLimits(schema, data, { place, least: 'minimum', most: 'maximum', unit: '' });
  } else if (typeof data === 'string') {
    const size = Array.from(data).length;
    checkLimits(schema, size, {
      place,
      least: 'minLength',
      most: 'maxLength',
      unit: ' characters',
    });
  } else if (Array.isArray(data)) {
    checkLimits(schema, data.length, {
      place,
      least: 'minItems',
      most: 'maxItems',
      unit: ' items',
    });
    const { items } = schema;
    if (items === undefined) return;
    for (const [i, one] of data.entries()) checkData(items, one as Json, `${place}/${i}`);
  } else if (isObject(data)) {
    checkMembers(schema, data, place);
  }
}

function checkMembers(schema: JsonObject, data: JsonObject, place: string): void {
  const known = isObject(schema['properties']) ? schema['properties'] : {};
  const names = Object.keys(known);
  const required = Array.isArray(schema['required']) ? (schema['required'] as string[]) : [];
  const missing = required.find((name) => !Object.hasOwn(data, name));
  if (missing !== undefined) throw wrong(`${place}/${missing}`, 'is missing');
  const others = schema['additionalProperties'] ?? true;
  for (const [name, value] of Object.entries(data)) {
    const own = Object.hasOwn(known, name) ? known[name] : undefined;
    const at = `${place}/${name}`;
    if (own === undefined && others === false) {
      throw wrong(at, `is not known here.${didYouMean(name, names)}`);
    }
    checkData(own ?? (others === true ? {} : others), value ?? null, at);
  }
}

function checkType(type: Json | undefined, data: Json, place: string): void {
  if (type === undefined) return;
  const wanted = (Array.isArray(type) ? type : [type]) as readonly TypeName[];
  if (wanted.some((one) => isOf(one, data))) return;
  throw wrong(place, `is not of the type ${wanted.join(' or ')}`);
}

function isOf(type: TypeName, data: Json): boolean {
  switch (type) {
    case 'object':
      return isObject(data);
    case 'array':
      return Array.isArray(data);
    case 'integer':
      return Number.isInteger(data);
    case 'null':
      return data === null;
    default:
      return typeof data === type;
  }
}

function checkLimits(
  schema: JsonObject,
  size: number,
  of: {
    readonly place: string;
    readonly least: string;
    readonly most: string;
    readonly unit: string;
  },
): void {
  const least = schema[of.least];
  const most = schema[of.most];
  if (typeof least === 'number' && size < least) {
    throw wrong(of.place, `is under the least of ${least}${of.unit}`);
  }
  if (typeof most === 'number' && size > most) {
    throw wrong(of.place, `is over the limit of ${most}${of.unit}`);
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isListOf = (value: Json, type: 'string'): boolean =>
  Array.isArray(value) && value.every((one: Json) => typeof one === type);

const wrong = (place: string, why: string): Fault =>
  new Fault('invalid', `${place.slice(place.lastIndexOf('/') + 1)} ${why}`, {
    place,
    remedy: 'Look at the schema of the event kind: GET /v1/eventKinds/{name}.',
  });

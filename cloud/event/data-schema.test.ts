/**
 * Goal: data that does not fit its kind is refused with the place and the reason.
 * Method: each word of the schema with data that fits and data that does not.
 */
import type { Json } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { checkData, checkDataSchema } from './data-schema.ts';

const schema: Json = {
  type: 'object',
  required: ['cause'],
  additionalProperties: false,
  properties: {
    cause: { type: 'string', enum: ['pallet', 'person'], description: 'What was hit.' },
    speed: { type: 'number', minimum: 0, maximum: 3 },
    parts: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'integer' } },
    note: { type: ['string', 'null'], maxLength: 3 },
  },
};

test.each<[Json]>([
  [{ cause: 'pallet' }],
  [{ cause: 'person', speed: 0, parts: [1, 2], note: null }],
  [{ cause: 'person', note: '🤖🤖🤖' }],
])('fits: %j', (data) => {
  checkDataSchema(schema, '/body/schema');
  expect(() => checkData(schema, data, '/body/data')).not.toThrow();
});

test.each<[Json, string, RegExp]>([
  [{}, '/body/data/cause', /is missing/],
  [{ cause: 'wall' }, '/body/data/cause', /is not one of "pallet", "person"/],
  [{ cause: 'pallet', sped: 1 }, '/body/data/sped', /Did you mean "speed"/],
  [{ cause: 'pallet', speed: 4 }, '/body/data/speed', /over the limit of 3/],
  [{ cause: 'pallet', speed: '1' }, '/body/data/speed', /not of the type number/],
  [{ cause: 'pallet', parts: [] }, '/body/data/parts', /under the least of 1 items/],
  [{ cause: 'pallet', parts: [1, 1.5] }, '/body/data/parts/1', /not of the type integer/],
  [{ cause: 'pallet', note: 'long' }, '/body/data/note', /over the limit of 3 characters/],
  [[], '/body/data', /not of the type object/],
])('refused: %j', (data, place, why) => {
  expect(() => checkData(schema, data, '/body/data')).toThrow(
    expect.objectContaining({ code: 'invalid', place, message: expect.stringMatching(why) }),
  );
});

test.each<[Json, string, RegExp]>([
  [7, '/s', /not a JSON Schema object/],
  [{ typ: 'string' }, '/s/typ', /Did you mean "type"/],
  [{ type: 'strin' }, '/s/type', /Did you mean "string"/],
  [{ pattern: '(a+)+$' }, '/s/pattern', /not understood/],
  [{ properties: { a: { minimum: '0' } } }, '/s/properties/a/minimum', /not a number/],
  [{ items: { enum: [] } }, '/s/items/enum', /not a list of values/],
])('not a schema: %j', (given, place, why) => {
  expect(() => checkDataSchema(given, '/s')).toThrow(
    expect.objectContaining({ place, message: expect.stringMatching(why) }),
  );
});

test('a schema without end is refused', () => {
  let deep: Json = {};
  for (let i = 0; i < 20; i += 1) deep = { items: deep };
  expect(() => checkDataSchema(deep, '/s')).toThrow(/nested/);
});

/**
 * Goal: a thing that a robot named keeps one id, and no two things share one.
 * Method: any two UUIDs, and some whose id is known.
 */
import { uuidText } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idOfUuid, uuidOfId } from './entity-id.ts';

test('an id holds all 128 bits of its UUID and sorts like it', () => {
  const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidText);
  fc.assert(
    fc.property(uuid, uuid, (a, b) => {
      const [left, right] = [idOfUuid('clp', a), idOfUuid('clp', b)];
      expect(left).toMatch(/^clp_[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(uuidOfId(left)).toBe(a);
      expect(Math.sign(left < right ? -1 : left > right ? 1 : 0)).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test('the id of known bits is the ULID of the same bits', () => {
  expect(idOfUuid('clp', '01900000-0000-7000-8000-000000000001')).toBe(
    'clp_01J0000000E008000000000001',
  );
  expect(idOfUuid('ses', new Uint8Array(16).fill(255))).toBe('ses_7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
});

test('a text that is no UUID is refused', () => {
  expect(() => idOfUuid('clp', 'not-a-uuid')).toThrow(expect.objectContaining({ code: 'invalid' }));
});

/**
 * Goal: at any instant a property has one value, the one that was last said to hold from then on.
 * Method: random writes against an array with one cell an instant; reports as robots send them.
 */
import fc from 'fast-check';
import { maxPropertyText } from '../device-limits.ts';
import { expect, test } from 'vitest';
import {
  checkDefinition,
  checkProperty,
  type PropertyInterval,
  type PropertyWrite,
  reportedProperties,
  valueAt,
  withWrite,
} from './property.ts';

const instants = 24;

/** A write fills the cells from its instant as long as they hold what its instant held. */
function reference(writes: readonly PropertyWrite[]): readonly PropertyWrite['value'][] {
  const cells: PropertyWrite['value'][] = Array.from({ length: instants });
  for (const { at, value } of writes) {
    const held = cells[at];
    for (let i = at; i < instants && cells[i] === held; i += 1) cells[i] = value;
  }
  return cells;
}

const write = fc.record({
  at: fc.nat(instants - 1),
  value: fc.constantFrom('a', 'b', 'c', undefined),
  source: fc.constantFrom('operator' as const, 'firmware' as const),
});

test('random writes never overlap and answer every instant right', () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
      const empty: readonly PropertyInterval[] = [];
      const intervals = writes.reduce(withWrite, empty);
      for (const [i, one] of intervals.entries()) {
        const next = intervals[i + 1];
        const to = one.to ?? Number.POSITIVE_INFINITY;
        expect(to).toBeGreaterThan(one.from);
        expect(next?.from ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(to);
        expect(next?.from === to && next.value === one.value).toBe(false);
      }
      const answers = Array.from({ length: instants }, (_, at) => valueAt(intervals, at)?.value);
      expect(answers).toEqual(reference(writes));
    }),
    { numRuns: 2000 },
  );
});

test('what is said again changes nothing', () => {
  const first = withWrite([], { at: 5, value: '1.2', source: 'firmware' });
  expect(withWrite(first, { at: 9, value: '1.2', source: 'firmware' })).toBe(first);
});

test('each section of a report speaks of its own keys', () => {
  const sha = 'ab'.repeat(32);
  expect(
    reportedProperties('agent', {
      version: '0.1.0',
      site: 'ber1',
      properties: { hw: 'orin-nx', arms: 2, site: 'x', 'a.b': 1, parts: ['no'] },
    }),
  ).toEqual({ agent: '0.1.0', site: 'ber1', hw: 'orin-nx', arms: 2 });
  expect(reportedProperties('firmware', { version: '7.1' })).toEqual({ firmware: '7.1' });
  const long = 'x'.repeat(maxPropertyText + 1);
  expect(reportedProperties('firmware', { version: long })).toEqual({});
  expect(reportedProperties('models', { models: [{ id: long, sha256: sha }] })).toEqual({});
  expect(reportedProperties('agent', { properties: { hw: long }, version: '1' })).toEqual({
    agent: '1',
  });
  expect(
    reportedProperties('models', { models: [{ id: 'detector', version: '3', sha256: sha }, 4] }),
  ).toEqual({ 'models.detector': sha });
  expect(reportedProperties('rules', { digest: sha, name: 'amr', version: 3 })).toEqual({
    rules: sha,
    ruleSet: 'amr@3',
  });
  expect(reportedProperties('weather', {})).toBeUndefined();
  expect(reportedProperties('firmware', 'nonsense')).toEqual({});
});

test('a value must fit its definition, which must fit itself', () => {
  const kept = { id: 'prp_1', createdAt: 1, updatedAt: 1, version: 1 };
  const known = [
    { ...kept, name: 'hw', kind: 'string' as const, allowed: ['orin', 'xavier'] },
    { ...kept, name: 'payloadKg', kind: 'number' as const },
  ];
  checkProperty(known, 'hw', 'orin');
  checkProperty(known, 'payloadKg', 2.5);
  expect(() => checkProperty(known, 'hw', 'nano')).toThrow(/is not a value.*"hw"/);
  expect(() => checkProperty(known, 'payloadKg', '2')).toThrow(/is a number/);
  expect(() => checkProperty(known, 'payloadkg', 2)).toThrow(/Did you mean "payloadKg"/);
  expect(() => checkDefinition({ name: 'site', kind: 'string' })).toThrow(/meaning of its own/);
  expect(() => checkDefinition({ name: 'x', kind: 'number', allowed: [1, 'b'] })).toThrow(/"b"/);
});

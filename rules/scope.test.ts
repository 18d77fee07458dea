/**
 * Goal: a scope means on a robot what docs/reference/q.md says.
 * Method: queries over a few properties, what passes, and what is refused where.
 */
import { expect, test } from 'vitest';
import { isInScope, parseScope, type Properties } from './scope.ts';

const device: Properties = { hw: 'orin-nx', site: 'hall-2', wheels: 4, simulated: false };

const passes = (text: string): boolean => {
  const { scope, problem } = parseScope(text);
  if (scope === undefined) throw new Error(problem?.message);
  return isInScope(scope, device);
};

test.each([
  'hw = orin-nx',
  'hw:orin*',
  'device.properties.hw = orin-nx',
  'properties.hw = orin-nx site = hall-2',
  'hw in (agx, orin-nx)',
  'hw != agx',
  'hw:*',
  'wheels > 3 and wheels <= 4',
  'wheels = 4.0',
  'wheels: 2..5',
  'simulated = false',
  'not payload:*',
  'hw = agx or (site:HALL* and -simulated = true)',
])('%s: yes', (text) => {
  expect(passes(text)).toBe(true);
});

test.each([
  'hw = agx',
  'hw = "orin*"',
  'payload = pallet',
  'payload != pallet',
  'wheels > 4',
  'wheels: 2..4',
  'simulated > 0',
  'not hw = orin-nx',
])('%s: no', (text) => {
  expect(passes(text)).toBe(false);
});

test.each([
  ['orin', 0, '"orin" names no property'],
  ['hw = orin and yes', 14, '"yes" names no property'],
  ['hw =', 4, 'a value is expected here'],
])('%s is refused', (text, at, message) => {
  expect(parseScope(text)).toMatchObject({ problem: { at, message } });
});

/**
 * Goal: a seed finds again what it found, and inputs are bent, not replaced.
 * Method: the same draws twice, and what is left of a long input.
 */
import { expect, test } from 'vitest';
import { mutateBytes, mutateText } from './fuzz.ts';
import { seededRandom } from './random.ts';

const bytes = new Uint8Array(2_000).map((_, i) => i % 251);
const text = Array.from({ length: 40 }, (_, i) => `key${i}: ${i}`).join('\n');

test('the same seed bends the same way, another seed another way; the original stays', () => {
  const before = bytes.slice();
  const bend = (seed: number): unknown[] => {
    const random = seededRandom(seed);
    const some = Array.from({ length: 50 }, () => [...mutateBytes(bytes, random)]);
    return [...some, ...Array.from({ length: 50 }, () => mutateText(text, random, ['limits']))];
  };
  expect(bend(1)).toEqual(bend(1));
  expect(bend(1)).not.toEqual(bend(2));
  expect(bytes).toEqual(before);
});

test('nearly every input differs from what it was made of, and most of it is left', () => {
  const random = seededRandom(7);
  const texts = Array.from({ length: 400 }, () => mutateText(text, random));
  expect(texts.filter((one) => one !== text).length).toBeGreaterThan(380);
  const keys = texts.map((one) => [...one.matchAll(/key\d+: \d/g)].length);
  expect(keys.filter((left) => left > 30).length).toBeGreaterThan(250);
  const bent = Array.from({ length: 400 }, () => mutateBytes(bytes, random));
  expect(bent.filter((one) => Buffer.compare(one, bytes) !== 0).length).toBeGreaterThan(380);
});

test('nothing at all can be bent, too', () => {
  const random = seededRandom(9);
  for (let i = 0; i < 200; i += 1) {
    expect(mutateBytes(new Uint8Array(), random).length).toBeLessThan(10);
    expect(typeof mutateText('', random)).toBe('string');
  }
});

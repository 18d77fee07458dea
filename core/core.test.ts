/**
 * Goal: the words that every room relies on mean what their docstrings say.
 * Method: known values, published vectors and properties over random inputs.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asFault, Fault, faultLine, faultTable } from './fault.ts';
import { openIds, uuidBytes, uuidText } from './ids.ts';
import { canonicalJson, sha256Hex } from './json.ts';
import { didYouMean } from './nearest.ts';
import { BoundedQueue } from './queue.ts';
import { backoffMs } from './backoff.ts';
import { drawBytes, seededRandom } from './random.ts';
import {
  formatAboutNs,
  formatDurationNs,
  formatSize,
  parseDurationNs,
  parseSize,
} from './units.ts';

test('a fault reads as place, message and remedy', () => {
  const fault = new Fault('corrupt', 'the chunk is torn', {
    place: 'a.mcap@byte 9',
    remedy: 'Copy the file again.',
  });
  expect(faultLine(fault)).toBe('a.mcap@byte 9: the chunk is torn. Copy the file again.');
  expect(faultTable[fault.code].exit).toBe(6);
});

test('an unknown error becomes internal and keeps its cause; an abort becomes cancelled', () => {
  const bug = new TypeError('x is undefined');
  expect(asFault(bug)).toMatchObject({ code: 'internal', cause: bug });
  expect(asFault(AbortSignal.abort().reason).code).toBe('cancelled');
});

test.each([
  ['150ms', 150_000_000n],
  ['1.5s', 1_500_000_000n],
  ['45m', 2_700_000_000_000n],
  ['0', 0n],
  ['24h', 86_400_000_000_000n],
])('the duration %s is %d ns', (text, ns) => {
  expect(parseDurationNs(text)).toBe(ns);
});

test.each(['5', 's', '-1s', '1.s', '1 s', '1e3s', ''])('"%s" is no duration', (text) => {
  expect(() => parseDurationNs(text)).toThrow('is not a duration');
});

test.each([
  [0, '0s'],
  [999, '999ns'],
  [211_261_112, '211ms'],
  [1_234_567_890, '1230ms'],
  [59_996_000_000, '1m'],
  [5_432_100_000_000, '5432s'],
  [7_200_000_000_001, '2h'],
])('%d ns are about %s', (ns, text) => {
  expect(formatAboutNs(ns)).toBe(text);
});

test('a duration survives its own text', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 14n), (ns) => {
      expect(parseDurationNs(formatDurationNs(ns))).toBe(ns);
    }),
  );
});

test('sizes are read in binary and decimal units and shown in binary ones', () => {
  expect(parseSize('64MiB')).toBe(67_108_864);
  expect(parseSize('20GB')).toBe(20_000_000_000);
  expect(parseSize('512')).toBe(512);
  expect(() => parseSize('64 M')).toThrow('is not a size');
  expect(() => parseSize('4294967296GiB')).toThrow('more than any disk holds');
  expect(formatSize(1_468_006)).toBe('1.40 MiB');
});

test('canonical JSON sorts keys by code units and drops absent members (RFC 8785)', () => {
  expect(canonicalJson({ b: [1, null], a: 1e21, '€': 'x', c: undefined })).toBe(
    '{"a":1e+21,"b":[1,null],"€":"x"}',
  );
  expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
  expect(sha256Hex('abc')).toMatch(/^ba7816bf8f01cfea/);
});

test('canonical JSON does not depend on the order of members', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
      (o) => {
        const reversed = Object.fromEntries(Object.entries(o).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(o));
        expect(JSON.parse(canonicalJson(o))).toEqual(JSON.parse(JSON.stringify(o)));
      },
    ),
  );
});

test('a slip of the pen is recognised, another word is not', () => {
  expect(didYouMean('folderr', ['folder', 'file'])).toBe(' Did you mean "folder"?');
  expect(didYouMean('zebra', ['folder', 'file'])).toBe('');
});

test('the same seed draws the same, a fork draws apart, and draws are uniform', () => {
  const draw = (seed: string): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(draw('7')).toEqual(draw('7'));
  expect(draw('7')).not.toEqual(draw('8'));
  const random = seededRandom(1);
  const before = random.fork('a').next();
  random.next();
  expect(random.fork('a').next()).toBe(before);
  const mean = Array.from({ length: 20_000 }, () => random.next()).reduce((a, b) => a + b) / 20_000;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
  const noise = drawBytes(seededRandom(1), 20_001);
  expect(noise).toHaveLength(20_001);
  expect(new Set(noise).size).toBe(256);
  expect(drawBytes(seededRandom(1), 20_001)).toEqual(noise);
});

test('UUIDv7 carries time and version; its text and bytes are the same thing', () => {
  const clock = { now: () => 0x0123_4567_89ab, monotonicMs: () => 0, sleep: async () => {} };
  const ids = openIds({ clock, randomBytes: (n) => new Uint8Array(n).fill(0xff) });
  const text = uuidText(ids.uuid());
  expect(text).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
  expect(uuidText(uuidBytes(text) ?? new Uint8Array())).toBe(text);
  expect(uuidBytes('nonsense')).toBeUndefined();
  expect(ids.ulid('clp')).toMatch(/^clp_[0-9A-HJKMNP-TV-Z]{26}$/);
});

test('ULIDs sort as they were made, within a millisecond and when the clock steps back', () => {
  let ms = 1_000;
  const clock = { now: () => ms, monotonicMs: () => 0, sleep: async () => {} };
  const random = seededRandom('ulids');
  const randomBytes = (n: number): Uint8Array =>
    Uint8Array.from({ length: n }, () => Math.floor(random.next() * 256));
  const ids = openIds({ clock, randomBytes });
  const made = Array.from({ length: 500 }, (_, n) => {
    ms = n < 200 ? 1_000 : n < 300 ? 900 : 1_500;
    return ids.ulid('clp');
  });
  expect(made.toSorted()).toEqual(made);
  expect(new Set(made).size).toBe(made.length);
});

test('backoff never exceeds its ceiling and doubles up to it', () => {
  const range = { firstMs: 1_000, mostMs: 300_000 };
  const most = { next: () => 0.999_999 };
  expect(backoffMs(0, range, most)).toBe(999);
  expect(backoffMs(3, range, most)).toBe(7_999);
  expect(backoffMs(60, range, most)).toBe(299_999);
});

test('a bounded queue refuses what is too much, keeps order and ends after its last item', async () => {
  const queue = new BoundedQueue<number>(2);
  expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false]);
  const room = queue.whenRoom();
  const seen: number[] = [];
  for await (const item of queue) {
    seen.push(item);
    if (item === 1) {
      await room;
      queue.push(4);
      queue.close();
    }
  }
  expect(seen).toEqual([1, 2, 4]);
  expect(queue.push(5)).toBe(false);
});

/**
 * Goal: what is encoded comes back equal, what does not fit is a Fault and never another value.
 * Method: generated values both ways, single values past each limit, and random and mutated bytes.
 */
import { asFault, Fault } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeManifest,
  decodeReported,
  decodeStatus,
  decodeStored,
  encodeStatus,
} from './codec.ts';
import { encodeStored, peekSeq } from './codec.ts';
import { decodeEvents, encodeEvents, eventRowBytes } from './codec-events.ts';
import { decodeCommand, decodeDesired, decodeTelemetry } from './codec-fleet.ts';
import { decodeTransfer, encodeTransfer } from './codec-transfer.ts';
import { goldenCases } from './golden-cases.ts';
import { maxInteger, maxUnsigned } from './limits.ts';
import type { EventRow, WireValue } from './messages.ts';
import { encodeGolden } from './write-golden.ts';

const uuid = fc.uuid();
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const text = (most: number, least = 0) =>
  fc
    .string({ unit: 'grapheme', minLength: least, maxLength: most })
    .filter((s) => s.length <= most);
const integer = fc.bigInt({ min: 0n, max: maxInteger });

const value: fc.Arbitrary<WireValue> = fc.record({
  name: text(64, 1),
  unit: text(16),
  value: fc.oneof(
    fc.double({ noNaN: true }),
    fc.bigInt({ min: -(2n ** 63n), max: maxInteger }),
    fc.boolean(),
    text(40),
  ),
});

const event = fc.record(
  {
    id: uuid,
    name: text(64, 1),
    severity: fc.constantFrom('critical', 'warning', 'info'),
    atNs: integer,
    synced: fc.boolean(),
    sessionId: uuid,
    clipId: uuid,
    rule: text(96, 1),
    ruleSetSha256: sha256,
    margin: fc.double({ noNaN: true, noDefaultInfinity: true }),
    values: fc.array(value, { maxLength: 4 }),
    text: text(200),
    tags: fc.array(text(32, 1), { maxLength: 4 }),
  },
  {
    requiredKeys: [
      'id',
      'name',
      'severity',
      'atNs',
      'synced',
      'sessionId',
      'values',
      'text',
      'tags',
    ],
  },
);

const row = fc.oneof(
  event.map((event) => ({ kind: 'event', event })),
  fc
    .record({
      count: fc.bigInt({ min: 1n, max: 1000n }),
      reason: fc.constantFrom('lost', 'expired'),
    })
    .map((gap) => ({ kind: 'gap', gap })),
) as fc.Arbitrary<EventRow>;

test('rows come back equal, keep their bytes and take the sequence numbers they stand for', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), integer, (rows, origin) => {
      const bytes = encodeEvents({ origin, firstSeq: 5n, rows });
      const decoded = decodeEvents(bytes);
      expect(decoded.rows.map((one) => one.row)).toEqual(rows);
      let seq = 5n;
      for (const one of decoded.rows) {
        expect(one.seq).toBe(seq);
        seq += one.row?.kind === 'gap' ? one.row.gap.count : 1n;
        const alone = encodeEvents({ origin, firstSeq: one.seq, rows: one.row ? [one.row] : [] });
        expect(decodeEvents(alone).rows[0]?.crc).toBe(one.crc);
      }
      const head = encodeEvents({ origin, firstSeq: 5n, rows: rows.slice(0, 1) }).length;
      const rest = rows.slice(1).reduce((sum, one) => sum + eventRowBytes(one), 0);
      expect(head + rest).toBe(bytes.length);
    }),
    { numRuns: 200 },
  );
});

test('64-bit numbers keep every bit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: maxUnsigned }), integer, (origin, through) => {
      const stored = { lane: 'events', origin, through, refused: [] } as const;
      expect(decodeStored(encodeStored(stored))).toEqual(stored);
    }),
  );
});

const status = {
  bootId: '01890a5d-ac96-774b-bcce-b302099a8057',
  conn: 1n,
  online: true,
  agent: '0.1.0',
  features: 0n,
  lanes: [],
  clock: { unixMs: 0, synced: true, source: '' },
};
const ack = { tid: 1, epoch: 1, received: 1, durable: 1, credit: 1 };

test.each([
  ['conn past 63 bits', () => encodeStatus({ ...status, conn: maxInteger + 1n })],
  ['conn below 0', () => encodeStatus({ ...status, conn: -1n })],
  ['agent too long', () => encodeStatus({ ...status, agent: 'x'.repeat(33) })],
  ['half a surrogate pair', () => encodeStatus({ ...status, agent: '\ud800' })],
  [
    'a time that is no number',
    () => encodeStatus({ ...status, clock: { ...status.clock, unixMs: Number.NaN } }),
  ],
  ['an id that is no UUID', () => encodeStatus({ ...status, bootId: 'x' })],
  ['no rows', () => encodeEvents({ origin: 0n, firstSeq: 0n, rows: [] })],
  ['u32 past its end', () => encodeTransfer({ kind: 'ack', ack: { ...ack, tid: 2 ** 32 + 5 } })],
  ['a fraction of a byte', () => encodeTransfer({ kind: 'ack', ack: { ...ack, received: 1.5 } })],
])('%s is refused before it is encoded', (_, encode) => {
  expect(encode).toThrow(Fault);
});

test('a row that does not fit is refused alone, with its sequence number', () => {
  const good = encodeEvents({
    origin: 1n,
    firstSeq: 9n,
    rows: [{ kind: 'gap', gap: { count: 2n, reason: 'lost' } }],
  });
  const rowOf = (hex: string) =>
    Buffer.from(`1a${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`, 'hex');
  const unknownKind = rowOf('2200');
  const unknownReason = rowOf('1a0408011009');
  const badUtf8 = rowOf('0a041202c328');
  const decoded = decodeEvents(
    Buffer.concat([good, unknownKind, unknownReason, badUtf8, good.subarray(-8)]),
  );
  expect(decoded.rows.map(({ seq, refused }) => [seq, refused])).toEqual([
    [9n, undefined],
    [11n, 'VERSION'],
    [12n, 'VERSION'],
    [13n, 'MALFORMED'],
    [14n, undefined],
  ]);
});

test('unknown fields are skipped, an unknown step of a transfer is said to be one', () => {
  const more = Buffer.concat([encodeStatus(status), Buffer.from('7a03616263', 'hex')]);
  expect(decodeStatus(more)).toEqual(status);
  expect(decodeTransfer(Buffer.from('4200', 'hex'))).toEqual({ kind: 'unknown' });
});

test('the sequence number of a row that cannot be read is still found', () => {
  expect(peekSeq(Buffer.from('09050000000000000010071a01', 'hex'))).toBeUndefined();
  expect(peekSeq(Buffer.from('09050000000000000010071a0100', 'hex'))).toEqual({
    origin: 5n,
    seq: 7n,
  });
});

test('random and mutated bytes give a value or a Fault, never anything else', () => {
  const decoders = [
    decodeStatus,
    decodeEvents,
    decodeManifest,
    decodeReported,
    decodeStored,
    decodeTransfer,
    decodeDesired,
    decodeCommand,
    decodeTelemetry,
  ];
  const seeds = goldenCases.map(({ message, value }) => encodeGolden(message, value));
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
    .map(([seed, flips]) => {
      const bytes = new Uint8Array(seed);
      for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
      const outcomes = decoders.map((decode) => {
        try {
          return decode(bytes) !== undefined;
        } catch (error) {
          return asFault(error).code === 'invalid';
        }
      });
      expect(outcomes).not.toContain(false);
    }),
    { numRuns: 500 },
  );
});

test('decoded values do not look into the packet', () => {
  const manifest = goldenCases.find((one) => one.message === 'Manifest' && one.name === 'typical');
  const bytes = encodeGolden('Manifest', manifest?.value);
  const decoded = decodeManifest(bytes);
  bytes.fill(0);
  expect(decoded).toEqual(manifest?.value);
});

/**
 * Goal: whatever a rule shows or a fault says fits the wire, so that no event is lost at the edge.
 * Method: events at and far over every limit go through the codec of the wire.
 */
import { decodeEvents, encodeEvents } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { wireEventOf, wireMarkerOf } from './wire-event.ts';

const id = '0193fd4c-07a5-8a4f-a899-562ce0cd9e33';
const context = { id, nowNs: 7n, sessionId: id, synced: true };
const huge = 'é'.repeat(5_000);

test('an event with everything too long is cut to what the wire takes', () => {
  const values = Object.fromEntries(
    Array.from({ length: 80 }, (_, i) => [`${i}${huge}`, i % 2 === 0 ? huge : i]),
  );
  const tags = Array.from({ length: 40 }, () => huge);
  const event = wireEventOf(
    { name: huge, severity: 'info', text: huge, rule: huge, values, tags },
    context,
  );
  const bytes = encodeEvents({ origin: 1n, firstSeq: 1n, rows: [{ kind: 'event', event }] });
  const [row] = decodeEvents(bytes).rows;
  expect(row?.row).toMatchObject({ kind: 'event', event: { atNs: 7n, sessionId: id, id } });
});

test('unknown values are left out, the rest arrives as it is', () => {
  const values = { vx: 1.5, mode: 'AUTO', on: true, range: null };
  const event = wireEventOf({ name: 'a', severity: 'info', text: 't', values, atNs: 3n }, context);
  expect(event.values.map(({ name, value }) => [name, value])).toEqual([
    ['vx', 1.5],
    ['mode', 'AUTO'],
    ['on', true],
  ]);
  expect(event.atNs).toBe(3n);
});

test('a moment without a clip is a marker of its rule', () => {
  const marker = wireMarkerOf(
    { id, sessionId: id, atNs: 5n, rule: 'near-miss', values: {} },
    context,
  );
  expect(marker).toMatchObject({
    name: 'near-miss',
    source: 'rule/near-miss',
    startNs: 5n,
    endNs: 5n,
  });
  encodeEvents({ origin: 1n, firstSeq: 1n, rows: [{ kind: 'marker', marker }] });
});

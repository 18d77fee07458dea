/**
 * Goal: what goes down to a device arrives as it was sent, and what no device could be sent is
 * refused before it is kept. Method: generated values both ways, and sizes at a limit.
 */
import { Fault, sha256Hex } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeCommand,
  decodeDesired,
  decodeTelemetry,
  demandCommandFits,
  encodeCommand,
  encodeDesired,
  encodeTelemetry,
  fitTelemetry,
} from './codec-fleet.ts';
import { demandDesiredFits, desiredDigest } from './desired.ts';
import { maxSeries } from './limits.ts';
import type { Command } from './messages.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const text = (most: number) =>
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: most }).filter((s) => s.length <= most);
const ns = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const topics = fc.array(text(40), { minLength: 1, maxLength: 8 });
const seconds = fc.double({ min: 0, max: 600, noNaN: true });

const command = fc
  .oneof(
    fc
      .record({ clip: fc.uuid(), topics, startNs: ns, endNs: ns }, { requiredKeys: ['clip'] })
      .map((input) => ({ kind: 'pull', input })),
    fc
      .record(
        {
          preS: seconds,
          postS: seconds,
          topics,
          reason: text(100),
          severity: fc.constantFrom('critical', 'warning'),
        },
        { requiredKeys: ['preS', 'postS', 'reason', 'severity'] },
      )
      .map((input) => ({ kind: 'clip_now', input })),
    fc.constantFrom('ping', 'restart', 'diagnose').map((kind) => ({ kind, input: {} })),
  )
  .map((body) => ({ id, deadlineMs: 5, ...body }) as Command);

test('commands come back equal', () => {
  fc.assert(
    fc.property(command, (one) => {
      expect(decodeCommand(encodeCommand(one))).toEqual(one);
    }),
  );
});

test('a command of a later version is said to be unknown', () => {
  const known = encodeCommand({ id, deadlineMs: 5, kind: 'ping', input: {} });
  const later = Buffer.concat([known.subarray(0, -2), Buffer.from('7a00', 'hex')]);
  expect(decodeCommand(later)).toEqual({ id, deadlineMs: 5, kind: 'unknown' });
});

test('a command that is too long is refused before anybody keeps it', () => {
  const many = Array.from({ length: 64 }, (_, n) => `${n}`.padEnd(100, 'x'));
  expect(() => demandCommandFits({ kind: 'pull', input: { clip: id, topics: many } })).toThrow(
    /takes \d+ bytes, over 4096/,
  );
  demandCommandFits({ kind: 'pull', input: { clip: id, topics: many.slice(0, 30) } });
});

test('documents come back equal, packed or not', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small' }), (value) => {
      const document = JSON.parse(JSON.stringify(value));
      const sha256 = desiredDigest(document);
      const section = { name: 'rules', generation: 2n, sha256, document };
      const desired = { generation: 2n, features: 0n, sections: [section] };
      expect(decodeDesired(encodeDesired(desired))).toEqual(desired);
    }),
  );
});

test('rules of 200 KB with much in common fit; what does not fit says by how much', () => {
  const line = (n: number) =>
    `- {id: rule-${n}, when: vx > ${n}, for: 200ms, capture: {pre: 5s}}\n`;
  const yaml = Array.from({ length: 3000 }, (_, n) => line(n)).join('');
  demandDesiredFits('rules', { active: { text: yaml } });
  const noise = Array.from({ length: 500 }, (_, n) => sha256Hex(`${n}`)).join('');
  const message = /the rules for a device take \d+ bytes packed, over 16384/;
  expect(() => demandDesiredFits('rules', { active: { text: noise } })).toThrow(message);
  const huge = { text: 'x'.repeat(1024 * 1024) };
  expect(() => demandDesiredFits('rules', huge)).toThrow(
    expect.objectContaining({ code: 'limited', remedy: expect.stringMatching(/smaller/) }),
  );
});

test('of many series those in front go, and the message fits', () => {
  const series = Array.from({ length: 300 }, (_, n) => ({
    name: `topic./a/rather/long/name/of/a/topic/${n}.hz`,
    unit: 'Hz',
    value: n,
  }));
  const fitting = fitTelemetry(series);
  expect(fitting).toEqual(series.slice(0, fitting.length));
  expect(fitting.length).toBeGreaterThan(80);
  const telemetry = { bootId: id, seq: 1n, atMs: 7, series: fitting };
  expect(decodeTelemetry(encodeTelemetry(telemetry))).toEqual(telemetry);
  const short = series.map((one, n) => ({ ...one, name: `s${n}` }));
  expect(fitTelemetry(short)).toHaveLength(maxSeries);
  expect(() => encodeTelemetry({ ...telemetry, series: short })).toThrow(Fault);
});

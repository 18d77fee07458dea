/**
 * Goal: what became of the last triggers, and of recordings that could not be read, is known as far
 * as it went. Method: results as the data thread gives them.
 */
import { expect, test } from 'vitest';
import { maxVerdictsTold } from './limits.ts';
import type { Result } from './messages.ts';
import { openRecent } from './recent.ts';

type Content = Result extends infer R ? (R extends Result ? Omit<R, 'bytes'> : never) : never;

function after(...results: readonly Content[]) {
  const recent = openRecent();
  for (const result of results) recent.take({ ...result, bytes: 1 });
  return recent;
}

const fired = (atNs: bigint, clipId?: string): Content => ({
  kind: 'notice',
  notice: { name: 'fast', severity: 'warning', text: 'x', rule: 'fast@1', atNs, clipId },
});
const marker = (atNs: bigint): Content => ({
  kind: 'marker',
  marker: { id: 'm', sessionId: 's', atNs, rule: 'fast', values: {} },
});
const suppressed = (atNs: bigint, reason: string, count = 1): Content => ({
  kind: 'suppressed',
  rule: 'fast',
  atNs,
  reason,
  count,
});

test('a trigger is a clip, a marker alone, or what kept it from being one', () => {
  const { verdicts } = after(
    fired(1n, 'one'),
    fired(2n, 'one'),
    suppressed(2n, 'merged'),
    fired(3n, 'lost'),
    marker(3n),
    fired(4n),
    suppressed(4n, 'overload'),
  );
  expect(verdicts).toEqual([
    { rule: 'fast', atNs: '1', outcome: 'clip', clipId: 'one' },
    { rule: 'fast', atNs: '2', outcome: 'merged', clipId: 'one' },
    { rule: 'fast', atNs: '3', outcome: 'marker' },
    { rule: 'fast', atNs: '4', outcome: 'overload' },
  ]);
});

test('what a rule held back is one line an hour and reason, and crowds nothing else out', () => {
  const many = Array.from({ length: 50 }, () => suppressed(0n, 'cooldown', 2));
  const { verdicts } = after(fired(1n, 'one'), ...many, suppressed(0n, 'budget'));
  expect(verdicts).toMatchObject([
    { outcome: 'clip' },
    { outcome: 'cooldown', count: 100 },
    { outcome: 'budget', count: 1 },
  ]);
  const last = after(...Array.from({ length: 20 }, (_, i) => fired(BigInt(i), `${i}`))).verdicts;
  expect([last.length, last.at(-1)?.clipId]).toEqual([maxVerdictsTold, '19']);
});

test('recordings that could not be read are counted, and the last says why', () => {
  const said = (name: string, text: string): Content => ({
    kind: 'notice',
    notice: { name, severity: 'warning', text },
  });
  const { unread, verdicts } = after(
    said('recording_broken', 'a is torn'),
    said('recording_broken', 'b is torn'),
    said('recording_forbidden', 'c may not be read'),
    said('schema_changed', 'x'),
  );
  expect(unread).toEqual({ broken: 2, forbidden: 1, lastUnread: 'c may not be read' });
  expect(verdicts).toEqual([]);
});

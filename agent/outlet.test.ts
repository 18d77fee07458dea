/**
 * Goal: a slow main slows the data worker down instead of filling memory, and loses nothing.
 * Method: results larger than the credit, given back one by one.
 */
import { expect, test } from 'vitest';
import type { FinishedClip } from './clip/write.ts';
import { maxOutstandingBytes } from './limits.ts';
import type { FromData } from './messages.ts';
import { openOutlet } from './outlet.ts';

const clip = (sizeBytes: number): FinishedClip =>
  ({ clipId: 'x', sizeBytes, manifest: {} }) as unknown as FinishedClip;

test('results wait for credit, in order; one that is larger than all goes alone', async () => {
  const posted: FromData[] = [];
  const outlet = openOutlet((message) => posted.push(message));
  const half = maxOutstandingBytes / 2;
  const passed: string[] = [];
  const give = (name: string, bytes: number): Promise<void> =>
    outlet.clip(clip(bytes)).then(() => void passed.push(name));
  await give('a', half);
  await give('b', half);
  const waiting = [give('c', 1), give('d', 3 * maxOutstandingBytes)];
  expect(posted).toHaveLength(2);
  outlet.credit(half);
  await waiting[0];
  expect(passed).toEqual(['a', 'b', 'c']);
  outlet.credit(half);
  expect(posted).toHaveLength(3);
  outlet.credit(1);
  await waiting[1];
  expect(passed).toEqual(['a', 'b', 'c', 'd']);
});

test('questions are answered by their number', async () => {
  const posted: FromData[] = [];
  const outlet = openOutlet((message) => posted.push(message));
  const first = outlet.getPosition('bags/1');
  const second = outlet.getPosition('bags/2');
  const room = outlet.makeRoom(100);
  expect(posted.map(({ kind }) => kind)).toEqual(['getPosition', 'getPosition', 'makeRoom']);
  outlet.position(2, { state: 'read' });
  outlet.position(1, undefined);
  outlet.room(3, true);
  expect([await first, await second, await room]).toEqual([undefined, { state: 'read' }, true]);
});

/**
 * Goal: the data worker hears of all that it asked or gave, whatever the disk does.
 * Method: a buffer that refuses everything, as one on a disk that turned read-only does.
 */
import { Fault, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import type { AgentBuffer } from './buffer/buffer.ts';
import { maxOutstandingBytes } from './limits.ts';
import type { ToData } from './messages.ts';
import { openOutlet, type OpenOutlet } from './outlet.ts';
import { openResults } from './results.ts';
import type { EventContext } from './wire-event.ts';

const refuse = (): never => {
  throw new Fault('unavailable', 'the disk is read-only');
};

/** An outlet whose other end is main, with a buffer that refuses. */
function openLine(): OpenOutlet {
  const buffer: Partial<AgentBuffer> = {
    makeRoom: async () => refuse(),
    position: refuse,
    savePosition: refuse,
    keepPositions: refuse,
  };
  const results = openResults({
    buffer: buffer as AgentBuffer,
    clock: systemClock,
    log: silentLog,
    context: () => ({}) as EventContext,
    onAnswer: () => {},
  });
  const hear = (message: ToData): void => {
    if (message.kind === 'room') outlet.room(message.id, message.made);
    if (message.kind === 'position') outlet.position(message.id, message.document);
    if (message.kind === 'credit') outlet.credit(message.bytes);
  };
  const outlet = openOutlet((message) => {
    if (message.kind === 'makeRoom' || message.kind === 'getPosition' || 'bytes' in message) {
      results.take(message, hear);
    }
  });
  return outlet;
}

test('a question that the buffer fails to answer is answered with no', async () => {
  const outlet = openLine();
  expect(await outlet.makeRoom(1_000)).toBe(false);
  expect(await outlet.getPosition('bags/1')).toBeUndefined();
});

test('a result that is not kept gives its credit back', async () => {
  const outlet = openLine();
  const large = 'x'.repeat(maxOutstandingBytes);
  await outlet.savePosition('bags/1', large);
  await outlet.savePosition('bags/2', large);
  await outlet.keepPositions('bags', [large]);
  await outlet.getPosition('bags/2');
  expect(outlet.queueShare).toBe(0);
});

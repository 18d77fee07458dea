/**
 * Goal: what little lies on a thread's heap goes within a minute, though its buffers do not grow.
 * Method: an object that nobody holds, a clock that is moved, and V8's own word that it is gone.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { collectBuffers } from './collect.ts';
import { collectEveryMs } from './limits.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('garbage on the heap goes each minute', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const left = new WeakRef({ text: 'garbage' });
  // What a WeakRef was just made of stays for the turn.
  await turn();
  collectBuffers();
  vi.advanceTimersByTime(2 * collectEveryMs);
  await turn();
  collectBuffers();
  await turn();
  expect(left.deref()).toBeUndefined();
});

/**
 * Goal: what little lies on a thread's heap goes within a minute, though its buffers do not grow.
 * Method: an object that nobody holds, a clock that is moved on from where it stands (a run's
 * worker may have been up for minutes), and V8's own word that the object is gone.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { collectBuffers } from './collect.ts';
import { collectEveryMs } from './limits.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Made in a function of its own: nothing of a frame that waits may hold it. */
const garbage = (): WeakRef<object> => new WeakRef({ text: 'garbage' });

test('garbage on the heap goes each minute', async () => {
  const started = performance.now();
  const now = vi.spyOn(performance, 'now').mockReturnValue(started);
  const left = garbage();
  // What a WeakRef was just made of stays for the turn.
  await turn();
  collectBuffers();
  now.mockReturnValue(started + 2 * collectEveryMs);
  await turn();
  collectBuffers();
  await turn();
  expect(left.deref()).toBeUndefined();
});

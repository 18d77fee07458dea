/** Ctrl-C during a wait: the work goes on in the cloud, and the person is told how to come back. */
import { asFault, Fault } from '@fieldloop/core';
import type { CliIo } from './io.ts';

export async function untilStopped<T>(
  io: CliIo,
  of: { /** `the operation` */ readonly what: string; readonly goOn: string },
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopped = new AbortController();
  const ended = new AbortController();
  void io.stopRequested?.(ended.signal).then(() => stopped.abort());
  try {
    return await wait(stopped.signal);
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    if (io.isTerminal) io.err('\n');
    throw new Fault('cancelled', `you stopped waiting; ${of.what} goes on`, {
      remedy: `\`${of.goOn}\` waits again.`,
      cause: asFault(error),
    });
  } finally {
    ended.abort();
  }
}

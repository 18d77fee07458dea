/** A trainer from its start to its end, for work that nobody attaches to. */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { Fault } from '@fieldloop/core';
import { keptStderrBytes } from '../training-limits.ts';
import { niceness, signalTrainer, type TrainerCommand } from './process.ts';

/**
 * Runs it until it ends by itself. Faults: `unavailable` with what it said when it fails, `timeout`
 * when it is not done in time; it and all that it started are killed then, and on `signal`.
 */
export async function runTrainer(
  { command: [program = '', ...rest], environment }: TrainerCommand,
  job: string,
  { signal, withinMs }: { readonly signal: AbortSignal; readonly withinMs: number },
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(program, [...rest, job], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...environment },
  });
  const { pid } = child;
  let said = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    said = `${said}${text}`.slice(-keptStderrBytes);
  });
  const kill = (): void => {
    if (pid !== undefined) signalTrainer({ pid }, 'SIGKILL');
  };
  const late = AbortSignal.timeout(withinMs);
  const stops = [signal, late];
  for (const stop of stops) stop.addEventListener('abort', kill, { once: true });
  try {
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (pid !== undefined) lower(pid);
    const code = await closed;
    signal.throwIfAborted();
    if (code === 0) return;
    throw late.aborted
      ? new Fault('timeout', `the trainer was not done in ${withinMs / 1000} s`, { remedy })
      : new Fault('unavailable', `the trainer ended with exit ${String(code)}: ${lastLine(said)}`, {
          remedy,
          details: { said },
        });
  } finally {
    for (const stop of stops) stop.removeEventListener('abort', kill);
  }
}

function lower(pid: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It ended already.
  }
}

const lastLine = (said: string): string => said.trim().split('\n').at(-1)?.slice(0, 500) ?? '';

const remedy = 'Look at what it said and at the machine: memory, disk; then ask again.';

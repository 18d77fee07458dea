/**
 * Goal: work that runs a trainer by itself ends with it, whatever the trainer does, and leaves no
 * process behind.
 * Method: scripts in processes of their own that end well, fail, hang with a child, or are stopped.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTrainer } from './foreground.ts';
import type { TrainerCommand } from './process.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-foreground-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const shell = (code: string): TrainerCommand => ({
  command: ['/bin/sh', '-c', code],
  environment: { PATH: '/usr/bin:/bin' },
});

const signal = new AbortController().signal;

test('the job is its last argument, and exit 0 is done', async () => {
  const out = join(folder, 'said');
  // Of sh -c the first argument behind the code is $0.
  await runTrainer(shell(`echo "$0" > ${out}`), 'the-job', { signal, withinMs: 10_000 });
  expect((await readFile(out, 'utf8')).trim()).toBe('the-job');
});

test('what fails says its last line; what cannot be started is no silence', async () => {
  const failing = shell('echo first >&2; echo out of luck >&2; exit 3');
  await expect(runTrainer(failing, 'job', { signal, withinMs: 10_000 })).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the trainer ended with exit 3: out of luck',
  });
  const none = { command: [join(folder, 'nothing')], environment: {} };
  await expect(runTrainer(none, 'job', { signal, withinMs: 10_000 })).rejects.toThrow('ENOENT');
});

/** Starts another process and waits; both write their pids. */
const parents = (): TrainerCommand =>
  shell(`trap '' TERM; sleep 600 & echo "$$ $!" > ${join(folder, 'pids')}; wait`);

async function expectGone(): Promise<void> {
  const pids = (await readFile(join(folder, 'pids'), 'utf8')).trim().split(' ').map(Number);
  expect(pids).toHaveLength(2);
  for (const pid of pids) {
    for (let isThere = true; isThere; ) {
      isThere = await isAlive(pid);
      if (isThere) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** What ended and was not buried yet is no more. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    const said = await readFile(`/proc/${pid}/stat`, 'utf8');
    return said.slice(said.lastIndexOf(')') + 2, said.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

test('one that hangs is killed at its time, and what it started as well', async () => {
  const late = runTrainer(parents(), 'job', { signal, withinMs: 2500 });
  await expect(late).rejects.toMatchObject({ code: 'timeout' });
  await expectGone();
});

test('one that is not wanted any more is killed at once', async () => {
  const stop = new AbortController();
  await rm(join(folder, 'pids'));
  const running = runTrainer(parents(), 'job', { signal: stop.signal, withinMs: 60_000 });
  const ended = running.then(
    () => 'done',
    (error: unknown) => String(error),
  );
  for (let text = ''; !text.includes('\n'); ) {
    text = await readFile(join(folder, 'pids'), 'utf8').catch(() => '');
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop.abort(new Error('not wanted'));
  expect(await ended).toContain('not wanted');
  await expectGone();
});

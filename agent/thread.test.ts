/**
 * Goal: a thread that dies starts again, and one that cannot live does not keep the robot busy.
 * Method: worker files that die when they are told to, on a clock that does not wait.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { hearFirstMs, maxWorkerDeaths } from './limits.ts';
import { leftBehind, openThread, type Thread } from './thread.ts';

const clock = { ...systemClock, sleep: () => Promise.resolve() };
const deps = { clock, random: seededRandom(1), log: silentLog };

function workerFile(code: string): { entry: URL; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'fl-thread-'));
  const path = join(folder, 'worker.mjs');
  writeFileSync(path, `import { parentPort, workerData } from 'node:worker_threads';\n${code}`);
  return {
    entry: pathToFileURL(path),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

test('a thread that died is started again with fresh data, and told why', async () => {
  using file = workerFile(`
    parentPort.postMessage(workerData);
    parentPort.on('message', () => { throw new Error('fell over'); });
  `);
  const heard: unknown[] = [];
  const deaths: string[] = [];
  let starts = 0;
  await new Promise<void>((resolve) => {
    const thread = openThread<string, number>(
      {
        name: 'test',
        entry: file.entry,
        start: () => ({ data: (starts += 1) }),
        onMessage: (message) => {
          heard.push(message);
          if (message === 1) thread.post('die');
          else void thread.terminate().then(resolve);
        },
        onDeath: ({ why, gaveUp }) => deaths.push(`${why} ${gaveUp}`),
      },
      deps,
    );
  });
  expect(heard).toEqual([1, 2]);
  expect(deaths).toEqual(['fell over false']);
});

test('a thread of native code ends by itself when it is asked to', async () => {
  using file = workerFile(`
    parentPort.on('message', (order) => {
      if (order === 'stop') process.exit(0);
    });
    parentPort.postMessage('ready');
  `);
  const deaths: string[] = [];
  const thread = await new Promise<Thread<string>>((resolve) => {
    const opened = openThread<string, string>(
      {
        name: 'polite',
        entry: file.entry,
        start: () => ({ data: undefined }),
        onMessage: () => resolve(opened),
        onDeath: ({ why }) => deaths.push(why),
        farewell: 'stop',
      },
      { ...deps, clock: systemClock },
    );
  });
  await thread.terminate();
  expect(deaths).toEqual([]);
  expect(leftBehind).not.toContain('polite');
});

test('one that hangs in native code is left behind; another begins once it has ended', async () => {
  // It blocks until the test lets it go, as a call into a library would.
  using file = workerFile(`
    const { lock, isFirst } = workerData;
    parentPort.on('message', () => process.exit(0));
    parentPort.postMessage('ready');
    if (isFirst) Atomics.wait(new Int32Array(lock), 0, 0);
    setInterval(() => parentPort.postMessage('beat'), 100);
  `);
  const lock = new SharedArrayBuffer(4);
  const died = Promise.withResolvers<string>();
  const again = Promise.withResolvers<void>();
  let starts = 0;
  const thread = openThread<string, string>(
    {
      name: 'stuck',
      entry: file.entry,
      start: () => ({ data: { lock, isFirst: (starts += 1) === 1 } }),
      onMessage: () => {
        if (starts === 2) again.resolve();
      },
      onDeath: ({ why }) => died.resolve(why),
      silentMs: () => 1_500,
      farewell: 'stop',
    },
    { ...deps, clock: systemClock },
  );
  expect(await died.promise).toMatch(/said nothing for \d s, and is waited for/);
  expect(leftBehind).toContain('stuck');
  expect(thread.post('to nobody')).toBe(false);
  await systemClock.sleep(1_000);
  expect(starts).toBe(1);
  Atomics.store(new Int32Array(lock), 0, 1);
  Atomics.notify(new Int32Array(lock), 0);
  await again.promise;
  expect(leftBehind).not.toContain('stuck');
  await thread.terminate();
});

test('one that spoke while main stood still does not count as silent', async () => {
  using file = workerFile(`setInterval(() => parentPort.postMessage('beat'), 20);`);
  const deaths: string[] = [];
  let beats = 0;
  let hasEnough = (): void => undefined;
  const more = async (count: number): Promise<void> => {
    const enough = beats + count;
    await new Promise<void>((resolve) => {
      hasEnough = () => (beats >= enough ? resolve() : undefined);
    });
  };
  const thread = openThread<string, string>(
    {
      name: 'lively',
      entry: file.entry,
      start: () => ({ data: undefined }),
      onMessage: () => {
        beats += 1;
        hasEnough();
      },
      onDeath: ({ why }) => deaths.push(why),
      silentMs: () => 400,
    },
    { ...deps, clock: systemClock },
  );
  await more(1);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
  // Those of the stall, and then for longer than it is given to be heard.
  await more(800 / 20 + (2 * hearFirstMs) / 20);
  await thread.terminate();
  expect(deaths).toEqual([]);
});

test('after too many deaths in a short time it stays off', async () => {
  using file = workerFile(`process.exit(3);`);
  const deaths: boolean[] = [];
  const thread = await new Promise<Thread<string>>((resolve) => {
    const opened = openThread<string, never>(
      {
        name: 'test',
        entry: file.entry,
        start: () => ({ data: undefined }),
        onMessage: () => {},
        onDeath: ({ gaveUp }) => {
          deaths.push(gaveUp);
          if (gaveUp) resolve(opened);
        },
      },
      deps,
    );
  });
  expect(deaths).toHaveLength(maxWorkerDeaths + 1);
  expect(thread.post('to nobody')).toBe(false);
});

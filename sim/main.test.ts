/**
 * Goal: the program says where its robots are, ends when told to, and answers mistakes.
 * Method: the real process, its output and its exit code.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, 'main.ts');

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function outcome(child: ChildProcess): Promise<{ code: number | null; err: string }> {
  const err = child.stderr === null ? '' : text(child.stderr);
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, err: await err };
}

test.each(['SIGINT', 'SIGTERM'] as const)('live until %s', async (signal) => {
  const child = start('--robots', '2', '--seed', '7');
  const ended = outcome(child);
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const { robots } = JSON.parse(String(line)) as { robots: { name: string; url: string }[] };
  expect(robots.map(({ name }) => name)).toEqual(['amr-01', 'amr-02']);
  const socket = connect(Number(new URL(robots[0]?.url ?? '').port), '127.0.0.1');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  expect(bytes.subarray(1, 5).toString()).toBe('MCAP');
  socket.resume();
  child.kill(signal);
  expect(await ended).toEqual({ code: 0, err: '' });
  socket.destroy();
});

test('--record writes a file and its truth', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-sim-'));
  const file = join(folder, 'a.mcap');
  const truth = join(folder, 'truth.ndjson');
  try {
    const child = start('--record', file, '--seconds', '2', '--truth', truth);
    expect(await outcome(child)).toEqual({ code: 0, err: '' });
    expect((await readFile(file)).subarray(-7, -3).toString()).toBe('MCAP');
    const lines = (await readFile(truth, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ kind: 'frame', robot: 'amr-01' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  [['--robots', '99'], 2, 'a world has 1 to 8 robots'],
  [['--speed', 'fast'], 2, '--speed: "fast" is not a number'],
  [['--record', join(tmpdir(), 'no-such-folder', 'x.mcap')], 4, 'there is no such file'],
])('%j ends with exit code %i and a remedy', async (args, code, message) => {
  const ended = await outcome(start(...args));
  expect(ended.code).toBe(code);
  expect(ended.err).toContain(message);
});

/**
 * Goal: whoever asks gets the status in one line, and one buffer has one agent.
 * Method: real sockets in a temporary folder.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '@fieldloop/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { maxListedClips } from '../limits.ts';
import { askAgent, type LocalHost, openLocalSocket, readStatus } from './socket.ts';
import { type AgentStatus, statusSocketPath } from './status.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-sock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const status = { device: 'amr-017', finished: true } as AgentStatus;

const hostOf = (now: AgentStatus | undefined): LocalHost => ({
  status: () => now,
  act: async ({ ask, ...input }) => {
    if (ask === 'list') return Array.from({ length: maxListedClips }, () => 'why '.repeat(500));
    if (ask !== 'echo') {
      throw new Fault('invalid', `this agent does not know "${ask}"`, { remedy: 'Ask for echo.' });
    }
    return await Promise.resolve(input as never);
  },
});

test('the status is read back, again and again', async () => {
  const path = statusSocketPath(folder);
  await using _ = await openLocalSocket(path, hostOf(status));
  expect(await readStatus(path)).toEqual(status);
  expect(await readStatus(path)).toEqual(status);
});

test('nobody there, a socket left by a killed agent, an agent that is starting: it says which', async () => {
  const path = statusSocketPath(folder);
  await expect(readStatus(path)).rejects.toMatchObject({ code: 'unavailable', place: path });
  writeFileSync(path, '');
  await expect(readStatus(path)).rejects.toMatchObject({ code: 'unavailable' });
  await using _ = await openLocalSocket(path, hostOf(undefined));
  await expect(readStatus(path)).rejects.toThrow('the agent is starting');
});

test('a user who may not reach the socket is told so, and not that no agent runs', async () => {
  const path = statusSocketPath(folder);
  await using _ = await openLocalSocket(path, hostOf(status));
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder, isRoot ? 0o700 : 0);
  const ask = `import('${new URL('./socket.ts', import.meta.url).href}').then(({ readStatus }) =>
    readStatus('${path}').catch(({ code, remedy }) => console.log(code, remedy)))`;
  const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  const told = await promisify(execFile)(process.execPath, ['-e', ask], nobody);
  chmodSync(folder, 0o700);
  expect(told.stdout).toMatch(/^forbidden Ask as the user that it runs as/);
});

test('a second agent on the same buffer is refused, and the first goes on', async () => {
  const path = statusSocketPath(folder);
  await using _ = await openLocalSocket(path, hostOf(status));
  await expect(openLocalSocket(path, hostOf(status))).rejects.toMatchObject({
    code: 'conflict',
    message: 'an agent of device amr-017 already runs on this buffer',
  });
  expect(await readStatus(path)).toEqual(status);
});

test('a buffer that lies too deep for a socket has one among the temporary files', async () => {
  const deep = join(folder, 'x'.repeat(120));
  const path = statusSocketPath(deep);
  expect(path).toBe(statusSocketPath(deep));
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(107);
  expect(path).not.toBe(statusSocketPath(`${deep}y`));
  await using _ = await openLocalSocket(path, hostOf(status));
  expect(await readStatus(path)).toEqual(status);
});

test('a request has its answer, or its fault with its remedy; nonsense is refused', async () => {
  const path = statusSocketPath(folder);
  await using _ = await openLocalSocket(path, hostOf(status));
  expect(await askAgent(path, { ask: 'echo', n: 3 })).toEqual({ n: 3 });
  expect(await askAgent(path, { ask: 'list' })).toHaveLength(maxListedClips);
  await expect(askAgent(path, { ask: 'nothing' })).rejects.toMatchObject({
    code: 'invalid',
    remedy: 'Ask for echo.',
  });
  expect(await said(path, '{"ask"\n')).toContain('this is not a request');
  expect(await said(path, '[1]\n')).toContain('this is not a request');
  expect(await said(path, 'x'.repeat(100_000))).toBe('');
  expect(await readStatus(path)).toEqual(status);
});

test('an agent that cannot read its buffer answers with the fault, and goes on', async () => {
  const path = statusSocketPath(folder);
  const fault = { place: 'buffer.db', remedy: 'Look at the kernel log.' };
  const host: LocalHost = {
    ...hostOf(status),
    status: () => {
      throw new Fault('unavailable', 'the disk reported an error', fault);
    },
  };
  await using _ = await openLocalSocket(path, host);
  const told = { code: 'unavailable', message: 'the disk reported an error', ...fault };
  await expect(readStatus(path)).rejects.toMatchObject(told);
  await expect(askAgent(path, { ask: 'status' })).rejects.toMatchObject(told);
  expect(await askAgent(path, { ask: 'echo', n: 3 })).toEqual({ n: 3 });
  // It runs, whatever it says: nobody takes its buffer.
  await expect(openLocalSocket(path, hostOf(status))).rejects.toMatchObject({ code: 'conflict' });
  await expect(readStatus(path)).rejects.toMatchObject(told);
});

function said(path: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.end(text));
    let reply = '';
    socket.on('data', (piece: Buffer) => {
      reply += piece.toString();
    });
    socket.on('close', () => resolve(reply));
    socket.on('error', () => undefined);
  });
}

/**
 * Goal: whoever asks gets the status in one line, and one buffer has one agent.
 * Method: real sockets in a temporary folder.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStatusSocket, readStatus } from './socket.ts';
import { type AgentStatus, statusSocketPath } from './status.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-sock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const status = { device: 'amr-017', finished: true } as AgentStatus;

test('the status is read back, again and again', async () => {
  const path = statusSocketPath(folder);
  await using _ = await openStatusSocket(path, () => status);
  expect(await readStatus(path)).toEqual(status);
  expect(await readStatus(path)).toEqual(status);
});

test('nobody there, a socket left by a killed agent, an agent that is starting: it says which', async () => {
  const path = statusSocketPath(folder);
  await expect(readStatus(path)).rejects.toMatchObject({ code: 'unavailable', place: path });
  writeFileSync(path, '');
  await expect(readStatus(path)).rejects.toMatchObject({ code: 'unavailable' });
  await using _ = await openStatusSocket(path, () => undefined);
  await expect(readStatus(path)).rejects.toThrow('the agent is starting');
});

test('a second agent on the same buffer is refused, and the first goes on', async () => {
  const path = statusSocketPath(folder);
  await using _ = await openStatusSocket(path, () => status);
  await expect(openStatusSocket(path, () => status)).rejects.toMatchObject({
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
  await using _ = await openStatusSocket(path, () => status);
  expect(await readStatus(path)).toEqual(status);
});

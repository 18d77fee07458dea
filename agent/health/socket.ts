/**
 * The local socket: whoever connects gets one line of JSON and the connection closes. It is also
 * the lock of a buffer: an agent that finds another one answering does not start.
 */
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { asFault, Fault } from '@fieldloop/core';
import { maxStatusBytes, statusTimeoutMs } from '../limits.ts';
import type { AgentStatus } from './status.ts';

/** Asks the agent behind `socketPath`; Fault `unavailable` when none runs there. */
export async function readStatus(socketPath: string): Promise<AgentStatus> {
  const text = await readLine(socketPath);
  if (text === '') throw starting(socketPath);
  try {
    return JSON.parse(text) as AgentStatus;
  } catch (error) {
    throw new Fault('corrupt', 'the agent answered with something that is not JSON', {
      place: socketPath,
      remedy: 'Check that this path is the socket of a fieldloop-agent of the same version.',
      cause: error,
    });
  }
}

function readLine(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(statusTimeoutMs, () => socket.destroy(silent(socketPath)));
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > maxStatusBytes) socket.destroy(silent(socketPath));
    });
    socket.on('end', () => resolve(text));
    socket.on('error', (error) =>
      reject(error instanceof Fault ? error : absent(socketPath, error)),
    );
  });
}

function absent(socketPath: string, cause: Error): Fault {
  return new Fault('unavailable', 'no agent answers here', {
    place: socketPath,
    remedy: 'Start it with "fieldloop-agent run --config FILE", or give the --config it runs with.',
    cause,
  });
}

function starting(socketPath: string): Fault {
  return new Fault('unavailable', 'the agent is starting', {
    place: socketPath,
    remedy: 'Ask again in a moment.',
    details: { starting: true },
  });
}

function silent(socketPath: string): Fault {
  return new Fault('timeout', 'the agent did not answer in time', {
    place: socketPath,
    remedy: 'Look at its log; if it hangs, stop it: what it holds is safe.',
  });
}

/** Serves `status()` until disposed, and closes at once while there is none. Fault `conflict` when another agent answers there. */
export async function openStatusSocket(
  socketPath: string,
  status: () => AgentStatus | undefined,
): Promise<AsyncDisposable> {
  await refuseSecond(socketPath);
  await rm(socketPath, { force: true });
  const server = createServer((socket) => {
    // A client that goes away early is its own affair.
    socket.on('error', () => socket.destroy());
    const now = status();
    if (now === undefined) socket.destroy();
    else socket.end(`${JSON.stringify(now)}\n`);
  });
  await listen(server, socketPath);
  await chmod(socketPath, 0o660);
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

async function refuseSecond(socketPath: string): Promise<void> {
  let who = 'an agent that is starting';
  try {
    who = `an agent of device ${(await readStatus(socketPath)).device}`;
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'unavailable') throw error;
    if (fault.details?.['starting'] !== true) return;
  }
  throw new Fault('conflict', `${who} already runs on this buffer`, {
    place: socketPath,
    remedy: 'Stop it first, or give this one another buffer.path.',
  });
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const remedy = 'Check that the folder of buffer.path exists and is writable.';
      reject(
        new Fault('unavailable', `the status socket cannot be opened: ${error.message}`, {
          place: socketPath,
          remedy,
          cause: error,
        }),
      );
    });
    server.listen(socketPath, resolve);
  });
}

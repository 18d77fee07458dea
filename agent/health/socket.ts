/**
 * The local socket: one line of JSON in, one line out, and the connection closes. Who says nothing
 * is told the status. It is also the lock of a buffer: an agent that finds another one answering
 * does not start.
 */
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { asFault, Fault, type FaultCode, type Json } from '@fieldloop/core';
import { maxRequestBytes, maxReplyText, statusTimeoutMs } from '../limits.ts';
import type { AgentStatus } from './status.ts';

/**
 * Asks the agent behind `socketPath`; Fault `unavailable` when none runs there. The fault of one
 * that runs and cannot say how it is has `answered` among its details.
 */
export async function readStatus(socketPath: string): Promise<AgentStatus> {
  const reply = (await exchange(socketPath, '', statusTimeoutMs)) as unknown as AgentStatus & Told;
  if (reply.fault !== undefined) throw faultOf(reply.fault);
  return reply;
}

/** What the agent is asked to do here, on this machine. */
export type LocalRequest = { readonly ask: string } & Readonly<Record<string, unknown>>;

/** The agent's answer; its Fault when it cannot. */
export async function askAgent(
  socketPath: string,
  request: LocalRequest,
  withinMs: number = statusTimeoutMs,
): Promise<Json> {
  const reply = await exchange(socketPath, `${JSON.stringify(request)}\n`, withinMs);
  const { ok, fault } = reply as { readonly ok?: Json } & Told;
  if (fault === undefined) return ok ?? null;
  throw faultOf(fault);
}

interface Told {
  readonly fault?: TellableFault;
}

interface TellableFault {
  readonly code: FaultCode;
  readonly message: string;
  readonly place?: string | undefined;
  readonly remedy?: string | undefined;
}

const faultOf = ({ code, message, place, remedy }: TellableFault): Fault =>
  new Fault(code, message, { place, remedy, details: { answered: true } });

async function exchange(socketPath: string, request: string, withinMs: number): Promise<Json> {
  const text = await talk(socketPath, request, withinMs);
  if (text === '') throw starting(socketPath);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Fault('corrupt', 'the agent answered with something that is not JSON', {
      place: socketPath,
      remedy: 'Check that this path is the socket of a fieldloop-agent of the same version.',
      cause: error,
    });
  }
}

function talk(socketPath: string, request: string, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.end(request));
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(withinMs, () => socket.destroy(silent(socketPath)));
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > maxReplyText) socket.destroy(endless(socketPath));
    });
    socket.on('end', () => resolve(text));
    socket.on('error', (error) =>
      reject(error instanceof Fault ? error : absent(socketPath, error)),
    );
  });
}

function absent(socketPath: string, cause: Error): Fault {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return new Fault('forbidden', 'this user may not ask the agent', {
      place: socketPath,
      remedy: 'Ask as the user that it runs as, for example with "sudo -u fieldloop".',
      cause,
    });
  }
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

function endless(socketPath: string): Fault {
  return new Fault('corrupt', `the agent answered with more than ${maxReplyText} characters`, {
    place: socketPath,
    remedy: 'Check that this path is the socket of a fieldloop-agent of the same version.',
  });
}

export interface LocalHost {
  /** Undefined while the agent starts: whoever asks is let go at once. A Fault is the answer. */
  status(): AgentStatus | undefined;
  /** Carries out a request; its Fault is the answer when it cannot. */
  act(request: LocalRequest): Promise<Json>;
}

/** Serves until disposed. Fault `conflict` when another agent answers there. */
export async function openLocalSocket(
  socketPath: string,
  host: LocalHost,
): Promise<AsyncDisposable> {
  await refuseSecond(socketPath);
  await rm(socketPath, { force: true });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, host);
  });
  await listen(server, socketPath);
  await chmod(socketPath, 0o660);
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** The line ends the request; who only listens, or ends without a word, is told the status. */
function serve(socket: Socket, host: LocalHost): void {
  let text = '';
  let isAnswered = false;
  const answer = (): void => {
    if (isAnswered) return;
    isAnswered = true;
    void reply(text, host).then((line) =>
      line === undefined ? socket.destroy() : socket.end(`${line}\n`),
    );
  };
  // A client that goes away early is its own affair.
  socket.on('error', () => socket.destroy());
  socket.setEncoding('utf8');
  socket.setTimeout(statusTimeoutMs, answer);
  socket.on('data', (piece: string) => {
    text += piece;
    if (text.length > maxRequestBytes) socket.destroy();
    else if (text.includes('\n')) answer();
  });
  socket.on('end', answer);
}

/** Never rejects: a Fault is an answer. Undefined while the agent starts. */
async function reply(text: string, host: LocalHost): Promise<string | undefined> {
  try {
    const request = text.trim() === '' ? { ask: 'status' } : requestOf(text);
    if (request.ask === 'status') return JSON.stringify(host.status());
    if (isStarting(host)) return undefined;
    return JSON.stringify({ ok: await host.act(request) });
  } catch (error) {
    const { code, message, place, remedy } = asFault(error);
    return JSON.stringify({ fault: { code, message, place, remedy } });
  }
}

function requestOf(text: string): LocalRequest {
  let request: Partial<LocalRequest> | null;
  try {
    request = JSON.parse(text) as Partial<LocalRequest> | null;
  } catch (error) {
    throw error instanceof SyntaxError ? unreadable() : error;
  }
  if (typeof request?.ask !== 'string') throw unreadable();
  return { ...request, ask: request.ask };
}

/** One that cannot say how it is runs. */
function isStarting(host: LocalHost): boolean {
  try {
    return host.status() === undefined;
  } catch {
    return false;
  }
}

const unreadable = (): Fault =>
  new Fault('invalid', 'this is not a request', {
    remedy: 'Write one line of JSON such as {"ask": "status"}.',
  });

async function refuseSecond(socketPath: string): Promise<void> {
  let who = 'an agent that is starting';
  try {
    who = `an agent of device ${(await readStatus(socketPath)).device}`;
  } catch (error) {
    const { code, details } = asFault(error);
    if (details?.['answered'] === true) who = 'an agent with a fault';
    // Whether one runs behind a socket of another user, the lock of the database knows.
    else if (code === 'forbidden') return;
    else if (code !== 'unavailable') throw error;
    else if (details?.['starting'] !== true) return;
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

/** The HTTP listener, and the only file that imports @hono/node-server. */
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { asFault, Fault, type Ids, type Log } from '@fieldloop/core';
import { getRequestListener } from '@hono/node-server';
import {
  headersTimeoutMs,
  keepAliveMs,
  maxConnections,
  maxHeaderBytes,
  requestTimeoutMs,
} from '../limits.ts';
import type { Fetch } from './app.ts';
import { answeredAs, problemResponse } from './problem.ts';
import type { ClientAddress } from './proxy.ts';

export interface HttpServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no more requests; those that run have `drainMs` to finish. */
  close(drainMs: number): Promise<void>;
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Fault `unavailable` with a remedy when the address cannot be had. */
export async function openHttpServer(
  fetch: Fetch,
  deps: {
    readonly ids: Ids;
    readonly log: Log;
    /** Absent: whoever is connected is the client. */
    readonly clientOf?: ClientAddress;
  },
  address: ListenAddress,
): Promise<HttpServer> {
  const clientOf = deps.clientOf ?? ((peer: string) => peer);
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: 1000,
    // A request without Host is refused below, with a problem like any other.
    requireHostHeader: false,
  });
  server.maxConnections = maxConnections;
  const listener = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const forwardedFor = request.headers.get('x-forwarded-for') ?? undefined;
      const client = clientOf(incoming.socket.remoteAddress ?? '', forwardedFor);
      const response = await fetch(request, client);
      return guarded(response, (error) => {
        deps.log.error('answer broke off', { cause: error });
        outgoing.destroy();
      });
    },
    {
      overrideGlobalObjects: false,
      errorHandler: (error) => refusal(error, deps),
    },
  );
  server.on('request', (incoming, outgoing) => void listener(incoming, outgoing));
  server.on('clientError', (error, socket) => refuseRaw(error, socket as Socket, deps));
  await listen(server, address);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    close: async (drainMs) => await close(server, drainMs),
  };
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, `${host}:${port}`)));
    server.listen(port, host, resolve);
  });
}

/** Why an address could not be listened at, and what to do. */
function listenFault(error: NodeJS.ErrnoException, address: string): unknown {
  if (error.code === 'EADDRINUSE') {
    return new Fault('unavailable', 'another program listens at this address', {
      place: address,
      remedy: 'Stop it, or choose another port; port 0 takes a free one.',
      cause: error,
    });
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new Fault('unavailable', `this address cannot be listened at (${error.code})`, {
      place: address,
      remedy: 'Use an address of this machine and a port above 1023.',
      cause: error,
    });
  }
  return error;
}

async function close(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(deadline);
}

/** A body that fails under way cuts the connection; a client must never take it for whole. */
function guarded(response: Response, broken: (error: unknown) => void): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  // A client that goes away is no failure: what was being read is not for it any more.
  let isGone = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (isGone) return;
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (isGone) return;
        broken(error);
        controller.close();
      }
    },
    async cancel(reason) {
      isGone = true;
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

/** A request that never became one: a bad Host or target. */
function refusal(error: unknown, deps: { readonly ids: Ids; readonly log: Log }): Response {
  const isRequest = error instanceof Error && error.name === 'RequestError';
  const fault = isRequest
    ? new Fault('invalid', 'the Host header or the target of the request is malformed', {
        place: '/header/host',
        remedy: 'Send a Host with a name and port, and a path that begins with /.',
      })
    : asFault(error);
  if (fault.code === 'internal') deps.log.error('request met a bug', { cause: error });
  return problemResponse(fault, { instance: 'unread request', requestId: deps.ids.ulid('req') });
}

const rawFaults: Readonly<Record<string, { status: number; fault: Fault }>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    fault: new Fault('limited', `the head of the request has more than ${maxHeaderBytes} bytes`, {
      remedy: 'Send fewer or shorter headers and a shorter path.',
    }),
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    fault: new Fault('timeout', 'the request did not arrive in time', {
      remedy: 'Send the whole request at once.',
    }),
  },
};

/** Bytes that are not HTTP get a problem too, then the connection is closed. */
function refuseRaw(
  error: NodeJS.ErrnoException,
  socket: Socket,
  deps: { readonly ids: Ids },
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, fault } = rawFaults[error.code ?? ''] ?? {
    status: 400,
    fault: new Fault('invalid', `these bytes are no HTTP request (${reasonOf(error)})`, {
      remedy: 'Speak HTTP/1.1 without TLS to this port.',
    }),
  };
  void sendRaw(
    problemResponse(answeredAs(fault, { status }), {
      instance: 'unread request',
      requestId: deps.ids.ulid('req'),
    }),
    socket,
  );
}

const reasonOf = (error: Error): string => error.message.replace(/^Parse Error: /, '');

async function sendRaw(response: Response, socket: Socket): Promise<void> {
  const body = await response.text();
  const head = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(
    `HTTP/1.1 ${response.status} ${response.statusText}\r\n${head}connection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * The HTTPS listener where robots enrol: `GET /ca.pem` and `POST /enroll`, nothing else. It speaks
 * to strangers, so bodies, times and tries are bounded before anything is believed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  asFault,
  type Clock,
  Fault,
  type Fault as FaultType,
  faultTable,
  type Log,
} from '@fieldloop/core';
import {
  enrolBodyBytes,
  enrolTimeoutMs,
  enrolTriesPerMinute,
  maxEnrolAddresses,
} from '../wire-limits.ts';
import type { Ca } from './ca.ts';
import type { Grant } from './enrol.ts';

export interface EnrolmentDeps {
  readonly ca: Ca;
  readonly clock: Clock;
  readonly log: Log;
  /** `mqtts://host:port` that robots are told to connect to. */
  brokerUrl(): string;
  enrol(token: string, csr: string): Promise<Grant>;
  /** A robot got a new key. */
  onReplaced(device: string): void;
  /** For the log and the audit, which bound how often one reason is told. */
  onRefused(refusal: { readonly remote: string; readonly fault: FaultType }): void;
}

export interface EnrolmentListen {
  readonly host: string;
  readonly port: number;
  /** Names and addresses that robots may call it by. */
  readonly names: readonly string[];
}

export interface EnrolmentServer extends AsyncDisposable {
  readonly port: number;
}

/** Resolves when it listens. Fault `unavailable` when the port is taken. */
export async function openEnrolmentServer(
  deps: EnrolmentDeps,
  listen: EnrolmentListen,
): Promise<EnrolmentServer> {
  const allow = tryLimit(deps.clock);
  const identity = await deps.ca.serverIdentity(listen.names);
  const server = createServer(
    {
      ...identity,
      minVersion: 'TLSv1.3',
      headersTimeout: enrolTimeoutMs,
      requestTimeout: enrolTimeoutMs,
      handshakeTimeout: enrolTimeoutMs,
      maxHeaderSize: enrolBodyBytes,
    },
    (request, response) => {
      void answer(deps, allow, request, response);
    },
  );
  server.maxConnections = maxEnrolAddresses;
  // A handshake that fails is a stranger's affair; it is seen in the log at debug.
  server.on('tlsClientError', (error) => deps.log.debug('enrolment handshake failed', { error }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portFault(listen, cause)));
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

async function answer(
  deps: EnrolmentDeps,
  allow: (address: string) => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const remote = request.socket.remoteAddress ?? 'unknown';
  try {
    if (!allow(remote)) throw tooManyTries();
    if (request.method === 'GET' && request.url === '/ca.pem') {
      response.writeHead(200, { 'content-type': 'application/x-pem-file' });
      response.end(deps.ca.rootPem);
      return;
    }
    if (request.method !== 'POST' || request.url !== '/enroll') throw noSuchPlace(request);
    const { token, csr } = parseBody(await readBody(request));
    const grant = await deps.enrol(token, csr);
    if (grant.replaced) deps.onReplaced(grant.device);
    deps.log.info('device enrolled', { device: grant.device, remote });
    const { device, certificate, chain } = grant;
    const body = { device, certificate, chain, broker: deps.brokerUrl() };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  } catch (error) {
    refuse(deps, asFault(error), remote, response);
  }
}

function refuse(
  deps: EnrolmentDeps,
  fault: FaultType,
  remote: string,
  response: ServerResponse,
): void {
  const isBug = fault.code === 'internal';
  if (isBug) deps.log.error('enrolment failed', { error: fault.cause ?? fault, remote });
  else deps.onRefused({ remote, fault });
  const status = faultTable[fault.code].http;
  const detail = isBug ? 'the cloud met a bug; its log says more' : fault.message;
  const problem = {
    type: `https://fieldloop.dev/faults/${fault.code}`,
    title: 'Enrolment refused',
    status,
    code: fault.code,
    detail,
    remedy: fault.remedy,
  };
  const retry = fault.retryAfterMs;
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    connection: 'close',
    ...(retry === undefined ? {} : { 'retry-after': String(Math.ceil(retry / 1000)) }),
  });
  response.end(JSON.stringify(problem));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    const bytes = part as Buffer;
    length += bytes.length;
    if (length > enrolBodyBytes) {
      throw new Fault('limited', `the body is longer than ${enrolBodyBytes} bytes`, {
        remedy: 'Send the token and the certificate request, nothing else.',
      });
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseBody(text: string): { token: string; csr: string } {
  const wrong = (why: string, cause?: unknown): Fault =>
    new Fault('invalid', `the body ${why}`, {
      place: '/',
      remedy: 'Send JSON: {"token": "flc_…", "csr": "-----BEGIN CERTIFICATE REQUEST-----…"}.',
      cause,
    });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw wrong('is not JSON', cause);
  }
  if (typeof body !== 'object' || body === null) throw wrong('is no object');
  const { token, csr } = body as { token?: unknown; csr?: unknown };
  if (typeof token !== 'string' || typeof csr !== 'string') throw wrong('lacks token or csr');
  return { token, csr };
}

/** Tries a minute and address; the map is bounded by forgetting the oldest address. */
function tryLimit(clock: Clock): (address: string) => boolean {
  const tries = new Map<string, { count: number; sinceMs: number }>();
  return (address) => {
    const now = clock.monotonicMs();
    const known = tries.get(address);
    if (known === undefined || now - known.sinceMs > 60_000) {
      tries.delete(address);
      tries.set(address, { count: 1, sinceMs: now });
      const oldest = tries.keys().next().value;
      if (tries.size > maxEnrolAddresses && oldest !== undefined) tries.delete(oldest);
      return true;
    }
    known.count += 1;
    return known.count <= enrolTriesPerMinute;
  };
}

function tooManyTries(): Fault {
  return new Fault('limited', `more than ${enrolTriesPerMinute} tries a minute`, {
    remedy: 'Wait a minute, then try again.',
    retryAfterMs: 60_000,
  });
}

function noSuchPlace(request: IncomingMessage): Fault {
  return new Fault(
    'not_found',
    `there is no ${request.method} ${(request.url ?? '').slice(0, 64)} here`,
    {
      remedy:
        'This listener knows GET /ca.pem and POST /enroll; the API has an address of its own.',
    },
  );
}

function portFault(listen: EnrolmentListen, cause: Error): Fault {
  return new Fault('unavailable', `enrolment cannot listen on ${listen.host}:${listen.port}`, {
    remedy: 'Another process holds the port: stop it, or choose another with --enrol HOST:PORT.',
    cause,
  });
}

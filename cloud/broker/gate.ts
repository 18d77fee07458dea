/**
 * The gate before the broker: it ends TLS 1.3, takes the identity from the certificate alone, reads
 * CONNECT, and only then hands on a stream. What a stranger can make it hold before that is one
 * CONNECT packet, for a few seconds, on a bounded number of sockets.
 */
import type { X509Certificate } from 'node:crypto';
import { createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import { chunkTopic, type ConnectionKind, embeddedSlot } from '@fieldloop/proto';
import {
  connectsBurst,
  connectsPerMinute,
  connectTimeoutMs,
  handshakeTimeoutMs,
  maxConnectBytes,
  maxWaitingSockets,
  socketsBurst,
  socketsPerSecond,
} from '../wire-limits.ts';
import { admitConnect, deviceOf, notAuthorized, refusal } from './admission.ts';
import { type ConnectPacket, readConnect } from './connect-packet.ts';
import { openFramer } from './framer.ts';
import { openGateStream } from './gate-stream.ts';
import { networkOf, openRateLimit, type Rate } from './rate-limit.ts';

/** A device behind the gate. */
export interface GateConnection {
  readonly id: string;
  readonly device: string;
  readonly kind: ConnectionKind;
  readonly remote: string;
  readonly fingerprint: string;
  /** Stops and goes on reading from it, for a taker of chunks that is behind. */
  pause(): void;
  resume(): void;
}

/** Why somebody was turned away or cut off. */
export interface GateRefusal {
  readonly action: 'connect.refused' | 'wire.violation';
  readonly reason: string;
  readonly remote: string;
  readonly device?: string | undefined;
}

export interface GateDeps {
  readonly identity: { readonly key: string; readonly cert: string };
  /** PEM of the root and the intermediate that sign robots. */
  readonly authorities: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  newId(): string;
  /** Undefined when this certificate may speak now, else why not. */
  mayConnect(device: string, fingerprint: string): Promise<string | undefined>;
  onOpened(connection: GateConnection): void;
  /** Takes over an admitted connection; the bytes of CONNECT come first. */
  accept(connection: GateConnection, stream: Duplex): void;
  /** One chunk of a bulk connection, past the broker, as the pieces in which it came. */
  onChunk(connection: GateConnection, pieces: readonly Buffer[]): void;
  onClosed(connection: GateConnection, why: string): void;
  onRefused(refusal: GateRefusal): void;
}

export interface Gate extends AsyncDisposable {
  readonly port: number;
  connections(): readonly GateConnection[];
  /** Closes what a device has open, at once; the reason stands in the connection's row. */
  closeDevice(device: string, why: string): void;
}

export interface GateListen {
  readonly host: string;
  readonly port: number;
  /** New sockets of one address, when many devices stand behind one. */
  readonly sockets?: Rate | undefined;
}

const socketRate: Rate = { perSecond: socketsPerSecond, burst: socketsBurst };

interface Open {
  readonly connection: GateConnection;
  close(why: string): void;
}

/** Resolves when it listens. Fault `unavailable` when the port is taken. */
export async function openGate(deps: GateDeps, listen: GateListen): Promise<Gate> {
  const open = new Map<string, Open>();
  const sockets = openRateLimit(deps.clock, listen.sockets ?? socketRate);
  const connects = openRateLimit(deps.clock, {
    perSecond: connectsPerMinute / 60,
    burst: connectsBurst,
  });
  /** Peers that are not through yet, from accept to an admitted CONNECT. */
  const waiting = new Set<string>();
  const server = createServer({
    ...deps.identity,
    ca: [...deps.authorities],
    requestCert: true,
    // TLS would close the connection without a word; admit() asks `authorized` and says why.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    // Answers are small and follow each other: none may wait for the ACK of the one before.
    noDelay: true,
    handshakeTimeout: handshakeTimeoutMs,
  });
  const refuse = (action: GateRefusal['action'], who: Omit<GateRefusal, 'action'>): void =>
    deps.onRefused({ action, ...who });

  server.on('connection', (socket: Socket) => {
    const remote = socket.remoteAddress ?? 'unknown';
    const full = waiting.size >= maxWaitingSockets;
    if (!full) {
      const peer = peerOf(socket);
      waiting.add(peer);
      socket.once('close', () => waiting.delete(peer));
    }
    if (full || !sockets.take(networkOf(remote))) {
      refuse('connect.refused', { reason: full ? 'too many sockets' : 'too many tries', remote });
      socket.destroy();
    }
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (error.code === 'ECONNRESET') return;
    const reason = `TLS: ${error.code ?? error.message}`;
    refuse('connect.refused', { reason, remote: socket.remoteAddress ?? 'unknown' });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    void admit(deps, connects, socket)
      .then((admitted) => {
        waiting.delete(peerOf(socket));
        handOver(deps, open, admitted);
      })
      .catch((error: unknown) => {
        const fault = asFault(error);
        const { device, remote } = whoIs(socket);
        if (fault.code === 'internal') deps.log.error('the gate failed', { error });
        refuse('connect.refused', { reason: fault.message, remote, device });
        const answer = fault.details?.['answer'];
        if (answer instanceof Buffer) socket.end(answer, () => socket.destroy());
        else socket.destroy();
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portFault(listen, cause)));
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => [...open.values()].map(({ connection }) => connection),
    closeDevice(device, why) {
      for (const one of open.values()) if (one.connection.device === device) one.close(why);
    },
    async [Symbol.asyncDispose]() {
      for (const one of open.values()) one.close('the cloud stops');
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

interface Admitted {
  readonly socket: TLSSocket;
  readonly connection: Omit<GateConnection, 'pause' | 'resume'>;
  readonly packet: ConnectPacket;
  /** Everything that came, CONNECT first. */
  readonly bytes: Buffer;
}

async function admit(
  deps: GateDeps,
  connects: { take(key: string): boolean },
  socket: TLSSocket,
): Promise<Admitted> {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw refusal('there is no certificate');
  if (!socket.authorized) {
    throw refusal(`the certificate is not of this cloud: ${String(socket.authorizationError)}`);
  }
  const device = deviceOf(certificate, deps.clock.now());
  const fingerprint = fingerprintOf(certificate);
  const { packet, bytes } = await firstPacket(socket);
  const kind = admitConnect(device, packet);
  const why = await deps.mayConnect(device, fingerprint);
  if (why !== undefined) throw refusal(why, notAuthorized);
  if (!connects.take(packet.clientId)) throw refusal('it connects too often');
  if (socket.destroyed) throw refusal('it went away');
  const remote = socket.remoteAddress ?? 'unknown';
  return {
    socket,
    packet,
    bytes,
    connection: { id: deps.newId(), device, kind, remote, fingerprint },
  };
}

function handOver(deps: GateDeps, open: Map<string, Open>, admitted: Admitted): void {
  const { socket, packet, bytes } = admitted;
  const stream = openGateStream(socket);
  const connection: GateConnection = {
    ...admitted.connection,
    pause: () => stream.hold(true),
    resume: () => stream.hold(false),
  };
  const { device, kind, remote } = connection;
  const framer = openFramer({
    kind,
    chunkTopic: kind === 'bulk' ? chunkTopic(device, embeddedSlot) : undefined,
    forward: (part) => stream.push(part),
    chunk: (pieces) => deps.onChunk(connection, pieces),
  });
  let why = 'closed by the device';
  const close = (reason: string): void => {
    why = reason;
    socket.destroy();
  };
  // MQTT 3.1.1, 3.1.2.10: one and a half times the keepalive without a packet is the end.
  const silence = setTimeout(() => close('silent'), packet.keepaliveS * 1500);
  const take = (part: Buffer): void => {
    silence.refresh();
    const reason = framer.feed(part, deps.clock.monotonicMs());
    if (reason === undefined) return;
    deps.onRefused({ action: 'wire.violation', reason, remote, device });
    close(reason);
  };
  open.set(connection.id, { connection, close });
  socket.once('close', () => {
    clearTimeout(silence);
    open.delete(connection.id);
    deps.onClosed(connection, why);
  });
  deps.onOpened(connection);
  // The broker sees no chunk, so it must not count the silence between its own packets.
  const connect = Buffer.from(bytes.subarray(0, packet.length));
  connect.writeUInt16BE(0, packet.keepaliveAt);
  stream.push(connect);
  deps.accept(connection, stream.duplex);
  socket.on('data', take);
  if (bytes.length > packet.length) take(bytes.subarray(packet.length));
}

/** CONNECT whole, within its time and size. Fault otherwise; the caller closes the socket. */
async function firstPacket(socket: TLSSocket): Promise<{ packet: ConnectPacket; bytes: Buffer }> {
  const parts: Buffer[] = [];
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => done(refusal('no CONNECT in time')), connectTimeoutMs);
    const done = (result: Fault | ConnectPacket): void => {
      clearTimeout(timer);
      socket.pause();
      socket.off('data', onData);
      socket.off('close', onClose);
      if (result instanceof Fault) reject(result);
      else resolve({ packet: result, bytes: Buffer.concat(parts) });
    };
    const onClose = (): void => done(refusal('it went away before CONNECT'));
    const onData = (part: Buffer): void => {
      parts.push(part);
      try {
        const head = parts.length === 1 ? part : Buffer.concat(parts);
        const packet = readConnect(head);
        if (packet !== undefined) done(packet);
        else if (head.length > maxConnectBytes) done(refusal('CONNECT is too long'));
      } catch (error) {
        done(asFault(error));
      }
    };
    // A reset is followed by close, which says what there is to say.
    socket.on('error', () => socket.destroy());
    socket.on('close', onClose);
    socket.on('data', onData);
  });
}

function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

const peerOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

/** For the log of a refusal: a name counts only when this cloud's authority vouches for it. */
function whoIs(socket: TLSSocket): { device: string | undefined; remote: string } {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const device = /^URI:urn:fieldloop:device:([^,]+)$/.exec(certificate?.subjectAltName ?? '')?.[1];
  return { device, remote: socket.remoteAddress ?? 'unknown' };
}

function portFault(listen: { readonly host: string; readonly port: number }, cause: Error): Fault {
  return new Fault('unavailable', `the broker cannot listen on ${listen.host}:${listen.port}`, {
    remedy: 'Another process holds the port: stop it, or choose another with --broker HOST:PORT.',
    cause,
  });
}

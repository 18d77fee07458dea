/**
 * The stream that a broker reads and writes behind the gate. What comes from the socket is pushed
 * by the gate; the socket rests while either the broker or the taker of chunks is behind.
 */
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

export interface GateStream {
  readonly duplex: Duplex;
  push(part: Buffer): void;
  /** The taker of chunks is behind, or has caught up. */
  hold(isHeld: boolean): void;
}

export function openGateStream(socket: TLSSocket): GateStream {
  let isFull = false;
  let isHeld = false;
  const flow = (): void => {
    if (isFull || isHeld) socket.pause();
    else socket.resume();
  };
  const duplex = new Duplex({
    read: () => {
      isFull = false;
      flow();
    },
    write: (part: Buffer, _encoding, done) => {
      socket.write(part, done);
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('end', () => duplex.push(null));
  socket.on('close', () => duplex.destroy());
  // Whoever reads the stream hears of the end by `close`; the reason stands in the gate's report.
  duplex.on('error', () => socket.destroy());
  return {
    duplex,
    push(part) {
      if (duplex.destroyed || duplex.push(part)) return;
      isFull = true;
      flow();
    },
    hold(held) {
      isHeld = held;
      if (!socket.destroyed) flow();
    },
  };
}

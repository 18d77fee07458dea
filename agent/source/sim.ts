/**
 * A live MCAP stream over TCP, as the simulator serves it. Nothing is asked of the other side;
 * when it goes away the source connects again, and each connection is a session of its own.
 */
import { connect, type Socket } from 'node:net';
import { type Clock, Fault, type Ids, type Random, uuidText } from '@fieldloop/core';
import { openMcapParser } from '@fieldloop/recording';
import { maxReadAheadBytes, quietEveryMs } from '../limits.ts';
import { reconnecting } from './reconnect.ts';
import { openTimeline, type Source, type SourceItem } from './source.ts';

export interface SimOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface SimDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}

export function simSource(options: SimOptions, deps: SimDeps): Source {
  const connecting = {
    connect: (signal: AbortSignal) => connection(options, deps, signal),
    closed: 'the simulator closed the stream',
  };
  return {
    name: options.name,
    finite: false,
    items: (signal) => reconnecting(connecting, deps, signal),
  };
}

async function* connection(
  options: SimOptions,
  deps: SimDeps,
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  const address = `tcp://${options.host}:${options.port}`;
  const inbox = openInbox(await dial(options, address, signal), deps.clock);
  const parser = openMcapParser(address);
  const take = openTimeline({ id: uuidText(deps.ids.uuid()), recording: address, live: true });
  try {
    let heardMs = deps.clock.monotonicMs();
    for (;;) {
      const bytes = inbox.take();
      if (bytes !== undefined) {
        heardMs = deps.clock.monotonicMs();
        for (const item of parser.push(bytes)) yield* take(item);
        if (parser.damage !== undefined) throw parser.damage;
      } else if (inbox.ended || signal.aborted) {
        return;
      } else if (!(await inbox.more(quietEveryMs, signal))) {
        yield { kind: 'quiet', ms: deps.clock.monotonicMs() - heardMs };
      }
    }
  } finally {
    inbox.close();
  }
}

function dial(options: SimOptions, address: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: options.host, port: options.port, signal });
    socket.setNoDelay(true);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) => {
      const message = `the simulator does not answer (${'code' in cause ? String(cause.code) : cause.message})`;
      const remedy =
        'Start it, or correct the address in "sources"; the agent tries again by itself.';
      reject(new Fault('unavailable', message, { place: address, remedy, cause }));
    });
  });
}

interface Inbox {
  take(): Uint8Array | undefined;
  /** The stream is over and everything was taken. */
  readonly ended: boolean;
  /** True when there is something to take or the stream ended; false after `ms`. */
  more(ms: number, signal: AbortSignal): Promise<boolean>;
  close(): void;
}

/** What came and was not taken yet; the socket pauses while that is more than the read-ahead. */
function openInbox(socket: Socket, clock: Clock): Inbox {
  const pieces: Uint8Array[] = [];
  let held = 0;
  let over = false;
  let wake = (): void => {};
  const end = (): void => {
    over = true;
    wake();
  };
  socket.on('data', (piece: Buffer) => {
    // A plain view: `slice` of a Buffer would give another view where a copy is meant.
    pieces.push(new Uint8Array(piece.buffer, piece.byteOffset, piece.length));
    held += piece.length;
    if (held > maxReadAheadBytes) socket.pause();
    wake();
  });
  socket.on('end', end);
  socket.on('close', end);
  // The reason of a lost connection is not told: the source connects again in any case.
  socket.on('error', end);
  return {
    take() {
      const piece = pieces.shift();
      held -= piece?.length ?? 0;
      if (held <= maxReadAheadBytes && socket.isPaused()) socket.resume();
      return piece;
    },
    get ended() {
      return over && pieces.length === 0;
    },
    async more(ms, signal) {
      if (pieces.length > 0 || over) return true;
      const waking = new AbortController();
      wake = () => waking.abort();
      // An aborted sleep means that something came, or that all ends.
      await clock.sleep(ms, AbortSignal.any([signal, waking.signal])).catch(() => undefined);
      wake = () => {};
      return pieces.length > 0 || over;
    },
    close: () => socket.destroy(),
  };
}

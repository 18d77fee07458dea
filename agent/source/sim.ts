/**
 * A live MCAP stream over TCP, as the simulator serves it. Nothing is asked of the other side;
 * when it goes away the source connects again, and each connection is a session of its own.
 */
import { connect, type Socket } from 'node:net';
import {
  asFault,
  backoffMs,
  type Clock,
  Fault,
  type Ids,
  type Random,
  uuidText,
} from '@fieldloop/core';
import { openMcapParser } from '@fieldloop/recording';
import { maxReadAheadBytes, quietEveryMs, sourceBackoff } from '../limits.ts';
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
  return { name: options.name, finite: false, items: (signal) => simItems(options, deps, signal) };
}

async function* simItems(
  options: SimOptions,
  deps: SimDeps,
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  let failures = 0;
  while (!signal.aborted) {
    let fault: Fault | undefined;
    let begun = false;
    try {
      for await (const item of connection(options, deps, signal)) {
        if (item.kind === 'begin') {
          begun = true;
          failures = 0;
        }
        yield item;
      }
    } catch (error) {
      fault = asFault(error);
      if (fault.code === 'internal') throw error;
    }
    if (signal.aborted) return;
    if (begun) yield { kind: 'end', fault: fault?.code === 'corrupt' ? fault : undefined };
    const reason = fault === undefined ? 'the simulator closed the stream' : fault.message;
    yield { kind: 'waiting', reason };
    // An aborted sleep ends the loop.
    await deps.clock
      .sleep(backoffMs(failures, sourceBackoff, deps.random), signal)
      .catch(() => undefined);
    failures += 1;
  }
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

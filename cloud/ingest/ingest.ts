/**
 * Ingest: takes what admitted devices publish, and answers when it is safe. A row's publish ends
 * after its commit, so a PUBACK behind it never says more than the disk does; what frees rows and
 * files on the device are the cloud's own messages Stored and Done.
 */
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import {
  type ConnectionKind,
  decodeStatus,
  decodeTransfer,
  type DownMessage,
  encodeStored,
  encodeTransfer,
  type Lane,
  type Stored,
  type UpMessage,
} from '@fieldloop/proto';
import type { BlobStore } from '../blob/blob.ts';
import type { Writer } from './calls.ts';
import { openTransfers, type Transfers } from './transfers.ts';
import { openWriter } from './writer.ts';

/** A connection behind the gate. */
export interface Sender {
  readonly id: string;
  readonly device: string;
  readonly kind: ConnectionKind;
  readonly remote: string;
  readonly fingerprint: string;
}

export interface IngestDeps {
  readonly databasePath: string;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this node. */
  readonly node: string;
  /** To one device, lost when it is not there. */
  publish(device: string, message: DownMessage, payload: Uint8Array): void;
  /** The device broke the rules of the wire: its connections are closed, and it is told of. */
  violation(device: string, reason: string): void;
}

export interface Ingest extends AsyncDisposable {
  opened(sender: Sender): void;
  closed(sender: Sender, why: string): void;
  /**
   * Ends when what the message asks for is committed. Faults: `invalid` (the bytes are no such
   * message), `unavailable` (nothing was stored); either closes the connection.
   */
  publish(sender: Sender, message: UpMessage, payload: Uint8Array): Promise<void>;
  chunk(sender: Sender, pieces: readonly Uint8Array[]): void;
}

export async function openIngest(deps: IngestDeps): Promise<Ingest> {
  const { clock, log, node } = deps;
  const writer = openWriter({ clock, log }, { databasePath: deps.databasePath });
  await writer.submit('start', { node, at: clock.now() });
  const transfers = await openTransfers({
    blobs: deps.blobs,
    writer,
    clock,
    log,
    owner: node,
    send: (device, message) => deps.publish(device, 'transfer', encodeTransfer(message)),
    violation: (device, reason) => deps.violation(device, reason),
  });
  return new OpenIngest(deps, writer, transfers);
}

const laneOf: Partial<Record<UpMessage, Lane>> = {
  events: 'events',
  manifest: 'manifests',
  reported: 'reported',
};

class OpenIngest implements Ingest {
  readonly #deps: IngestDeps;
  readonly #writer: Writer;
  readonly #transfers: Transfers;
  /** Rows of connections are written in the order in which they opened and closed. */
  readonly #rows = new Set<Promise<void>>();

  constructor(deps: IngestDeps, writer: Writer, transfers: Transfers) {
    this.#deps = deps;
    this.#writer = writer;
    this.#transfers = transfers;
  }

  opened(sender: Sender): void {
    const { node, clock, log } = this.#deps;
    const { id, device, kind, remote, fingerprint } = sender;
    log.info('device connected', { device, kind, remote });
    const row = { id, device, kind, node, remote, fingerprint, at: clock.now() };
    this.#keep(this.#writer.submit('opened', row));
  }

  closed(sender: Sender, why: string): void {
    const { clock, log } = this.#deps;
    const { id, device, kind } = sender;
    log.info('device disconnected', { device, kind, why });
    if (kind === 'control') this.#transfers.linkLost(device);
    this.#keep(this.#writer.submit('closed', { id, device, kind, why, at: clock.now() }));
  }

  async publish(sender: Sender, message: UpMessage, payload: Uint8Array): Promise<void> {
    const { device } = sender;
    const at = this.#deps.clock.now();
    const lane = laneOf[message];
    if (lane !== undefined) {
      this.#answer(device, await this.#writer.submit('rows', { device, lane, payload, at }));
    } else if (message === 'transfer') {
      this.#transfers.hear(device, decodeTransfer(payload));
    } else if (message === 'status') {
      const status = decodeStatus(payload);
      const { stored } = await this.#writer.submit('status', { device, status, at });
      this.#answer(device, stored);
    } else {
      throw new Fault('invalid', 'a chunk came over the broker', {
        remedy: 'Chunks go over the bulk connection.',
      });
    }
  }

  chunk(sender: Sender, pieces: readonly Uint8Array[]): void {
    this.#transfers.chunk(sender.device, pieces);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transfers[Symbol.asyncDispose]();
    await Promise.all(this.#rows);
    await this.#writer[Symbol.asyncDispose]();
  }

  #answer(device: string, stored: readonly Stored[]): void {
    for (const one of stored) {
      for (const { seq, code } of one.refused) {
        this.#deps.log.warn('a row was refused', { device, lane: one.lane, seq: `${seq}`, code });
      }
      this.#deps.publish(device, 'stored', encodeStored(one));
    }
  }

  /** Presence is told by later rows too: one that is missing is worth a line, not a failure. */
  #keep(write: Promise<void>): void {
    const kept = write
      .catch((error: unknown) => {
        this.#deps.log.warn('a connection row is missing', { reason: asFault(error).message });
      })
      .finally(() => this.#rows.delete(kept));
    this.#rows.add(kept);
  }
}

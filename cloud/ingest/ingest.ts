/**
 * Ingest: takes what admitted devices publish, and answers when it is safe. A row's publish ends
 * after its commit, so a PUBACK behind it never says more than the disk does; what frees rows and
 * files on the device are the cloud's own messages Stored and Done.
 */
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import {
  type ConnectionKind,
  decodeStatus,
  decodeTelemetry,
  decodeTransfer,
  type DownMessage,
  encodeStored,
  encodeTransfer,
  type Lane,
  type Status,
  type Stored,
  type Telemetry,
  type Transfer,
  type UpMessage,
} from '@fieldloop/proto';
import type { BlobStore } from '../blob/blob.ts';
import { openRateLimit } from '../broker/rate-limit.ts';
import { nodeBeatMs, telemetryPerMinute } from '../limits.ts';
import type { DatabaseAddress } from '../store/database.ts';
import type { Db } from '../store/db.ts';
import { openLoop } from '../store/work.ts';
import type { Calls, Writer } from './calls.ts';
import { type Downlink, openDownlink } from './downlink.ts';
import { type Downloads, openDownloads } from './downloads.ts';
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
  readonly database: DatabaseAddress;
  /** For what goes down to devices. */
  readonly read: Db;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this node. */
  readonly node: string;
  /** To one device, lost when it is not there. */
  publish(device: string, message: DownMessage, payload: Uint8Array): void;
  /** Why this certificate may not speak, if it may not. */
  refusal(device: string, fingerprint: string): Promise<string | undefined>;
  /** Closes what the device has open on this node. */
  close(device: string, why: string): void;
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
  await using opened = new AsyncDisposableStack();
  const writer = opened.use(openWriter({ clock, log }, { database: deps.database }));
  await writer.submit('start', { node, at: clock.now() });
  const transfers = opened.use(
    await openTransfers({
      blobs: deps.blobs,
      writer,
      clock,
      log,
      owner: node,
      send: (device, message) => deps.publish(device, 'transfer', encodeTransfer(message)),
      violation: (device, reason) => deps.violation(device, reason),
    }),
  );
  const downloads = opened.use(
    openDownloads({
      ...deps,
      log: log.child('downloads'),
      send: (device, message) => deps.publish(device, 'transfer', encodeTransfer(message)),
    }),
  );
  const downlink = opened.use(await openDownlink({ ...deps, writer, log: log.child('downlink') }));
  const ingest = new OpenIngest(deps, { writer, transfers, downloads, downlink });
  opened.use(openLoop(deps, { name: 'beat', everyMs: nodeBeatMs }, () => ingest.beat()));
  opened.defer(async () => await ingest.settled());
  const parts = opened.move();
  return {
    opened: (sender) => ingest.opened(sender),
    closed: (sender, why) => ingest.closed(sender, why),
    publish: async (sender, message, payload) => await ingest.publish(sender, message, payload),
    chunk: (sender, pieces) => transfers.chunk(sender.device, pieces),
    [Symbol.asyncDispose]: async () => await parts.disposeAsync(),
  };
}

const laneOf: Partial<Record<UpMessage, Lane>> = {
  events: 'events',
  manifest: 'manifests',
  reported: 'reported',
};

interface Parts {
  readonly writer: Writer;
  readonly transfers: Transfers;
  readonly downloads: Downloads;
  readonly downlink: Downlink;
}

class OpenIngest {
  readonly #deps: IngestDeps;
  readonly #writer: Writer;
  readonly #transfers: Transfers;
  readonly #downloads: Downloads;
  readonly #downlink: Downlink;
  readonly #telemetry: ReturnType<typeof openRateLimit>;
  /** Rows of connections are written in the order in which they opened and closed. */
  readonly #rows = new Set<Promise<void>>();
  readonly #open = new Map<string, Sender>();
  /** Control connections of a device: two while it is taking over from itself. */
  readonly #controls = new Map<string, number>();

  constructor(deps: IngestDeps, { writer, transfers, downloads, downlink }: Parts) {
    this.#deps = deps;
    this.#writer = writer;
    this.#transfers = transfers;
    this.#downloads = downloads;
    this.#downlink = downlink;
    this.#telemetry = openRateLimit(deps.clock, {
      perSecond: telemetryPerMinute / 60,
      burst: telemetryPerMinute,
    });
  }

  opened(sender: Sender): void {
    const { node, clock, log } = this.#deps;
    const { id, device, kind, remote, fingerprint } = sender;
    log.info('device connected', { device, kind, remote });
    this.#open.set(id, sender);
    if (kind === 'bulk') this.#downloads.bulkUp(device);
    if (kind === 'control') this.#controls.set(device, (this.#controls.get(device) ?? 0) + 1);
    const row = { id, device, kind, node, remote, fingerprint, at: clock.now() };
    this.#keep(this.#writer.submit('opened', row));
  }

  closed(sender: Sender, why: string): void {
    const { clock, log } = this.#deps;
    const { id, device, kind } = sender;
    log.info('device disconnected', { device, kind, why });
    this.#open.delete(id);
    if (kind === 'bulk') this.#downloads.bulkLost(device);
    if (kind === 'control') {
      this.#transfers.linkLost(device);
      this.#downloads.linkLost(device);
      this.#controlGone(device);
    }
    this.#keep(this.#writer.submit('closed', { id, device, kind, why, at: clock.now() }));
  }

  /** A takeover leaves the newer one. */
  #controlGone(device: string): void {
    const left = (this.#controls.get(device) ?? 1) - 1;
    if (left > 0) {
      this.#controls.set(device, left);
      return;
    }
    this.#controls.delete(device);
    this.#downlink.offline(device);
  }

  async publish(sender: Sender, message: UpMessage, payload: Uint8Array): Promise<void> {
    const { device } = sender;
    const at = this.#deps.clock.now();
    const lane = laneOf[message];
    if (lane !== undefined) {
      this.#answer(device, await this.#writer.submit('rows', { device, lane, payload, at }));
    } else if (message === 'transfer') {
      this.#transfer(device, decodeTransfer(payload));
    } else if (message === 'status') {
      await this.#status(sender, decodeStatus(payload), at);
    } else if (message === 'telemetry') {
      await this.#measured(device, decodeTelemetry(payload), at);
    } else {
      throw new Fault('invalid', 'a chunk came over the broker', {
        remedy: 'Chunks go over the bulk connection.',
      });
    }
  }

  /** The device sends Open and Cancel of its own files, and all else about ours. */
  #transfer(device: string, message: Transfer): void {
    const isTheirs = ['open', 'cancel', 'unknown'].includes(message.kind);
    if (isTheirs) this.#transfers.hear(device, message);
    else this.#downloads.hear(device, message);
  }

  async beat(): Promise<void> {
    const { node, clock } = this.#deps;
    const open = [...this.#open.keys()];
    await this.#writer.submit('beat', { node, at: clock.now(), open });
  }

  async settled(): Promise<void> {
    await Promise.all(this.#rows);
  }

  async #status(sender: Sender, status: Status, at: number): Promise<void> {
    const { device, fingerprint } = sender;
    const { stored, isNewest } = await this.#writer.submit('status', { device, status, at });
    this.#answer(device, stored);
    if (!isNewest || !status.online || !this.#open.has(sender.id)) return;
    // A revocation may have come between the handshake and the connection's first word.
    const refusal = await this.#deps.refusal(device, fingerprint);
    if (refusal === undefined) this.#downlink.online(device, status.features);
    else this.#deps.close(device, refusal);
  }

  /** What is lost of it is not sent again and not missed. */
  async #measured(device: string, told: Telemetry, at: number): Promise<void> {
    const { log } = this.#deps;
    if (!this.#telemetry.take(device)) {
      log.debug('telemetry came too often and was dropped', { device });
      return;
    }
    const offset = { name: 'clock.offset_ms', unit: 'ms', value: told.atMs - at };
    const values = [...told.series, offset].map(({ name, unit, value }) => ({
      series: name,
      unit,
      value,
    }));
    try {
      await this.#writer.submit('telemetry', { device, values: newestOf(values), at });
    } catch (error) {
      log.warn('telemetry was not stored', { device, reason: asFault(error).message });
    }
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

type Values = Calls['telemetry']['input']['values'];

/** One value a series: the last that the message holds. */
function newestOf(values: Values): Values {
  return [...new Map(values.map((one) => [one.series, one])).values()];
}

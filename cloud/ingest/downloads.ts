/**
 * Artifacts on their way to devices: the transfers of the wire with their ends exchanged. A device
 * asks by Fetch and gets only what its own desired documents name. Nothing is kept here that a
 * crash could lose: what a device has is on its own disk, and it asks again.
 */
import { asFault, type Clock, type Log, seededRandom } from '@fieldloop/core';
import {
  type DownMessage,
  encodeChunk,
  type Fetch,
  newSender,
  openAnswer,
  sendable,
  type SenderInput,
  type SenderOutput,
  type SenderState,
  stepSender,
  type Transfer,
  type WireCode,
  wireLimits,
} from '@fieldloop/proto';
import type { BlobStore } from '../blob/blob.ts';
import { objectReadable } from '../blob/object-readable.ts';
import type { Db } from '../store/db.ts';
import { namesArtifact } from '../store/desired-artifacts.ts';
import {
  downloadAheadBytes,
  downloadTickMs,
  maxDeviceDownloads,
  maxNodeDownloads,
} from '../wire-limits.ts';
import { adoptBlob } from './adopt.ts';

export interface DownloadsDeps {
  readonly read: Db;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
  send(device: string, message: Transfer): void;
  publish(device: string, message: DownMessage, payload: Uint8Array): void;
}

export interface Downloads extends AsyncDisposable {
  /** What a device says of downloads: Fetch, and the answers to an Open of ours. */
  hear(device: string, message: Transfer): void;
  bulkUp(device: string): void;
  bulkLost(device: string): void;
  /** The device's control connection closed: it asks again when it is back. */
  linkLost(device: string): void;
}

interface Moving {
  readonly device: string;
  state: SenderState;
  /** A chunk of it is being read. */
  isReading: boolean;
}

type Without<T> = T extends unknown ? Omit<T, 'nowMs' | 'draw'> : never;

export function openDownloads(deps: DownloadsDeps): Downloads {
  return new RunningDownloads(deps);
}

class RunningDownloads implements Downloads {
  readonly #deps: DownloadsDeps;
  /** By device, then by hash. */
  readonly #devices = new Map<string, Map<string, Moving>>();
  /** Bulk connections of a device: two while it takes over from itself. */
  readonly #bulk = new Map<string, number>();
  readonly #asking = new Set<string>();
  readonly #works = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** Only waits are drawn of it. */
  readonly #random = seededRandom('downloads');
  #lastTid = 0;
  #isTicking = false;

  constructor(deps: DownloadsDeps) {
    this.#deps = deps;
  }

  hear(device: string, message: Transfer): void {
    if (message.kind === 'fetch') {
      this.#fetch(device, message.fetch);
      return;
    }
    const tid = tidOf(message);
    const moving = this.#of(device).find(({ state }) => state.open.tid === tid);
    if (moving !== undefined) this.#input(moving, { kind: 'message', message });
  }

  bulkUp(device: string): void {
    this.#bulk.set(device, (this.#bulk.get(device) ?? 0) + 1);
    for (const moving of this.#of(device)) this.#input(moving, { kind: 'start' });
  }

  bulkLost(device: string): void {
    const left = (this.#bulk.get(device) ?? 1) - 1;
    if (left > 0) this.#bulk.set(device, left);
    else this.#bulk.delete(device);
    for (const moving of this.#of(device)) this.#input(moving, { kind: 'linkLost' });
  }

  linkLost(device: string): void {
    this.#devices.delete(device);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#devices.clear();
    await Promise.all(this.#works);
  }

  /** One look at a time for what a device asks for; asking again meanwhile changes nothing. */
  #fetch(device: string, fetch: Fetch): void {
    const key = `${device}/${fetch.sha256}`;
    if (this.#asking.has(key) || this.#devices.get(device)?.has(fetch.sha256) === true) return;
    this.#asking.add(key);
    this.#work(async () => {
      try {
        await this.#begin(device, fetch);
      } finally {
        this.#asking.delete(key);
      }
    });
  }

  async #begin(device: string, fetch: Fetch): Promise<void> {
    const { read, blobs, log } = this.#deps;
    const { sha256 } = fetch;
    if (fetch.content !== 'artifact' || !(await namesArtifact(read, device, sha256))) {
      log.warn('a device asked for bytes that it should not have', { device, sha256 });
      this.#refuse(device, sha256, 'UNWANTED');
      return;
    }
    const found = await blobs.stat(sha256);
    if (found === undefined) {
      log.error('an artifact that a device should have is not in the blob store', {
        device,
        sha256,
        remedy: 'Upload it again with `fieldloop releases artifact`, or withdraw the release.',
      });
      this.#later(device, sha256, 'IO');
      return;
    }
    const isBusy =
      this.#of(device).length >= maxDeviceDownloads || this.#count() >= maxNodeDownloads;
    if (isBusy || this.#stop.signal.aborted) {
      this.#later(device, sha256, isBusy ? 'BUSY' : 'DRAINING');
      return;
    }
    this.#lastTid += 1;
    const { sizeBytes } = found;
    const chunkMax = wireLimits.maxChunkBytes;
    const open = { tid: this.#lastTid, sha256, sizeBytes, content: 'artifact', chunkMax } as const;
    const moving: Moving = { device, state: newSender(open), isReading: false };
    const mine = this.#devices.get(device) ?? new Map<string, Moving>();
    mine.set(sha256, moving);
    this.#devices.set(device, mine);
    if (this.#bulk.has(device)) this.#input(moving, { kind: 'start' });
    void this.#tick();
  }

  #input(moving: Moving, input: Without<SenderInput>): void {
    const { clock } = this.#deps;
    const now = { nowMs: clock.monotonicMs(), draw: this.#random.next() };
    const [state, outputs] = stepSender(moving.state, { ...input, ...now });
    moving.state = state;
    for (const output of outputs) this.#carryOut(moving, output);
    this.#pump(moving);
  }

  #carryOut(moving: Moving, output: SenderOutput): void {
    const { device } = moving;
    const { sha256, sizeBytes } = moving.state.open;
    switch (output.kind) {
      case 'send':
        this.#deps.send(device, output.message);
        return;
      case 'done':
        this.#deps.log.info('a device has an artifact', { device, sha256, sizeBytes });
        this.#forget(moving);
        return;
      case 'refused':
        this.#deps.log.warn('a device refused an artifact', { device, sha256, code: output.code });
        this.#forget(moving);
        return;
      case 'checkFile':
        this.#work(async () => {
          const equal = await adoptBlob(this.#deps.blobs, sha256, sizeBytes);
          if (!equal) this.#deps.log.error('a blob is not what its name says', { sha256 });
          if (this.#isLive(moving)) this.#input(moving, { kind: 'fileChecked', equal });
        });
        return;
      case 'reread':
      case 'reconnect':
        // Every chunk is read from the store anew; the device opens its own links.
        return;
    }
  }

  /** One chunk is read at a time; the next one when it was handed to the broker. */
  #pump(moving: Moving): void {
    if (moving.isReading || !this.#isLive(moving) || !this.#bulk.has(moving.device)) return;
    const chunk = nextChunk(moving.state);
    if (chunk === undefined) return;
    moving.isReading = true;
    this.#work(async () => {
      try {
        const object = { name: 'artifact', ...moving.state.open };
        const bytes = objectReadable(this.#deps.blobs, object);
        const data = await bytes.read(chunk.start, chunk.end - chunk.start);
        this.#sendChunk(moving, chunk, data);
      } catch (error) {
        const { device } = moving;
        this.#deps.log.error('an artifact could not be read', { device, error: asFault(error) });
        this.#input(moving, { kind: 'withdraw', reason: 'shutdown' });
        this.#forget(moving);
      } finally {
        moving.isReading = false;
      }
      this.#pump(moving);
    });
  }

  #sendChunk(moving: Moving, chunk: Chunk, data: Uint8Array): void {
    const { device, state } = moving;
    const window = nextChunk(state);
    // An Ack or a new epoch came while the bytes were read.
    if (!this.#isLive(moving) || window?.start !== chunk.start || window.end < chunk.end) return;
    const { tid, sizeBytes } = state.open;
    const head = { tid, epoch: state.epoch, offset: chunk.start, last: chunk.end === sizeBytes };
    this.#deps.publish(device, 'chunk', encodeChunk(head, data));
    const nowMs = this.#deps.clock.monotonicMs();
    const sent = { kind: 'sent', from: chunk.start, to: chunk.end, nowMs, draw: 0 } as const;
    [moving.state] = stepSender(moving.state, sent);
  }

  /** Times out what is due, as long as anything moves. */
  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    const { clock } = this.#deps;
    while (this.#devices.size > 0 && !this.#stop.signal.aborted) {
      await clock.sleep(downloadTickMs, this.#stop.signal).catch(() => undefined);
      for (const mine of this.#devices.values()) {
        for (const moving of mine.values()) {
          this.#input(moving, { kind: 'tick' });
          if (this.#bulk.has(moving.device)) this.#input(moving, { kind: 'start' });
        }
      }
    }
    this.#isTicking = false;
  }

  #refuse(device: string, sha256: string, code: WireCode): void {
    this.#deps.send(device, openAnswer(asked(sha256), { state: 'refused', code }));
  }

  #later(device: string, sha256: string, code: WireCode): void {
    const retryAfterMs = wireLimits.progressMs;
    this.#deps.send(device, openAnswer(asked(sha256), { state: 'later', code, retryAfterMs }));
  }

  #forget({ device, state }: Moving): void {
    const mine = this.#devices.get(device);
    mine?.delete(state.open.sha256);
    if (mine?.size === 0) this.#devices.delete(device);
  }

  #isLive(moving: Moving): boolean {
    return this.#devices.get(moving.device)?.get(moving.state.open.sha256) === moving;
  }

  #of(device: string): readonly Moving[] {
    return [...(this.#devices.get(device)?.values() ?? [])];
  }

  #count(): number {
    return [...this.#devices.values()].reduce((sum, mine) => sum + mine.size, 0);
  }

  #work(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => {
        this.#deps.log.error('work on a download failed', { error: asFault(error) });
      })
      .finally(() => this.#works.delete(done));
    this.#works.add(done);
  }
}

interface Chunk {
  readonly start: number;
  readonly end: number;
}

/** A small piece of credit is left alone while bytes are under way whose Ack brings more. */
function nextChunk(state: SenderState): Chunk | undefined {
  const window = sendable(state, downloadAheadBytes);
  if (window === undefined) return undefined;
  const most = Math.min(wireLimits.firstChunkBytes, state.chunkMax);
  const end = Math.min(window.to, window.from + most);
  const isWhole = end - window.from === most || end === state.open.sizeBytes;
  return isWhole || state.durable === window.from ? { start: window.from, end } : undefined;
}

/** An answer to a Fetch has no transfer yet: tid 0 and the hash. */
const asked = (sha256: string) =>
  ({ tid: 0, sha256, sizeBytes: 0, content: 'artifact', chunkMax: 0 }) as const;

function tidOf(message: Transfer): number | undefined {
  switch (message.kind) {
    case 'openAck':
      return message.openAck.tid;
    case 'ack':
      return message.ack.tid;
    case 'done':
      return message.done.tid;
    case 'nack':
      return message.nack.tid;
    case 'fetch':
    case 'open':
    case 'cancel':
    case 'unknown':
      return undefined;
  }
}

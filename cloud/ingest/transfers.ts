/**
 * All transfers that are open on this node: admits an Open, finds the transfer of a chunk, shares
 * each device's credit among its transfers, and keeps work on one content in one line.
 */
import { asFault } from '@fieldloop/core';
import {
  type Open,
  openAnswer,
  parseChunk,
  receiverWakesAtMs,
  refuseOpen,
  type Transfer,
  wireLimits,
} from '@fieldloop/proto';
import {
  sweepEveryMs,
  transferMemoryBytes,
  transferTickMs,
  untouchedPartMs,
} from '../wire-limits.ts';
import { LiveTransfer, type TransferPorts } from './live-transfer.ts';

export interface TransfersDeps extends TransferPorts {
  /** What no answer on the wire can help: the device's connection is closed. */
  violation(device: string, reason: string): void;
}

export interface Transfers extends AsyncDisposable {
  hear(device: string, message: Transfer): void;
  /** The payload of one bulk publish, in the pieces in which it came. */
  chunk(device: string, pieces: readonly Uint8Array[]): void;
  /** The device's control connection closed. */
  linkLost(device: string): void;
}

/** Removes what earlier runs left over, then takes transfers. */
export async function openTransfers(deps: TransfersDeps): Promise<Transfers> {
  const transfers = new OpenTransfers(deps);
  await transfers.sweep();
  transfers.start();
  return transfers;
}

class OpenTransfers implements Transfers {
  readonly #deps: TransfersDeps;
  /** By device, then by hash. */
  readonly #devices = new Map<string, Map<string, LiveTransfer>>();
  /** When a device was last told of a chunk of no transfer. */
  readonly #unknownMs = new Map<string, number>();
  /** The last piece of work on each content; gone when nothing follows. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #isTicking = false;

  constructor(deps: TransfersDeps) {
    this.#deps = deps;
  }

  hear(device: string, message: Transfer): void {
    switch (message.kind) {
      case 'open':
        this.#open(device, message.open);
        return;
      case 'cancel':
        this.#find(device, message.cancel.tid)?.input(message);
        return;
      case 'unknown':
        this.#nack(device, { tid: 0, epoch: 0, code: 'VERSION' });
        return;
      case 'fetch':
      case 'openAck':
      case 'ack':
      case 'done':
      case 'nack':
        // Of downloads: an Open of ours and the answers to it.
        return;
    }
  }

  chunk(device: string, pieces: readonly Uint8Array[]): void {
    const parsed = parseChunk(...pieces);
    if (parsed.ok) {
      const { tid, epoch, offset, length, last } = parsed.chunk;
      const live = this.#find(device, tid);
      if (live === undefined) this.#unknown(device, tid, epoch);
      else live.input({ kind: 'chunk', epoch, offset, length, last }, parsed.chunk.pieces);
      return;
    }
    const { code, head } = parsed;
    if (head === undefined) {
      this.#deps.violation(device, `a chunk that cannot be read (${code})`);
      return;
    }
    this.#find(device, head.tid)?.input({ kind: 'badChunk', epoch: head.epoch, code });
  }

  linkLost(device: string): void {
    this.#unknownMs.delete(device);
    for (const live of this.#liveOf(device)) live.input({ kind: 'linkLost' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const devices = [...this.#devices.keys()];
    for (const device of devices) this.linkLost(device);
    await Promise.all(this.#tails.values());
  }

  /** Parts without a row, and rows that nobody touched for a day. */
  async sweep(): Promise<void> {
    const { writer, blobs, clock } = this.#deps;
    const rows = await writer.submit('sweep', { untouchedSince: clock.now() - untouchedPartMs });
    const known = new Set(rows.map(({ device, sha256 }) => keyOf(device, sha256)));
    const removals: Promise<void>[] = [];
    for (const { owner, sha256 } of await blobs.parts()) {
      const key = keyOf(owner, sha256);
      if (known.has(key) || this.#tails.has(key) || this.#isLive(owner, sha256)) continue;
      const removal = this.#run(key, async () => {
        const part = await blobs.begin({ owner, sha256 });
        await part.discard();
      });
      removals.push(removal);
    }
    await Promise.all(removals);
  }

  start(): void {
    void this.#sweepNowAndThen();
  }

  async #sweepNowAndThen(): Promise<void> {
    const { clock, log } = this.#deps;
    while (!this.#stop.signal.aborted) {
      try {
        await clock.sleep(sweepEveryMs, this.#stop.signal);
        await this.sweep();
      } catch (error) {
        if (!this.#stop.signal.aborted) log.warn('the sweep of parts failed', { error });
      }
    }
  }

  #open(device: string, open: Open): void {
    const code = refuseOpen(open);
    if (code !== undefined) {
      this.#deps.send(device, openAnswer(open, { state: 'refused', code }));
      return;
    }
    const known = this.#devices.get(device)?.get(open.sha256);
    if (known !== undefined) {
      known.input({ kind: 'open', open });
      return;
    }
    const isDraining = this.#stop.signal.aborted;
    if (isDraining || this.#liveOf(device).length >= wireLimits.maxOpenTransfers) {
      const why = isDraining ? 'DRAINING' : 'BUSY';
      const retryAfterMs = wireLimits.progressMs;
      this.#deps.send(device, openAnswer(open, { state: 'later', code: why, retryAfterMs }));
      return;
    }
    this.#begin(device, open);
  }

  #begin(device: string, open: Open): void {
    const key = keyOf(device, open.sha256);
    const mine = this.#devices.get(device) ?? new Map<string, LiveTransfer>();
    this.#devices.set(device, mine);
    const live = new LiveTransfer(device, open, {
      ...this.#deps,
      run: (work) => void this.#run(key, work),
      credit: () => this.#creditFor(device, open.sha256),
      onMoved: () => this.#share(device),
      onClosed: () => {
        mine.delete(open.sha256);
        if (mine.size === 0) this.#devices.delete(device);
        else this.#share(device);
      },
    });
    mine.set(open.sha256, live);
    void this.#tick();
  }

  /** One piece of work after another on one content; never rejects. */
  #run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(async () => {
      try {
        await work();
      } catch (error) {
        this.#deps.log.error('work on a transfer failed', { error: asFault(error) });
      }
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    });
    this.#tails.set(key, mine);
    return mine;
  }

  /** Looks for syncs that are due, as long as anything is open. */
  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    const { clock } = this.#deps;
    while (this.#devices.size > 0 && !this.#stop.signal.aborted) {
      await clock.sleep(transferTickMs, this.#stop.signal).catch(() => undefined);
      const now = clock.monotonicMs();
      for (const live of this.#devices.values()) {
        for (const one of live.values()) {
          if (receiverWakesAtMs(one.state) <= now) one.input({ kind: 'tick' });
        }
      }
    }
    this.#isTicking = false;
  }

  #deviceCredit(): number {
    const share = transferMemoryBytes / Math.max(1, this.#devices.size);
    return Math.floor(Math.min(wireLimits.maxDeviceCreditBytes, share));
  }

  /** What is left of the device's credit for one of its transfers; too little is none. */
  #creditFor(device: string, sha256: string): number {
    const live = this.#liveOf(device);
    const all = this.#deviceCredit();
    let taken = 0;
    for (const { state } of live) {
      const isOther = state.open.sha256 !== sha256 && state.phase === 'receiving';
      if (isOther) taken += state.limit - state.durable;
    }
    const credit = Math.min(Math.floor(all / Math.max(1, live.length)), all - taken);
    return credit < wireLimits.minCreditBytes ? 0 : credit;
  }

  #share(device: string): void {
    const live = this.#liveOf(device);
    for (const one of live) {
      if (one.state.phase !== 'receiving') continue;
      const credit = this.#creditFor(device, one.state.open.sha256);
      if (credit !== one.state.credit) one.input({ kind: 'credit', credit });
    }
  }

  #unknown(device: string, tid: number, epoch: number): void {
    const now = this.#deps.clock.monotonicMs();
    const last = this.#unknownMs.get(device) ?? Number.NEGATIVE_INFINITY;
    if (now - last < wireLimits.unknownNackEveryMs) return;
    this.#unknownMs.set(device, now);
    this.#nack(device, { tid, epoch, code: 'UNKNOWN' });
  }

  #nack(
    device: string,
    nack: { readonly tid: number; readonly epoch: number; readonly code: 'UNKNOWN' | 'VERSION' },
  ): void {
    const rest = { from: 0, retryAfterMs: 0, detail: '' };
    this.#deps.send(device, { kind: 'nack', nack: { ...nack, ...rest } });
  }

  #find(device: string, tid: number): LiveTransfer | undefined {
    return this.#liveOf(device).find(({ state }) => state.open.tid === tid);
  }

  #liveOf(device: string): readonly LiveTransfer[] {
    const mine = this.#devices.get(device);
    return mine === undefined ? [] : [...mine.values()];
  }

  #isLive(device: string, sha256: string): boolean {
    return this.#devices.get(device)?.has(sha256) ?? false;
  }
}

const keyOf = (device: string, sha256: string): string => `${device}/${sha256}`;

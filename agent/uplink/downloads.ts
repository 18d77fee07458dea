/**
 * Artifacts on their way down: asks for one after another, and carries out what the receiving
 * machine of the wire wants of part, disk and link. Only what is wanted here is ever taken. The
 * rate is bounded by how fast `durable` is told, for the cloud sends no byte past its credit.
 */
import { asFault, backoffMs, type Clock, type Fault, type Log, type Random } from '@fieldloop/core';
import {
  type ArtifactRef,
  newReceiver,
  type Open,
  openAnswer,
  parseChunk,
  type ReceiverInput,
  type ReceiverOutput,
  type ReceiverState,
  receiverWakesAtMs,
  refuseOpen,
  stepReceiver,
  type Transfer,
  wireLimits,
} from '@fieldloop/proto';
import type { ArtifactPart, ArtifactShelf } from '../buffer/artifacts.ts';
import {
  downloadCreditBytes,
  maxModelBytes,
  stalledDownloadMs,
  unwantedAgainMs,
} from '../limits.ts';

export interface DownloadsOptions {
  readonly shelf: ArtifactShelf;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly bytesPerSecond: number;
  readonly onStored: (ref: ArtifactRef) => void;
  /** It is tried again by itself. */
  readonly onFault: (ref: ArtifactRef, why: { code: string; message: string }) => void;
}

export interface Downloads {
  /** Something is missing: the bulk connection is wanted. */
  readonly isWanted: boolean;
  readonly bytesReceived: number;
  /** From now on these and no others. */
  want(refs: readonly ArtifactRef[]): void;
  /** Both connections are up: asks for what is due. */
  tick(send: Send): void;
  /** False when the message is not about a download. */
  receive(message: Transfer): boolean;
  chunk(payload: Uint8Array): void;
  /** Either connection is gone. */
  linkLost(): void;
  /** All that was begun on the disk has ended. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

type Send = (message: Transfer) => void;
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Wanted {
  readonly ref: ArtifactRef;
  notBeforeMs: number;
  attempt: number;
}

interface Live {
  readonly wanted: Wanted;
  state: ReceiverState;
  part: ArtifactPart | undefined;
  /** When it last moved; the cloud may have forgotten it. */
  movedMs: number;
}

export function openDownloads(options: DownloadsOptions): Downloads {
  return new RunningDownloads(options);
}

class RunningDownloads implements Downloads {
  readonly #options: DownloadsOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #closing = new AbortController();
  #live: Live | undefined;
  #send: Send | undefined;
  /** Work on the disk, one piece after the other; never rejects. */
  #line: Promise<void> = Promise.resolve();
  #freeAtMs = 0;
  bytesReceived = 0;

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  get isWanted(): boolean {
    return this.#wanted.size > 0;
  }

  want(refs: readonly ArtifactRef[]): void {
    const missing = new Map(refs.map((ref) => [ref.sha256, ref]));
    for (const sha256 of this.#wanted.keys()) if (!missing.has(sha256)) this.#wanted.delete(sha256);
    for (const [sha256, ref] of missing) {
      if (this.#options.shelf.has(sha256)) this.#wanted.delete(sha256);
      else if (!this.#wanted.has(sha256)) {
        this.#wanted.set(sha256, { ref, notBeforeMs: 0, attempt: 0 });
      }
    }
    const live = this.#live;
    if (live === undefined || this.#wanted.get(live.state.open.sha256) === live.wanted) return;
    this.#input(live, { kind: 'linkLost' });
  }

  tick(send: Send): void {
    this.#send = send;
    const now = this.#options.clock.monotonicMs();
    const live = this.#live;
    if (live !== undefined) {
      const isStalled = now - live.movedMs > stalledDownloadMs;
      if (isStalled) this.#input(live, { kind: 'linkLost' });
      else if (receiverWakesAtMs(live.state) <= now) this.#input(live, { kind: 'tick' });
      return;
    }
    const next = [...this.#wanted.values()].find(({ notBeforeMs }) => notBeforeMs <= now);
    if (next === undefined) return;
    this.#later(next, wireLimits.progressMs);
    send({ kind: 'fetch', fetch: { sha256: next.ref.sha256, content: 'artifact' } });
  }

  receive(message: Transfer): boolean {
    switch (message.kind) {
      case 'open':
        this.#open(message.open);
        return true;
      case 'cancel':
        if (this.#live?.state.open.tid === message.cancel.tid) this.#input(this.#live, message);
        return true;
      case 'openAck':
        // The answer to a Fetch for which there is no Open.
        if (message.openAck.tid !== 0) return false;
        this.#refused(message.openAck);
        return true;
      case 'fetch':
      case 'ack':
      case 'done':
      case 'nack':
      case 'unknown':
        return false;
    }
  }

  chunk(payload: Uint8Array): void {
    const parsed = parseChunk(payload);
    const head = parsed.ok ? parsed.chunk : parsed.head;
    const live = this.#live;
    if (head === undefined || live === undefined || live.state.open.tid !== head.tid) return;
    if (!parsed.ok) {
      this.#input(live, { kind: 'badChunk', epoch: head.epoch, code: parsed.code });
      return;
    }
    const { epoch, offset, length, last, pieces } = parsed.chunk;
    this.bytesReceived += length;
    this.#input(live, { kind: 'chunk', epoch, offset, length, last }, pieces);
  }

  linkLost(): void {
    this.#send = undefined;
    if (this.#live !== undefined) this.#input(this.#live, { kind: 'linkLost' });
    // The next link is asked at once.
    for (const wanted of this.#wanted.values()) wanted.notBeforeMs = 0;
  }

  settled(): Promise<void> {
    return this.#line;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.linkLost();
    await this.#line;
  }

  #later(wanted: Wanted, atLeastMs: number): void {
    const { clock, random } = this.#options;
    const wait = backoffMs(wanted.attempt, wireLimits.backoffRange, random);
    wanted.notBeforeMs = clock.monotonicMs() + Math.max(wait, atLeastMs);
    wanted.attempt += 1;
  }

  #refused(answer: Extract<Transfer, { kind: 'openAck' }>['openAck']): void {
    const wanted = this.#wanted.get(answer.sha256);
    if (wanted === undefined) return;
    const { code = 'UNKNOWN', state, retryAfterMs } = answer;
    this.#later(wanted, state === 'refused' ? unwantedAgainMs : retryAfterMs);
    if (state !== 'refused') return;
    const message = `the cloud does not give out the artifact ${answer.sha256.slice(0, 12)}`;
    this.#options.log.warn('an artifact was refused', { sha256: answer.sha256, code });
    this.#options.onFault(wanted.ref, { code: code.toLowerCase(), message });
  }

  #open(open: Open): void {
    const wanted = this.#wanted.get(open.sha256);
    const fits = wanted !== undefined && wanted.ref.sizeBytes === open.sizeBytes;
    const isTooLarge = open.sizeBytes > maxModelBytes;
    const code = refuseOpen(open, ['artifact']) ?? (isTooLarge ? 'TOO_LARGE' : undefined);
    if (code !== undefined || !fits) {
      this.#send?.(openAnswer(open, { state: 'refused', code: code ?? 'UNWANTED' }));
      return;
    }
    const live = this.#live;
    if (live === undefined) {
      const [state, outputs] = newReceiver(open);
      const movedMs = this.#options.clock.monotonicMs();
      this.#live = { wanted, state, part: undefined, movedMs };
      this.#carryOut(this.#live, outputs);
    } else if (live.state.open.sha256 === open.sha256) {
      this.#input(live, { kind: 'open', open });
    } else {
      const retryAfterMs = wireLimits.progressMs;
      this.#send?.(openAnswer(open, { state: 'later', code: 'BUSY', retryAfterMs }));
    }
  }

  #input(live: Live, input: Without<ReceiverInput, 'nowMs'>, pieces?: readonly Uint8Array[]): void {
    const nowMs = this.#options.clock.monotonicMs();
    const [state, outputs] = stepReceiver(live.state, { ...input, nowMs });
    if (state.received !== live.state.received || state.phase !== live.state.phase) {
      live.movedMs = nowMs;
    }
    live.state = state;
    this.#carryOut(live, outputs, pieces);
  }

  #carryOut(
    live: Live,
    outputs: readonly ReceiverOutput[],
    pieces: readonly Uint8Array[] = [],
  ): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          this.#send?.(output.message);
          break;
        case 'begin':
          this.#work(live, 'begin', () => this.#begin(live));
          break;
        case 'append':
          this.#work(live, output.epoch, async () => await live.part?.append(pieces));
          break;
        case 'sync':
          this.#work(live, output.epoch, () => this.#sync(live, output));
          break;
        case 'finish':
          this.#work(live, output.epoch, () => this.#finish(live));
          break;
        case 'discard':
          this.#work(live, live.state.epoch, async () => await live.part?.discard());
          break;
        case 'close':
          if (this.#live === live) this.#live = undefined;
          this.#work(live, live.state.epoch, async () => await live.part?.close());
          break;
      }
    }
  }

  #work(live: Live, of: number | 'begin', work: () => Promise<void>): void {
    this.#line = this.#line.then(async () => {
      try {
        await work();
      } catch (error) {
        this.#failed(live, of, asFault(error));
      }
    });
  }

  #failed(live: Live, of: number | 'begin', fault: Fault): void {
    const { ref } = live.wanted;
    this.#options.log.warn('an artifact could not be kept', { sha256: ref.sha256, error: fault });
    this.#options.onFault(ref, { code: fault.code, message: fault.message });
    const code = fault.code === 'limited' ? 'NO_SPACE' : 'IO';
    const why = { code, detail: fault.message } as const;
    if (of === 'begin') this.#input(live, { kind: 'notBegun', ...why });
    else this.#input(live, { kind: 'failed', epoch: of, ...why });
  }

  async #begin(live: Live): Promise<void> {
    await live.part?.close();
    const part = await this.#options.shelf.begin(live.wanted.ref);
    live.part = part;
    live.wanted.attempt = 0;
    const { epoch, durable } = part;
    this.#input(live, { kind: 'begun', epoch, durable, credit: downloadCreditBytes });
  }

  async #sync(
    live: Live,
    { epoch, durable }: { readonly epoch: number; readonly durable: number },
  ): Promise<void> {
    await this.#pace(durable - live.state.durable);
    await live.part?.sync(durable);
    this.#input(live, { kind: 'synced', epoch, durable });
  }

  /** Waits as long as these bytes take at the rate that this robot allows. */
  async #pace(bytes: number): Promise<void> {
    const { clock, bytesPerSecond } = this.#options;
    const now = clock.monotonicMs();
    const waitMs = this.#freeAtMs - now;
    this.#freeAtMs = Math.max(this.#freeAtMs, now) + (bytes / bytesPerSecond) * 1_000;
    if (waitMs > 0) await clock.sleep(waitMs, this.#closing.signal).catch(() => undefined);
  }

  async #finish(live: Live): Promise<void> {
    const { ref } = live.wanted;
    const outcome = await live.part?.finish();
    live.part = undefined;
    if (outcome !== 'stored') {
      this.#options.log.warn('the bytes of an artifact differ from its hash', { ...ref });
      this.#input(live, { kind: 'differs' });
      return;
    }
    this.#wanted.delete(ref.sha256);
    this.#options.log.info('an artifact came', { ...ref });
    this.#input(live, { kind: 'stored' });
    this.#options.onStored(ref);
  }
}

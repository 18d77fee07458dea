/**
 * One transfer while it is open: carries out what the receiving machine asks of part, database and
 * link, one piece of work after the other, and tells it what became of it.
 */
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import {
  newReceiver,
  type Open,
  type ReceiverInput,
  type ReceiverOutput,
  type ReceiverState,
  stepReceiver,
  type Transfer,
  type WireCode,
} from '@fieldloop/proto';
import type { BlobPart, BlobStore } from '../blob/blob.ts';
import { adoptBlob } from './adopt.ts';
import type { Writer } from './calls.ts';

export interface TransferPorts {
  readonly blobs: BlobStore;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this node in the rows of its transfers. */
  readonly owner: string;
  send(device: string, message: Transfer): void;
}

export interface LiveDeps extends TransferPorts {
  /** Work on one content of one device, one after the other, beyond the life of this object. */
  run(work: () => Promise<void>): void;
  /** Bytes past `durable` that this transfer may have now. */
  credit(): number;
  /** The share of others may have changed. */
  onMoved(): void;
  onClosed(): void;
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What a sync covers, and the epoch that asked for it. */
interface Synced {
  readonly epoch: number;
  readonly durable: number;
}

export class LiveTransfer {
  readonly device: string;
  readonly #deps: LiveDeps;
  #state: ReceiverState;
  #part: BlobPart | undefined;

  constructor(device: string, open: Open, deps: LiveDeps) {
    this.device = device;
    this.#deps = deps;
    const [state, outputs] = newReceiver(open);
    this.#state = state;
    this.#carryOut(outputs);
  }

  get state(): ReceiverState {
    return this.#state;
  }

  input(input: Without<ReceiverInput, 'nowMs'>, pieces?: readonly Uint8Array[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const [state, outputs] = stepReceiver(this.#state, { ...input, nowMs });
    this.#state = state;
    this.#carryOut(outputs, pieces);
  }

  #carryOut(outputs: readonly ReceiverOutput[], pieces: readonly Uint8Array[] = []): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          this.#deps.send(this.device, output.message);
          break;
        case 'append':
          void this.#append(output.epoch, pieces);
          break;
        case 'begin':
          this.#run(async () => await this.#begin(output.open), 'begin');
          break;
        case 'sync':
          this.#run(async () => await this.#sync(output), output.epoch);
          break;
        case 'finish':
          this.#run(async () => await this.#finish(), output.epoch);
          break;
        case 'discard':
          this.#run(async () => await this.#discard(), this.#state.epoch);
          break;
        case 'close':
          this.#deps.onClosed();
          this.#run(async () => await this.#close(), this.#state.epoch);
          break;
      }
    }
  }

  /** `of` is the epoch that asked for this work, or `begin` for what makes a new one. */
  #run(work: () => Promise<void>, of: number | 'begin'): void {
    this.#deps.run(async () => {
      try {
        await work();
      } catch (error) {
        this.#failed(error, of);
      }
    });
  }

  #failed(error: unknown, of: number | 'begin'): void {
    const fault = asFault(error);
    const { device } = this;
    const { sha256 } = this.#state.open;
    const fields = { device, sha256, code: fault.code, reason: fault.message, error };
    if (fault.code === 'internal') this.#deps.log.error('a transfer met a bug', fields);
    else this.#deps.log.warn('a transfer failed', fields);
    const why = { code: wireCodeOf(fault), detail: fault.message };
    if (of === 'begin') this.input({ kind: 'notBegun', ...why });
    else this.input({ kind: 'failed', epoch: of, ...why });
  }

  async #append(epoch: number, pieces: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#part?.append(pieces);
    } catch (error) {
      this.#failed(error, epoch);
    }
  }

  async #begin(open: Open): Promise<void> {
    const { sha256, sizeBytes, content } = open;
    const { blobs, writer, clock, owner } = this.#deps;
    const { device } = this;
    const at = clock.now();
    const row = await writer.submit('begin', { device, sha256, sizeBytes, content, owner, at });
    if (row.isKnown) {
      this.input({ kind: 'known' });
      return;
    }
    this.#part ??= await blobs.begin({ owner: device, sha256 });
    const part = this.#part;
    // A part that lost what its row speaks of, as after a restored backup, begins again.
    const durable = part.sizeBytes < row.durable ? 0 : row.durable;
    if (row.mayAdopt && part.sizeBytes === 0 && (await adoptBlob(blobs, sha256, sizeBytes))) {
      await part.discard();
      this.#part = undefined;
      await writer.submit('finish', { device, sha256, sizeBytes, content, at });
      this.input({ kind: 'known' });
      return;
    }
    await part.truncate(durable);
    this.input({ kind: 'begun', epoch: row.epoch, durable, credit: this.#deps.credit() });
    this.#deps.onMoved();
  }

  /** The next sync may begin while the row of this one is being committed. */
  async #sync({ epoch, durable }: Synced): Promise<void> {
    if (this.#part === undefined) return;
    await this.#part.sync();
    const { device } = this;
    const { sha256 } = this.#state.open;
    const at = this.#deps.clock.now();
    const row = { device, sha256, epoch, durable, at };
    void this.#row(this.#deps.writer.submit('durable', row), { epoch, durable });
    this.input({ kind: 'partSynced', epoch });
  }

  async #row(written: Promise<boolean>, { epoch, durable }: Synced): Promise<void> {
    try {
      if (await written) {
        this.input({ kind: 'synced', epoch, durable });
        this.#deps.onMoved();
        return;
      }
      // Nothing is wrong when the end of this epoch was committed before its row.
      if (this.#state.phase !== 'receiving' || this.#state.epoch !== epoch) return;
      throw new Fault('conflict', 'another epoch has taken over this transfer');
    } catch (error) {
      this.#failed(error, epoch);
    }
  }

  async #finish(): Promise<void> {
    const part = this.#part;
    if (part === undefined) return;
    const { device } = this;
    const { sha256, sizeBytes, content } = this.#state.open;
    const at = this.#deps.clock.now();
    if ((await part.commit()) === 'differs') {
      await this.#deps.writer.submit('restart', { device, sha256, at });
      await part.discard();
      this.#part = undefined;
      this.#deps.log.warn('the bytes of a transfer differ from its hash', { device, sha256 });
      this.input({ kind: 'differs' });
      return;
    }
    this.#part = undefined;
    await this.#deps.writer.submit('finish', { device, sha256, sizeBytes, content, at });
    this.#deps.log.info('content stored', { device, sha256, sizeBytes, content });
    this.input({ kind: 'stored' });
  }

  async #discard(): Promise<void> {
    const { device } = this;
    await this.#part?.discard();
    this.#part = undefined;
    await this.#deps.writer.submit('end', { device, sha256: this.#state.open.sha256 });
  }

  async #close(): Promise<void> {
    await this.#part?.close();
    this.#part = undefined;
  }
}

function wireCodeOf(fault: Fault): WireCode {
  return fault.code === 'limited' ? 'NO_SPACE' : 'IO';
}
